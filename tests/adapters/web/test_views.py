"""Back, reloading and sending again on the case page: each step has an address, for a while."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from adapters.web import guard, views
from flows.seam import Button, Buttons, Card, Field, Filled, Form, Line, Opened, Reply, Text
from tests.adapters.web.conftest import World, serve

QUESTION = Reply(
    (Text("Shall I?"), Buttons((Button("c.conv.2.send", "Send"), Button("c.conv.2.:back", "Back")))),
    question="c.conv.2",
)
FORM = Reply(
    (Form("c.conv.1", "What happened?", (Field("a", "What?", Line(2000, long=True)),), "Go on", "Fill in"),),
    question="c.conv.1",
)
CASE = Reply((Card("What you told", (("", "CANARY"),)), Buttons((Button("s.write_more.x", "Write more"),))))
STORY = {"event": "a" * 16, "form": "c.conv.1", "field": "line:a", "v.a": "two\nlines <b> & more"}


async def step(world: World, answer: Reply = QUESTION, **data: str) -> str:
    """Post something; the address that it leads to."""
    world.answer = answer
    async with world.http.post("/c/first", data=data or {"start": "tell"}, allow_redirects=False) as response:
        assert response.status == 303
        return response.headers["Location"]


async def page(world: World, address: str) -> tuple[int, HTMLParser]:
    async with world.http.get(address) as response:
        return response.status, HTMLParser(await response.text())


def later(world: World, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    was = world.adapter._views._clock
    monkeypatch.setattr(world.adapter._views, "_clock", lambda: was() + seconds)


async def test_a_step_has_an_address_that_can_be_opened_again(world: World) -> None:
    address = await step(world)
    assert re.fullmatch(r"/c/first/[A-Za-z0-9_-]{40,}\?lang=en", address)
    assert "conv" not in address
    for _reload in range(3):
        status, shown = await page(world, address)
        assert status == 200
        assert "Shall I?" in shown.body.text()
    assert {one.act for one in world.got[1:]} == {Opened("c.conv.2")}, "nothing is done by looking"
    assert await step(world) != address


async def test_going_back_draws_the_earlier_form_anew_with_what_was_sent(world: World) -> None:
    form = await step(world, FORM)
    await step(world, QUESTION, **STORY)
    world.answer = FORM
    await page(world, form)
    assert world.got[-1].act == Opened("c.conv.1")
    assert isinstance(world.got[-2].act, Filled)


async def test_what_is_only_to_be_read_is_there_for_two_minutes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await step(world, CASE)
    await step(world, FORM, button="s.write_more.x")
    assert "CANARY" in (await page(world, address))[1].body.text(), "back from writing more"
    later(world, monkeypatch, 121)
    status, closed = await page(world, address)
    assert status == 410, "who comes later must not read it"
    assert "CANARY" not in closed.body.text()
    assert [one.attributes["value"] for one in closed.css("button")] == ["tell", "answer"]
    assert world.adapter._views._kept == {}


async def test_an_address_ends_with_its_conversation_and_after_half_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await step(world)
    later(world, monkeypatch, 29 * 60)
    assert (await page(world, address))[0] == 200
    world.answer = Reply((Text("It has ended."),))
    assert (await page(world, address))[0] == 410
    world.answer = QUESTION
    assert (await page(world, address))[0] == 200
    later(world, monkeypatch, 2 * 60)
    asked = len(world.got)
    assert (await page(world, address))[0] == 410
    assert len(world.got) == asked


async def test_nobody_makes_an_address_by_hand(world: World) -> None:
    address = await step(world)
    view = address.split("/")[3].split("?")[0]
    for other in ("A" * len(view), view[:-4] + "AAAA", "x" * 40, "x" * 400):
        assert (await page(world, f"/c/first/{other}"))[0] == 410
    assert (await page(world, f"/c/first/{view}x" + "x" * 400))[0] == 404
    assert (await page(world, f"/c/other/{view}"))[0] == 404
    assert world.adapter._views.find("second", view) is None, "an address is of one community"


async def test_it_works_in_another_process_and_after_a_restart(world: World) -> None:
    address = await step(world)
    fresh = World(answer=QUESTION)
    running: AsyncIterator[World] = serve(fresh)
    other = await anext(running)
    assert "Shall I?" in (await page(other, address))[1].body.text()
    assert other.got[0].act == Opened("c.conv.2")
    await anext(running, None)


async def test_another_language_draws_the_question_anew_where_nothing_is_lost(world: World) -> None:
    address = await step(world)
    shown = (await page(world, address))[1]
    assert [one.attributes["href"] for one in shown.css("header.site li a")] == ["?lang=nl", "?lang=en", "?lang=de"]
    await page(world, address.replace("lang=en", "lang=nl"))
    assert (world.got[-1].act, world.got[-1].locale) == (Opened("c.conv.2"), "nl")
    for answer in (FORM, CASE, Reply((Text("Thanks."),))):
        shown = (await page(world, await step(world, answer)))[1]
        assert shown.css("header.site li a") == [], "words would be lost, or cannot be said anew"


async def test_only_so_many_replies_are_kept_and_one_of_a_conversation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_EACH", 3)
    first = await step(world, CASE)
    for _step in range(5):
        await step(world)
    assert len(world.adapter._views._kept) == 2
    for _step in range(3):
        await step(world, CASE)
    assert len(world.adapter._views._kept) == 3
    assert (await page(world, first))[0] == 410


def test_whoever_floods_it_pushes_out_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST", 30)
    made = views.Views(bytes(16))
    mine = [made.add("first", "", CASE, client=b"me") for _ in range(5)]
    for _ in range(200):
        made.add("first", "", CASE, client=b"other")
    assert all(made.find("first", one) for one in mine)
    assert made._of == {b"me": 5, b"other": 25}


async def test_an_address_that_ended_elsewhere_shows_nothing(world: World) -> None:
    address = await step(world)
    world.answer = Reply((Text("It has ended."),))
    assert (await page(world, address))[0] == 410, "though the reply is still in memory"


# ------------------------------------------------------------ not saved, too fast, broken: the words stay


async def words_and_again(response: ClientResponse) -> dict[str, str | None]:
    """What one button on this page would send; it also shows the words."""
    shown = HTMLParser(await response.text())
    assert "two" in shown.css_first("main .card").text()
    assert "Send it again" in [one.text() for one in shown.css("button")]
    assert "go back" not in shown.body.text().lower()
    form = shown.css_first("form")
    return {str(one.attributes["name"]): one.attributes["value"] for one in form.css("input[type=hidden]")}


async def test_what_was_not_saved_is_sent_again_by_one_button(world: World) -> None:
    world.answer = Reply((Text("That was not saved."),), saved=False)
    async with world.http.post("/c/first?lang=en", data=STORY) as response:
        assert response.status == 503
        assert await words_and_again(response) == STORY
    world.fault = RuntimeError("broken")
    async with world.http.post("/c/first", data=STORY) as response:
        assert response.status == 500
        assert await words_and_again(response) == STORY
    world.fault = None
    assert await step(world, QUESTION, **STORY)
    assert len({one.event for one in world.got}) == 1, "all of them are the same event"


async def test_a_reply_that_offers_its_own_way_on_offers_no_second_one(world: World) -> None:
    world.answer = Reply(FORM.parts, saved=False)
    async with world.http.post("/c/first", data=STORY) as response:
        assert "Send it again" not in await response.text()


async def test_who_is_too_fast_loses_nothing(hasty: World) -> None:
    for _post in range(4):
        async with hasty.http.post("/c/first", data=STORY, allow_redirects=False) as response:
            if response.status != 303:
                break
    assert response.status == 429
    async with hasty.http.post("/c/first", data=STORY, allow_redirects=False) as response:
        assert response.headers["Retry-After"]
        assert await words_and_again(response) == STORY


async def test_a_foreign_post_is_not_shown_back(world: World) -> None:
    async with world.http.post("/c/first", data=STORY, headers={"Sec-Fetch-Site": "cross-site"}) as response:
        assert response.status == 403
        assert "two" not in await response.text()


async def test_too_long_is_never_cut_by_the_page(world: World) -> None:
    shown = (await page(world, await step(world, FORM)))[1]
    assert "maxlength" not in shown.css_first("textarea").attributes
    assert shown.css_first(".count").text() == "At most 2000 characters."
    assert guard.MOST_BODY > 5 * 100_000


async def test_an_address_that_a_mail_or_a_hand_spoilt_is_found(world: World) -> None:
    for address in ("/c/First", "/c/first.", "/c/first/", "/c/first/.", "/c/FIRST),"):
        assert (await page(world, address))[0] == 200
    assert (await page(world, "/c/first/x"))[0] == 404
