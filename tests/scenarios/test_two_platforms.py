"""One community on two surfaces at once: the same cases, the same posts, and people who are on both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.database import Database
from tests.scenarios.runner import Player, Story
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface

STORIES = sorted((Path(__file__).parent / "two_platforms").glob("*.txt"))
RECORD = os.environ.get("ERBIJ_RECORD") == "1"
each_story = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)


def test_there_are_stories() -> None:
    assert STORIES


@each_story
async def test_story(path: Path, database: Database) -> None:
    await play(path, database, record=RECORD)


@each_story
async def test_with_a_restart_before_each_act(path: Path, sqlite: Database) -> None:
    await play(path, sqlite, restless=True)


async def play(path: Path, database: Database, *, record: bool = False, restless: bool = False) -> None:
    world = World(database)
    async with DiscordSurface(world.receive) as here, TeamsSurface(world.receive) as there:
        await world.open(here, there)
        try:
            player = Player(world, here, there, restless=restless)
            if record:
                (await player.record(Story.read(path))).write(path)
            else:
                await player.play(Story.read(path))
        finally:
            await world.close()
