"""The running program in Chromium: a check-in, and a case from telling to reading the answer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.bot.test_program import erbij, free_port, ready
from tests.browser.test_web import DESKTOP, PHONE, no_barriers

CASE_PAGE = "/c/teacher-education-1"
STORY = "In a group task nobody wanted me in their group."
ANSWER = "Good that you tell this. How was it for you after that?"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a try-out just started, on a database of its own."""
    port = free_port()
    async with erbij(tmp_path, port, ERBIJ_DATABASE_URL=f"sqlite:///{tmp_path}/erbij.sqlite3") as process:
        await ready(process)
        yield f"http://127.0.0.1:{port}"


class Window:
    """One person's window of the chat."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def last(self) -> Locator:
        """The newest message that is shown."""
        return self.page.locator("section.place:not([hidden]) article").last

    async def go(self, place: str) -> None:
        """Look at a channel, or at the private chat."""
        tab = self.page.get_by_role("navigation").get_by_role("button", name=re.compile(rf"\b{place}\b"))
        await tab.click()

    async def press(self, label: str | re.Pattern[str], then: str) -> None:
        """Press the newest button with this label; the answer must hold ``then``."""
        await self.page.get_by_role("button", name=label, exact=True).last.click()
        await self.reads(then)

    async def say(self, text: str, then: str) -> None:
        """Type a message."""
        await self.page.get_by_role("textbox", name="Your message to Erbij").fill(text)
        await self.page.get_by_role("button", name="Send", exact=True).last.click()
        await self.reads(then)

    async def write(self, question: str, text: str) -> None:
        """Answer an open question of the form that stands open."""
        await self.page.get_by_label(question).last.fill(text)

    async def reads(self, text: str) -> None:
        """Wait until the newest message holds this, and look for barriers."""
        await expect(self.last()).to_contain_text(text)
        await no_barriers(self.page)


async def six_words(page: Page) -> str:
    """The words of the receipt, as they are shown once."""
    words = await page.locator(".card .keep").inner_text()
    assert len(words.split()) == 6
    return words


async def window(browser: Browser, url: str, who: str) -> Window:
    """A window of the chat that is connected."""
    page = await browser.new_page(viewport=DESKTOP, reduced_motion="reduce")
    async with page.expect_response(lambda one: "/act?" in one.url):
        await page.goto(f"{url}/chat/{who}")
    return Window(page)


def news(page: Page) -> Locator:
    """The sign that the mentors' channel has something new to read."""
    return page.get_by_role("button", name=re.compile(r"mentors \d+ new"))


async def moved_until(board: Page, sign: Locator) -> None:
    """Move Erbij's clock on, from one thing that is due to the next, until this is to be seen."""
    said = board.locator("[data-status]")
    for _ in range(10):
        await board.evaluate("document.querySelector('[data-status]').textContent = ''")
        await board.get_by_role("button", name="Skip to the next event").click()
        await expect(said).to_contain_text("The clock moved on.")
        try:
            await expect(sign).to_be_visible(timeout=1_500)
        except AssertionError:
            continue
        return
    raise AssertionError("The time passed, and nothing came.")


async def test_a_week_in_the_chat(browser: Browser, running: str) -> None:
    sam = await window(browser, running, "sam")
    await check_in(sam)
    words = await tell(sam)
    robin, kim = await window(browser, running, "robin"), await window(browser, running, "kim")
    board = await browser.new_page(viewport=DESKTOP)
    await board.goto(running)
    await moved_until(board, news(robin.page))
    await mentor(robin, kim)
    await no_barriers(board)
    await sam.say("answer", "Which six words did you get?")
    await sam.write("Which six words did you get?", words)
    await sam.press("Show", ANSWER)
    await expect(sam.last()).to_contain_text("The mentors closed this.")


async def check_in(sam: Window) -> None:
    """Answer, go back and change, send; once only."""
    await sam.go("students")
    await sam.press("Start the check-in", "I felt accepted here this week.")
    for group in await sam.last().locator("fieldset").all():
        await group.get_by_role("radio", name="4").check()
    await sam.press("Look at my answers", "Shall I send these answers?")
    await sam.press("Back", "I felt accepted here this week.")
    included = sam.page.get_by_role("group", name="I felt included.").last
    await expect(included.get_by_role("radio", name="4")).to_be_checked()
    await included.get_by_role("radio", name="3").check()
    await sam.press("Look at my answers", "3 of 5")
    await sam.last().get_by_role("button", name="Send").click()
    await sam.reads("Thank you. Your answers are in.")
    await sam.go("students")
    await sam.press("Start the check-in", "You already took part in this check-in.")


async def tell(sam: Window) -> str:
    """Tell a case; gives the receipt."""
    await sam.say("/tell", "What was it about?")
    await sam.write("What was it about?", STORY)
    await sam.press("Look at it first", "Shall I give it to the mentors?")
    await sam.press("Give it to the mentors", "Did you keep the six words?")
    words = await six_words(sam.page)
    await sam.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sam.last().get_by_role("button", name="Copy").click()
    await expect(sam.last().get_by_role("button", name="Copied")).to_be_visible()
    assert await sam.page.evaluate("navigator.clipboard.readText()") == words
    await sam.last().locator(".keep").click()
    assert await sam.page.evaluate("getSelection().toString().trim()") == words
    await sam.press("Yes, I have kept them", "Thank you for telling it")
    return words


async def mentor(robin: Window, kim: Window) -> None:
    """Robin takes the case before Kim does, answers, leaves a note and closes it."""
    await kim.go("mentors")
    await kim.press(re.compile("Read case"), STORY)
    await robin.go("mentors")
    await robin.reads("A new case has come in")
    await robin.press(re.compile("Take case"), "This case is in your hands.")
    await expect(robin.last()).to_contain_text(STORY)
    await kim.press(re.compile("Take case"), "Robin already takes care of case")
    await robin.press("Write an answer", "What would you like to say?")
    await robin.write("What would you like to say?", ANSWER)
    await robin.press("Send the answer", "Your answer is there for the student")
    await robin.press("Write a note", "What should other mentors know?")
    await robin.write("What should other mentors know?", "Look at how groups are made.")
    await robin.press("Save the note", "The note is saved.")
    await robin.press("Close the case", "Close case")
    await robin.press("Yes", "is closed.")
    await robin.go("mentors")
    await robin.reads("Robin closed it.")


async def test_a_case_without_javascript(browser: Browser, running: str) -> None:
    """axe-core itself is a script: it looks at the same pages in a browser that runs it past the policy."""
    for script in (False, True):
        context = await browser.new_context(java_script_enabled=script, viewport=PHONE, bypass_csp=script)
        await case_page(await context.new_page(), f"{running}{CASE_PAGE}", no_barriers if script else unlooked)
        assert await context.cookies() == []
        await context.close()


async def unlooked(page: Page) -> None:
    """No look for barriers where no script runs."""


async def case_page(page: Page, url: str, look: Callable[[Page], Awaitable[None]]) -> None:
    """Tell a case to the receipt, and read it again with that."""

    async def press(label: str, then: str) -> None:
        await look(page)
        await page.get_by_role("button", name=label, exact=True).click()
        await expect(page.get_by_text(then).first).to_be_visible()

    await page.goto(url)
    await press("Tell what happened", "What was it about?")
    await press("Look at it first", "Please check your answers")
    await page.get_by_label("What was it about?").fill(STORY)
    await press("Look at it first", "Shall I give it to the mentors?")
    await press("Give it to the mentors", "Did you keep the six words?")
    words = await six_words(page)
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Save as a picture").click()
    picture = await (await saved.value).path()
    assert re.findall(">([a-z]+)</text>", picture.read_text()) == words.split()
    await expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    await press("Yes, I have kept them", "Thank you for telling it")
    await page.goto(url)
    await press("Continue with your six words", "Which six words did you get?")
    await page.get_by_label("Which six words did you get?").fill(words)
    await press("Show", STORY)
    await look(page)


async def test_a_page_outlives_the_program(browser: Browser, tmp_path: Path) -> None:
    """Erbij is killed while Sam writes; what was pressed meanwhile is sent, once, when it is back."""
    port, database = free_port(), {"ERBIJ_DATABASE_URL": f"sqlite:///{tmp_path}/erbij.sqlite3"}
    async with erbij(tmp_path, port, **database) as process:
        await ready(process)
        sam = await window(browser, f"http://127.0.0.1:{port}", "sam")
        await sam.say("/tell", "What was it about?")
        await sam.write("What was it about?", STORY)
        process.kill()
        await process.communicate()
    await expect(sam.page.locator("[data-offline]")).to_be_visible()
    await sam.page.get_by_role("button", name="Look at it first").click()
    await expect(sam.page.locator("[data-lost]")).to_be_visible(timeout=15_000)
    await expect(sam.page.get_by_label("What was it about?")).to_have_value(STORY)
    async with erbij(tmp_path, port, **database) as process:
        await ready(process)
        await expect(sam.last()).to_contain_text("Shall I give it to the mentors?", timeout=30_000)
        await expect(sam.page.locator("[data-offline]")).to_be_hidden()
        await expect(sam.page.locator("[data-lost]")).to_be_hidden()
        again = await window(browser, f"http://127.0.0.1:{port}", "sam")
        await again.reads("Shall I give it to the mentors?")


async def test_an_answer_that_was_lost_on_the_way_is_asked_for_again(browser: Browser, running: str) -> None:
    sam = await window(browser, running, "sam")
    await sam.go("students")
    await sam.press("Start the check-in", "I felt accepted here this week.")
    for group in await sam.last().locator("fieldset").all():
        await group.get_by_role("radio", name="4").check()
    await sam.press("Look at my answers", "Shall I send these answers?")
    sent: list[str] = []

    async def lose_the_first(route: Route) -> None:
        sent.append(route.request.post_data or "")
        if len(sent) > 1:
            await route.continue_()
            return
        await route.fetch()  # Erbij took it, and its answer never came
        await route.abort()

    await sam.page.route("**/act?*", lose_the_first)
    await sam.last().get_by_role("button", name="Send").click()
    await sam.reads("Thank you. Your answers are in.")
    assert len(sent) == 2
    assert sent[0] == sent[1]


async def test_after_the_end_a_browser_that_keeps_pages_shows_nothing_of_it(browser: Browser, running: str) -> None:
    """Browsers keep whole pages for Back, which Playwright switches off by default."""
    kept = await browser.browser_type.launch(
        executable_path="/usr/bin/chromium", args=["--no-sandbox"], ignore_default_args=["--disable-back-forward-cache"]
    )
    page = await kept.new_page(viewport=PHONE, reduced_motion="reduce")
    await page.goto(f"{running}{CASE_PAGE}?lang=en")
    await page.get_by_role("button", name="Tell what happened").click()
    await page.get_by_label("What was it about?").fill(STORY)
    await page.get_by_role("button", name="Look at it first").click()
    await page.get_by_role("button", name="Give it to the mentors").click()
    words = await six_words(page)
    async with page.expect_response(lambda one: one.url.endswith("/over")):
        await page.get_by_role("button", name="Yes, I have kept them").click()
    await expect(page.get_by_text("Thank you for telling it")).to_be_visible()
    await page.wait_for_load_state()
    for _step in range(3):
        # Playwright itself goes back by loading anew: so a person's own way is taken.
        async with page.expect_navigation():
            await page.evaluate("setTimeout(() => history.back(), 10)")
        await expect(page.get_by_text("This step is over")).to_be_visible()
        await expect(page.locator("html")).not_to_contain_text(STORY)
        await expect(page.locator("html")).not_to_contain_text(words)
    await kept.close()


async def test_back_reload_and_sending_again_are_ordinary_things(browser: Browser, running: str) -> None:
    """A case is told, gone back to, changed, sent; the pages before it do no harm."""
    page = await browser.new_page(viewport=PHONE, reduced_motion="reduce")
    await page.goto(f"{running}{CASE_PAGE}?lang=en")
    await page.get_by_role("button", name="Tell what happened").click()
    await page.get_by_label("What was it about?").fill("Version one")
    await page.get_by_role("button", name="Look at it first").click()
    await expect(page.get_by_text("Version one")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Version one")).to_be_visible()
    await page.get_by_role("link", name="Nederlands").click()
    await expect(page.get_by_role("button", name="Terug")).to_be_visible()
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_label("What was it about?")).to_have_value("Version one")
    await page.get_by_label("What was it about?").fill("Version two")
    await page.get_by_role("button", name="Look at it first").click()
    await expect(page.get_by_text("Version two")).to_be_visible()
    await page.get_by_role("button", name="Give it to the mentors").click()
    words = await six_words(page)
    await page.go_back()
    assert await six_words(page) == words, "the page before leads to the receipt"
    await page.get_by_role("button", name="Yes, I have kept them").click()
    await expect(page.get_by_text("Thank you for telling it")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_text("This step is over")).to_be_visible()
    assert words not in await page.inner_text("body")
    await no_barriers(page)


async def test_two_boards_in_one_browser_both_get_answers(browser: Browser, running: str) -> None:
    """A browser has six connections for all tabs of a page: three windows that listened for good used them up."""
    context = await browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    for word in ("hoi", "hey"):
        board = await context.new_page()
        await board.goto(running)
        student = board.frame_locator("iframe").nth(0)
        await expect(student.get_by_text("Hello, I am Erbij.").first).to_be_visible()
        answers = student.locator("section.place:not([hidden]) article").filter(has_text="Hello, I am Erbij.")
        before = await answers.count()
        await student.get_by_role("textbox", name="Your message to Erbij").fill(word)
        await student.get_by_role("button", name="Send", exact=True).click()
        await expect(answers).to_have_count(before + 1)
        await board.get_by_role("button", name="1 hour on").click()
        await expect(board.locator("[data-status]")).to_contain_text("The clock moved on.")
    await context.close()


async def test_a_post_that_changes_stands_once_and_old_buttons_go(browser: Browser, running: str) -> None:
    sam = await window(browser, running, "sam")
    await check_in(sam)
    await expect(sam.page.locator(".mine").filter(has_text="Look at my answers").first).to_be_visible()
    assert await sam.page.locator(".mine").filter(has_text="Sent").count() == 0
    await sam.say("/tell", "What was it about?")
    await sam.write("What was it about?", STORY)
    await sam.press("Look at it first", "Shall I give it to the mentors?")
    await sam.say("Yes.", "Did you keep the six words?")
    assert await sam.page.get_by_role("button", name="Give it to the mentors").count() == 0
    board = await browser.new_page(viewport=DESKTOP)
    await board.goto(running)
    closed = sam.page.locator("[data-place=students] article").filter(has_text="This check-in is closed")
    for _ in range(10):
        await board.get_by_role("button", name="1 day on").click()
        await expect(board.locator("[data-status]")).to_contain_text("The clock moved on.")
        if await closed.count():
            break
    await expect(closed).to_have_count(1)
    await sam.page.reload()
    await expect(sam.page.get_by_text("Here is what you can do:").first).to_be_attached()
    students = sam.page.locator("[data-place=students] article")
    keys = await students.evaluate_all("them => them.map((one) => one.dataset.key)")
    assert len(keys) == len(set(keys)), await students.all_inner_texts()
    await expect(closed).to_have_count(1)


async def test_what_is_wrong_leads_into_its_question(browser: Browser, running: str) -> None:
    page = await browser.new_page(viewport=PHONE, reduced_motion="reduce")
    await page.goto(f"{running}{CASE_PAGE}?lang=en")
    await page.get_by_role("button", name="Tell what happened").click()
    await page.get_by_label("Who was involved?").fill("A teacher")
    await page.get_by_role("button", name="Look at it first").click()
    await expect(page.get_by_label("Who was involved?")).to_have_value("A teacher")
    await page.get_by_role("alert").get_by_role("link", name="What was it about?").click()
    await expect(page.get_by_label("What was it about?")).to_be_focused()
    sam = await window(browser, running, "sam")
    await sam.go("students")
    await sam.press("Start the check-in", "I felt accepted here this week.")
    await sam.page.get_by_role("group", name="I felt accepted here this week.").get_by_role("radio", name="4").check()
    await sam.press("Look at my answers", "Please look at what is marked here")
    first = sam.last().get_by_role("group", name="I felt accepted here this week.")
    await expect(first.get_by_role("radio", name="4")).to_be_checked()
    await sam.last().get_by_role("link", name="I could be myself.").click()
    await expect(sam.last().get_by_role("group", name="I could be myself.").get_by_role("radio").first).to_be_focused()
