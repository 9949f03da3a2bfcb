"""The guard at the door of the whole HTTP host: host names, foreign posts, bodies, haste, headers and kind errors.

There are no cookies and no sessions, so a foreign site has nothing to ride on; posts from other sites are
still refused, by what the browser itself says of where a request comes from. No token has to be kept or
compared.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler as Next
from aiohttp.typedefs import Middleware
from multidict import MultiMapping

from adapters.web import draw
from adapters.web.acts import conversation_of, first_answer_of
from adapters.web.clients import client_of, host_of, is_near, is_ours, written_last
from adapters.web.haste import PER_CLIENT, Haste

MOST_BODY = 512 * 1024
"""Bytes. 100 KB of text can grow fivefold when a browser encodes it for a form."""
BODY_TIME = 30.0
"""Seconds in which all of a body must have come."""
LARGE = 64 * 1024
"""Bytes. Nearly all that people write is smaller."""
MOST_LARGE, MOST_LARGE_EACH = 32, 8
"""Larger bodies, or of unknown length, in memory at once, in all and of one client: so that they do not fill it."""
NOT_PAGES = ("/healthz", "/api/")
"""Not for browsers: no page as an error, no form as a body, no counting."""
WITHOUT_SCRIPTS = ("/c/", "/privacy", "/terms")
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto", "Via")
"""What proxies add."""
BEGUN = web.RequestKey("begun", str)
"""Set by a page that asks something: the conversation whose steps count by themselves from now on."""
LED_TO = web.RequestKey("led_to", str)
"""Set by a page that leads to an address of its own: what stands last in it."""
CLIENT = web.RequestKey("client", bytes)
"""Set for a post: what keeps its client apart from others, for an hour; no address can be read from it."""
CROWDED = web.RequestKey("crowded", bool)
"""Set for a post: whether so much comes from its client that everybody else goes first."""

POSTED = web.RequestKey("posted", MultiMapping[Any])
"""The form that was posted, once it is read."""

log = structlog.get_logger()

_COMMON = {
    "Server": "Erbij",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"
_SCRIPTS = "script-src 'self'; connect-src 'self'; frame-src 'self'"
_HSTS = "max-age=31536000"
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""No address of ours holds one, and databases refuse them."""


@dataclass(frozen=True, slots=True)
class Site:
    """How the world reaches this host."""

    names: frozenset[str] = frozenset()
    """The host names that are ours besides this machine's own, in small letters."""
    addresses: bool = False
    """Whether it may be asked for by any address without a name, as health checks do."""
    https: bool = False
    """Whether the world reaches it by https: then browsers are told to keep to that."""
    behind_proxy: bool = False
    """Whether the client is the one that the nearest proxy wrote down last in ``X-Forwarded-For``."""
    per_client: int = PER_CLIENT
    """Requests of one client in a minute."""
    clock: Callable[[], float] = time.monotonic
    """Seconds; by these minutes and hours are counted."""


def application(site: Site, unnamed_proxy: Callable[[], None] = lambda: None) -> web.Application:
    """An application without routes, guarded.

    ``unnamed_proxy`` is called when a request came through a proxy nearby that ``site`` knows nothing of: then all
    clients behind it count as one.
    """
    app = web.Application(
        client_max_size=MOST_BODY,
        middlewares=[
            _kind_errors,
            _asked_for(site),
            _noticing(site, unnamed_proxy),
            _own_posts_only,
            _whole(site),
            _unhurried(site),
        ],
    )

    async def with_headers(request: web.Request, response: web.StreamResponse) -> None:
        """On every response, streams and refusals too."""
        response.headers.update(headers(request.path, https=site.https))

    app.on_response_prepare.append(with_headers)
    return app


def headers(path: str, *, https: bool = False) -> dict[str, str]:
    """The strict headers for an address."""
    scripts = "" if path.startswith(WITHOUT_SCRIPTS) else f"; {_SCRIPTS}"
    ancestors = "'self'" if path.startswith("/chat/") else "'none'"
    found = {**_COMMON, "Content-Security-Policy": f"{_CSP}{scripts}; frame-ancestors {ancestors}"}
    if not path.startswith("/static/"):
        found["Cache-Control"] = "no-store"
    if https:
        found["Strict-Transport-Security"] = _HSTS
    return found


@web.middleware
async def _kind_errors(request: web.Request, handler: Next) -> web.StreamResponse:
    """What goes wrong becomes a kind page, and a log line with the kind of fault, nothing of people."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or _no_page(request):
            return _plain(error)
        response = draw.problem(request, error.status, request.get(POSTED))
        response.headers.update({name: error.headers[name] for name in _TOLD if name in error.headers})
        return response
    except Exception as error:
        if isinstance(error, ConnectionError) and request.transport is None:
            raise  # the client is gone, in the middle of its body say
        log.error("web.fault", fault=type(error).__name__, route=_route(request))  # noqa: TRY400
        return web.Response(status=500) if _no_page(request) else draw.problem(request, 500, request.get(POSTED))


_TOLD = ("Allow", "Retry-After", "Accept-Encoding")
"""What a refusal says besides its page."""


def _asked_for(site: Site) -> Middleware:
    """Take what asks for this host by a name of its own, and can be written down at all."""

    @web.middleware
    async def asked_for(request: web.Request, handler: Next) -> web.StreamResponse:
        named = request.headers.getall("Host", [])
        if len(named) > 1 or (not named and request.version >= (1, 1)):
            raise web.HTTPBadRequest
        if named and not is_ours(host_of(named[0]), site.names, addresses=site.addresses):
            log.warning("web.unknown_host", route=_route(request))
            raise web.HTTPMisdirectedRequest
        if _UNREADABLE.search(request.path) or _UNREADABLE.search(request.query_string):
            raise web.HTTPBadRequest
        return await handler(request)

    return asked_for


def _noticing(site: Site, unnamed_proxy: Callable[[], None]) -> Middleware:
    """See that a proxy stands before Erbij which the settings do not name."""

    @web.middleware
    async def noticing(request: web.Request, handler: Next) -> web.StreamResponse:
        if not site.behind_proxy and is_near(request.remote or "") and any(one in request.headers for one in FORWARDED):
            unnamed_proxy()
        return await handler(request)

    return noticing


@web.middleware
async def _own_posts_only(request: web.Request, handler: Next) -> web.StreamResponse:
    """Refuse what another site's page posts."""
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not _ours(request):
        log.info("web.foreign_post", route=_route(request))
        raise web.HTTPForbidden
    return await handler(request)


def _ours(request: web.Request) -> bool:
    """By the browser's own word; a program that is no browser says nothing, and has no one's rights to abuse."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or _netloc(origin) == request.headers.get("Host")


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # half an IPv6 address
        return ""


def _whole(site: Site) -> Middleware:
    """Read all of a body before anything else happens: in time, not too much, and of a kind that is read here."""
    large: Counter[str] = Counter()

    @web.middleware
    async def whole(request: web.Request, handler: Next) -> web.StreamResponse:
        if not _posted(request):
            return await handler(request)
        _refuse_by_header(request)
        if not request.body_exists or (request.content_length or MOST_BODY) <= LARGE:
            await _read(request)
            return await handler(request)
        client = _client(request, site)
        if large.total() >= MOST_LARGE or large[client] >= MOST_LARGE_EACH:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "10"})
        large[client] += 1
        try:  # until it is answered: so long it is kept
            await _read(request)
            return await handler(request)
        finally:
            large[client] -= 1
            if not large[client]:
                del large[client]

    return whole


def _refuse_by_header(request: web.Request) -> None:
    """Refuse what is not worth reading."""
    if (request.content_length or 0) > MOST_BODY:
        raise web.HTTPRequestEntityTooLarge(max_size=MOST_BODY, actual_size=request.content_length or 0)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(headers={"Accept-Encoding": "identity"})
    if not _no_page(request) and not _is_form(request):
        raise web.HTTPUnsupportedMediaType


async def _read(request: web.Request) -> None:
    """Have the body, and of a page the form in it, so that nobody behind this waits for it or stumbles over it."""
    try:
        async with asyncio.timeout(BODY_TIME):
            await request.read()
        if not _no_page(request):
            request[POSTED] = await request.post()
    except ConnectionError as lost:
        lost.__traceback__ = None  # or it and the body that it ended keep each other in memory
        raise ConnectionResetError from None
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (web.RequestPayloadError, UnicodeDecodeError):
        raise web.HTTPBadRequest from None


def _posted(request: web.Request) -> bool:
    """Whether this is a post to an address that takes one."""
    return request.method == "POST" and request.match_info.http_exception is None


def _is_form(request: web.Request) -> bool:
    """What a form without files sends, in the only writing that a browser sends ours in; or nothing at all."""
    if "Content-Type" not in request.headers and not request.body_exists:
        return True
    written = (request.charset or "utf-8").lower()
    return request.content_type == "application/x-www-form-urlencoded" and written == "utf-8"


def _unhurried(site: Site) -> Middleware:
    """Count what each client and each conversation asks for."""
    haste = Haste(site.per_client, site.clock)

    @web.middleware
    async def unhurried(request: web.Request, handler: Next) -> web.StreamResponse:
        if _no_page(request) or request.path.startswith("/static/"):
            return await handler(request)
        client, posted = _client(request, site), await request.post() if _posted(request) else None
        # The address of a step, that a post led to, is the second half of it.
        step = request.match_info.get("view", "") if posted is None else conversation_of(posted)
        if not haste.takes(client, step):
            log.info("web.too_fast", route=_route(request))
            raise web.HTTPTooManyRequests(headers={"Retry-After": "60"})
        if posted is None:
            return await handler(request)
        with haste.answering(client, first_answer_of(posted)) as post:
            request[CROWDED], request[CLIENT] = post.crowded, haste.hidden(client)
            response = await handler(request)
            post.begun = request.get(BEGUN, "")
        for step in (post.begun, request.get(LED_TO, "")):
            if step:
                haste.began(client, step)
        return response

    return unhurried


def _client(request: web.Request, site: Site) -> str:
    """Who asks, as far as addresses tell."""
    written = written_last(request.headers.getall("X-Forwarded-For", [])) if site.behind_proxy else ""
    return written or client_of(request.remote or "")


def _no_page(request: web.Request) -> bool:
    return request.path.startswith(NOT_PAGES)


def _route(request: web.Request) -> str:
    """The route's pattern, never the path itself: that can hold someone's id."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def _plain(error: web.HTTPException) -> web.Response:
    """An aiohttp error as the response that it describes."""
    return web.Response(status=error.status, reason=error.reason, headers=error.headers, text=error.text)
