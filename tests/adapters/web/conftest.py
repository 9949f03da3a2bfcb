"""A web adapter on a real port, with flows that write down what they get and say what a test tells them to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web

from adapters.web import Account, TryOut, WebAdapter, guard
from flows.seam import Incoming, Outgoing, Reply, Space, Text

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVERYONE = frozenset({"student", "mentor", "lead"})


@dataclass
class World:
    """What the flows got, and what they answer next."""

    got: list[Incoming] = field(default_factory=list)
    answer: Reply = field(default_factory=lambda: Reply((Text("Good."),)))
    fault: Exception | None = None
    standing: dict[tuple[str, str], list[Outgoing]] = field(default_factory=dict)
    now: datetime = NOW
    url: str = ""
    http: aiohttp.ClientSession = field(init=False)
    adapter: WebAdapter = field(init=False)

    async def receive(self, incoming: Incoming) -> Reply:
        """Write down and answer."""
        self.got.append(incoming)
        if self.fault is not None:
            raise self.fault
        return self.answer

    async def history(self, place: str, person: str) -> list[Outgoing]:
        """What stands in a place."""
        return self.standing.get((place, person), [])

    async def move(self, step: timedelta | None) -> datetime:
        """Move the clock."""
        self.now += step or timedelta(days=3)
        return self.now

    async def community(self, slug: str) -> str | None:
        """One community."""
        return "Teacher education <1>" if slug == "first" else None

    async def say(self, message: Outgoing) -> None:
        """Send, and keep it standing."""
        self.standing.setdefault((message.place, message.person), []).append(message)
        await self.adapter.send(message)


def tryout(world: World) -> TryOut:
    """A community of three."""
    return TryOut(
        space=Space("web", "first"),
        accounts=(
            Account("s1", "Sam", "student"),
            Account("m1", "Robin", "mentor"),
            Account("l1", "Alex", "lead"),
        ),
        places=(("students", "students", EVERYONE), ("mentors", "mentors", frozenset({"mentor", "lead"}))),
        history=world.history,
        now=lambda: world.now,
        move=world.move,
    )


async def serve(world: World, *, chat: bool = True, contact: str = "", **limits: int) -> AsyncIterator[World]:
    """The world, reachable at ``world.url``."""
    shown = tryout(world) if chat else None
    world.adapter = WebAdapter(tryout=shown, community=world.community, key=bytes(16), contact=contact)
    app = guard.application(guard.Site(**limits))
    app.add_routes(world.adapter.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running = asyncio.create_task(world.adapter.run(world.receive))
    world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(world.url, timeout=aiohttp.ClientTimeout(10)) as world.http:
        await asyncio.sleep(0)
        yield world
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await runner.cleanup()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A try-out."""
    async for one in serve(World()):
        yield one


@pytest.fixture
async def hasty() -> AsyncIterator[World]:
    """A try-out that takes three posts a minute."""
    async for one in serve(World(), per_client=3):
        yield one


@pytest.fixture
async def plain() -> AsyncIterator[World]:
    """A web without the try-out."""
    async for one in serve(World(), chat=False):
        yield one
