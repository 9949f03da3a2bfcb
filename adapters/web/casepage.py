"""The case page: the same conversation as in a chat, as plain pages. No account, no script, no cookie."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from adapters.web import draw
from adapters.web.acts import Posted, act_of, conversation_of, event_of, page_event
from adapters.web.guard import BEGUN, CLIENT, CROWDED, LED_TO
from adapters.web.views import Views
from adapters.web.words import chrome
from flows import token
from flows.seam import Act, Buttons, Card, Form, Incoming, Opened, Part, Receive, Reply, Space

STARTS = ("tell", "answer")
Beside = Callable[[str, str], Awaitable[tuple[str, Sequence[Part]]]]
"""``(slug, language)``: the language as a community speaks it, and whom people there can turn to, in little."""


class CasePage:
    """Pages of one conversation at a time. Everything it must know comes back with the next post."""

    def __init__(
        self, receive: Receive, community: Callable[[str], Awaitable[str | None]], views: Views, beside: Beside
    ) -> None:
        self._receive = receive
        self._community = community
        self._beside = beside
        self._views = views

    async def start(self, request: web.Request) -> web.StreamResponse:
        """The first page: tell something, or come back with a receipt."""
        slug, name = await self._known(request)
        return await self._begin(request, slug, name)

    async def step(self, request: web.Request) -> web.StreamResponse:
        """One step: what was pressed or filled in goes in, and leads to the address of the next page."""
        slug, name = await self._known(request)
        posted = await request.post()
        act = act_of(posted, STARTS)
        if act is None:
            return await self._begin(request, slug, name)
        event = page_event(event_of(posted, secrets.token_urlsafe(12)), act)
        reply = await self._take(request, slug, event, act)
        if not reply.saved:
            return _page(slug, name, reply, posted)
        if conversation := token.conversation_of(reply.question):
            request[BEGUN] = conversation
        self._views.left(conversation_of(posted))
        client = request.get(CLIENT, b"")
        view = self._views.add(slug, reply.question, reply, conversation=conversation, client=client)
        request[LED_TO] = view
        return web.Response(status=303, headers={"Location": f"/c/{slug}/{view}?lang={reply.language}"})

    async def view(self, request: web.Request) -> web.StreamResponse:
        """The page of a step, as often as it is asked for: after going back it shows what was sent, to be changed."""
        slug, name = await self._known(request)
        found = self._views.find(slug, request.match_info["view"])
        reply = found.reply if found else None
        if found and found.token:
            waits = await self._take(request, slug, secrets.token_urlsafe(12), Opened(found.token))
            if waits.saved and not waits.question:
                reply = None  # it has ended, perhaps elsewhere
            elif reply is None or reply.language != waits.language or waits.question != found.token:
                reply = waits
        return _page(slug, name, reply) if reply else await self._begin(request, slug, name, closed=True)

    async def _begin(self, request: web.Request, slug: str, name: str, *, closed: bool = False) -> web.Response:
        """The first page, also for who asks for a step that is over."""
        language, beside = await self._beside(slug, draw.language(request))
        return draw.page(
            "case.html",
            language,
            status=410 if closed else 200,
            community=name,
            action=f"/c/{slug}?lang={language}",
            event=secrets.token_urlsafe(12),
            parts=beside,
            closed=closed,
            over=closed,
            wide=False,
        )

    @staticmethod
    async def over(_request: web.Request) -> web.StreamResponse:
        """Something is over: what the browser itself keeps of the pages before goes too.

        Asked for by the last page once it stands, because only then the page before it is among them.
        """
        return web.Response(status=204, headers={"Clear-Site-Data": '"cache"'})

    async def _take(self, request: web.Request, slug: str, event: str, act: Act) -> Reply:
        return await self._receive(
            Incoming(
                event=event,
                space=Space("page", slug),
                person=None,
                act=act,
                locale=draw.language(request),
                crowded=request.get(CROWDED, False),
            )
        )

    async def _known(self, request: web.Request) -> tuple[str, str]:
        """Slug and name of the community, or 'not here'. What a mail or a tired hand adds to an address is forgiven."""
        slug = request.match_info["community"]
        for one in (slug, slug.strip(" .,;:!?)").lower()):
            if (name := await self._community(one)) is not None:
                return one, name
        raise web.HTTPNotFound


def _page(slug: str, name: str, reply: Reply, posted: Posted | None = None) -> web.Response:
    """A step; ``posted`` is what was not saved, to be sent again where the reply itself offers nothing."""
    asks = any(isinstance(part, Form | Buttons) for part in reply.parts)
    again = None if posted is None or asks else draw.again(posted)
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
        again=again,
        over=not reply.question,
        exact=any(isinstance(part, Card) and part.exact for part in reply.parts),
        speaks=bool(reply.question) and not any(isinstance(part, Form) for part in reply.parts),
        wide=False,
    )


def _heading(reply: Reply) -> str:
    """What this step is: the title of its form, or else of what there is to read."""
    shown = [part for part in reply.parts if not (isinstance(part, Card) and part.aside)]
    titles = [part.title for kind in (Form, Card) for part in shown if isinstance(part, kind)]
    said = chrome(reply.language)
    return titles[0] if titles else said("case_said" if reply.saved else "case_not_saved")
