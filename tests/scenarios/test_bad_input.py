"""What nobody should send, sent all the same on every surface: nobody is pinged, nothing is lost, the word is kind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from flows.seam import Outgoing, Text
from storage.database import Database
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface
from tests.surfaces.web import WebSurface

PINGS = "@everyone @here <at>everyone</at> <@123> <@&456> **bold** <b>bold</b> [x](javascript:1)"
HIDDEN = "\u202e\u200b\u2066\ufeff\x00"
"""Turns the text round, or cannot be seen."""
LONG = {"web": 100_000, "teams": 100_000, "discord": 2_000}
"""Characters that one message can have: Discord itself takes no more."""
ISSUE = "What was it about?"
Played = tuple[World, Any]


@pytest.fixture(params=[WebSurface, DiscordSurface, TeamsSurface], ids=lambda surface: surface.name)
async def played(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Played]:
    world = World(database)
    async with request.param(world.receive) as surface:
        await world.open(surface)
        try:
            yield world, surface
        finally:
            await world.close()


async def test_words_ping_nobody_and_hide_nothing(played: Played) -> None:
    world, surface = played
    await surface.say("Sam", PINGS)
    await surface.command("Sam", "tell")
    await surface.fill("Sam", {ISSUE: f"{PINGS}{HIDDEN} after{HIDDEN} it"})
    for label in ("Give it to the mentors", "Yes, I have kept them", "Only my six words"):
        await surface.press("Sam", label)
    await world.move_to("2026-11-23 13:00")
    [read] = [one[1:-1] for one in await surface.posts("mentors") if one.startswith("[Read case ")]
    await surface.press("Robin", read, "mentors")
    post = Outgoing("p" * 22, surface.space, (Text(PINGS),), place=surface.place_ids["mentors"])
    await surface.adapter.send(post)
    read = "\n".join(await surface.seen("Robin")).replace("‹", "<")  # Teams' cards draw a tag with another sign
    assert f"{PINGS} after it" in read
    nobody_is_pinged(surface)


async def test_a_hundred_kilobytes(played: Played) -> None:
    _world, surface = played
    long = "x" * LONG[surface.name]
    await surface.say("Sam", long)
    assert (await surface.seen("Sam"))[0] == "I did not understand that. Here is what you can do:"
    if surface.name == "discord":
        return  # its own form lets nobody write more than fits
    await surface.command("Sam", "tell")
    await surface.fill("Sam", {ISSUE: long})
    assert any("the 2000 characters that fit here" in line for line in await surface.seen("Sam"))
    await surface.fill("Sam", {ISSUE: "Shorter."})
    assert f"{ISSUE}: Shorter." in await surface.seen("Sam")


async def test_a_button_of_last_month(played: Played) -> None:
    world, surface = played
    await surface.command("Sam", "tell")
    await world.move_to("2026-12-23 10:00")
    await surface.press("Sam", "Stop")
    assert "This was already answered, or it has ended. Type help to see what you can do now." in await surface.seen(
        "Sam"
    )


def nobody_is_pinged(surface: Any) -> None:
    """Looks at what went over the wire, not at how it is drawn here."""
    match surface:
        case DiscordSurface():
            bodies = [
                body.get("data", body) for body in (r.json for r in surface.env.http_requests) if _is_message(body)
            ]
            assert bodies
            assert [one for one in bodies if one.get("allowed_mentions") != {"parse": []}] == []
        case TeamsSurface():
            sent = json.dumps([*surface.world.service.messages.values()])
            assert "everyone" in sent
            assert "<at" not in sent
            assert '"mention"' not in sent
        case WebSurface():
            pages = [page for one in surface._pages.values() for page in one]
            assert pages
            assert [node for page in pages for node in page.css("at, b, script, a:not([download])")] == []


def _is_message(body: Any) -> bool:
    """A message or an answer with components; a form that opens is none."""
    if not isinstance(body, dict):
        return False
    inner = body.get("data", body)
    return isinstance(inner, dict) and "components" in inner and "title" not in inner
