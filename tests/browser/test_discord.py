"""A check-in and a case in simcord's preview: Discord's messages, buttons and windows, clicked in Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from storage.database import Database
from tests.browser.test_program import ANSWER, STORY
from tests.browser.test_web import DESKTOP
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface

STATEMENTS = 5


class Screen:
    """A channel as one person sees it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.window = page.get_by_role("dialog")

    def last(self) -> Locator:
        """The newest message."""
        return self.page.get_by_role("log").get_by_role("article").last

    async def reads(self, text: str) -> None:
        """Wait until the newest message holds this."""
        await expect(self.last()).to_contain_text(text)

    async def press(self, label: str | re.Pattern[str], then: str) -> None:
        """Press the newest button with this label; the newest message must then hold ``then``."""
        await self.page.get_by_role("log").get_by_role("button", name=label, exact=True).last.click()
        await self.reads(then)

    async def open(self, label: str) -> None:
        """Press a button that opens a window."""
        await self.page.get_by_role("log").get_by_role("button", name=label, exact=True).last.click()
        await expect(self.window).to_be_visible()

    async def submit(self, then: str) -> None:
        """Send the window."""
        await self.window.get_by_role("button", name="Submit").click()
        await expect(self.window).to_have_count(0)
        await self.reads(then)

    async def refresh(self) -> None:
        """Have what others changed drawn too."""
        await self.page.get_by_role("button", name="Refresh preview").click()

    async def command(self, word: str, then: str) -> None:
        """Type a slash command."""
        await self.page.get_by_role("textbox", name="Message").press_sequentially(f"/{word}")
        await self.page.get_by_role("option", name=f"/{word} ").click()
        await expect(self.page.get_by_role("button", name=f"Command /{word}")).to_be_visible()
        await self.page.get_by_role("button", name="Send", exact=True).last.click()
        await self.reads(then)


@pytest.fixture
async def world(sqlite: Database) -> AsyncIterator[tuple[World, DiscordSurface]]:
    made = World(sqlite)
    async with DiscordSurface(made.receive) as surface:
        await made.open(surface)
        yield made, surface
        await made.close()


@asynccontextmanager
async def screen(browser: Browser, surface: DiscordSurface, who: str, place: str) -> AsyncIterator[Screen]:
    """The screen of one person in one channel; simcord shows one at a time."""
    preview = surface.env.preview(surface.channels[place], viewers=[surface.people[who]], layout="channel")
    async with preview:
        page = await browser.new_page(viewport=DESKTOP)
        await page.goto(preview.url)
        yield Screen(page)
        await page.close()


async def test_a_week_in_discord(browser: Browser, world: tuple[World, DiscordSurface]) -> None:
    made, surface = world
    await made.move_to("2026-11-26 12:00")
    async with screen(browser, surface, "Sam", "students") as sam:
        await check_in(sam)
        words = await tell(sam)
    await made.move_to("2026-11-27 17:00")
    async with screen(browser, surface, "Robin", "mentors") as robin:
        await mentor(robin, made)
    async with screen(browser, surface, "Sam", "students") as sam:
        await sam.command("answer", "Your six words")
        await sam.open("Fill in")
        await sam.window.get_by_label("Which six words did you get?").fill(words)
        await sam.submit(ANSWER)


async def check_in(sam: Screen) -> None:
    """Five statements in one window, the open line in the next; what is sent is shown first."""
    await sam.press("Start the check-in", "Your answers are stored encrypted, without your name.")
    await expect(sam.last()).to_contain_text("Only you can see this")
    await sam.open("Fill in")
    groups = sam.window.get_by_role("radiogroup")
    await expect(groups).to_have_count(STATEMENTS)
    for group in await groups.all():
        await group.get_by_role("radio", name="4").check()
    await sam.submit("Check-in: how was your week?")
    await sam.open("Fill in")
    await sam.window.get_by_label("Anything you want to add?").fill("It was a good week.")
    await sam.submit("Shall I send these answers?")
    await expect(sam.last()).to_contain_text("It was a good week.")
    await sam.press("Send", "Thank you. Your answers are in.")
    await sam.press("Start the check-in", "You already took part in this check-in.")


async def tell(sam: Screen) -> str:
    """Tell a case; gives the receipt."""
    await sam.command("tell", "What happened?")
    await sam.open("Fill in")
    await sam.window.get_by_label("What was it about?").fill(STORY)
    await sam.submit("What happened?")
    await sam.open("Fill in")
    await sam.window.get_by_label("What did it do to your feeling of belonging?").fill("I went home early.")
    await sam.submit("Shall I give it to the mentors?")
    await expect(sam.last()).to_contain_text(STORY)
    await sam.press("Give it to the mentors", "Did you keep the six words?")
    words = re.search(r"(?:[a-z]{5,9} ){5}[a-z]{5,9}", await sam.last().inner_text())
    assert words is not None
    await sam.press("Yes, I have kept them", "How would you like to hear of an answer?")
    await sam.press("Only my six words", "Type “answer” now and then")
    return words[0]


async def mentor(robin: Screen, made: World) -> None:
    """Robin takes the case from the channel, answers it and closes it; its post says so."""
    post = robin.page.get_by_role("log").get_by_role("article").first
    await expect(post).to_contain_text("A new case has come in")
    await robin.press(re.compile("Take case"), "This case is in your hands.")
    await expect(robin.last()).to_contain_text(STORY)
    await made.settle()
    await robin.refresh()
    await expect(post).to_contain_text("Robin takes care of it.")
    await robin.press("Write an answer", "Your answer")
    await robin.open("Fill in")
    await robin.window.get_by_label("What would you like to say?").fill(ANSWER)
    await robin.submit("Your answer is there for the student")
    await robin.press("Close the case", "Close case")
    await robin.press("Yes", "is closed.")
    await made.settle()
    await robin.refresh()
    await expect(post).to_contain_text("Robin closed it.")
