"""The chat by mouse and by keys, the case page, and no barrier that axe-core finds."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, expect

PHONE, DESKTOP = ViewportSize(width=360, height=740), ViewportSize(width=1360, height=860)
LOOKS = [(size, scheme) for size in (PHONE, DESKTOP) for scheme in ("light", "dark")]


async def no_barriers(page: Page) -> None:
    """What axe-core has to say must be nothing, and nothing may hang over the edge."""
    found: list[dict[str, Any]] = (await Axe().run(page)).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_a_check_in_on_any_screen(browser: Browser, url: str, size: Any, scheme: Any) -> None:
    page = await browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    await page.goto(f"{url}/chat/sam")
    await expect(page.get_by_text("Hello! I am Erbij.")).to_be_visible()
    await no_barriers(page)
    await page.get_by_role("button", name="students").click()
    await page.get_by_role("button", name="Take part").click()
    await expect(page.get_by_role("group", name="I felt accepted here this week.")).to_be_visible()
    await page.get_by_role("button", name="Look at my answers").click()
    await expect(page.get_by_role("alert").filter(has_text="Please check your answers")).to_be_visible()
    await no_barriers(page)
    for group in await page.get_by_role("group").all():
        await group.get_by_role("radio", name="4").check()
    await page.get_by_role("button", name="Look at my answers").click()
    await expect(page.get_by_text("Shall I send these answers?")).to_be_visible()
    await page.get_by_role("button", name="Send").first.click()
    await expect(page.get_by_text("Thank you. Your answers are in.")).to_be_visible()
    await no_barriers(page)
    assert errors == []


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_the_board(browser: Browser, url: str, size: Any, scheme: Any) -> None:
    page = await browser.new_page(viewport=size, color_scheme=scheme)
    await page.goto(url)
    student = page.frame_locator("iframe").nth(0)
    await expect(student.get_by_text("Hello! I am Erbij.")).to_be_visible()
    await no_barriers(page)
    await page.get_by_role("button", name="1 day on").click()
    await expect(page.locator("[data-status]")).to_have_text("The clock moved on. It is now Tuesday 24 November, 9:00.")
    await page.locator("[data-panel=student]").select_option(label="Noor")
    await expect(student.get_by_role("heading", name="Noor")).to_be_visible()


async def test_the_check_in_by_keyboard_only(browser: Browser, url: str) -> None:
    page = await browser.new_page(viewport=DESKTOP)
    await page.goto(f"{url}/chat/sam")
    await expect(page.get_by_text("Hello! I am Erbij.")).to_be_visible()

    async def tab_to(name: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            text = await page.evaluate(
                "document.activeElement.matches('button') ? document.activeElement.innerText : ''"
            )
            if name in text:
                return
        raise AssertionError(name)

    await tab_to("students")
    await page.keyboard.press("Enter")
    await tab_to("Take part")
    await page.keyboard.press("Enter")
    await expect(page.locator("article", has=page.get_by_role("group"))).to_be_focused()
    for _ in range(5):
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
    await tab_to("Look at my answers")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Shall I send these answers?")).to_be_visible()
    await tab_to("Send")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Thank you. Your answers are in.")).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_the_case_page_on_any_screen(browser: Browser, url: str, size: Any, scheme: Any) -> None:
    """axe-core itself is a script: the browser runs it past the page's policy."""
    context = await browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{url}/c/first")
    for press, then in (
        ("Tell what happened", "Mentors read what you tell"),
        ("Look at it", "Please write a few words here."),
        ("Look at it", "What mentors will see"),
        ("Send", "maple otter violin"),
    ):
        await no_barriers(page)
        if then == "What mentors will see":
            await page.get_by_label("What happened?").fill("Nobody chose me.")
        await page.get_by_role("button", name=press).click()
        await expect(page.get_by_text(then).first).to_be_visible()
    await no_barriers(page)
    await context.close()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_privacy_and_terms_on_any_screen(browser: Browser, url: str, size: Any, scheme: Any) -> None:
    context = await browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{url}/c/first")
    await page.get_by_role("link", name="Privacy").click()
    await expect(page.get_by_role("heading", name="Who can know what", exact=True)).to_be_visible()
    await no_barriers(page)
    await page.get_by_role("link", name="Terms of use").click()
    await page.get_by_role("link", name="Deutsch").click()
    await expect(page.get_by_role("heading", name="Nutzungsbedingungen")).to_be_visible()
    await no_barriers(page)
    await context.close()


async def test_a_post_in_a_channel_arrives_live_with_a_mark_in_words(browser: Browser) -> None:
    from flows.seam import Outgoing, Text
    from tests.browser.story import told

    async with told() as surface:
        page = await browser.new_page(viewport=PHONE)
        await page.goto(f"{surface.url}/chat/robin")
        await expect(page.get_by_text("Hello! I am Erbij.")).to_be_visible()
        await surface.adapter.send(Outgoing("o9", surface.space, (Text("News."),), place="mentors"))
        await expect(page.get_by_role("button", name="mentors 1 new")).to_be_visible()
        await page.get_by_role("button", name="mentors 1 new").click()
        await expect(page.get_by_text("News.")).to_be_visible()
        await page.close()
