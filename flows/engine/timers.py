"""What time brings: jobs that start by themselves, once or again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from apscheduler.triggers.cron import CronTrigger

from flows.engine import occurrences
from flows.engine.arrival import wait_for_a_name
from flows.engine.chat import Context
from flows.engine.declared import Chosen
from flows.engine.flow import Catalogue, FlowFault, Recurring
from flows.engine.taking import Taking
from storage import audit, communities, conversations, due, outbox, roster, settings
from storage.statement import Session

HOUR = 3_600_000
RETRY, LONGEST_RETRY = 60_000, 6 * HOUR
"""How long a timer that failed waits for its first new try, doubled at each further one, and the most; ms."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A timer that was taken."""

    job: str
    skipped: bool
    lag_ms: int
    posted: bool
    timers: bool


def next_time(cron: str, time_zone: str, after: int) -> int:
    """When a cron line comes round next, in ms since 1970; right through changes of summer time."""
    trigger = CronTrigger.from_crontab(cron, timezone=time_zone)
    moment = datetime.fromtimestamp((after + 1000) / 1000, UTC)
    found = trigger.get_next_fire_time(None, moment.astimezone(trigger.timezone))
    if found is None:
        raise FlowFault(f"the cron line {cron} never comes round")
    return int(found.timestamp() * 1000)


def run_due(session: Session, catalogue: Catalogue, now: int) -> Ran | None:
    """Run the timer that has been due longest, or record that it came too late; None when none is due."""
    row = due.take(session, now)
    if row is None:
        return None
    known = communities.by_id(session, row.community)
    job = catalogue.jobs.get(row.job)
    recurring = recurring_in(session, catalogue, row.community)
    again = next((one for one in recurring if recurring_key(row.community, one.job) == row.key), None)
    until = row.until if again is None or known is None else _until(again, known[3], row, now)
    skipped = job is None or known is None or (until is not None and now > until)
    taking = Taking(session, catalogue, Context(), now)
    if job is not None and known is not None and not skipped:
        _id, name, language, time_zone = known
        chosen = settings.chosen(session, row.community)
        taking.context = Context(row.community, name, time_zone, language, chosen=chosen)
        # The moment is part of the identity, so that a recurring job may post again next time.
        run = taking.run(job, {"@flow": job.name, "@argument": row.argument})
        run.go()
        taking.settle(f"{row.key}@{row.at}", 0, run)
    elif known is not None:
        audit.add(session, row.community, now, "", "timer skipped", row.job)
    if again is not None and known is not None:
        due.move(session, row.id, *_next_round(again, known[3], now, after=row.at))
    else:
        due.done(session, row.id)
    return Ran(row.job, skipped, now - row.at, taking.posted, taking.timers or again is not None)


def fail_due(session: Session, now: int) -> str:
    """Put off the timer that just failed; returns its job.

    It never gives up: once the fault is mended it runs, unless it is pointless by then.
    """
    row = due.take(session, now)
    if row is None:
        return ""
    due.failed(session, row.id, now + min(LONGEST_RETRY, RETRY * 2**row.attempts))
    return row.job


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
    """Set in every community what recurs since this version of Erbij; what is set already stays as it is."""
    for community, _slug, name, _language, time_zone in communities.every(session):
        for one in recurring_in(session, catalogue, community) if name else ():
            _set(session, one, community, time_zone, now)
        if not name:
            wait_for_a_name(session, community, now)


def mend(session: Session, catalogue: Catalogue, now: int, by: int = 0) -> None:
    """Set right what a wrong clock has put off; ``by`` is how far, in ms, it is set on at this moment.

    What recurs comes at its next time from now, a message is tried within an hour. When time is set on, whoever is in
    the middle of something has another day: their conversation would else end without a day having passed.
    """
    for community, _slug, name, _language, time_zone in communities.every(session):
        for one in recurring_in(session, catalogue, community) if name else ():
            due.sooner(session, recurring_key(community, one.job), *_next_round(one, time_zone, now))
    outbox.sooner(session, now, now + HOUR)
    roster.sooner(session, now, now + HOUR)
    if by > 0:
        conversations.grant(session, now + 24 * HOUR)


def recurring_in(session: Session, catalogue: Catalogue, community: str) -> list[Recurring]:
    """What recurs in a community, at the times that it chose."""
    chosen = settings.chosen(session, community)
    return [one.of(chosen) if one.times else one for one in catalogue.recurring]


def retime(  # noqa: PLR0913  whose times, as they were, and when
    session: Session, catalogue: Catalogue, community: str, time_zone: str, before: Chosen, now: int
) -> None:
    """Set anew what recurs at a time that was chosen just now; ``before``: what was chosen until then."""
    chosen = settings.chosen(session, community)
    for old, new in ((one.of(before), one.of(chosen)) for one in catalogue.recurring if one.times):
        key = recurring_key(community, new.job)
        planned = due.when(session, key)
        if old.cron == new.cron or planned is None:
            continue
        at = occurrences.moved(planned, partial(next_time, new.cron, time_zone), new.period, time_zone, now)
        if at != planned:
            due.forget(session, key)
            due.add(session, key, community, new.job, "", at, _late(new, at))


def recurring_key(community: str, job: str) -> str:
    """The key of the due row of something that recurs."""
    return f"{community}:{job}"


def _set(session: Session, one: Recurring, community: str, time_zone: str, now: int) -> None:
    at, until = _next_round(one, time_zone, now)
    due.add(session, recurring_key(community, one.job), community, one.job, "", at, until)


def _until(one: Recurring, time_zone: str, row: due.Due, now: int) -> int | None:
    """Until when something makes sense that recurs and was due, perhaps several times: the last time counts.

    After three weeks without power the check-in of this Thursday opens, though that of the first is long past.
    """
    if one.until_hours is None or row.until is None:
        return None
    worthwhile = int(one.until_hours * HOUR)
    last = row.until - worthwhile  # not ``row.at``, which moves when it fails
    while (following := next_time(one.cron, time_zone, last)) <= now:
        last = following
    return last + worthwhile


def _next_round(one: Recurring, time_zone: str, now: int, after: int | None = None) -> tuple[int, int | None]:
    """When something recurs next, and until when it makes sense then; ``after``: for when it was planned before."""
    at = next_time(one.cron, time_zone, now)
    if one.times and after is not None:
        at = occurrences.following(after, partial(next_time, one.cron, time_zone), one.period, time_zone, now)
    return at, _late(one, at)


def _late(one: Recurring, at: int) -> int | None:
    return None if one.until_hours is None else at + int(one.until_hours * HOUR)
