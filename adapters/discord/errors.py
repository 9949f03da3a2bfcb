"""Discord's refusals as the closed set that the sender knows."""

from __future__ import annotations

import aiohttp
import discord

from flows.faults import Blocked, Gone, Outage, SendError, TooFast, TooLarge

BLOCKED = frozenset({50007, 50278})
"""Cannot send messages to this person; no server in common any more."""
TOO_FAST = {40003: 300.0, 20016: 60.0, 20028: 60.0}
"""Opening private chats too fast; slow mode; a write limit: with seconds to wait."""
NOT_TO_CHANGE = frozenset({10008, 50005})
"""A message that somebody deleted; one that another application sent, which this one took the place of."""
EXPIRED = frozenset({10015, 10062, 50027})
"""An interaction that can no longer be answered: three seconds or fifteen minutes are over."""
NO_MEMBER = frozenset({10007, 10013})
"""Someone is not a member of the server; nobody has this id."""
NETWORK = (aiohttp.ClientError, OSError, TimeoutError, discord.ConnectionClosed, discord.GatewayNotFound)
"""What discord.py raises when Discord cannot be reached."""


def send_error(fault: Exception) -> SendError:
    """The sender's error for what discord.py raised at a send or an edit."""
    if isinstance(fault, discord.RateLimited):
        return TooFast(fault.retry_after)
    if not isinstance(fault, discord.HTTPException):
        return Outage(type(fault).__name__)
    if fault.code in TOO_FAST or fault.status == 429:
        return TooFast(TOO_FAST.get(fault.code) or _seconds(fault))
    return _kind(fault)(f"{fault.status} {fault.code}")


def _kind(fault: discord.HTTPException) -> type[Blocked | Gone | Outage | TooLarge]:
    if fault.code in BLOCKED:
        return Blocked
    if fault.status >= 500 or fault.status == 401:  # a token that is being replaced is no reason to give up
        return Outage
    return Gone if fault.status in {403, 404} else TooLarge


def _seconds(fault: discord.HTTPException) -> float:
    try:
        return max(1.0, float(fault.response.headers.get("Retry-After", "5")))
    except (AttributeError, ValueError):
        return 5.0
