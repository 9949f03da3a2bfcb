"""Make the pictures of Discord in docs/pictures again: ``uv run python -m scripts.pictures_discord``.

They show simcord's preview: Erbij's real messages in a simulated Discord, drawn much as Discord draws them.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
from playwright.async_api import Browser, async_playwright
from simcord.preview import _capture

from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
PHONE = (480, 900)
ABOUT = {
    "What is your community called?": "Teacher education, year 1",
    "Which language do I speak?": "English",
    "Which time zone are you in?": "Europe/Amsterdam",
}
GROUPS = {
    "Students": {"Which channel do students read?": "students"},
    "Mentors": {"Which channel do mentors read?": "mentors", "Who are the mentors?": "Robin, Kim"},
    "Team leads": {"Which channel do team leads read?": "leads", "Who are the team leads?": "Alex"},
}
CASE = {"What was it about?": "In a group task nobody wanted me in their group."}


async def _debians_browser(self: Any) -> Browser:
    """The browser of the system: simcord only knows Playwright's own."""
    if self._browser is None:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
    browser: Browser = self._browser
    return browser


async def main() -> None:
    """Setting up, a check-in and a case, as a coordinator, a student and a mentor see them on a phone."""
    _capture.ManagedCapture._ensure_browser = _debians_browser  # noqa: SLF001  the only way to another browser
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with running(founded=False) as (_world, surface):
        await setup(surface)
    async with running(founded=True) as (world, surface):
        await check_in(world, surface)
        await case(world, surface)


@asynccontextmanager
async def running(*, founded: bool) -> AsyncIterator[tuple[World, DiscordSurface]]:
    """A world of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/erbij.sqlite3"
        upgrade(url)
        database = Database(url, Masters(new_key()))
        database.open()
        world = World(database)
        async with DiscordSurface(world.receive) as surface:
            await world.open(surface, founded=founded)
            try:
                yield world, surface
            finally:
                await world.close()
        database.close()


async def setup(surface: DiscordSurface) -> None:
    """The first words in the server, the mentors' form, and the card when all is set."""
    await surface.add("Alex")
    await _keep(surface, "Alex", "general", "discord-setup-hello", surface.channels["general"].last_message)
    await surface.press("Alex", "Set up Erbij", "general")
    await surface.press("Alex", "A new community")
    await surface.fill("Alex", ABOUT)
    for group, values in GROUPS.items():
        await surface.press("Alex", group)
        opener = surface.opener("Alex")
        if opener is None:
            raise RuntimeError("setup shows no form")
        if group == "Mentors":
            await _keep(surface, "Alex", "general", "discord-setup-mentors", await surface.click("Alex", *opener))
        await surface.fill("Alex", values)
        if group != "Students":
            await surface.press("Alex", "Save it")
    await _keep(surface, "Alex", "general", "discord-setup", surface.newest("Alex"))


async def check_in(world: World, surface: DiscordSurface) -> None:
    """The post, the private message with its button, the form, and the answers read back."""
    await world.move_to("2026-11-26 12:00")
    await _keep(surface, "Sam", "students", "discord-check-in-post", surface.channels["students"].last_message)
    await surface.press("Sam", "Start the check-in", "students")
    await _keep(surface, "Sam", "students", "discord-check-in-start", surface.newest("Sam"))
    opener = surface.opener("Sam")
    if opener is None:
        raise RuntimeError("the check-in shows no form")
    await _keep(surface, "Sam", "students", "discord-check-in-form", await surface.click("Sam", *opener))
    asked = [line.removeprefix("? ") for line in await surface.seen("Sam") if line.startswith("? ")]
    await surface.fill("Sam", dict.fromkeys(asked, "4"))
    await _keep(surface, "Sam", "students", "discord-check-in-answers", surface.newest("Sam"))


async def case(world: World, surface: DiscordSurface) -> None:
    """A case as the student sees it before it is sent, and as it comes to the mentors."""
    await surface.command("Noor", "tell")
    await surface.fill("Noor", CASE)
    await _keep(surface, "Noor", "students", "discord-case", surface.newest("Noor"))
    await surface.press("Noor", "Give it to the mentors")
    await world.move_to("2026-11-27 17:00")
    await _keep(surface, "Robin", "mentors", "discord-case-post", surface.channels["mentors"].last_message)


async def _keep(surface: DiscordSurface, who: str, place: str, name: str, target: discord.Message | Any) -> None:
    member = surface.people[who]
    preview = surface.env.preview(
        surface.channels[place], viewers=[member], display="fixed", width=PHONE[0], height=PHONE[1]
    )
    async with preview:
        await preview.screenshot(PICTURES / f"{name}.png", viewer=member, target=target, allow_incomplete=True)


if __name__ == "__main__":
    asyncio.run(main())
