"""The guard at the door of the whole HTTP host: headers, foreign posts, size, haste, and kind errors.

There are no cookies and no sessions, so a foreign site has nothing to ride on; posts from other sites are
still refused, by what the browser itself says of where a request comes from. No token has to be kept or
compared. Addresses are counted under a keyed hash whose key lives an hour in memory, and are written nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler as Next
from aiohttp.typedefs import Middleware
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from adapters.web import draw

MOST_BODY = 512 * 1024
"""Bytes. 100 KB of text can grow fivefold when a browser encodes it for a form."""
KEY_LIVES = 3600.0
"""Seconds that an address is recognisable, even to ourselves."""
NOT_PAGES = ("/healthz", "/metrics", "/api/")
"""Not for browsers: no page as an error, no counting."""
WITHOUT_SCRIPTS = ("/c/", "/privacy", "/terms")

log = structlog.get_logger()

_COMMON = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow",
}
_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"
_SCRIPTS = "script-src 'self'; connect-src 'self'; frame-src 'self'"


def middlewares(*, posts_per_minute: int = 600, behind_proxy: bool = False) -> list[Middleware]:
    """For the whole app, outermost first. The app also takes ``client_max_size=MOST_BODY``.

    ``posts_per_minute`` is per address, generous because a whole school can share one. With ``behind_proxy``
    the address is the one that the nearest proxy wrote down last in ``X-Forwarded-For``.
    """
    return [
        _headers,
        _kind_errors,
        _own_posts_only,
        _small,
        _unhurried(posts_per_minute, behind_proxy=behind_proxy),
    ]


def headers(path: str) -> dict[str, str]:
    """The strict headers for an address. A stream asks itself: it is under way before a middleware ends."""
    scripts = "" if path.startswith(WITHOUT_SCRIPTS) else f"; {_SCRIPTS}"
    ancestors = "'self'" if path.startswith("/chat/") else "'none'"
    found = {**_COMMON, "Content-Security-Policy": f"{_CSP}{scripts}; frame-ancestors {ancestors}"}
    if not path.startswith("/static/"):
        found["Cache-Control"] = "no-store"
    return found


@web.middleware
async def _headers(request: web.Request, handler: Next) -> web.StreamResponse:
    """Strict headers on every response, refusals and faults too."""
    response = await handler(request)
    if not response.prepared:
        response.headers.update(headers(request.path))
    return response


@web.middleware
async def _kind_errors(request: web.Request, handler: Next) -> web.StreamResponse:
    """What goes wrong becomes a kind page, and a log line with the kind of fault, nothing of people."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            return _plain(error)
        response = _plain(error) if _no_page(request) else draw.problem(request, error.status)
    except Exception as error:
        log.error("web.fault", fault=type(error).__name__, route=_route(request))  # noqa: TRY400
        response = web.Response(status=500) if _no_page(request) else draw.problem(request, 500)
    return response


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
    return origin is None or urlsplit(origin).netloc == request.host


@web.middleware
async def _small(request: web.Request, handler: Next) -> web.StreamResponse:
    """Refuse what is far larger than anything a person writes, before reading it."""
    if (request.content_length or 0) > MOST_BODY:
        raise web.HTTPRequestEntityTooLarge(max_size=MOST_BODY, actual_size=request.content_length or 0)
    return await handler(request)


def _unhurried(posts_per_minute: int, *, behind_proxy: bool) -> Middleware:
    """Count posts per address and minute, without keeping an address."""
    counting = FixedWindowRateLimiter(MemoryStorage())
    limit = RateLimitItemPerMinute(posts_per_minute)
    key = _Key()

    @web.middleware
    async def unhurried(request: web.Request, handler: Next) -> web.StreamResponse:
        if request.method == "POST" and not _no_page(request):
            address = (request.remote or "").encode()
            if behind_proxy:
                address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip().encode() or address
            if not counting.hit(limit, key.of(address)):
                log.info("web.too_fast", route=_route(request))
                raise web.HTTPTooManyRequests(headers={"Retry-After": "60"})
        return await handler(request)

    return unhurried


class _Key:
    """A keyed hash whose key is random, lives in memory only, and is replaced every hour."""

    def __init__(self) -> None:
        self._key, self._since = secrets.token_bytes(32), time.monotonic()

    def of(self, address: bytes) -> str:
        """What an address is counted under at this hour."""
        if time.monotonic() - self._since > KEY_LIVES:
            self._key, self._since = secrets.token_bytes(32), time.monotonic()
        return hmac.new(self._key, address, hashlib.sha256).hexdigest()


def _no_page(request: web.Request) -> bool:
    return request.path.startswith(NOT_PAGES)


def _route(request: web.Request) -> str:
    """The route's pattern, never the path itself: that can hold someone's id."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


def _plain(error: web.HTTPException) -> web.Response:
    """An aiohttp error as the response that it describes."""
    return web.Response(status=error.status, reason=error.reason, headers=error.headers, text=error.text)
