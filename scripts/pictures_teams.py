"""Make the pictures of Teams in docs/pictures again: ``uv run python -m scripts.pictures_teams``.

They show Microsoft's Agents Playground: the running Erbij's cards, drawn by the renderer that Teams itself has.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from playwright.async_api import FloatRect, Locator, Page, ViewportSize, async_playwright

from tests.browser.conftest import ARGS
from tests.browser.playground import Window
from tests.browser.test_program import ANSWER, STORY, moved_until
from tests.browser.test_teams import STATEMENTS, World, in_teams, set_up

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
TALL = ViewportSize(width=1360, height=2000)
"""High enough that every card shows whole."""
PHONE = 344
"""How wide a card is on a phone of 360."""
EDGE = 8
CHAT = "xpath=ancestor::*[contains(@class, 'fai-OutputCard')]/../.."
"""The message that a card in the chat belongs to."""
POST, POST_WIDTH = "xpath=ancestor::*[@role='group'][1]", 520
"""The post that a card in a channel belongs to; the box for an answer below and the empty space beside are left out."""
BUBBLE = "xpath=ancestor::*[contains(@class, 'fai-OutputCard')]"
NARROW = """
(bubble, width) => {
    const [own, inner] = width ? [`${width}px`, 'auto'] : ['', ''];
    bubble.style.width = bubble.style.maxWidth = bubble.style.minWidth = own;
    let one = bubble.querySelector('.ac-adaptiveCard');
    for (; one !== bubble; one = one.parentElement) {
        one.style.width = inner;
        one.style.minWidth = width ? '0' : '';
    }
}
"""
"""The playground draws for a desktop only; Teams' renderer lays the same card out for any width."""


async def main() -> None:
    """Setup, a check-in and a case, as a coordinator, a student and a mentor see them."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
            async with in_teams(browser, Path(folder)) as world:
                robin = await _window(world, "Robin")
                await set_up(robin)
                await _keep(robin, "setup")
                sam, board = await _window(world, "Sam"), await browser.new_page()
                await board.goto(world.board)
                await check_in(sam, board)
                await case(sam)
                await mentor(robin, board)
            await browser.close()


async def check_in(sam: Window, board: Page) -> None:
    """The post, the card with the questions, and the answers read back."""
    await sam.go("General")
    await moved_until(board, sam.page.get_by_text("How was your week?"))
    await _keep_post(sam, "check-in-post")
    await sam.use("Start the check-in")
    await sam.go("private")
    await sam.reads(STATEMENTS[0])
    for statement, answer in zip(STATEMENTS, "44343", strict=True):
        await sam.choose(statement, answer)
    await _keep(sam, "check-in-form")
    await _keep_for_phone(sam, "check-in-form")
    await sam.press("Look at my answers", "Shall I send these answers?")
    await _keep(sam, "check-in-answers")
    await sam.press("Send", "Thank you. Your answers are in.")


async def case(sam: Window) -> None:
    """The six questions, the case before it is given to the mentors, and the receipt."""
    await sam.say("tell", "What was it about?")
    await sam.write("What was it about?", STORY)
    await _keep_for_phone(sam, "case-form")
    await sam.press("Look at it first", "Shall I give it to the mentors?")
    await _keep(sam, "case")
    await sam.press("Give it to the mentors", "Did you keep the six words?")
    await _keep_for_phone(sam, "receipt")
    await sam.press("Yes, I have kept them", "Thank you for telling it")


async def mentor(robin: Window, board: Page) -> None:
    """The case in the mentors' channel before and after somebody takes it, and what that mentor sees."""
    await robin.go("mentors")
    await moved_until(board, robin.page.get_by_text("A new case has come in"))
    await _keep_post(robin, "case-post")
    await robin.use(re.compile("Take case"))
    await robin.go("private")
    await robin.reads("This case is in your hands.")
    await robin.go("mentors")
    await robin.reads("Robin takes care of it.")
    await _keep_post(robin, "case-post-taken")
    await robin.go("private")
    await robin.press("Write an answer", "What would you like to say?")
    await _alone(robin)  # which draws the card again, without what is written in it
    await robin.write("What would you like to say?", ANSWER)
    await _keep(robin, "answer")
    await robin.press("Send the answer", "Your answer is there for the student")
    await _keep(robin, "case-mentor")


async def _window(world: World, who: str) -> Window:
    window = await world.teams.window(who, TALL)
    await window.page.get_by_role("button", name="Hide log panel").click()
    return window


async def _keep(window: Window, name: str) -> None:
    """The newest message of the private chat, with who sent it and when."""
    await _alone(window)
    box = await _box(window.last().locator(CHAT))
    clip = FloatRect(x=box["x"] - EDGE, y=box["y"] + 3, width=box["width"] + 2 * EDGE, height=box["height"])
    await _picture(window, name, clip)


async def _keep_for_phone(window: Window, name: str) -> None:
    """The newest card as wide as on a phone."""
    await _alone(window)
    bubble = window.last().locator(BUBBLE)
    await bubble.evaluate(NARROW, PHONE)
    box = await _box(bubble)
    await _picture(window, f"{name}-phone", box)
    await bubble.evaluate(NARROW, 0)


async def _keep_post(window: Window, name: str) -> None:
    """The newest post of a channel."""
    await _alone(window)
    post, card = await _box(window.last().locator(POST)), await _box(window.last())
    height = card["y"] + card["height"] + EDGE - post["y"]
    await _picture(window, name, FloatRect(x=post["x"], y=post["y"], width=POST_WIDTH, height=height))


async def _alone(window: Window) -> None:
    """Take the playground's own notes away."""
    notes = window.page.get_by_role("button", name="Dismiss Invoke Message")
    while await notes.count():
        await notes.first.click()


async def _box(what: Locator) -> FloatRect:
    await what.scroll_into_view_if_needed()
    box = await what.bounding_box()
    if box is None:
        raise RuntimeError("the card is not to be seen")
    return box


async def _picture(window: Window, name: str, clip: FloatRect) -> None:
    await window.page.mouse.move(0, 0)
    await window.page.screenshot(path=PICTURES / f"teams-{name}.png", clip=clip, animations="disabled")


if __name__ == "__main__":
    asyncio.run(main())
