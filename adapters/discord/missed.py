"""What people wrote in private while nobody was connected: Discord tells no new connection; it has to be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import discord
import structlog

from adapters.discord.errors import NETWORK

Waiting = Callable[[], Awaitable[Sequence[str]]]
"""Whose conversation waits for an answer, by their ids on Discord."""
SINCE = timedelta(days=1)
"""What is older is not answered any more: its writer would be surprised."""
MOST = 20
"""Messages of one person."""
BETWEEN = 2.0
"""Seconds between two people: half of the private chats that may be opened are left to the sender."""

log = structlog.get_logger()


async def missed(client: discord.Client, waiting: Waiting, connected: datetime) -> AsyncIterator[discord.Message]:
    """What stands in the private chats of people with an open conversation after the last word of Erbij's, in order.

    As it stood when the connection was made (``connected``): what came later was told to it, and an answer to that, or
    news of an answer, says nothing of what was written before.
    """
    until = connected + timedelta(milliseconds=1)  # Discord counts in milliseconds
    for number, person in enumerate(one for one in await waiting() if one.isdecimal()):
        if number:
            await asyncio.sleep(BETWEEN)
        found: list[discord.Message] = []
        try:
            channel = await client.create_dm(discord.Object(int(person)))
            async for message in channel.history(limit=MOST, before=until):
                if message.author == client.user or message.created_at < discord.utils.utcnow() - SINCE:
                    break
                found.append(message)
        except (discord.HTTPException, discord.RateLimited, *NETWORK) as fault:
            log.info("missed_not_read", platform="discord", fault=type(fault).__name__)
        for message in reversed(found):
            yield message
