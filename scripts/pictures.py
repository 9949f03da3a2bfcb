"""Make the pictures in docs/pictures again: ``uv run python -m scripts.pictures``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser, FrameLocator, Page, async_playwright

from tests.browser.conftest import ARGS
from tests.browser.story import told

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


async def main() -> None:
    """All pictures, phone and desktop, light and dark."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright, told() as surface:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for scheme in ("light", "dark"):
            await board(browser, surface.url, scheme)
            await check_in(browser, surface.url, scheme)
            await case(browser, surface.url, scheme)
        await browser.close()


async def board(browser: Browser, url: str, scheme: str) -> None:
    """Three windows side by side."""
    page = await _page(browser, scheme, DESKTOP)
    await page.goto(url)
    await _take_part(page.frame_locator("[data-frame=student]"))
    await page.frame_locator("[data-frame=mentor]").get_by_role("button", name="mentors").click()
    await page.frame_locator("[data-frame=lead]").get_by_text("Hello! I am Erbij.").wait_for()
    await _keep(page, f"board-{scheme}")
    await page.close()


async def check_in(browser: Browser, url: str, scheme: str) -> None:
    """A check-in on a phone."""
    page = await _page(browser, scheme, PHONE)
    await page.goto(f"{url}/chat/sam")
    await page.get_by_text("Hello! I am Erbij.").wait_for()
    await page.get_by_role("button", name="students").click()
    await page.get_by_role("button", name="Take part").click()
    await page.get_by_role("group").nth(0).get_by_role("radio", name="4").check()
    await page.get_by_role("group").nth(1).get_by_role("radio", name="5").check()
    await _keep(page, f"check-in-{scheme}")
    await page.close()


async def case(browser: Browser, url: str, scheme: str) -> None:
    """The case page, on a phone and on a desktop."""
    for name, size in (("phone", PHONE), ("desktop", DESKTOP)):
        page = await _page(browser, scheme, size)
        await page.goto(f"{url}/c/first")
        await _keep(page, f"case-{name}-{scheme}")
        await page.get_by_role("button", name="Tell what happened").click()
        await page.get_by_role("button", name="Look at it").click()
        await _keep(page, f"case-form-{name}-{scheme}")
        await page.close()


async def _take_part(window: FrameLocator) -> None:
    await window.get_by_text("Hello! I am Erbij.").wait_for()
    await window.get_by_role("button", name="students").click()
    await window.get_by_role("button", name="Take part").click()
    await window.get_by_role("group").nth(0).get_by_role("radio", name="4").check()


async def _page(browser: Browser, scheme: str, size: dict[str, int]) -> Page:
    look = "dark" if scheme == "dark" else "light"
    return await browser.new_page(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme=look,
        reduced_motion="reduce",
    )


async def _keep(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    asyncio.run(main())
