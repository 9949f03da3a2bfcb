"""The one HTTP host: pages, the endpoint of Microsoft Teams, health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.web import guard
from bot.settings import Settings
from storage import outbox
from storage.database import NotSaved

if TYPE_CHECKING:
    from adapters.web import WebAdapter
    from bot.metrics import Metrics
    from bot.time import Clock
    from storage.database import Database

HEALTH_WAIT = 2.0
"""Seconds that the database has to answer a look at its health."""

Messages = Callable[[web.Request], Awaitable[web.StreamResponse]]


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
        self.app = web.Application(
            middlewares=guard.middlewares(behind_proxy=settings.behind_proxy), client_max_size=guard.MOST_BODY
        )
        self.app.add_routes(pages.routes())
        self.app.add_routes([web.get("/healthz", self._health), web.get("/metrics", self._measured)])
        if messages is not None:
            self.app.add_routes([web.post("/api/messages", messages)])
        self._runner = web.AppRunner(self.app, access_log=None, handle_signals=False, shutdown_timeout=3.0)

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.port).start()

    @property
    def port(self) -> int:
        """The port it listens on; another than set when that was 0."""
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the door, and the connections once they are answered."""
        await self._runner.cleanup()

    async def _health(self, _request: web.Request) -> web.StreamResponse:
        """200 when the database takes a transaction, 503 when not."""
        try:
            async with asyncio.timeout(HEALTH_WAIT):
                await self._database.run(outbox.depth)
        except (NotSaved, TimeoutError):
            return web.json_response({"database": "does not answer"}, status=503)
        return web.json_response({"database": "ok"})

    async def _measured(self, request: web.Request) -> web.StreamResponse:
        """For who runs Erbij: only from this machine, and not through a proxy."""
        if request.remote not in ("127.0.0.1", "::1") or "X-Forwarded-For" in request.headers:
            raise web.HTTPNotFound
        self._metrics.queue.set(self._database.waiting)
        try:
            async with asyncio.timeout(HEALTH_WAIT):
                waiting = await self._database.run(outbox.depth)
        except (NotSaved, TimeoutError):
            waiting = None
        if waiting is not None:
            self._metrics.show_outbox(waiting, self._clock.now())
        return web.Response(body=self._metrics.text(), content_type="text/plain", charset="utf-8")
