"""The people of a scenario in the web chat: they see, press and fill in what its pages show, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import uuid4

import aiohttp
from aiohttp import web
from selectolax.lexbor import LexborHTMLParser, LexborNode

from adapters.web import Account, TryOut, WebAdapter, guard
from flows.seam import Outgoing, Receive, Sent, Space

PEOPLE = {"Sam": "student", "Noor": "student", "Robin": "mentor", "Kim": "mentor", "Alex": "lead"}
ALL = frozenset({"student", "mentor", "lead"})
PLACES = {"students": ALL, "mentors": frozenset({"mentor", "lead"}), "leads": frozenset({"lead"})}
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class KeepingAdapter(WebAdapter):
    """The adapter, with what it was given to send kept for the history."""

    standing: dict[tuple[str, str], dict[str, Outgoing]]

    async def send(self, message: Outgoing) -> Sent:
        """Send and keep."""
        sent = await super().send(message)
        self.standing.setdefault((message.place, message.person), {})[sent.message] = message
        return sent


class WebSurface:
    """A try-out with three channels and five accounts, on a port of its own.

    ``async with WebSurface(receive) as surface`` starts it. As on the other surfaces ``space``, ``place_ids``,
    ``role_ids`` and ``person_ids`` are known from then on, and ``adapter`` is what the sender delivers to.
    """

    name = "web"

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._standing: dict[tuple[str, str], dict[str, Outgoing]] = {}
        self._pages: dict[str, list[LexborNode]] = {who: [] for who in PEOPLE}
        self._before: dict[str, set[str]] = {who: set() for who in PEOPLE}
        self._replies: dict[str, int] = dict.fromkeys(PEOPLE, 0)
        self.space = Space("web", "first")
        self.place_ids = {place: place for place in PLACES}
        self.role_ids = {"students": "student", "mentors": "mentor", "leads": "lead"}
        self.person_ids = {who: who.lower() for who in PEOPLE}

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stop()

    # ------------------------------------------------------------ acts

    async def say(self, who: str, text: str) -> None:
        await self._act(who, [("text", text)])

    async def command(self, who: str, name: str) -> None:
        await self._act(who, [("text", f"/{name}")])

    async def arrive(self, who: str) -> None:
        """Open the private chat."""
        await self._act(who, [("arrived", "yes")])

    async def press(self, who: str, label: str, place: str = "") -> None:
        for message in reversed(await self._shown(who, place)):
            for button in reversed(message.css("button[name=button]")):
                if _words(button) == label:
                    await self._act(who, [("button", _of(button, "value")), ("place", place)])
                    return
        raise AssertionError(f"{who} sees no button [{label}]")

    async def press_by_hand(self, who: str, buttons: Sequence[str], place: str) -> None:
        """Send what no page of ours may have shown."""
        for button in buttons:
            data = {"button": button, "place": place, "event": uuid4().hex}
            async with self._http.post(f"/chat/{self.person_ids[who]}/act", data=data) as response:
                assert response.status in (200, 400)

    async def on_the_page(self, **fields: str) -> None:
        """Send something to the case page, without an account."""
        async with self._http.post(f"/c/{self.space.id}", data={"event": uuid4().hex} | fields) as response:
            assert response.status == 200

    async def fill(self, who: str, values: dict[str, str]) -> None:
        left = dict(values)
        form = next((one for m in reversed(await self._shown(who)) for one in reversed(m.css("form.form"))), None)
        if form is None:
            raise AssertionError(f"{who} sees no form")
        sent = [("form", _of(form.css_first("[name=form]"), "value"))]
        for hidden in form.css("[name=field]"):
            sent.append(("field", _of(hidden, "value")))
            name = "v." + _of(hidden, "value").partition(":")[2]
            controls = form.css(f'[name="{name}"]')
            if not controls:
                continue  # nothing can be chosen here
            asked = _question_of(controls[0])
            answers = _answers(controls, left.pop(asked)) if asked in left else _prefilled(controls)
            sent += [(name, one) for one in answers if one]
        if left:
            raise AssertionError(f"{who} was not asked: {sorted(left)}")
        await self._act(who, sent)

    async def restart(self) -> None:
        """A new program on the same community: the browser still shows what it showed."""
        await self._stop()
        await self._start()

    # ------------------------------------------------------------ what is seen

    async def seen(self, who: str) -> list[str]:
        news = self._pages[who][self._replies[who] :]
        news += [m for m in await self._messages(who) if _of(m, "data-key") not in self._before[who]]
        return [line for message in news for line in _lines(message)]

    async def posts(self, place: str) -> list[str]:
        return [line for message in await self._messages("Alex", place) for line in _lines(message)]

    # ------------------------------------------------------------ how

    async def _act(self, who: str, fields: list[tuple[str, str]]) -> None:
        self._before[who] = {_of(one, "data-key") for one in await self._messages(who)}
        self._replies[who] = len(self._pages[who])
        data = aiohttp.FormData([*fields, ("event", uuid4().hex)])
        async with self._http.post(f"/chat/{self.person_ids[who]}/act", data=data) as response:
            assert response.status == 200, f"{response.status}: {await response.text()}"
            article = LexborHTMLParser(await response.text()).css_first("article")
        assert article is not None
        self._pages[who].append(article)

    async def _shown(self, who: str, place: str = "") -> list[LexborNode]:
        """Messages, oldest first: those of a channel, or the answers and messages of the private chat."""
        messages = await self._messages(who, place)
        return messages if place else [*messages, *self._pages[who]]

    async def _messages(self, who: str, place: str = "") -> list[LexborNode]:
        async with self._http.get(f"/chat/{self.person_ids[who]}") as response:
            page = LexborHTMLParser(await response.text())
        return page.css(f'section[data-place="{place}"] article')

    async def _history(self, place: str, person: str) -> list[Outgoing]:
        return list(self._standing.get((place, person), {}).values())

    async def _move(self, step: timedelta | None) -> datetime:
        return NOW + (step or timedelta())

    async def _community(self, slug: str) -> str | None:
        return "Teacher education, year 1" if slug == self.space.id else None

    async def _start(self) -> None:
        tryout = TryOut(
            space=self.space,
            accounts=tuple(Account(self.person_ids[who], who, role) for who, role in PEOPLE.items()),
            places=tuple((place, place, roles) for place, roles in PLACES.items()),
            history=self._history,
            now=lambda: NOW,
            move=self._move,
        )
        self.adapter = KeepingAdapter(tryout=tryout, community=self._community, key=bytes(16))
        self.adapter.standing = self._standing
        app = guard.application(guard.Site(per_client=1_000_000))
        app.add_routes(self.adapter.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._running = asyncio.create_task(self.adapter.run(self._receive))
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._http = aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(10))
        await asyncio.sleep(0)

    async def _stop(self) -> None:
        await self._http.close()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self._runner.cleanup()


def _lines(message: LexborNode) -> Iterator[str]:
    """What stands in a message, line by line, in its order on the page."""
    for node in message.css(".text p, .card h2, .row, summary, .form h2, .field .question, .error, button"):
        if node.tag == "button":
            yield f"[{_words(node)}]"
        elif "question" in _of(node, "class"):
            yield f"? {_words(node)}"
        elif "error" in _of(node, "class"):
            yield f"! {_words(node).removeprefix('!').strip()}"
        elif "row" in _of(node, "class"):
            yield ": ".join(_words(one) for one in node.css("span" if node.tag == "p" else "h3, p"))
        else:
            yield _words(node)


def _question_of(control: LexborNode) -> str:
    """The question that a control belongs to."""
    node: LexborNode | None = control
    while node is not None and "field" not in _of(node, "class").split():
        node = node.parent
    assert node is not None
    return _words(node.css_first(".question"))


def _answers(controls: list[LexborNode], answer: str) -> list[str]:
    """The same where several can be ticked."""
    if _of(controls[0], "type") == "checkbox":
        named = {_words(one.parent): _of(one, "value") for one in controls}
        return [named[one] for one in answer.split(", ") if one]
    return [_answer(controls, answer)]


def _answer(controls: list[LexborNode], answer: str) -> str:
    """What these controls send for a label, a digit or words."""
    first = controls[0]
    if first.tag == "select":
        return next(_of(one, "value") for one in first.css("option") if answer in {_words(one), _of(one, "value")})
    if _of(first, "type") != "radio":
        return answer
    for one in controls:
        if answer in {_of(one, "value"), _words(one.parent)}:
            return _of(one, "value")
    raise AssertionError(f"{answer} is not among the answers")


def _prefilled(controls: list[LexborNode]) -> list[str]:
    first = controls[0]
    if first.tag == "textarea":
        return [first.text()]
    if first.tag == "select":
        return [_of(one, "value") for one in first.css("option[selected]")]
    if _of(first, "type") in ("radio", "checkbox"):
        return [_of(one, "value") for one in controls if "checked" in one.attributes]
    return [_of(first, "value")]


def _of(node: LexborNode | None, name: str) -> str:
    return (node.attributes.get(name) or "") if node is not None else ""


def _words(node: LexborNode | None) -> str:
    return " ".join(node.text().split()) if node is not None else ""
