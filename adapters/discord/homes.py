"""Which server a private chat belongs to: Discord does not say, and without it nobody has a role there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import discord

from adapters.discord.errors import NETWORK

TRIED = 25
"""Servers asked at most; someone in none of them is looked for by the flows."""
PATIENCE = 1.0
"""Seconds that looking may take, of the three that Discord gives."""
REMEMBERED = 10_000


class Homes:
    """The server where someone last did something, kept in memory only, else the first that knows them."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, int] = OrderedDict()

    def remember(self, person: int, guild: int) -> None:
        """Someone acted in this server."""
        self._last[person] = guild
        self._last.move_to_end(person)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)

    async def find(self, client: discord.Client, person: int) -> discord.Member | None:
        """The person as a member, with the roles they hold now; None when no server is found in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask(client, person)
        except (discord.HTTPException, discord.RateLimited, *NETWORK):
            return None

    async def _ask(self, client: discord.Client, person: int) -> discord.Member | None:
        last = client.get_guild(self._last.get(person, 0))
        others = [guild for guild in client.guilds if guild is not last]
        if last is None and len(others) > TRIED:
            return None
        for guild in ([last] if last else []) + others[:TRIED]:
            try:
                member = await guild.fetch_member(person)
            except discord.NotFound:
                continue
            self.remember(person, guild.id)
            return member
        return None
