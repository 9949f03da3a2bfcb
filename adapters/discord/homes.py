"""Which server a private chat belongs to: Discord does not say. Whether the person is there is another question."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

import discord

from adapters.discord.errors import NETWORK, NO_MEMBER

TRIED = 25
"""Servers asked at most; with more, the flows look for the person."""
PATIENCE = 1.0
"""Seconds that looking may take, of the three that Discord gives."""
REMEMBERED = 10_000


class Homes:
    """The server where someone last did something, kept in memory only, else the only one that knows them."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, int] = OrderedDict()
        self._looking: set[asyncio.Task[bool]] = set()

    def remember(self, person: int, guild: int) -> None:
        """Someone acted in this server."""
        self._last[person] = guild
        self._last.move_to_end(person)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)

    def forget(self, person: int, guild: int) -> None:
        """Someone is not in this server."""
        if self._last.get(person) == guild:
            del self._last[person]

    async def find(self, client: discord.Client, person: int) -> int | None:
        """The id of the server that someone means in private; None when none is found in time, or several are.

        Where Erbij is in one server only it is that one: nobody is looked for.
        """
        last = client.get_guild(self._last.get(person, 0))
        if last is not None:
            return last.id
        guilds = client.guilds
        if len(guilds) == 1:
            return guilds[0].id
        return await self._look(guilds, person) if len(guilds) <= TRIED else None

    async def _look(self, guilds: Sequence[discord.Guild], person: int) -> int | None:
        looks = {asyncio.create_task(_knows(guild, person)): guild.id for guild in guilds}
        for look in looks:
            self._looking.add(look)
            look.add_done_callback(self._looking.discard)
        # Nothing is cut off: in the middle of a request discord.py would keep its lock for the whole bot closed.
        _done, late = await asyncio.wait(looks, timeout=PATIENCE) if looks else (set(), set())
        try:
            found = [guild for look, guild in looks.items() if look not in late and look.result()]
        except (discord.HTTPException, discord.RateLimited, *NETWORK):
            return None
        if late or len(found) != 1:
            return None  # of several servers none is guessed: what is told would be read by the wrong people
        self.remember(person, found[0])
        return found[0]


async def _knows(guild: discord.Guild, person: int) -> bool:
    """Whether someone is in a server."""
    try:
        await guild.fetch_member(person)
    except discord.NotFound as fault:
        if fault.code not in NO_MEMBER:
            raise
        return False
    return True
