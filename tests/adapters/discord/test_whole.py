"""Erbij's own flows in Discord, on a database: a check-in from its post to the thanks, over a restart."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from flows.catalogue import catalogue
from flows.seam import Button, Buttons, Outgoing, Text
from storage import check_ins, communities, migrate, places, role_grants
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from tests.surfaces.discord import DiscordSurface


@pytest.fixture
async def surface(tmp_path: Path) -> AsyncIterator[DiscordSurface]:
    url = f"sqlite:///{tmp_path / 'erbij.db'}"
    migrate.upgrade(url)
    database = Database(url, Masters(base64.b64encode(bytes(32)).decode()))
    database.open()
    clock = Clock()
    runtime = Runtime(database, catalogue(), clock, Metrics())
    commands = [(command.name, command.about) for command in catalogue().commands.values()]
    async with DiscordSurface(runtime.receive, commands) as made:

        def seed(session: Session) -> str:
            community = communities.add_community(session, "first", "Year 1", "en", "Europe/Amsterdam")
            communities.add_space(session, community, "discord", made.space.id)
            for place, id_ in made.place_ids.items():
                places.choose(session, community, places.PlaceSet(place, "discord", made.space.id, id_, place))
            for place, role in (("students", "student"), ("mentors", "mentor"), ("leads", "lead")):
                role_grants.grant(session, community, role_grants.Grant(role, "discord", "role", made.role_ids[place]))
            return check_ins.open_round(session, community, clock.now(), clock.now() + 3_600_000)

        round_id = database.run_now(seed)
        post = (Text("How was your week?"), Buttons((Button(f"s.check_in.{round_id}", "Start the check-in"),)))
        await made.adapter.send(Outgoing("p" * 22, made.space, post, place=made.place_ids["students"]))
        yield made
    database.close()


async def test_check_in(surface: DiscordSurface) -> None:
    await surface.press("Sam", "Start the check-in", "students")
    seen = await surface.seen("Sam")
    assert seen[0].startswith("Your answers are stored encrypted, without your name.")
    assert "? I felt accepted here this week." in seen
    await surface.restart()
    statements = [line.removeprefix("? ") for line in seen if line.startswith("? ")]
    await surface.fill("Sam", {**dict.fromkeys(statements, "4"), "Anything you want to add?": "Good week."})
    assert "I felt accepted here this week.: 4 of 5 (5 = completely)" in await surface.seen("Sam")
    await surface.restart()
    await surface.press("Sam", "Send")
    assert (await surface.seen("Sam"))[0] == "Thank you. Your answers are in."
    assert await surface.seen("Noor") == []
    await surface.press("Sam", "Start the check-in", "students")
    assert await surface.seen("Sam") == ["You already took part in this check-in. Thank you!"]


async def test_words_in_a_private_chat(surface: DiscordSurface) -> None:
    await surface.press("Sam", "Start the check-in", "students")
    await surface.say("Sam", "hello")
    assert await surface.seen("Sam")


async def test_help(surface: DiscordSurface) -> None:
    await surface.command("Robin", "help")
    assert any(line == "[Tell what happened]" for line in await surface.seen("Robin"))


async def test_commands_have_names_in_the_persons_language(surface: DiscordSurface) -> None:
    names = {one.name: one.name_localizations for one in await surface.adapter._client.tree.fetch_commands()}
    assert {str(locale): word for locale, word in names["tell"].items()} == {"nl": "vertel", "de": "erzählen"}
    two_words = {str(locale): word for locale, word in names["my-data"].items()}
    assert two_words == {"nl": "mijn-gegevens", "de": "meine-daten"}
    for tag in ("nl", "de"):
        words = [word for each in names.values() for locale, word in each.items() if str(locale) == tag]
        same = [name for name, each in names.items() if tag not in {str(locale) for locale in each}]
        assert len({*words, *same}) == len(names), "also a word that is the same as in English"
        assert all(re.fullmatch(r"[-_\w]{1,32}", word) and word == word.lower() for word in words)
