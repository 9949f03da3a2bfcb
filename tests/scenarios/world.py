"""Five people on one surface or several; the product's own turns, timers and sender; a clock that stands still."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.metrics import Metrics
from bot.roster import Roster
from bot.runtime import Runtime
from bot.sender import Sender
from bot.standings import Standings
from bot.time import Clock
from bot.timers import Timers
from flows.catalogue import catalogue
from flows.engine.flow import Catalogue
from flows.engine.timers import found_community
from flows.seam import Incoming, Reply
from storage import communities, due, held, outbox, places, role_grants
from storage.database import Database
from storage.statement import Session

ZONE = ZoneInfo("Europe/Amsterdam")
START = "2026-11-23 10:00"
ROLES = {"students": "student", "mentors": "mentor", "leads": "lead"}
HOLDERS = {"students": ("Sam", "Noor"), "mentors": ("Robin", "Kim"), "leads": ("Alex",)}
PATIENCE = 10
"""Seconds that the sender may take to deliver what waits."""


class StandingClock(Clock):
    """Time passes only when a story says so."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def now(self) -> int:
        return self.at


class World:
    """Everything behind the surface. Give :meth:`receive` to the surface, then ``await open(surface)``."""

    def __init__(self, database: Database, known: Catalogue | None = None) -> None:
        self.database = database
        self.known = known or catalogue()
        self.clock = StandingClock(local(START))
        self.runtime = self._new_runtime()
        self._sending: asyncio.Task[None] | None = None

    async def receive(self, incoming: Incoming) -> Reply:
        """One event, taken by the product."""
        return await self.runtime.receive(incoming)

    async def open(self, *surfaces: Any, founded: bool = True) -> None:
        """Found one community where the surfaces are (or leave that to the story), and start the sender."""
        self._surfaces = surfaces
        if founded:
            await self.database.run(self._found)
        self._send()

    async def close(self) -> None:
        """Stop the sender."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def move_to(self, when: str) -> None:
        """Let the time pass, with everything that is due on the way at its own moment."""
        until = local(when)
        while (at := await self.database.run(due.next_at)) is not None and at <= until:
            self.clock.at = max(self.clock.at, at)
            await self.catch_up()
        self.clock.at = until
        await self.catch_up()

    async def catch_up(self) -> None:
        """Run what is due now: timers, what is asked of the platforms, and what follows from that."""
        await self._timers.catch_up()
        await self.roster.catch_up()
        await self._timers.catch_up()
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything is delivered."""
        self.sender.wake()
        async with asyncio.timeout(PATIENCE):
            while await self.database.run(self._under_way):
                await asyncio.sleep(0)
        await self.sender.drain()

    def _under_way(self, session: Session) -> bool:
        """Whether something waits to be sent, or the gate lets something go now."""
        gates = (held.next_at(session, one.adapter.platform) for one in self._surfaces)
        return bool(outbox.depth(session).waiting) or any(at is not None and at <= self.clock.at for at in gates)

    async def restart(self) -> None:
        """A new process on the same database and the same surfaces."""
        await self.close()
        self.runtime = self._new_runtime()
        for surface in self._surfaces:
            await surface.restart()
        self._send()

    def _send(self) -> None:
        adapters = {surface.adapter.platform: surface.adapter for surface in self._surfaces}
        metrics = Metrics()
        self.sender = Sender(self.database, self.clock, adapters, metrics, self.known.audiences)
        self.runtime.posted = self.sender.wake
        standings = self.runtime.standings = Standings(adapters, lambda: self.clock.at / 1000)
        self.roster = Roster(self.database, self.clock, standings, metrics, lambda: None, pause=0)
        self._timers = Timers(self.database, self.known, self.clock, metrics, self.sender.wake)
        self._sending = asyncio.create_task(self.sender.run())

    def _new_runtime(self) -> Runtime:
        return Runtime(self.database, self.known, self.clock, Metrics())

    def _found(self, session: Session) -> None:
        name = "Teacher education, year 1"
        here = found_community(session, self.known, "first", name, "en", "Europe/Amsterdam", self.clock.now())
        for surface in self._surfaces:
            self._settle_in(session, here, surface)

    def _settle_in(self, session: Session, here: str, surface: Any) -> None:
        space = surface.space
        communities.add_space(session, here, space.platform, space.id, space.within)
        for place, role in ROLES.items():
            external = surface.place_ids[place]
            places.choose(session, here, places.PlaceSet(place, space.platform, space.id, external, place))
            for who in HOLDERS[place] if role != "student" else ():  # a student is who is named as nothing else
                role_grants.grant(
                    session, here, role_grants.Grant(role, space.platform, "person", surface.person_ids[who])
                )
        home = {role: place for place, role in ROLES.items()}
        for one in self.known.purposes.values():  # what else has a channel shares the one of those who work there
            if one.kind not in ROLES and one.role in home and one.is_wanted({}):
                external = surface.place_ids[home[one.role]]
                places.choose(
                    session, here, places.PlaceSet(one.kind, space.platform, space.id, external, home[one.role])
                )


def local(when: str) -> int:
    """A local time, ``2026-11-26 12:00``, in ms since 1970."""
    return int(datetime.fromisoformat(when).replace(tzinfo=ZONE).timestamp() * 1000)
