"""The chat of the try-out: a board of three windows, each of them someone's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from adapters.web import draw
from adapters.web.acts import act_of, event_of
from adapters.web.live import Window, Windows
from adapters.web.tryout import Account, TryOut
from flows.seam import Incoming, Outgoing, Person, Receive
from flows.words import dates, said

LOOK = 2.0
"""Seconds between two looks at whether a window is still open."""
STEPS: dict[str, timedelta | None] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "next": None}


class Board:
    """Board, windows and the clock's buttons."""

    def __init__(
        self,
        tryout: TryOut,
        windows: Windows,
        receive: Receive,
        community: Callable[[str], Awaitable[str | None]],
    ) -> None:
        self._tryout = tryout
        self._windows = windows
        self._receive = receive
        self._community = community

    def routes(self) -> list[web.AbstractRouteDef]:
        """The chat's addresses."""
        return [
            web.get("/", self.board),
            web.get("/clock", self.clock),
            web.post("/clock", self.move),
            web.get("/chat/{account}", self.window),
            web.post("/chat/{account}/act", self.act),
            web.get("/chat/{account}/live", self.live),
        ]

    async def board(self, request: web.Request) -> web.StreamResponse:
        """A panel for each role, side by side."""
        slug = self._tryout.space.id
        language = draw.language(request)
        panels = [
            (role, people[0].title(language), people)
            for role in dict.fromkeys(one.role for one in self._tryout.accounts)
            if (people := [one for one in self._tryout.accounts if one.role == role])
        ]
        return draw.page(
            "board.html",
            language,
            panels=panels,
            now=_shown(self._tryout.now(), language),
            case_page=f"/c/{slug}" if await self._community(slug) else "",
            wide=True,
        )

    async def clock(self, request: web.Request) -> web.StreamResponse:
        """Erbij's time now."""
        return web.json_response({"time": _shown(self._tryout.now(), draw.language(request))})

    async def move(self, request: web.Request) -> web.StreamResponse:
        """Move the clock on; without JavaScript, back to the board."""
        step = str((await request.post()).get("move", ""))
        if step not in STEPS:
            raise web.HTTPBadRequest
        now = await self._tryout.move(STEPS[step])
        if "application/json" not in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther("/")
        return web.json_response({"time": _shown(now, draw.language(request))})

    async def window(self, request: web.Request) -> web.StreamResponse:
        """One account's window: its channels and its private chat."""
        account = self._account(request)
        action = f"/chat/{account.id}/act"
        places = [
            (place, name, [draw.standing(one, action) for one in await self._tryout.history(place, "")])
            for place, name in self._tryout.seen_by(account)
        ]
        private = [draw.standing(one, action) for one in await self._tryout.history("", account.id)]
        return draw.page(
            "window.html",
            draw.language(request),
            account=account,
            role=account.title(draw.language(request)),
            places=places,
            private=private,
            wide=True,
        )

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Something this account did; the answer is a fragment for its private chat."""
        account = self._account(request)
        posted = await request.post()
        act = act_of(posted)
        if act is None:
            raise web.HTTPBadRequest
        place = str(posted.get("place", ""))
        seen = {one for one, _ in self._tryout.seen_by(account)}
        reply = await self._receive(
            Incoming(
                event=event_of(posted, uuid.uuid4().hex),
                space=self._tryout.space,
                person=Person(account.id, account.name, frozenset({account.role})),
                act=act,
                place=place if place in seen else "",
                locale=draw.language(request),
                address=account.id,
            )
        )
        return web.Response(text=draw.reply(reply, f"/chat/{account.id}/act"), content_type="text/html")

    async def live(self, request: web.Request) -> web.StreamResponse:
        """What is sent while the window is open; on each (re)connection first all that stands there.

        A board listens for all its windows at once: ``with`` names the others.
        """
        others = (self._tryout.account(one) for one in request.query.getall("with", []))
        accounts = {one.id: one for one in (self._account(request), *others) if one is not None}
        stream: web.StreamResponse = web.Response()
        with contextlib.suppress(ConnectionResetError):  # the window was closed, at whatever moment
            async with self._windows.opened(accounts) as window, sse_response(request) as stream:
                for account in accounts.values():
                    for there in await self._standing(account):
                        await self._tell(stream, account, there)
                await stream.send("now", event="caught-up")  # an event without data never reaches a page
                while (told := await _next(window, request)) is not None:
                    await self._tell(stream, accounts[told[0]], told[1])
        return stream

    async def _standing(self, account: Account) -> list[Outgoing]:
        places = [place for place, _ in self._tryout.seen_by(account)]
        found = [await self._tryout.history(place, "") for place in places]
        return [*(one for some in found for one in some), *await self._tryout.history("", account.id)]

    async def _tell(self, stream: EventSourceResponse, account: Account, message: Outgoing) -> None:
        shown = draw.standing(message, f"/chat/{account.id}/act")
        key = message.edits or message.id
        told = {"account": account.id, "place": message.place, "key": key, "html": shown}
        await stream.send(json.dumps(told), event="post")

    def _account(self, request: web.Request) -> Account:
        account = self._tryout.account(request.match_info["account"])
        if account is None:
            raise web.HTTPNotFound
        return account


async def _next(window: Window, request: web.Request) -> tuple[str, Outgoing] | None:
    """The next message for a window; None when it is over, because it was closed say, of which aiohttp tells nobody."""
    while request.transport is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                return await window.get()
    return None


def _shown(moment: datetime, language: str) -> str:
    """A moment as people write it in their language."""
    return said(dates.moment(moment), language)
