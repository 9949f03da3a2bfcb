"""Every story of the scenarios, played in Teams; and once more with a restart before each act."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage import communities
from storage.database import Database
from storage.statement import Session
from tests.scenarios.runner import Player, Story
from tests.scenarios.world import World
from tests.surfaces.teams import TeamsSurface

STORIES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.txt"))


@pytest.mark.parametrize("restless", [False, True], ids=["", "restless"])
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
async def test_in_teams(path: Path, sqlite: Database, restless: bool) -> None:
    world = World(sqlite)
    async with TeamsSurface(world.receive) as surface:
        await world.open(surface)

        def private_chats_too(session: Session) -> None:
            here = communities.by_slug(session, "first")
            assert here
            communities.add_space(session, here[0], "teams", surface.tenant_space.id)

        await world.database.run(private_chats_too)
        try:
            await Player(world, surface, restless=restless).play(Story.read(path))
        finally:
            await world.close()
