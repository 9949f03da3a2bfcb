"""How long cases wait: working days, how long an answer really took lately, and what is said of it to a student.

Values in, values out. What was done counts from the end of its day, and a figure is that of Monday morning: it
shows nobody's hour, and not on which day of the week before something came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.cases.patience import MENTORS
from flows.engine import Steps
from flows.words import Msg, n_
from storage import case_times
from storage.case_events import ANSWERED, BY_STUDENTS, CLOSED, ERASED, RECEIVED, WRITTEN_ON
from storage.communities import FEWEST
from storage.days import DAY, date_of, day_of
from storage.statement import Session

LATELY = 56
"""Days that are looked back on."""
MOST = 3, 4
"""Of so many that an answer was waited for, so many got it in the time that is told."""
ENDED = frozenset({CLOSED, ERASED})
"""What else ends a wait."""
_WEEKEND = _WEEK = 5


@dataclass(frozen=True, slots=True)
class Wait:
    """A student's words in a case, from the day they were written to that of the answer; None while there is none."""

    case: str
    since: int
    answered: int | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """What can be told: days in which most answers came lately, None where too few did; else when mentors are reminded.

    ``mentors``: working days after which that is.
    """

    usual: int | None
    mentors: int


def working_days(since: int, today: int) -> int:
    """Working days that have begun since a day (both since 1970): none yet on that day itself.

    Saturday and Sunday do not count: what comes then comes on Monday.
    """
    while not at_work(since):
        since += 1
    return sum(at_work(day) for day in range(since + 1, today + 1))


def at_work(day: int) -> bool:
    """Whether a day (since 1970) is a working day."""
    return date_of(day).weekday() < _WEEKEND


def is_due(days: int, after: int) -> bool:
    """Whether to say something of what has waited for so many working days.

    When they have passed, when as many have passed again, and from then on once a week.
    """
    return days in (after, 2 * after) or (days > 2 * after and days % _WEEK == 0)


def waits(events: Iterable[tuple[str, str, int]]) -> list[Wait]:
    """The times that students waited. ``events``: (case, what, day), case by case in order.

    What was written while an answer was waited for is waited for with it. Where a case was closed or taken back before
    an answer came, nothing can be said of how long one takes.
    """
    found: list[Wait] = []
    waiting: Wait | None = None
    for case, what, day in events:
        if waiting is not None and waiting.case != case:
            found.append(waiting)
            waiting = None
        if what in (RECEIVED, WRITTEN_ON):
            waiting = waiting or Wait(case, day)
        elif waiting is not None and what == ANSWERED:
            found.append(Wait(case, waiting.since, day))
            waiting = None
        elif what in ENDED:
            waiting = None
    return found if waiting is None else [*found, waiting]


def usual(known: Iterable[Wait], today: int) -> int | None:
    """Within how many days most answers came; None where fewer than five cases say so, or most wait still.

    For each number of days only those count that could have been answered within them: else the quick ones would.
    """
    known = [one for one in known if today - LATELY <= one.since < today]
    for days in range(LATELY):
        old = [one for one in known if one.since + days < today]
        if len({one.case for one in old}) < FEWEST:
            return None
        in_time = sum(one.answered is not None and one.answered <= one.since + days for one in old)
        if in_time * MOST[1] >= len(old) * MOST[0]:
            return days
    return None


def patience(session: Session, community: str, now: int, time_zone: str) -> Patience:
    """What can be told in a community about how long an answer takes."""
    today = day_of(now, time_zone)
    today -= date_of(today).weekday()  # as of Monday: a figure that changed each night would show on which day one came
    events = (
        (one.case, one.what, one.at // DAY if one.what in BY_STUDENTS else day_of(one.at, time_zone))
        for one in case_times.since(session, community, today - LATELY)
    )
    return Patience(usual(waits(events), today), int(MENTORS.read(session, community)))


async def how_long(steps: Steps, key: str) -> Msg:
    """How long an answer takes, for a student: as it was lately, or when the mentors are reminded."""
    now = await steps.now(f"{key}.at")
    known = await steps.do(key, patience, steps.community, now, steps.time_zone)
    if known.usual is not None:
        return n_(
            "Over the last weeks most answers came within a day.",
            "Over the last weeks most answers came within {n} days.",
            max(1, known.usual),
        )
    return n_(
        "If nobody has answered after one working day, Erbij reminds the mentors.",
        "If nobody has answered after {n} working days, Erbij reminds the mentors.",
        known.mentors,
    )
