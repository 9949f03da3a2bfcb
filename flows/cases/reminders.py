"""Reminders: once a working day, of cases that nobody takes, and of answers that students wait for.

At five past one, when everybody is at work and what came at one is in: never at night, never at a weekend. In days, so
that nothing shows what the set moments hide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.cases.post import case_name, read_buttons
from flows.cases.waiting import is_due, working_days
from flows.engine import COORDINATOR, Piece, Steps, job
from flows.words import Msg, _, listed, n_
from storage import cases, communities, members
from storage.cases import CaseLine
from storage.days import day_of
from storage.statement import Session

AT = "5 13 * * mon-fri"
LATEST = 6
"""Hours until which it still makes sense that day."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cases that have waited so many working days or longer, the oldest first."""

    days: int
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


@job("remind_of_cases")
async def remind_of_cases(steps: Steps) -> None:
    """The mentors in their channel; who takes care of a case privately; the coordinators how many, and no more."""
    now = await steps.now("now")
    today = await steps.do("today", reminding, steps.community, day_of(now, steps.time_zone))
    pieces = list(for_mentors(today.mentors))
    if pieces:
        await steps.post("mentors", *pieces, place="mentors")
    holders = dict.fromkeys(one.holder for one in today.mentors.owed)
    for number, holder in enumerate(holders):
        theirs = [one for one in today.mentors.owed if one.holder == holder]
        await steps.post(f"holder.{number}", *for_holder(theirs), member=holder)
    if today.coordinators.free or today.coordinators.owed:
        for number, coordinator in enumerate(today.tell):
            said = for_coordinator(today.coordinators, steps.community_name)
            await steps.post(f"coordinator.{number}", *said, member=coordinator)


def reminding(session: Session, community: str, today: int) -> Reminding:
    """What is to be said today, in days since 1970."""
    mentors, coordinators = communities.patience(session, community)
    open_cases = cases.listing(session, community)
    tell = members.by_name(session, community, COORDINATOR)
    return Reminding(waiting(open_cases, mentors, today), waiting(open_cases, coordinators, today), tuple(tell))


def waiting(open_cases: list[CaseLine], after: int, today: int) -> Waiting:
    """All that has waited long enough, on a day when something of it is due; else nothing."""
    days = {one.id: working_days(one.waits_since, today) for one in open_cases if one.waits_since is not None}
    at_work = working_days(today - 1, today) == 1
    if not at_work or not any(is_due(each, after) for each in days.values()):
        return Waiting(after)
    late = [one for one in open_cases if days.get(one.id, 0) >= after]
    return Waiting(after, tuple(one for one in late if not one.holder), tuple(one for one in late if one.holder))


def for_mentors(late: Waiting) -> Iterator[Piece]:
    """What stands in the mentors' channel. It names no mentor: everybody is late at times."""
    if late.free:
        yield n_(
            "For a working day or longer nobody has taken: {cases}. Who can?",
            "For {n} working days or longer nobody has taken: {cases}. Who can?",
            late.days,
            cases=names(late.free),
        )
    if late.owed:
        yield n_(
            "For a working day or longer a student has waited for an answer in: {cases}. If the mentor of such a case "
            "is away, another one can take it over.",
            "For {n} working days or longer a student has waited for an answer in: {cases}. If the mentor of such a "
            "case is away, another one can take it over.",
            late.days,
            cases=names(late.owed),
        )
    yield from read_buttons([one.id for one in (*late.free, *late.owed)])


def for_holder(theirs: list[CaseLine]) -> Iterator[Piece]:
    """What a mentor hears of cases in their hands."""
    yield _(
        "A student waits for your answer: {cases}. A short one is fine. If you cannot get to it, give the case back, "
        "so that another mentor can take it.",
        cases=names(theirs),
    )
    yield from read_buttons([one.id for one in theirs])


def for_coordinator(late: Waiting, community: str) -> Iterator[Msg]:
    """How many, and no more: what is in a case stays between its student and the mentors."""
    yield n_(
        "In {community} students have waited for the mentors for a working day or longer.",
        "In {community} students have waited for the mentors for {n} working days or longer.",
        late.days,
        community=community,
    )
    if late.free:
        yield n_("One case has no mentor.", "{n} cases have no mentor.", len(late.free))
    if late.owed:
        yield n_("In one case an answer is still to come.", "In {n} cases an answer is still to come.", len(late.owed))
    yield _("Maybe you can ask the mentors what they need.")


def names(those: list[CaseLine] | tuple[CaseLine, ...]) -> Msg:
    """What mentors call these cases."""
    return listed(case_name(one.id) for one in those)
