"""The running program in Microsoft's Agents Playground: setup, a check-in, and a case from telling to its answer."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.bot.test_program import erbij, ready
from tests.browser.playground import Teams, Window, teams
from tests.browser.test_program import ANSWER, STORY, free_port, moved_until
from tests.browser.test_web import DESKTOP

STATEMENTS = (
    "I felt accepted here this week.",
    "I felt appreciated.",
    "I felt included.",
    "I felt supported.",
    "I could be myself.",
)


@dataclass
class World:
    """A try-out that Teams can reach."""

    teams: Teams
    board: str
    """Where its clock is moved on."""


@asynccontextmanager
async def in_teams(browser: Browser, folder: Path) -> AsyncIterator[World]:
    """Start Erbij and a Teams around it; at the end Erbij must have logged no fault, and not a word of a case."""
    port = free_port()
    async with erbij(folder, port) as process:
        await ready(process)
        here = f"http://127.0.0.1:{port}"
        async with teams(browser, folder, f"{here}/api/messages") as made:
            yield World(made, here)
        process.terminate()
        _out, said = await process.communicate()
    assert [line for line in map(json.loads, said.splitlines()) if line["level"] == "error"] == []
    assert STORY.encode() not in said


@pytest.fixture
async def world(browser: Browser, tmp_path: Path) -> AsyncIterator[World]:
    async with in_teams(browser, tmp_path) as made:
        yield made


async def test_from_nothing_to_an_answer(browser: Browser, world: World) -> None:
    robin = await world.teams.window("Robin")
    await set_up(robin)
    sam, board = await world.teams.window("Sam"), await browser.new_page(viewport=DESKTOP)
    await board.goto(world.board)
    await sam.go("General")
    await moved_until(board, sam.page.get_by_text("How was your week?"))
    await check_in(sam)
    words = await tell(sam)
    await robin.go("mentors")
    await moved_until(board, robin.page.get_by_text("A new case has come in"))
    await take_and_answer(robin)
    await moved_until(board, sam.page.get_by_text("A mentor answered you. Use your six words to read it."))
    await read_answer(sam, words)
    await robin.press("Close the case", "Close case")
    await robin.press("Yes", "is closed.")
    await sam.go("mentors")
    await sam.reads("Robin closed it.")  # one post, kept up to date in everybody's window
    assert world.teams.service.cards > 30


async def set_up(robin: Window) -> None:
    """Robin adds Erbij to the team, and says which channels and people it works with."""
    await robin.go("General")
    await robin.reads("whoever added me sets me up")
    await robin.use("Set up Erbij")
    await robin.go("private")
    await robin.reads("Is this a new community")
    await robin.press("A new community", "What is your community called?")
    await robin.write("What is your community called?", "Teacher education, year 1")
    await robin.choose("Which time zone are you in?", "Europe/Brussels")
    await robin.press("Save", "The students have no channel yet")
    await robin.press("Students", "Which channel do students read?")
    await robin.choose("Which channel do students read?", "General")
    await robin.press("Save", "The mentors have no channel yet")
    await robin.press("Mentors", "Which channel do mentors read?")
    await robin.choose("Which channel do mentors read?", "mentors")
    await robin.tick("Who are the mentors?", "Robin", "Kim")
    await robin.press("Save", "Everyone here can read mentors, students too.")
    await robin.press("Save it", "The next check-in comes on")
    await expect(robin.last()).to_contain_text("mentors · Kim, Robin")


async def check_in(sam: Window) -> None:
    """From the post in the channel to the private chat: answer, go back and change, send; once only."""
    await sam.use("Start the check-in")
    await expect(sam.page.get_by_text("The answer is in your private chat with Erbij.")).to_be_visible()
    await sam.go("private")
    await sam.reads("I felt accepted here this week.")
    await sam.last().get_by_role("button", name="Look at my answers").click()  # Teams itself sends no empty answer
    await expect(sam.last().get_by_text("Please choose an answer.")).to_have_count(len(STATEMENTS))
    for statement in STATEMENTS:
        await sam.choose(statement, "4")
    await sam.press("Look at my answers", "Shall I send these answers?")
    await sam.press("Back", "I felt accepted here this week.")
    await sam.choose("I felt included.", "3")
    await sam.press("Look at my answers", "3 of 5")
    await sam.press("Send", "Thank you. Your answers are in.")
    await sam.go("General")
    await sam.use("Start the check-in")
    await sam.go("private")
    await sam.reads("You already took part in this check-in.")


async def tell(sam: Window) -> str:
    """Tell a case; gives the receipt."""
    await sam.say("tell", "What was it about?")
    await sam.write("What was it about?", STORY)
    await sam.press("Look at it first", "Shall I give it to the mentors?")
    await sam.press("Give it to the mentors", "Did you keep the six words?")
    words = re.search(r"(?:[a-z]{5,9} ){5}[a-z]{5,9}", await sam.last().inner_text())
    assert words is not None
    await sam.press("Yes, I have kept them", "How would you like to hear of an answer?")
    await sam.press("Also a message here", "When a mentor answers, Erbij sends you a message")
    return words[0]


async def take_and_answer(robin: Window) -> None:
    """Robin takes the case from the channel, and answers it in the private chat."""
    await robin.use(re.compile("Take case"))
    await robin.reads("Robin takes care of it.")
    await robin.go("private")
    await robin.reads(STORY)
    await robin.press("Write an answer", "What would you like to say?")
    await robin.write("What would you like to say?", ANSWER)
    await robin.press("Send the answer", "Your answer is there for the student")


async def read_answer(sam: Window, words: str) -> None:
    """With the six words Sam reads what Robin wrote."""
    await sam.press("Read the answer", "Which six words did you get?")
    await sam.write("Which six words did you get?", words)
    await sam.press("Show", ANSWER)
    await expect(sam.last()).to_contain_text("A mentor answered you.")
