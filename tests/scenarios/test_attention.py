"""What the gate lets through and what it holds back, as a person sees it on each surface."""

from __future__ import annotations

from typing import Any

import pytest

from flows import attention, basics
from flows.engine import Capability, Catalogue, Steps, To, job
from flows.words import Msg
from storage import communities, due
from storage.database import Database
from storage.statement import Session
from tests.due import run_due
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface
from tests.surfaces.web import WebSurface


@job("say")
async def say(steps: Steps, text: str) -> None:
    """A message to all students."""
    await steps.post("m", Msg(text), audience=To("student"))


CATALOGUE = Catalogue([basics.capability, attention.capability, Capability("trial", jobs=(say,))])


@pytest.mark.parametrize("surface_type", [WebSurface, DiscordSurface, TeamsSurface], ids=lambda one: one.name)
async def test_what_falls_together_is_one_message_and_the_rest_can_be_read(surface_type: Any, sqlite: Database) -> None:
    world = World(sqlite)

    def begin(session: Session, text: str) -> None:
        due.add(session, text, communities.every(session)[0].id, "say", text, world.clock.at)

    async def tell(*texts: str) -> None:
        for text in texts:
            await sqlite.run(lambda s, text=text: begin(s, text))  # type: ignore[misc]
        while await sqlite.run(lambda s: run_due(s, CATALOGUE, world.clock.at)):
            pass
        await world.settle()

    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            await world.move_to("2026-11-24 10:00")
            await surface.say("Sam", "messages")
            await surface.seen("Sam")
            await tell("first", "second", "third", "fourth")
            seen = await surface.seen("Sam")
            assert seen[-3:] == ["first", "second", "third"]
            await surface.say("Sam", "held back")
            seen = await surface.seen("Sam")
            assert seen[-1].endswith("not sent because more came at once than 3: fourth")
        finally:
            await world.close()
