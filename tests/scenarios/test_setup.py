"""Stories that begin where nothing is set up yet, with someone who adds Erbij to a server or a team.

On Discord and in Teams: the web chat of the try-out has no channels and people to choose from, and is set up by itself.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.database import Database
from tests.scenarios.runner import Player, Story
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface

HERE = Path(__file__).parent / "setup"
RECORD = os.environ.get("ERBIJ_RECORD") == "1"
Surface = type[DiscordSurface] | type[TeamsSurface]
each_surface = pytest.mark.parametrize("surface_type", [DiscordSurface, TeamsSurface], ids=lambda one: one.name)


@each_surface
async def test_setup(surface_type: Surface, database: Database) -> None:
    if RECORD and surface_type is not DiscordSurface:
        pytest.skip("this story is recorded on Discord")
    await play(HERE / "setup.txt", database, surface_type)


@each_surface
async def test_setup_with_a_restart_before_each_act(surface_type: Surface, sqlite: Database) -> None:
    await play(HERE / "setup.txt", sqlite, surface_type, restless=True)


async def test_another_platform(database: Database) -> None:
    await play(HERE / "another_platform.txt", database, DiscordSurface, TeamsSurface)


async def test_another_platform_with_a_restart_before_each_act(sqlite: Database) -> None:
    await play(HERE / "another_platform.txt", sqlite, DiscordSurface, TeamsSurface, restless=True)


async def play(path: Path, database: Database, *surface_types: Surface, restless: bool = False) -> None:
    world = World(database)
    surfaces = [made(world.receive) for made in surface_types]
    for surface in surfaces:
        await surface.__aenter__()
    try:
        await world.open(*surfaces, founded=False)
        player = Player(world, *surfaces, restless=restless)
        if RECORD and not restless:
            (await player.record(Story.read(path))).write(path)
        else:
            await player.play(Story.read(path))
    finally:
        await world.close()
        for surface in surfaces:
            await surface.__aexit__(None, None, None)
