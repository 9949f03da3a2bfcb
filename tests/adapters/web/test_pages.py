"""The case page and the chat: what is drawn, and what comes back from a form."""

import asyncio
import json

import aiohttp
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser
from structlog.testing import capture_logs

from adapters.web import chat
from flows.faults import Gone
from flows.seam import (
    Arrived,
    Button,
    Buttons,
    Card,
    Command,
    Field,
    Filled,
    Form,
    Line,
    Options,
    Outgoing,
    Pressed,
    Reply,
    Said,
    Scale,
    Sent,
    Space,
    Standing,
    Text,
)
from tests.adapters.web.conftest import World

EVIL = """<img src=x onerror=alert(1)>"'>{{1234*4321}}</textarea><script>1</script>"""
EVERYTHING = (
    Text(EVIL),
    Card(EVIL, ((EVIL, EVIL), ("", EVIL))),
    Buttons((Button("c.1", EVIL),)),
    Form(
        "c.2",
        EVIL,
        (
            Field("a", EVIL, Scale(1, 5, EVIL, EVIL), EVIL, draft=3, error=EVIL),
            Field("b", EVIL, Options(((EVIL, EVIL),)), EVIL, draft=EVIL),
            Field("b8", EVIL, Options(tuple((str(n), EVIL) for n in range(9)))),
            Field("c", EVIL, Line(500), EVIL, draft=EVIL),
            Field("d", EVIL, Line(500, long=True), EVIL, required=False, draft=EVIL, error=EVIL),
        ),
        EVIL,
        EVIL,
        (Button("c.3", EVIL),),
    ),
)
FORM = Form(
    "c.9.x",
    "Your week",
    (
        Field("one", "I felt accepted.", Scale(1, 5, "no", "yes"), draft=4),
        Field("two", "How?", Options((("a", "Well"), ("b", "Badly"))), required=False),
        Field(
            "three",
            "More?",
            Line(20, long=True),
            "No names.",
            required=False,
            draft="well",
            error="Too long.",
        ),
    ),
    "Look",
    "Write an answer",
    (Button("c.9.back", "Back"),),
)


async def test_nothing_that_people_write_becomes_html(world: World) -> None:
    world.answer = Reply(EVERYTHING)
    world.standing["students", ""] = [Outgoing("o1", Space("web", "first"), EVERYTHING, place="students")]
    pages = [
        await (await world.http.post("/c/first", data={"start": "tell"})).text(),
        await (await world.http.post("/chat/s1/act", data={"text": "x"})).text(),
        await (await world.http.get("/chat/s1")).text(),
    ]
    for page in pages:
        tree = HTMLParser(page)
        assert [one for one in tree.css("script") if not one.attributes.get("src")] == []
        assert tree.css("img[src=x]") == []
        assert tree.css("[onerror]") == []
        assert "5332114" not in page
        assert tree.css_first("textarea").text().strip() == EVIL


async def test_a_form_comes_back_as_values(world: World) -> None:
    world.answer = Reply((FORM,))
    tree = HTMLParser(await (await world.http.post("/c/first", data={"start": "answer"})).text())
    assert world.got[0].act == Command("answer")
    assert world.got[0].person is None
    assert world.got[0].space == Space("page", "first")
    assert tree.css_first("title").text().startswith("Please check")
    assert tree.css_first("textarea").attributes["aria-describedby"] == "s-p1-3-error s-p1-3-help s-p1-3-most"
    assert tree.css_first(".summary a").attributes["href"] == "#s-p1-3"

    sent = aiohttp.FormData([(one.attributes["name"], one.attributes["value"]) for one in tree.css("[type=hidden]")])
    for name, value in (("v.one", "5"), ("v.three", "a\r\nb")):
        sent.add_field(name, value)
    await world.http.post("/c/first", data=sent, allow_redirects=False)
    assert world.got[-1].act == Filled("c.9.x", {"one": 5, "two": None, "three": "a\nb"})


async def test_a_button_in_a_form_is_a_button(world: World) -> None:
    posted = {"form": "c.9.x", "field": "line:one", "v.one": "half a sen", "button": "c.9.back"}
    await world.http.post("/c/first", data=posted)
    assert world.got[0].act == Pressed("c.9.back", {"one": "half a sen"})


async def test_the_same_button_of_the_same_page_is_one_event(world: World) -> None:
    for button in ("c.1", "c.1", "c.2"):
        await world.http.post("/c/first", data={"event": "a" * 16, "button": button})
    one, two, other = (incoming.event for incoming in world.got)
    assert one == two != other


async def test_the_event_says_nothing_of_what_was_written(world: World) -> None:
    for text in ("this", "that"):
        await world.http.post("/c/first", data={"event": "a" * 16, "form": "f", "field": "line:a", "v.a": text})
    assert world.got[0].event == world.got[1].event


@pytest.mark.parametrize(
    "posted",
    [{"scale": "99999999999"}, {"scale": "-1"}, {"scale": "٣"}, {"scale": "x"}],
)
async def test_what_is_no_number_is_no_answer(world: World, posted: dict[str, str]) -> None:
    await world.http.post("/c/first", data={"form": "f", "field": "scale:a", "v.a": posted["scale"]})
    assert world.got[0].act == Filled("f", {"a": None})


async def test_an_empty_or_broken_post_gives_the_first_page(world: World) -> None:
    for data in ({}, {"button": "x" * 101}, {"button": "<b>"}, {"start": "other"}, {"%%%": ""}):
        async with world.http.post("/c/first", data=data) as response:
            assert response.status == 200
    assert world.got == []


async def test_the_page_speaks_the_language_asked_for(world: World) -> None:
    async with world.http.get("/c/first", headers={"Accept-Language": "de-AT,de;q=0.9"}) as response:
        assert '<html lang="de">' in await response.text()
    world.answer = Reply((Text("Goed."),), language="nl")
    async with world.http.post("/c/first?lang=nl", data={"start": "tell"}) as response:
        assert '<html lang="nl">' in await response.text()
    assert world.got[0].locale == "nl"


@pytest.mark.parametrize("name", ["erbij.css", "chat.js", "icon.svg"])
async def test_our_own_files_say_how_they_are_written(world: World, name: str) -> None:
    assert "charset=utf-8" in (await world.http.get(f"/static/{name}")).headers["Content-Type"]


async def test_a_community_that_is_not_there(world: World) -> None:
    async with world.http.get("/c/other") as response:
        assert response.status == 404
        assert "This page is not here" in await response.text()


async def test_not_saved_is_said_with_the_status_too(world: World) -> None:
    world.answer = Reply((Text("Not saved."),), saved=False)
    async with world.http.post("/c/first", data={"start": "tell"}) as response:
        assert response.status == 503
        assert "Not saved." in await response.text()


async def test_without_the_tryout_there_is_no_chat(plain: World) -> None:
    async with plain.http.get("/") as response:
        assert "Discord" in await response.text()
    async with plain.http.get("/chat/s1") as response:
        assert response.status == 404
    with pytest.raises(Gone):
        await plain.adapter.send(Outgoing("o", Space("web", "first"), (), place="students"))


@pytest.mark.parametrize(
    ("posted", "act"),
    [
        ({"text": "hello"}, Said("hello")),
        ({"text": "/language nl"}, Said("/language nl")),
        ({"text": "/help"}, Said("/help")),
        ({"text": "/ is a slash"}, Said("/ is a slash")),
        ({"button": "s.check_in.abc"}, Pressed("s.check_in.abc")),
        ({"arrived": "yes"}, Arrived()),
    ],
)
async def test_what_is_done_in_the_chat(world: World, posted: dict[str, str], act: object) -> None:
    async with world.http.post("/chat/s1/act", data={"event": "abcdefgh-1", **posted}) as response:
        assert "Good." in await response.text()
    got = world.got[0]
    assert (got.act, got.event) == (act, "abcdefgh-1")
    assert got.person is not None
    assert (got.person.id, got.person.name, got.person.roles) == ("s1", "Sam", frozenset({"student"}))


async def test_a_place_that_the_account_cannot_see_is_not_passed_on(world: World) -> None:
    for place in ("students", "mentors"):
        await world.http.post("/chat/s1/act", data={"button": "b", "place": place})
    assert [one.place for one in world.got] == ["students", ""]


async def test_the_clock(world: World) -> None:
    async with world.http.post("/clock", data={"move": "day"}, headers={"Accept": "application/json"}) as response:
        assert await response.json() == {"time": "Tuesday 24 November, 9:00"}
    async with world.http.post("/clock", data={"move": "next"}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, "/")
    async with world.http.post("/clock", data={"move": "back"}) as response:
        assert response.status == 400


async def events(stream: aiohttp.ClientResponse, until: str) -> list[dict[str, str]]:
    """The posts of a stream up to one with this key, or up to the event of this name."""
    found: list[dict[str, str]] = []
    name = ""
    async with asyncio.timeout(5):
        async for line in stream.content:
            key, _, value = line.decode().strip().partition(": ")
            name = value if key == "event" else name
            if key == "data" and name == "post":
                found.append(json.loads(value))
                if found[-1]["key"] == until:
                    return found
            if key == "data" and name == until:
                return found
    return found


def post(key: str, text: str, **where: str) -> Outgoing:
    """A message."""
    return Outgoing(key, Space("web", "first"), (Text(text),), **where)


async def test_what_is_sent_is_seen_at_once_and_found_again_after_a_reconnection(world: World) -> None:
    async with world.http.get("/chat/s1/live") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["Referrer-Policy"] == "no-referrer"
        assert await events(stream, "caught-up") == []
        await world.say(post("o1", "For the mentors", place="mentors"))
        await world.say(post("o2", "For all", place="students"))
        await world.say(post("o3", "For Robin", person="m1"))
        await world.say(post("o4", "For Sam", person="s1"))
        assert [one["key"] for one in await events(stream, "o4")] == ["o2", "o4"]
    await world.say(post("o5", "Missed", place="students"))
    async with world.http.get("/chat/s1/live") as stream:
        assert [one["key"] for one in await events(stream, "caught-up")] == ["o2", "o5", "o4"]


async def test_a_window_that_is_closed_is_no_fault(world: World) -> None:
    with capture_logs() as logs:
        async with world.http.get("/chat/s1/live") as stream:
            await events(stream, "caught-up")
        async with asyncio.timeout(10):
            while world.adapter._windows._open["s1"]:
                await world.say(post("o1", "For all", place="students"))
                await asyncio.sleep(0)
    assert logs == []


async def test_of_a_window_that_is_closed_nothing_is_left_though_nothing_is_posted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "LOOK", 0.01)
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with world.http.get("/chat/s1/live") as stream:
            await events(stream, "caught-up")
    async with asyncio.timeout(10):
        while world.adapter._windows._open["s1"] or len(asyncio.all_tasks()) > before + 1:
            await asyncio.sleep(0.005)


async def test_an_edit_takes_the_place_of_what_stood_there(world: World) -> None:
    assert await world.adapter.send(post("o1", "New", place="mentors")) == Sent("o1")
    async with world.http.get("/chat/m1/live") as stream:
        await events(stream, "caught-up")
        edit = Outgoing("o2", Space("web", "first"), (Text("Claimed"),), place="mentors", edits="o1")
        assert await world.adapter.send(edit) == Sent("o1")
        assert [one["key"] for one in await events(stream, "o1")] == ["o1"]


@pytest.mark.parametrize("where", [{"place": "nowhere"}, {"person": "nobody"}])
async def test_a_place_or_person_that_is_not_there_is_gone(world: World, where: dict[str, str]) -> None:
    with pytest.raises(Gone):
        await world.adapter.send(post("o1", "x", **where))


async def test_how_an_account_of_the_tryout_stands(world: World, plain: World) -> None:
    here = Space("web", "first")
    assert await world.adapter.known(here, "m1") == Standing(True, frozenset({"mentor"}))
    assert await world.adapter.known(here, "nobody") == Standing(False)
    for adapter, space in ((world.adapter, Space("web", "second")), (plain.adapter, here)):
        with pytest.raises(Gone):
            await adapter.known(space, "m1")


async def test_each_step_is_called_what_it_is(world: World) -> None:
    for answer, heading in (
        (Reply((Text("Before."), FORM)), "Your week"),
        (
            Reply((Card("Your six words", (("", "bado kemi"),)), Buttons((Button("c.9.2.kept", "Kept"),)))),
            "Your six words",
        ),
        (Reply((Text("Thank you."),)), "Message from Erbij"),
        (Reply((Text("Try again."),), saved=False), "That did not work yet"),
    ):
        world.answer = answer
        tree = HTMLParser(await (await world.http.post("/c/first", data={"start": "tell"})).text())
        assert [one.text() for one in tree.css("h1")] == [heading]
        assert heading in tree.css_first("title").text()
        assert heading not in [one.text() for one in tree.css("h2")]


async def test_what_is_kept_letter_by_letter_is_not_improved(world: World) -> None:
    """No keyboard corrects six words that are typed, and no browser translates them where they are shown."""
    words = Field("words", "Which six words?", Line(200, exact=True))
    world.answer = Reply(
        (Card("Your words", (("", "bado kemi"),), exact=True), Form("c.9.x", "Words", (words,), "Go", "Go"))
    )
    tree = HTMLParser(await (await world.http.post("/c/first", data={"start": "answer"})).text())
    field = tree.css_first("[name='v.words']").attributes
    assert {field[name] for name in ("autocapitalize", "autocorrect", "spellcheck")} == {"none", "off", "false"}
    assert tree.css_first("html").attributes["translate"] == "no"
    assert tree.css_first(".card .row").attributes["translate"] == "no"
    world.answer = Reply((FORM,))
    tree = HTMLParser(await (await world.http.post("/c/first", data={"start": "tell"})).text())
    assert "translate" not in tree.css_first("html").attributes
    assert "autocorrect" not in tree.css_first("textarea").attributes


async def test_what_a_message_is_not_about_is_folded_up_and_no_heading(world: World) -> None:
    aside = Card("In danger: 112.", (("Somebody", "<b>113</b>"),), aside=True)
    world.answer = Reply((aside, Card("Your story", (("", "Yes."),))))
    tree = HTMLParser(await (await world.http.post("/c/first", data={"start": "tell"})).text())
    assert tree.css_first("h1").text() == "Your story"
    assert tree.css_first("details summary").text() == "In danger: 112."
    assert "open" not in tree.css_first("details").attributes
    assert "<b>113</b>" in tree.css_first("details").text()


async def test_the_browsers_languages_are_weighed(world: World) -> None:
    header = {"Accept-Language": "fr-FR, en;q=0.4, de;q=0.7, nl;q=0"}
    page = await (await world.http.get("/c/first", headers=header)).text()
    assert HTMLParser(page).css_first("html").attributes["lang"] == "de"


async def test_one_stream_tells_several_windows(world: World) -> None:
    world.standing["", "s1"] = [Outgoing("o1", Space("web", "first"), (Text("For Sam."),), person="s1")]
    world.standing["", "m1"] = [Outgoing("o2", Space("web", "first"), (Text("For Robin."),), person="m1")]
    async with world.http.get("/chat/s1/live?with=m1&with=nobody") as stream:
        told = ""
        while "caught-up" not in told:
            told += (await stream.content.readline()).decode()
    assert told.count('"account": "s1"') == 1
    assert told.count('"account": "m1"') == 1
