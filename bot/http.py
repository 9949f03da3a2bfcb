"""The one HTTP host: pages, the endpoint of Microsoft Teams and health; beside it, for who runs Erbij, the metrics."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from adapters.web import guard
from bot.door import Door
from bot.health import Health
from bot.settings import Misconfigured, Settings
from bot.start import cannot_listen
from storage import meta
from storage.database import NotSaved

if TYPE_CHECKING:
    from adapters.web import WebAdapter
    from bot.metrics import Metrics
    from bot.time import Clock
    from storage.database import Database

METRICS_HOST = "127.0.0.1"
UNNAMED_PROXY = "unnamed_proxy"
"""Named value of the database: since its last start, Erbij got requests through a proxy that no setting names."""

Messages = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


class Host:
    """The HTTP host of one program."""

    def __init__(  # noqa: PLR0913  the pieces of the program it shows
        self,
        settings: Settings,
        pages: WebAdapter,
        messages: Messages | None,
        database: Database,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._health = Health(database)
        self._noted: asyncio.Task[None] | None = None
        app = guard.application(site(settings), self._unnamed_proxy)
        app.add_routes([*pages.routes(), web.get("/healthz", self._healthz)])
        if messages is not None:
            app.add_routes([web.post("/api/messages", messages)])
        self._door = Door(_runner(app), behind_proxy=settings.behind_proxy)
        measured = guard.application(guard.Site())
        measured.add_routes([web.get("/metrics", self._measured)])
        self._metrics_door = Door(_runner(measured)) if settings.metrics_port else None

    async def start(self) -> None:
        """Listen. Raises Misconfigured when a port cannot be had."""
        with contextlib.suppress(NotSaved):  # seen again soon enough
            await self._database.run(lambda s: meta.drop(s, UNNAMED_PROXY))
        await _listen(self._door, "ERBIJ_PORT", self._settings.host, self._settings.port)
        if self._metrics_door is not None:
            await _listen(self._metrics_door, "ERBIJ_METRICS_PORT", METRICS_HOST, self._settings.metrics_port)

    @property
    def port(self) -> int:
        """The port it listens on; another than set when that was 0."""
        return self._door.port

    async def stop(self) -> None:
        """Close the door, and the connections once they are answered."""
        await self._door.stop()
        if self._metrics_door is not None:
            await self._metrics_door.stop()

    async def _healthz(self, _request: web.Request) -> web.StreamResponse:
        """200 when the database takes what is written, 503 when not, and since when."""
        if await self._health.look() is None:
            text = f"not saved since {self._health.saved:%Y-%m-%d %H:%M:%S} UTC"
            return web.json_response({"database": text}, status=503)
        return web.json_response({"database": "ok"})

    async def _measured(self, _request: web.Request) -> web.StreamResponse:
        """What Prometheus reads."""
        self._metrics.queue.set(self._database.waiting)
        waiting = await self._health.look()
        if waiting is not None:
            self._metrics.show_outbox(waiting, self._clock.now())
        return web.Response(body=self._metrics.text(), content_type="text/plain", charset="utf-8")

    def _unnamed_proxy(self) -> None:
        """Tell it once for each start, in the log and where 'erbij check' finds it."""
        if self._noted is None:
            log.warning("http.unnamed_proxy", setting="ERBIJ_BEHIND_PROXY")
            self._noted = asyncio.create_task(self._note())

    async def _note(self) -> None:
        try:
            await self._database.run(lambda s: meta.put(s, UNNAMED_PROXY, b"1"))
        except NotSaved:
            self._noted = None  # the next request tries again


def site(settings: Settings) -> guard.Site:
    """How the world reaches the host; in the try-out only this machine does."""
    public = urlsplit(settings.public_url)
    names = {name.lower().rstrip(".") for name in (public.hostname, settings.host) if name}
    return guard.Site(
        names=frozenset() if settings.is_tryout else frozenset(names),
        addresses=not settings.is_tryout,
        https=public.scheme == "https",
        behind_proxy=settings.behind_proxy,
    )


async def _listen(door: Door, setting: str, host: str, port: int) -> None:
    try:
        await door.start(host, port)
    except OSError as fault:
        raise Misconfigured(cannot_listen(setting, host, port, fault)) from fault


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(app, handle_signals=False, shutdown_timeout=3.0)
