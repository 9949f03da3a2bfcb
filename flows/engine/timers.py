"""What time brings: jobs that start by themselves, once or again and again, and what comes of their slow work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any

from flows.engine.arrival import wait_for_a_name
from flows.engine.chat import Context
from flows.engine.conversation import ARGUMENT, FLOW, Conversation, Journal
from flows.engine.declared import Chosen
from flows.engine.flow import Catalogue, FlowFault, Job, Recurring
from flows.engine.run import Run
from flows.engine.turn import Turn
from flows.engine.wall_clock import (
    after_last,
    first_in,
    latest,
    moment_of,
    period,
    text_of,
    upcoming,
    wall_of,
)
from storage import audit, communities, conversations, due, outbox, roster, settings
from storage.communities import CommunityInfo
from storage.statement import Session

HOUR = 3_600_000
RETRY, LONGEST_RETRY = 60_000, 6 * HOUR
"""How long a timer that failed waits for its first new try, doubled at each further one, and the most; ms."""
LEASE = 360_000
"""For how long slow work is held, in ms: longer than it may take (bot/worker.py). Then another try begins."""
TOGETHER = 64
"""Timers in one transaction at the most, of those that may share it."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The slow work of a job, to be done outside of any transaction and handed to :func:`finish_slow`."""

    row: due.Due
    """As it is held meanwhile."""
    key: str
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    of: Callable[[Session], Any] | None
    """What reads the first argument, in a transaction of its own."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A timer that was taken."""

    job: str
    skipped: bool
    lag_ms: int
    posted: bool = False
    over: bool = True
    """False for one that has come to its slow work."""
    slow: Slow | None = None
    """That work, where it can begin now."""


def run_due(  # noqa: PLR0913  a group and its bounds
    session: Session,
    catalogue: Catalogue,
    now: int,
    taken: list[due.Due],
    *,
    idle: bool = True,
    most: int = TOGETHER,
) -> list[Ran]:
    """Run the timer that has been due longest, or record that it came too late; nothing when none is due.

    One whose job shares its transaction brings those after it along, up to the first whose job does not. ``taken``
    becomes the rows, for who must put them off should this fail. ``idle``: whether slow work can begin now.
    """
    taken[:] = due.take(session, now, idle=idle)
    if taken and most > 1 and _shares(catalogue, taken[0]):
        others = (row for row in due.take(session, now, most, idle=idle) if row.id != taken[0].id)
        taken += takewhile(partial(_shares, catalogue), others)
    ran: list[Ran] = []
    for row in taken:
        if ran and due.take_this(session, row) is None:
            continue  # one before it cancelled or moved it
        ran.append(_run(session, catalogue, row, now, idle=idle))
        idle = idle and ran[-1].slow is None
    return ran


def run_alone(session: Session, catalogue: Catalogue, row: due.Due, now: int, *, idle: bool = True) -> list[Ran]:
    """Run one of those that failed together, by itself; nothing when somebody else did in between."""
    again = due.take_this(session, row)
    return [] if again is None else [_run(session, catalogue, again, now, idle=idle)]


def finish_slow(session: Session, catalogue: Catalogue, slow: Slow, result: Any, now: int) -> list[Ran]:
    """Go on with the result of slow work; nothing where it came too late and another try began, or it was cancelled."""
    row = due.held(session, slow.row)
    learned = None if row is None else due.learned(session, row)
    known = communities.by_id(session, slow.row.community)
    if row is None or learned is None or known is None:
        return []
    turn = Turn(session, catalogue, _context(session, row.community, known), now)
    run = turn.run(catalogue.jobs[row.job], _going_on(row, learned))
    if run.pending is None or run.pending.key != slow.key:
        raise FlowFault(f"the job {row.job} does not come to {slow.key} again")
    run.answer(result)
    return [_leave(turn, row, run, known.time_zone, idle=True)]


def fail_due(session: Session, row: due.Due, now: int, *, slow: bool = False) -> None:
    """Put off a timer that just failed, in its ``slow`` work perhaps, for which its try was counted when it began.

    It never gives up: once the fault is mended it runs, unless it is pointless by then.
    """
    if slow and due.held(session, row) is None:
        return  # another try is under way
    tries = row.attempts if slow else row.attempts + 1
    due.failed(session, row, now + min(LONGEST_RETRY, RETRY * 2 ** (tries - 1)), tries)


def _shares(catalogue: Catalogue, row: due.Due) -> bool:
    job = catalogue.jobs.get(row.job)
    return job is not None and job.shares


def _context(session: Session, community: str, known: CommunityInfo | None) -> Context:
    """For whom a job runs: a community; nobody where there is none any more."""
    if known is None:
        return Context()
    chosen = settings.chosen(session, community)
    return Context(community, known.name, known.time_zone, known.language, chosen=chosen)


def _run(session: Session, catalogue: Catalogue, row: due.Due, now: int, *, idle: bool) -> Ran:
    known = communities.by_id(session, row.community)
    job = catalogue.jobs.get(row.job)
    zone = "" if known is None else known.time_zone
    turn = Turn(session, catalogue, _context(session, row.community, known), now)
    until = _until(_recurring(catalogue, row, turn.context.chosen), row, zone, now)
    if known is None or job is None or (until is not None and now > until):
        if known is not None:
            audit.add(session, row.community, now, "", "timer skipped", row.job)
        _round_off(turn, row, zone)
        return Ran(row.job, skipped=True, lag_ms=now - row.at)
    run = turn.run(job, _going_on(row, due.learned(session, row) or {}))
    return _leave(turn, row, run, zone, idle=idle)


def _leave(turn: Turn, row: due.Due, run: Run, zone: str, *, idle: bool) -> Ran:
    """What it did is written; then it is over, or waits for its slow work."""
    turn.leave(run)
    slow = None
    if run.pending is None:
        _round_off(turn, row, zone)
    elif run.pending.kind != "work" or not isinstance(run.flow, Job):
        raise FlowFault(f"the job {run.flow.name} asks somebody something")
    elif idle:
        fn, args, of = run.pending.data
        held = due.hold(turn.session, row, turn.now + LEASE, run.journal)
        slow = Slow(held, run.pending.key, fn, args, of)
    else:
        due.wait(turn.session, row, run.journal)
    lag, over = turn.now - row.at, run.pending is None
    return Ran(row.job, skipped=False, lag_ms=lag, posted=turn.posted, over=over, slow=slow)


def _going_on(row: due.Due, learned: Journal) -> Conversation:
    """Where a job begins, or goes on from what it learned; whom it is about may have moved meanwhile.

    The keys of all that it does derive from the row's and its moment, so that a recurring job may post again next time,
    and none posts twice.
    """
    journal = {**learned, FLOW: row.job, ARGUMENT: row.argument}
    return Conversation(journal, f"{row.key}@{row.planned}")


def _round_off(turn: Turn, row: due.Due, zone: str) -> None:
    """It does not come again, or at the next time that it recurs."""
    one = _recurring(turn.catalogue, row, turn.context.chosen)
    if one is None or not zone:
        due.done(turn.session, row)
        return
    last = latest(one.cron, zone, _waits_for(row, zone), turn.now)
    _set_to(turn.session, one, row, zone, after_last(one.cron, last), last=text_of(last))


# ---------------------------------------------------------------- what recurs


def found_community(  # noqa: PLR0913  one row and its clockwork
    session: Session,
    catalogue: Catalogue,
    slug: str,
    name: str,
    language: str,
    time_zone: str,
    now: int,
) -> str:
    """A new community with everything that recurs in it; returns its id."""
    community = communities.add_community(session, slug, name, language, time_zone)
    wind(session, catalogue, community, time_zone, now)
    return community


def wind(session: Session, catalogue: Catalogue, community: str, time_zone: str, now: int) -> None:
    """Set all that recurs in a community, by the clock of its time zone; what was set before is set anew."""
    for one in recurring_in(session, catalogue, community):
        due.forget(session, recurring_key(community, one.job))
        _set(session, one, community, time_zone, now)


def wind_new(session: Session, catalogue: Catalogue, now: int) -> None:
    """Set in every community what recurs since this version of Erbij; what is set already keeps its wall clock."""
    for one in communities.every(session):
        if one.name:
            set_right(session, catalogue, one.id, one.time_zone, now)
        else:
            wait_for_a_name(session, one.id, now)


def set_right(session: Session, catalogue: Catalogue, community: str, time_zone: str, now: int) -> None:
    """Let what recurs follow its wall clock, after another zone or hour was chosen for it or the zone's rules changed.

    None comes twice in one period, and none is left out: what would have been by now comes at once. What is being tried
    stays as it is, and follows from its next time on.
    """
    for one, row, wall in _walls(session, catalogue, community, time_zone, now):
        if row is None:
            _set(session, one, community, time_zone, now)
        elif row.wall != text_of(wall) or row.at != moment_of(wall, time_zone):
            _set_to(session, one, row, time_zone, wall, last=row.last)


def moves(
    session: Session, catalogue: Catalogue, community: str, time_zone: str, now: int
) -> list[tuple[Recurring, int, int]]:
    """What people see that :func:`set_right` would move in another zone: when it comes now, and then, in ms."""
    found = []
    for one, row, wall in _walls(session, catalogue, community, time_zone, now):
        at = moment_of(wall, time_zone)
        if one.seen is not None and row is not None and row.at != at:
            found.append((one, row.at, at))
    return found


def mend(session: Session, catalogue: Catalogue, now: int, by: int = 0) -> None:
    """Set right what a wrong clock has put off; ``by`` is how far, in ms, it is set on at this moment.

    What recurs comes at its next time from now, unless a clock that ran ahead has brought it in that period already.
    What failed meanwhile is tried when it was planned, or now; a message within an hour. When time is set on, whoever
    is in the middle of something has another day: their conversation would else end without a day having passed.
    """
    for community in communities.every(session):
        for one in recurring_in(session, catalogue, community.id) if community.name else ():
            _mend(session, one, community.id, community.time_zone, now)
    due.sooner(session, now, now + LONGEST_RETRY)
    outbox.sooner(session, now, now + HOUR)
    roster.sooner(session, now, now + HOUR)
    if by > 0:
        conversations.grant(session, now + 24 * HOUR)


def recurring_in(session: Session, catalogue: Catalogue, community: str) -> list[Recurring]:
    """What recurs in a community, at the times that it chose."""
    chosen = settings.chosen(session, community)
    return [one.of(chosen) for one in catalogue.recurring]


def recurring_key(community: str, job: str) -> str:
    """The key of the due row of something that recurs."""
    return f"{community}:{job}"


def _recurring(catalogue: Catalogue, row: due.Due, chosen: Chosen) -> Recurring | None:
    found = next((one for one in catalogue.recurring if recurring_key(row.community, one.job) == row.key), None)
    return found and found.of(chosen)


def _walls(
    session: Session, catalogue: Catalogue, community: str, zone: str, now: int
) -> list[tuple[Recurring, due.Due | None, datetime]]:
    """All that recurs in a community and is not being tried: its row, and the wall clock it should wait for."""
    found: list[tuple[Recurring, due.Due | None, datetime]] = []
    for one in recurring_in(session, catalogue, community):
        row = due.named(session, recurring_key(community, one.job))
        if row is None:
            found.append((one, row, upcoming(one.cron, zone, now)))
        elif not row.attempts and row.journal is None:
            found.append((one, row, _wall(one.cron, row, zone, now)))
    return found


def _wall(cron: str, row: due.Due, zone: str, now: int) -> datetime:
    """The wall clock that something should wait for: of the period that has none yet, at the time that holds now.

    Where that time has passed in a period, and the one that was chosen before is still to come, it comes then once
    more: who moves a check-in from Thursday to Monday, on a Wednesday, has it this Thursday, and then on Mondays.
    """
    before = _waits_for(row, zone)
    wall = after_last(cron, datetime.fromisoformat(row.last)) if row.last else first_in(cron, before)
    if moment_of(wall, zone) <= now < moment_of(before, zone) and period(cron, wall) == period(cron, before):
        return before
    return wall


def _waits_for(row: due.Due, zone: str) -> datetime:
    """The wall clock that a row waits for; of one that an earlier version set, by when it was to come."""
    return datetime.fromisoformat(row.wall) if row.wall else wall_of(row.planned, zone)


def _set(session: Session, one: Recurring, community: str, zone: str, now: int) -> None:
    wall = upcoming(one.cron, zone, now)
    at = moment_of(wall, zone)
    key = recurring_key(community, one.job)
    due.add(session, key, community, one.job, "", at, _worthwhile(one, at), text_of(wall))


def _set_to(  # noqa: PLR0913  an occurrence
    session: Session, one: Recurring, row: due.Due, zone: str, wall: datetime, *, last: str, planned: int | None = None
) -> None:
    at = moment_of(wall, zone)
    planned = at if planned is None else planned
    then = replace(row, planned=planned, at=at, until=_worthwhile(one, at), wall=text_of(wall), last=last)
    due.move(session, row, then)


def _mend(session: Session, one: Recurring, community: str, zone: str, now: int) -> None:
    row = due.named(session, recurring_key(community, one.job))
    if row is None or ((row.attempts or row.journal is not None) and row.at <= now + LONGEST_RETRY):
        return
    wall = upcoming(one.cron, zone, now)
    last = datetime.fromisoformat(row.last) if row.last else None
    ahead = last is not None and last >= wall
    this = period(one.cron, wall)
    if last is not None and this != wall and (ahead or period(one.cron, last) == this):
        wall = after_last(one.cron, wall)
    if wall < _waits_for(row, zone):
        # Where it is for a time that a wrong clock has brought before, its messages are others all the same.
        _set_to(session, one, row, zone, wall, last="" if ahead else row.last, planned=now if ahead else None)


def _until(one: Recurring | None, row: due.Due, zone: str, now: int) -> int | None:
    """Until when something makes sense; of what recurs and was due, perhaps several times, the last time counts.

    After three weeks without power the check-in of this Thursday opens, though that of the first is long past.
    """
    if one is None or not zone:
        return row.until
    return _worthwhile(one, moment_of(latest(one.cron, zone, _waits_for(row, zone), now), zone))


def _worthwhile(one: Recurring, at: int) -> int | None:
    return None if one.until_hours is None else at + int(one.until_hours * HOUR)
