"""Housekeeping: every night, what is no longer needed is thrown away."""

from flows.engine import Steps, job
from storage import check_in_pools, codes, conversations, outbox
from storage.statement import Session

DAY = 24 * 60 * 60 * 1000
KEEP_EVENTS = 7
"""Days in which a platform may still repeat an event."""
KEEP = 90
"""Days in which it is known which messages were sent."""


@job("housekeeping")
async def housekeeping(steps: Steps) -> None:
    """Forget old events and messages, ballots that waited too long, and codes that expired."""
    now = await steps.now("now")
    await steps.do("forget", forget, now)


def forget(session: Session, now: int) -> None:
    """Throw away what is older than it needs to be."""
    conversations.forget_events(session, now // DAY - KEEP_EVENTS)
    outbox.purge(session, now - KEEP * DAY)
    check_in_pools.drop_expired(session, now)
    codes.purge(session, now)
