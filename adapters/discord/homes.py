"""Which server a private chat belongs to: Discord does not say, and without it nobody has a role there."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import discord

from adapters.discord.errors import NETWORK

TRIED = 25
"""Servers asked at most; with more, the flows look for the person."""
PATIENCE = 1.0
"""Seconds that looking may take, of the three that Discord gives."""
REMEMBERED = 10_000


class Homes:
    """The server where someone last did something, kept in memory only, else the only one that knows them."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, int] = OrderedDict()

    def remember(self, person: int, guild: int) -> None:
        """Someone acted in this server."""
        self._last[person] = guild
        self._last.move_to_end(person)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)

    async def find(self, client: discord.Client, person: int) -> discord.Member | None:
        """The person as a member, with the roles they hold now; None when no server is found in time, or several."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask(client, person)
        except (discord.HTTPException, discord.RateLimited, *NETWORK):
            return None

    async def _ask(self, client: discord.Client, person: int) -> discord.Member | None:
        last = client.get_guild(self._last.get(person, 0))
        if last is not None and (member := await _member(last, person)) is not None:
            return member
        others = [guild for guild in client.guilds if guild is not last]
        if len(others) > TRIED:
            return None
        asked = await asyncio.gather(*(_member(guild, person) for guild in others))
        found = [member for member in asked if member is not None]
        if len(found) != 1:
            return None  # of several servers none is guessed: what is told would be read by the wrong people
        self.remember(person, found[0].guild.id)
        return found[0]


async def _member(guild: discord.Guild, person: int) -> discord.Member | None:
    """The person in a server; None when they are not there."""
    try:
        return await guild.fetch_member(person)
    except discord.NotFound:
        return None
