"""A small world on Discord, and flows that say what a test tells them to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from flows.seam import Button, Buttons, Field, Form, Incoming, Line, Part, Reply, Scale, Text
from flows.words import _
from tests.surfaces.discord import DiscordSurface

COMMANDS = (("help", _("What Erbij can do")), ("check-in", _("How is it going?")), ("answer", _("Read and write on")))
CHECK_IN = Form(
    "c.conversation.1",
    "Check-in",
    (
        *(Field(f"s{n}", f"Statement {n}", Scale(1, 5, "not at all", "completely")) for n in range(1, 6)),
        Field("more", "Anything else?", Line(200, long=True), required=False),
    ),
    submit="Send",
    open="Write an answer",
    buttons=(Button("c.conversation.1.cancel", "Stop"),),
)
START = Buttons((Button("s.check_in.round", "Start", "primary"),))


@dataclass
class Flows:
    """Answers every event with what ``then`` makes of it, and keeps the events."""

    then: Callable[[Incoming], Reply] = lambda _event: Reply((Text("Hello."),))
    seen: list[Incoming] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """Whose conversation waits for an answer, by name."""
    takes: float = 0.0
    """Seconds of a turn, on the simulated clock."""

    async def receive(self, incoming: Incoming) -> Reply:
        self.seen.append(incoming)
        if self.takes:
            await asyncio.sleep(self.takes)
        return self.then(incoming)

    def say(self, *parts: Part, saved: bool = True) -> None:
        self.then = lambda _event: Reply(parts, saved=saved)


@pytest.fixture
def flows() -> Flows:
    return Flows()


@pytest.fixture
async def world(flows: Flows) -> AsyncIterator[DiscordSurface]:
    async def waiting() -> list[str]:
        return [surface.person_ids[who] for who in flows.waiting]

    async with DiscordSurface(flows.receive, COMMANDS, waiting) as surface:
        yield surface
