"""The case page: the same conversation as in a chat, as plain pages. No account, no script, no cookie."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.web import draw
from adapters.web.acts import act_of, conversation_in, event_of, page_event
from adapters.web.guard import BEGUN, CROWDED
from adapters.web.words import chrome
from flows.seam import Buttons, Card, Form, Incoming, Receive, Reply, Space

STARTS = ("tell", "answer")


class CasePage:
    """Pages of one conversation at a time. Everything it must know comes back with the next post."""

    def __init__(self, receive: Receive, community: Callable[[str], Awaitable[str | None]]) -> None:
        self._receive = receive
        self._community = community

    async def start(self, request: web.Request) -> web.StreamResponse:
        """The first page: tell something, or come back with a receipt."""
        slug, name = await self._known(request)
        language = draw.language(request)
        return draw.page(
            "case.html",
            language,
            community=name,
            action=f"/c/{slug}?lang={language}",
            event=secrets.token_urlsafe(12),
            wide=False,
        )

    async def step(self, request: web.Request) -> web.StreamResponse:
        """One step: what was pressed or filled in goes in, the next page comes out."""
        slug, name = await self._known(request)
        posted = await request.post()
        act = act_of(posted, STARTS)
        if act is None:
            return await self.start(request)
        event = page_event(event_of(posted, secrets.token_urlsafe(12)), act)
        language = draw.language(request)
        reply = await self._receive(
            Incoming(
                event=event,
                space=Space("page", slug),
                person=None,
                act=act,
                locale=language,
                crowded=request.get(CROWDED, False),
            )
        )
        if conversation := conversation_in(reply.parts):
            request[BEGUN] = conversation
        return _page(slug, name, reply)

    async def _known(self, request: web.Request) -> tuple[str, str]:
        """Slug and name of the community, or 'not here'."""
        slug = request.match_info["community"]
        name = await self._community(slug)
        if name is None:
            raise web.HTTPNotFound
        return slug, name


def _page(slug: str, name: str, reply: Reply) -> web.Response:
    return draw.page(
        "step.html",
        reply.language,
        status=200 if reply.saved else 503,
        community=name,
        home=f"/c/{slug}?lang={reply.language}",
        action=f"/c/{slug}?lang={reply.language}",
        event=secrets.token_urlsafe(12),
        parts=reply.parts,
        bad=draw.has_errors(reply.parts),
        heading=_heading(reply),
        again=_token(reply),
        typing=any(isinstance(part, Form) for part in reply.parts),
        wide=False,
    )


def _heading(reply: Reply) -> str:
    """What this step is: the title of its form, or else of what there is to read."""
    titles = [part.title for kind in (Form, Card) for part in reply.parts if isinstance(part, kind)]
    said = chrome(reply.language)
    return titles[0] if titles else said("case_said" if reply.saved else "case_not_saved")


def _token(reply: Reply) -> str:
    """By what the question that waits can be shown again, in another language say; empty when nothing waits."""
    buttons = (button.id for part in reply.parts if isinstance(part, Buttons) for button in part.buttons)
    pieces = {"c": 3, "f": 4}  # without the choice behind it: flows/engine/token.py
    return next((".".join(one.split(".")[: pieces[one[0]]]) for one in buttons if one[:2] in ("c.", "f.")), "")
