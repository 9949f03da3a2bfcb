"""Every kind of question on every surface and in every language, with answers that are wrong at first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from flows.words import LANGUAGES, NAMES
from storage.database import Database
from tests.scenarios.kinds import known
from tests.scenarios.runner import drawn_alike
from tests.scenarios.test_stories import Surface, each_surface
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface

ANSWERS = {
    "How is it going?": "4",
    "Which way?": "Back",
    "What can you eat?": "Back, Nothing",
    "What else?": "Nothing.",
    "How many guests?": "3",
}
WRONG = {"On which day?": "2026-11-01", "At what time?": "14:30"}
YES = {"nl": "Ja", "en": "Yes", "de": "Ja"}
NO_ANSWER = {"nl": "Geen antwoord", "en": "No answer", "de": "Keine Antwort"}
EARLIEST = {"nl": "1 december 2026", "en": "1 December 2026", "de": "1. Dezember 2026"}
DAY = {"nl": "12 maart 2027", "en": "12 March 2027", "de": "12. März 2027"}


@asynccontextmanager
async def played(surface_type: Surface, database: Database) -> AsyncIterator[tuple[World, Any]]:
    world = World(database, known())
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            yield world, surface
        finally:
            await world.close()


@each_surface
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_kind(surface_type: Surface, language: str, sqlite: Database) -> None:
    async with played(surface_type, sqlite) as (world, sam):
        await sam.say("Sam", "/language")
        await sam.press("Sam", NAMES[language])
        await sam.say("Sam", "/kinds")
        await sam.fill("Sam", ANSWERS | {"Will you come?": YES[language]} | WRONG)
        assert any(EARLIEST[language] in line for line in await sam.seen("Sam"))
        await world.restart()
        await sam.fill("Sam", {"On which day?": "2027-03-12"})  # all else stands there still
        shown = await sam.seen("Sam")
        asked = ANSWERS | {"Will you come?": YES[language], "On which day?": DAY[language], "At what time?": "14:30"}
        for question, answer in asked.items():
            assert f"{question}: {answer}" in shown, shown
        assert "Our day together" in shown

        # What may be empty can be emptied again, where it was answered.
        await sam.press("Sam", "Once more")
        none = dict.fromkeys(["How is it going?", "Which way?", "Will you come?"], NO_ANSWER[language])
        await sam.fill("Sam", none | {"What can you eat?": "", "What else?": ""})
        shown = await sam.seen("Sam")
        assert f"On which day?: {DAY[language]}" in shown, shown
        assert not any(question in line for line in shown for question in (*none, "What can you eat?", "What else?"))


async def test_where_there_is_no_calendar_days_and_times_are_typed(sqlite: Database) -> None:
    async with played(DiscordSurface, sqlite) as (_world, sam):
        await sam.say("Sam", "/kinds")
        await sam.fill(
            "Sam", {"How many guests?": "1.500", "On which day?": "vrijdag 12 maart", "At what time?": "half 3"}
        )
        seen = await sam.seen("Sam")
        assert "I read “vrijdag 12 maart” as 12 March 2027." in seen
        assert "I read “1.500” as 1500." in seen
        await sam.fill("Sam", {"At what time?": "2 pm"})
        seen = await sam.seen("Sam")
        assert "I read “2 pm” as 14:00." in seen
        assert "On which day?: 12 March 2027" in seen


@each_surface
async def test_a_list_of_five_hundred(surface_type: Surface, sqlite: Database) -> None:
    async with played(surface_type, sqlite) as (world, robin):
        await robin.say("Robin", "/numbers")
        assert "6: no. 6" in await robin.seen("Robin")
        await world.restart()
        await robin.press("Robin", "Next page")
        seen = await robin.seen("Robin")
        assert "Numbers (8 to 14 of 500)" in seen
        assert [line for line in seen if "no." in line] == [f"{n}: no. {n}" for n in range(7, 14)]
        await robin.press("Robin", "Previous page")
        assert "Numbers (1 to 7 of 500)" in await robin.seen("Robin")


def test_a_story_compares_all_of_a_form_but_how_it_is_opened_and_sent() -> None:
    web = ["Six questions", "? What?", "? Who?", "[Look at it first]", "[Back]", "[Stop]", "Other words", "[Send]"]
    teams = [*web[:4], "[Write in a window]", *web[4:]]
    discord = [*web[:3], "? Who?", "[Fill in]", *web[4:6], "[Fill in (2)]", *web[6:]]
    assert drawn_alike(web) == [*web[:3], *web[4:]] == drawn_alike(teams) == drawn_alike(discord)
    for at in (0, 1, 2, 4, 5, 6, 7):
        assert drawn_alike([*web[:at], *web[at + 1 :]]) != drawn_alike(web)
