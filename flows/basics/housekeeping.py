"""Housekeeping: every night, what is no longer needed is thrown away."""

from flows.engine import Steps, job
from storage import check_ins, codes, conversations, outbox
from storage.statement import Session

DAY = 24 * 60 * 60 * 1000
KEEP_EVENTS = 7
"""Days in which a platform may still repeat an event."""
KEEP = 90
"""Days in which it is known which messages were sent, and who took part in a check-in that is over."""


@job("housekeeping")
async def housekeeping(steps: Steps) -> None:
    """Forget old events, messages, who took part, and codes that expired."""
    now = await steps.now("now")
    await steps.do("forget", forget, now)


def forget(session: Session, now: int) -> None:
    """Throw away what is older than it needs to be."""
    conversations.forget_events(session, now // DAY - KEEP_EVENTS)
    outbox.purge(session, now - KEEP * DAY)
    check_ins.forget_who(session, now - KEEP * DAY)
    codes.purge(session, now)
