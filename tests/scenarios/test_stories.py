"""Every story, on every surface and both databases; and once more with a restart before each act.

``ERBIJ_RECORD=1 pytest tests/scenarios`` writes the stories anew from what the web chat shows: read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.database import Database
from tests.scenarios.runner import Player, Story
from tests.scenarios.world import World
from tests.surfaces.dialogs import TeamsDialogs
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface
from tests.surfaces.web import WebSurface

Surface = type[WebSurface] | type[DiscordSurface] | type[TeamsSurface]
STORIES = sorted(Path(__file__).parent.glob("*.txt"))
RECORD = os.environ.get("ERBIJ_RECORD") == "1"
each_story = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
each_surface = pytest.mark.parametrize(
    "surface_type", [WebSurface, DiscordSurface, TeamsSurface], ids=lambda surface: surface.name
)


def test_there_are_stories() -> None:
    assert STORIES


@each_surface
@each_story
async def test_story(path: Path, surface_type: Surface, database: Database) -> None:
    if RECORD and surface_type is not WebSurface:
        pytest.skip("stories are recorded in the web chat")
    world = World(database)
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            player = Player(world, surface)
            if RECORD:
                (await player.record(Story.read(path))).write(path)
            else:
                await player.play(Story.read(path))
        finally:
            await world.close()


@each_surface
@each_story
async def test_with_a_restart_before_each_act(path: Path, surface_type: Surface, sqlite: Database) -> None:
    world = World(sqlite)
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            await Player(world, surface, restless=True).play(Story.read(path))
        finally:
            await world.close()


async def test_a_case_in_dialogs(database: Database) -> None:
    """What Teams shows in a window reads like what it shows in the chat, also when Erbij restarts behind it."""
    world = World(database)
    async with TeamsDialogs(world.receive) as surface:
        await world.open(surface)
        try:
            await Player(world, surface, restless=True).play(Story.read(Path(__file__).parent / "case.txt"))
        finally:
            await world.close()
        assert surface.opened > 1
