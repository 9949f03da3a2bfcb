"""The rules of the gate, as values: when a message may disturb somebody, how many, which ones first.

Times are ms since 1970 UTC; nights, weekends and weeks are by a clock of their own, through changes of summer time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum

from storage.days import DAY, local
from storage.days import zone as known_zone

OPENS, CLOSES = time(8), time(21)
"""Nobody is disturbed before and after, nor at a weekend."""
BUDGET, CHOICES = 1, ("1", "2", "3")
"""Unasked private messages a person and week over all capabilities, and what a community may want instead."""
BUDGET_KEY = "attention.a_week"
"""Under which it is kept what a community wants."""
CHANNEL_POSTS = 2
"""Unasked posts a week and channel."""
TOGETHER = 3
"""Messages that fall together and go as one; what is beyond that is held back, the last by rank."""
OF_USE = 7 * DAY
"""How long an unasked message is of use, where it does not say so itself."""
SELDOM_WEEKS = 4
"""Who wants less gets as much in four weeks as others in one."""


class Rank(IntEnum):
    """What goes first where not everything can."""

    DATE = 1
    """Of something with a date: it is of no use later."""
    INVITATION = 2
    NEWS = 3


@dataclass(frozen=True, slots=True)
class Unasked:
    """Nobody asked for it: it goes through the whole gate. ``until``: from then on (ms) it is of no use."""

    rank: Rank = Rank.NEWS
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """News of one's own case, or of a seat, session or meeting that one accepted, or what one just did oneself.

    It counts in no budget and no stop holds it. Quiet hours do, but on the day itself: that of the moment ``on`` (ms),
    the day on which it is written where none is given.
    """

    on: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What staff must know to do their work, as that cases wait: it is never dropped, only quiet hours hold it."""

    until: int | None = None


Why = Unasked | Asked | Duty
NAMES: dict[type[Why], str] = {Unasked: "unasked", Asked: "asked", Duty: "duty"}


class Because:
    """Why a message was held back, as it is stored."""

    STOPPED = "stopped"
    PAUSED = "paused"
    ENOUGH = "enough"
    MANY = "many"
    LATE = "late"
    OVER = "over"
    TWICE = "twice"


@dataclass(frozen=True, slots=True)
class Person:
    """To whom a message goes, as far as the gate must know; ``home``: the community's time zone."""

    zone: str
    home: str
    stopped: bool = False
    seldom: bool = False
    paused_until: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """An unasked message that waits. ``of``: the message to an audience that it is one of; empty for none."""

    id: int
    rank: int
    until: int
    of: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of all that waits for a person: each is in exactly one of the three."""

    send: tuple[int, ...] = ()
    """Together, as one message, in this order."""
    wait: tuple[int, ...] = ()
    at: int = 0
    """Until when those wait."""
    drop: tuple[tuple[int, str], ...] = ()
    """(id, why)"""


def open_at(now: int, zone: str) -> int:
    """The first moment from ``now`` on that is in nobody's quiet hours."""
    here = _local(now, zone)
    days = (here.date() + timedelta(days=ahead) for ahead in range(4))
    for day in days:
        if day.weekday() < 5:
            opens, closes = _moment(day, zone, OPENS), _moment(day, zone, CLOSES)
            if now < closes:
                return max(now, opens)
    raise AssertionError("a weekend has two days")


def day_ends(now: int, zone: str) -> int:
    """The end of the day on which a moment falls."""
    return _moment(_local(now, zone).date() + timedelta(days=1), zone)


def week_begins(now: int, zone: str, weeks: int = 0) -> int:
    """Monday, 0:00, of the week in which a moment falls, or so many weeks later or before."""
    today = _local(now, zone).date()
    return _moment(today - timedelta(days=today.weekday()) + timedelta(weeks=weeks), zone)


def held_until(now: int, zone: str, loud_until: int) -> int:
    """Until when quiet hours hold what was asked for or is a duty; ``now`` when they do not.

    Before ``loud_until`` they do not: that is the end of the day itself, and on the days before it they do.
    """
    on_the_day = loud_until and day_ends(now, zone) == loud_until
    return now if on_the_day else open_at(now, zone)


def budget_of(chosen: Mapping[str, object]) -> int:
    """How many a community wants at the most; the usual where it chose nothing that there is."""
    found = chosen.get(BUDGET_KEY)
    return int(found) if isinstance(found, str) and found in CHOICES else BUDGET


def counts_from(now: int, person: Person) -> int:
    """From when on what went to somebody counts in their budget."""
    return week_begins(now, person.home, 1 - (SELDOM_WEEKS if person.seldom else 1))


def judge(now: int, person: Person, pending: Sequence[Pending], spent: Sequence[int], budget: int = BUDGET) -> Verdict:
    """What becomes of the unasked messages that wait for somebody; ``spent``: when some went to them before.

    What cannot go now waits, if it is of use then; else it is held back, and it is said why.
    """
    drop = [(one.id, Because.LATE) for one in pending if one.until <= now]
    of_use = [one for one in pending if one.until > now]
    first = {one.of: one.id for one in reversed(of_use)}
    drop += [(one.id, Because.TWICE) for one in of_use if one.of and first[one.of] != one.id]
    gone = {ident for ident, _why in drop}
    left = sorted((one for one in of_use if one.id not in gone), key=lambda one: (one.rank, one.id))
    if person.stopped:
        return Verdict(drop=(*drop, *((one.id, Because.STOPPED) for one in left)))
    at, why = _next_moment(now, person, spent, budget)
    if at > now:
        later = tuple(one.id for one in left if one.until > at)
        drop += [(one.id, why) for one in left if one.until <= at]
        return Verdict(wait=later, at=at, drop=tuple(drop))
    drop += [(one.id, Because.MANY) for one in left[TOGETHER:]]
    return Verdict(send=tuple(one.id for one in left[:TOGETHER]), drop=tuple(drop))


def _next_moment(now: int, person: Person, spent: Sequence[int], budget: int) -> tuple[int, str]:
    """When something unasked may go to somebody, and what stands in its way until then."""
    at, why = now, Because.LATE
    if person.paused_until > at:
        at, why = person.paused_until, Because.PAUSED
    span = SELDOM_WEEKS if person.seldom else 1
    while len([one for one in spent if one >= week_begins(at, person.home, 1 - span)]) >= budget:
        at, why = week_begins(at, person.home, 1), Because.ENOUGH
    return open_at(at, person.zone), why


def _local(at: int, zone: str) -> datetime:
    return local(at, zone)


def _moment(day: date, zone: str, clock: time = time(0)) -> int:
    return int(datetime.combine(day, clock, known_zone(zone)).timestamp() * 1000)
