"""Reminders: once a working day, of cases that nobody takes, and of answers that students wait for.

At five past one, when everybody is at work and what came at one is in: never at night, never at a weekend. In days, so
that nothing shows what the set moments hide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows.cases.patience import COORDINATORS, MENTORS
from flows.cases.post import case_name, read_buttons
from flows.cases.readers import hears, place
from flows.cases.waiting import at_work, is_due, working_days
from flows.engine import COORDINATOR, Duty, Piece, Steps, job
from flows.words import Msg, _, listed, n_
from storage import cases, role_grants, settings
from storage.cases import CaseLine
from storage.days import day_of
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cases that wait, the oldest first, and the day (since 1970) on which that is said."""

    today: int
    free: tuple[CaseLine, ...] = ()
    """Nobody takes care of them."""
    owed: tuple[CaseLine, ...] = ()
    """Their student waits for an answer."""


@dataclass(frozen=True, slots=True)
class Reminding:
    """Of what the mentors are to hear today, and of what the coordinators, and who those are."""

    mentors: Waiting
    coordinators: Waiting
    tell: tuple[str, ...]
    hear: tuple[str, ...] = ()
    """Of who takes care of cases, those who may be told of them privately."""


@job("remind_of_cases", shares=True)
async def remind_of_cases(steps: Steps) -> None:
    """The mentors in their channel; who takes care of a case privately; the coordinators how many, and no more."""
    now = await steps.now("now")
    today = await steps.do("today", reminding, steps.community, day_of(now, steps.time_zone))
    pieces = list(for_mentors(today.mentors))
    if pieces:
        await steps.post("mentors", *pieces, place=place(steps), why=Duty())
    for number, holder in enumerate(today.hear):
        theirs = [one for one in today.mentors.owed if one.holder == holder]
        await steps.post(f"holder.{number}", *for_holder(theirs, today.mentors.today), member=holder, why=Duty())
    if today.coordinators.free or today.coordinators.owed:
        for number, coordinator in enumerate(today.tell):
            said = for_coordinator(today.coordinators, steps.community_name)
            await steps.post(f"coordinator.{number}", *said, member=coordinator, why=Duty())


def reminding(session: Session, community: str, today: int) -> Reminding:
    """What is to be said today, in days since 1970."""
    chosen = settings.chosen(session, community)
    mentors, coordinators = int(MENTORS.of(chosen)), int(COORDINATORS.of(chosen))
    open_cases = cases.listing(session, community)
    tell = role_grants.by_name(session, community, COORDINATOR)
    mine = due(open_cases, mentors, today)
    holders = dict.fromkeys(one.holder for one in mine.owed)
    hear = tuple(one for one in holders if hears(session, community, one))
    return Reminding(mine, late(open_cases, coordinators, today), tuple(tell), hear)


def due(open_cases: list[CaseLine], after: int, today: int) -> Waiting:
    """The cases of which something is to be said today, each by its own wait; nothing at a weekend."""
    if not at_work(today):
        return Waiting(today)
    return _sorted((one for one in open_cases if is_due(waited(one, today), after)), today)


def late(open_cases: list[CaseLine], after: int, today: int) -> Waiting:
    """All cases that have waited long enough, on a day when that is to be said of the one that waits longest.

    For who hears a number of them: it would come each day, if each case had it said anew.
    """
    longest = max((waited(one, today) for one in open_cases), default=0)
    if not at_work(today) or not is_due(longest, after):
        return Waiting(today)
    return _sorted((one for one in open_cases if waited(one, today) >= after), today)


def waited(case: CaseLine, today: int) -> int:
    """Working days that a case has waited; 0 for one that does not."""
    return 0 if case.waits_since is None else working_days(case.waits_since, today)


def _sorted(those: Iterable[CaseLine], today: int) -> Waiting:
    those = tuple(those)
    return Waiting(today, tuple(one for one in those if not one.holder), tuple(one for one in those if one.holder))


def for_mentors(now: Waiting) -> Iterator[Piece]:
    """What stands in the mentors' channel. It names no mentor: everybody is late at times."""
    if now.free:
        yield _("Nobody has taken these yet: {cases}. Who can?", cases=names(now.free, now.today))
    if now.owed:
        yield _(
            "A student waits for an answer in: {cases}. If the mentor of such a case is away, another one can take it "
            "over.",
            cases=names(now.owed, now.today),
        )
    yield from read_buttons([one.id for one in (*now.free, *now.owed)])


def for_holder(theirs: list[CaseLine], today: int) -> Iterator[Piece]:
    """What a mentor hears of cases in their hands."""
    yield _(
        "A student waits for your answer: {cases}. A short one is fine. If you cannot get to it, give the case back, "
        "so that another mentor can take it.",
        cases=names(theirs, today),
    )
    yield from read_buttons([one.id for one in theirs])


def for_coordinator(now: Waiting, community: str) -> Iterator[Msg]:
    """How many, and no more: what is in a case stays between its student and the mentors."""
    yield n_(
        "In {community} students wait for the mentors, the longest for a working day.",
        "In {community} students wait for the mentors, the longest for {n} working days.",
        max(waited(one, now.today) for one in (*now.free, *now.owed)),
        community=community,
    )
    if now.free:
        yield n_("One case has no mentor.", "{n} cases have no mentor.", len(now.free))
    if now.owed:
        yield n_("In one case an answer is still to come.", "In {n} cases an answer is still to come.", len(now.owed))
    yield _("Maybe you can ask the mentors what they need.")


def names(those: Iterable[CaseLine], today: int) -> Msg:
    """What mentors call these cases, and how long each waits: so no reminder looks like an earlier one."""
    return listed(
        n_("{case} (a working day)", "{case} ({n} working days)", waited(one, today), case=case_name(one.id))
        for one in those
    )
