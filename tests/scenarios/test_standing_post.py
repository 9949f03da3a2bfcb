"""The standing post in the students' channel: once, and anew where it was deleted or moved; never twice."""

from __future__ import annotations

import pytest

from flows.catalogue import catalogue
from flows.engine.take import take
from flows.seam import Act, Buttons, Filled, Form, Incoming, Person, Picked, Pressed, Reply
from storage import communities, due, places, role_grants, settings
from storage.database import Database
from storage.statement import Session
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface
from tests.surfaces.web import WebSurface

Surface = type[WebSurface] | type[DiscordSurface] | type[TeamsSurface]
each_surface = pytest.mark.parametrize(
    "surface_type", [WebSurface, DiscordSurface, TeamsSurface], ids=lambda surface: surface.name
)
POST = "[Tell what happened]"


async def morning(world: World, day: int) -> None:
    await world.move_to(f"2026-11-{day} 07:00")


async def standing(surface: WebSurface | DiscordSurface | TeamsSurface, place: str = "students") -> int:
    return (await surface.posts(place)).count(POST)


def delete(surface: DiscordSurface | TeamsSurface) -> None:
    """Somebody deletes the post in the students' channel."""
    if isinstance(surface, DiscordSurface):
        [post] = surface._messages("", "students")
        surface.env.backend.delete_message(surface.channels["students"].id, post.id)
    else:
        surface.world.service.messages[surface.place_ids["students"]].clear()


def want(session: Session) -> None:
    here = communities.every(session)[0].id
    settings.choose(session, here, "students.welcome", "yes")
    due.add(session, "now", here, "welcome", "", 0)


@each_surface
async def test_it_stands_once(surface_type: Surface, sqlite: Database) -> None:
    world = World(sqlite)
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            await morning(world, 24)
            assert await standing(surface) == 0, "nobody asked for it"
            sqlite.run_now(want)
            for day in (25, 26, 27):
                await morning(world, day)
                assert await standing(surface) == 1
            await surface.press("Sam", "Tell what happened", "students")
            await world.settle()
            assert any("read your story" in line for line in await surface.seen("Sam"))
        finally:
            await world.close()


@pytest.mark.parametrize("surface_type", [DiscordSurface, TeamsSurface], ids=lambda surface: surface.name)
async def test_deleted_or_elsewhere_it_comes_anew(
    surface_type: type[DiscordSurface | TeamsSurface], sqlite: Database
) -> None:
    world = World(sqlite)
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            sqlite.run_now(want)
            await morning(world, 24)
            delete(surface)
            assert await standing(surface) == 0
            for day in (25, 26):
                await morning(world, day)
                assert await standing(surface) == 1
            sqlite.run_now(lambda s: elsewhere(s, surface))
            for day in (27, 28):
                await morning(world, day)
                assert await standing(surface, "leads") == 1
                assert await standing(surface) == 1, "what stood where it was stays, and works"
        finally:
            await world.close()


@pytest.mark.parametrize("surface_type", [DiscordSurface, TeamsSurface], ids=lambda surface: surface.name)
@pytest.mark.parametrize(("channel", "post"), [("students", "no"), ("leads", "yes")])
async def test_not_wanted_or_elsewhere_its_buttons_go(
    surface_type: type[DiscordSurface | TeamsSurface],
    channel: str,
    post: str,
    sqlite: Database,
) -> None:
    """No old buttons stay in a channel, and what stands in their place is a change of the post: no new message."""
    world = World(sqlite)
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            sqlite.run_now(want)
            await morning(world, 24)
            assert POST in await surface.posts("students")
            sqlite.run_now(lambda s: chosen(s, surface, channel, post, world.clock.now()))
            for day in (25, 26):
                await morning(world, day)
                stands = await surface.posts("students")
                assert not [line for line in stands if line.startswith("[")]
                assert sum("The buttons that stood here are gone." in line for line in stands) == 1
            assert (POST in await surface.posts("leads")) == (post == "yes")
        finally:
            await world.close()


def chosen(session: Session, surface: object, channel: str, post: str, now: int) -> None:
    """A coordinator fills in the students' form."""
    here = communities.every(session)[0].id
    space, ids = surface.space, surface.place_ids  # type: ignore[attr-defined]
    role_grants.grant(session, here, role_grants.Grant("coordinator", space.platform, "person", "alex", "Alex"))

    def give(event: str, act: Act) -> Reply:
        incoming = Incoming(event, space, Person("alex", "Alex"), act, locale="en")
        return take(session, catalogue(), incoming, now).reply

    asked = give("opened", Pressed("s.setup_group.students"))
    [form] = [part for part in asked.parts if isinstance(part, Form)]
    picked = Picked(ids[channel], channel, open_to_all=True)
    answer = give("sent", Filled(form.id, {"channel": picked, "role": None, "welcome": post}))
    sure = [b.id for part in answer.parts if isinstance(part, Buttons) for b in part.buttons if b.id.endswith(".keep")]
    for one in sure:  # it is the channel of another group
        give("sure", Pressed(one))


def elsewhere(session: Session, surface: object) -> None:
    """The students' channel is another one from now on."""
    here = communities.every(session)[0].id
    space, ids = surface.space, surface.place_ids  # type: ignore[attr-defined]
    places.choose(session, here, places.PlaceSet("students", space.platform, space.id, ids["leads"], "leads"))
