"""Housekeeping: every night, what is no longer needed is thrown away."""

from flows.engine import Chat, flow
from storage import codes, conversations, outbox
from storage.statement import Session

DAY = 24 * 60 * 60 * 1000
KEEP_EVENTS = 7
"""Days in which a platform may still repeat an event."""
KEEP_MESSAGES = 90
"""Days that delivered messages stay readable in the try-out and for an edit."""


@flow("housekeeping")
async def housekeeping(chat: Chat) -> None:
    """Forget old events, delivered messages and codes that expired."""
    now = await chat.now("now")
    await chat.do("forget", forget, now)


def forget(session: Session, now: int) -> None:
    """Throw away what is older than it needs to be."""
    conversations.forget_events(session, now // DAY - KEEP_EVENTS)
    outbox.purge(session, now - KEEP_MESSAGES * DAY)
    codes.purge(session, now)
