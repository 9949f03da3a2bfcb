"""Make the pictures in docs/pictures again: ``uv run python -m scripts.pictures``."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.bot.test_program import erbij, ready
from tests.browser.conftest import ARGS
from tests.browser.test_program import CASE_PAGE, STORY, Window, free_port, moved_until, news, tell, window

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


async def main() -> None:
    """All pictures of a try-out just started: phone and desktop, light and dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        port, settings = free_port(), {"ERBIJ_DATABASE_URL": f"sqlite:///{folder}/erbij.sqlite3"}
        async with async_playwright() as playwright, erbij(Path(folder), port, **settings) as process:
            await ready(process)
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
            url = f"http://127.0.0.1:{port}"
            await a_case(browser, url)
            for scheme in ("light", "dark"):
                await board(browser, url, scheme)
                await check_in(browser, url, scheme)
                await case(browser, url, scheme)
            await browser.close()


async def a_case(browser: Browser, url: str) -> None:
    """Noor tells a case, and the clock goes on until the mentors have it."""
    noor, robin = await window(browser, url, "noor"), await window(browser, url, "robin")
    await tell(noor)
    page = await browser.new_page()
    await page.goto(url)
    await moved_until(page, news(robin.page))
    for one in (noor.page, robin.page, page):
        await one.close()


async def board(browser: Browser, url: str, scheme: str) -> None:
    """A student in the middle of a check-in, a mentor with a case, and a lead."""
    page = await _page(browser, scheme, DESKTOP)
    await page.goto(url)
    student, mentor, lead = (page.frame_locator(f"[data-frame={one}]") for one in ("student", "mentor", "lead"))
    await student.get_by_role("button", name="students").click()
    await student.get_by_role("button", name="Start the check-in").click()
    await student.get_by_role("radio", name="4").first.check()
    await mentor.get_by_role("button", name="mentors").click()
    await expect(mentor.get_by_role("button", name="Take case")).to_be_visible()
    await lead.get_by_role("button", name="students").click()
    await expect(lead.get_by_role("button", name="Start the check-in")).to_be_visible()
    await _keep(page, f"board-{scheme}")
    await page.close()


async def check_in(browser: Browser, url: str, scheme: str) -> None:
    """A check-in on a phone."""
    page = await _page(browser, scheme, PHONE)
    await page.goto(f"{url}/chat/emma")
    emma = Window(page)
    await emma.go("students")
    await page.get_by_role("button", name="Start the check-in").click()
    await page.get_by_role("radio", name="4").first.check()
    await page.get_by_role("radio", name="5").nth(1).check()
    await _keep(page, f"check-in-{scheme}")
    await page.close()


async def case(browser: Browser, url: str, scheme: str) -> None:
    """The case page, on a phone and on a desktop."""
    for name, size in (("phone", PHONE), ("desktop", DESKTOP)):
        page = await _page(browser, scheme, size)
        await page.goto(f"{url}{CASE_PAGE}")
        await _keep(page, f"case-{name}-{scheme}")
        await page.get_by_role("button", name="Tell what happened").click()
        await page.get_by_label("What was it about?").fill(STORY)
        await _keep(page, f"case-form-{name}-{scheme}")
        await page.close()


async def _page(browser: Browser, scheme: str, size: dict[str, int]) -> Page:
    look: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    return await browser.new_page(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme=look,
        reduced_motion="reduce",
    )


async def _keep(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    asyncio.run(main())
