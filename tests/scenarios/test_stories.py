"""Every story, on every surface and both databases; and once more with a restart before each act.

``ERBIJ_RECORD=1 pytest tests/scenarios`` writes the stories anew from what is seen in the web chat. Read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storage.database import Database
from tests.scenarios.runner import Player, Story
from tests.scenarios.world import World
from tests.surfaces.web import WebSurface

STORIES = sorted(Path(__file__).parent.glob("*.txt"))
RECORD = os.environ.get("ERBIJ_RECORD") == "1"
each_story = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)


def test_there_are_stories() -> None:
    assert STORIES


@each_story
async def test_on_the_web(path: Path, database: Database) -> None:
    world = World(database)
    async with WebSurface(world.receive) as surface:
        await world.open(surface)
        try:
            player = Player(world, surface)
            if RECORD:
                path.write_text((await player.record(Story.read(path))).text(), encoding="utf-8")
            else:
                await player.play(Story.read(path))
        finally:
            await world.close()


@each_story
async def test_with_a_restart_before_each_act(path: Path, sqlite: Database) -> None:
    world = World(sqlite)
    async with WebSurface(world.receive) as surface:
        await world.open(surface)
        try:
            await Player(world, surface, restless=True).play(Story.read(path))
        finally:
            await world.close()
