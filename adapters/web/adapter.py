"""The web as a platform: pages instead of a server or a tenant."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import ClassVar

from aiohttp import web

from adapters.web import chat, draw
from adapters.web.casepage import Beside, CasePage
from adapters.web.live import Windows
from adapters.web.notices import CONTACT, NOTICES, Notice
from adapters.web.tryout import TryOut
from adapters.web.views import Views
from flows.faults import Gone
from flows.seam import Incoming, Limits, Outgoing, Part, Receive, Reply, Sent, Space, Standing
from flows.words import said


async def nobody(_slug: str, language: str) -> tuple[str, Sequence[Part]]:
    """Where a page is drawn without a community behind it."""
    return language, ()


_MAIL = re.compile(r"[\w.+-]+@[\w.-]+\.\w+")


class WebAdapter:
    """The case page for every community, and for the try-out a chat.

    ``community`` gives the name of the community behind a slug, or None when there is none.
    """

    platform: ClassVar[str] = "web"
    limits: ClassVar[Limits] = Limits(
        text=20_000,
        buttons=50,
        label=200,
        title=300,
        fields=50,
        question=1_000,
        help=2_000,
        line=20_000,
        options=200,
        sends_per_second=1_000.0,
    )

    def __init__(
        self,
        *,
        tryout: TryOut | None,
        community: Callable[[str], Awaitable[str | None]],
        key: bytes,
        contact: str = "",
        beside: Beside = nobody,
    ) -> None:
        """``key`` seals the addresses of the case page; 16 bytes, the same in each process of one database.

        ``contact`` is whom to ask about privacy: an e-mail address, or any words. ``beside`` gives whom people of a
        community can turn to.
        """
        self._tryout = tryout
        self._contact = contact
        self._community = community
        self._beside = beside
        self._windows = Windows()
        self._views = Views(key)
        self._receive: Receive | None = None

    async def run(self, receive: Receive) -> None:
        """Let pages through to ``receive`` until cancelled."""
        self._receive = receive
        try:
            await asyncio.Event().wait()
        finally:
            self._receive = None
            self._windows.close()

    async def send(self, message: Outgoing) -> Sent:
        """Show a message in the open windows; who opens one later finds it in the history.

        Raises :class:`~flows.faults.Gone` for a place or person that is not in the try-out.
        """
        self._windows.tell(self._readers(message), message)
        return Sent(message.edits or message.id)

    async def known(self, space: Space, person: str) -> Standing:
        """How an account stands in the try-out; nobody else has one. Raises Gone for every other space."""
        if self._tryout is None or space != self._tryout.space:
            raise Gone
        account = self._tryout.account(person)
        return Standing(False) if account is None else Standing(True, frozenset({account.role}))

    def routes(self) -> list[web.AbstractRouteDef]:
        """What the HTTP host mounts."""
        pages = CasePage(self._receive_now, self._community, self._views, self._beside)
        routes: list[web.AbstractRouteDef] = [
            web.get("/static/{name}", _static),
            web.get("/over", pages.over),
            web.get("/c/{community}", pages.start, allow_head=True),
            web.post("/c/{community}", pages.step),
            web.get("/c/{community}/{view:[A-Za-z0-9_-]{40,400}}", pages.view),
            web.get("/c/{community}/{end:[.]?}", pages.start),
            *(web.get(f"/{name}", partial(_notice, notice, self._contact)) for name, notice in NOTICES.items()),
        ]
        if self._tryout is None:
            return [web.get("/", _front), *routes]
        window = chat.Board(self._tryout, self._windows, self._receive_now, self._community)
        return [*window.routes(), *routes]

    async def _receive_now(self, incoming: Incoming) -> Reply:
        if self._receive is None:
            raise web.HTTPServiceUnavailable
        return await self._receive(incoming)

    def _readers(self, message: Outgoing) -> list[str]:
        """The accounts that can see a message."""
        if self._tryout is None:
            raise Gone
        if message.person:
            readers = [one.id for one in self._tryout.accounts if one.id == message.person]
        else:
            readers = [
                one.id
                for one in self._tryout.accounts
                if any(place == message.place for place, _ in self._tryout.seen_by(one))
            ]
        if not readers:
            raise Gone
        return readers


async def _front(request: web.Request) -> web.StreamResponse:
    """``/`` where there is no chat: says what this is."""
    return draw.page("front.html", draw.language(request), wide=False)


async def _notice(notice: Notice, contact: str, request: web.Request) -> web.StreamResponse:
    """``/privacy`` and ``/terms``: the same for every community of this host."""
    language = draw.language(request)
    sections = [(said(heading, language), [said(one, language) for one in told]) for heading, told in notice.sections]
    heading, told = CONTACT
    sections.append((said(heading, language), [said(one, language) for one in told]))
    return draw.page(
        "notice.html",
        language,
        title=said(notice.title, language),
        sections=sections,
        contact=contact,
        mail=bool(_MAIL.fullmatch(contact)),
        community="Erbij",
        wide=False,
    )


async def _static(request: web.Request) -> web.StreamResponse:
    """One of our own few style sheets and scripts."""
    path = _files().get(request.match_info["name"])
    if path is None:
        raise web.HTTPNotFound
    kind, _encoding = mimetypes.guess_type(path.name)
    return web.FileResponse(path, headers={"Cache-Control": "no-cache", "Content-Type": f"{kind}; charset=utf-8"})


@cache
def _files() -> dict[str, Path]:
    """What there is, by name: nothing that is asked for becomes a path."""
    return {path.name: path for path in draw.STATIC.iterdir()}
