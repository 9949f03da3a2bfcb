"""The program: everything wired together in one loop, and stopped cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

import structlog

from bot import logs, tryout
from bot.metrics import Metrics
from bot.roster import Roster
from bot.runtime import Runtime
from bot.sender import Sender
from bot.settings import Misconfigured, Settings, master_key, own_files
from bot.standings import Standings
from bot.time import Clock, Jump
from bot.timers import Timers
from flows.catalogue import catalogue
from flows.engine.panel import beside_page
from flows.engine.timers import mend, wind_new
from storage import communities, erasures, files, migrate, people
from storage.database import Database, NotSaved
from storage.keys import Masters
from storage.ledger import Ledger, LedgerFault
from storage.replay import replay

if TYPE_CHECKING:
    from aiohttp import web

    from adapters.discord import DiscordAdapter
    from adapters.teams import TeamsAdapter
    from bot.http import Host
    from flows.seam import Adapter, Part

DRAIN = 8.0
"""Seconds for what is under way at a stop; with the rest of the stopping it stays under ten."""
CLOSE = 1.0
"""Seconds for open connections to close."""
ENDS = 9.5
"""Seconds after which a stop is over, whatever the database does: what it did not store by then was not thanked for."""
RECONNECT = 60.0
"""Seconds until an adapter that failed is started again."""
LOOK_UP = 0.5
"""Seconds between two looks at what may change under a running program: platforms, files, the machine's clock."""

log = structlog.get_logger()


class Program:
    """Erbij running: build it, then ``await run()``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.clock = Clock()
        self.catalogue = catalogue()
        self.database = Database(settings.database, Masters(master_key(settings)), settings.ledger_path)
        self.runtime = Runtime(self.database, self.catalogue, self.clock, self.metrics, settings.public_url)
        self.adapters: dict[str, Adapter] = {}
        self.sender: Sender
        self.timers: Timers
        self.roster: Roster
        self.host: Host
        self._stop = asyncio.Event()
        self._teams: TeamsAdapter | None = None
        self._group: asyncio.TaskGroup
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Bring the database up and wire the pieces; raises Misconfigured, Unfit or NotSaved."""
        url = self.settings.database
        for path in own_files(self.settings):
            files.close_to_others(path)
        if migrate.pending(url):
            if self.database.dialect != "sqlite":
                raise Misconfigured("The database's tables are of another version: run 'erbij migrate' first.")
            migrate.upgrade(url)
        self.database.open()
        try:
            Ledger(self.settings.ledger_path).check()
            again = self.database.run_now(lambda s: replay(s, self.clock.now()))
            doubtful = self.database.run_now(erasures.doubtful)
        except LedgerFault as fault:
            raise Misconfigured(f"ERBIJ_LEDGER: {fault}") from fault
        if again.people or again.cases:
            log.warning("erased again", people=len(again.people), cases=len(again.cases))
        if doubtful.torn or doubtful.foreign:
            log.warning("lines of the ledger passed by", torn=doubtful.torn, foreign=doubtful.foreign)
        if self.settings.is_tryout:
            self.clock.ahead = self.database.run_now(tryout.ahead)
            self.database.run_now(lambda s: tryout.seed(s, self.catalogue, self.clock.now()))
        self.database.run_now(lambda s: wind_new(s, self.catalogue, self.clock.now()))
        self.database.run_now(lambda s: mend(s, self.catalogue, self.clock.now()))
        self._wire()

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until SIGTERM, SIGINT or :meth:`stop`; then finish what is under way, within ten seconds."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + ENDS
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)
        try:
            await self.host.start()
            async with asyncio.TaskGroup() as group:
                self._group = group
                for platform, adapter in self.adapters.items():
                    self._start(self._connected(platform, adapter))
                self._start(self.timers.run())
                self._start(self.roster.run())
                self._start(self._look())
                sending = self._start(self.sender.run())
                log.info("ready", adapters=sorted(self.adapters), tryout=self.settings.is_tryout)
                ready()
                await self._stop.wait()
                log.info("stopping")
                ends = loop.time() + ENDS
                await self._drain(sending)
        finally:
            for name in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(name)
            self.database.close(max(0.5, ends - loop.time()))
            log.info("stopped")

    def stop(self) -> None:
        """Stop soon; returns at once."""
        self._stop.set()

    # ------------------------------------------------------------ wiring

    def _wire(self) -> None:
        from adapters.web import WebAdapter
        from bot.http import Host

        settings = self.settings
        shown = tryout.tryout(self.database, self.catalogue, self.clock, self._moved) if settings.is_tryout else None
        key = self.database.run_now(lambda s: s.keys.salt("page"))
        pages = WebAdapter(
            tryout=shown, community=self._community, key=key, contact=settings.contact, beside=self._beside
        )
        self.adapters["web"] = pages
        if settings.on_discord:
            self.adapters["discord"] = self._discord()
        if settings.on_teams:
            self.adapters["teams"] = self._teams = self._make_teams()
        self.sender = Sender(self.database, self.clock, self.adapters, self.metrics, self.catalogue.audiences)
        self.timers = Timers(self.database, self.catalogue, self.clock, self.metrics, self.sender.wake)
        standings = self.runtime.standings = Standings(self.adapters)
        self.roster = Roster(self.database, self.clock, standings, self.metrics, self.timers.wake)
        self.runtime.posted = self.sender.wake
        self.runtime.timed = self.timers.wake
        self.runtime.doubted = self.roster.wake
        messages = self._messages if settings.on_teams or settings.is_tryout else None
        self.host = Host(settings, pages, messages, self.database, self.clock, self.metrics)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._group.create_task(work)
        self._tasks.append(task)
        return task

    def _discord(self) -> DiscordAdapter:
        from adapters.discord import DiscordAdapter

        token = self.settings.discord_token.get_secret_value()
        commands = tuple((command.name, command.about) for command in self.catalogue.commands.values())
        return DiscordAdapter(token, commands=commands, waiting=self._in_conversation)

    async def _in_conversation(self) -> list[str]:
        """Who on Discord is in the middle of something, by their ids there."""
        try:
            return await self.database.run(lambda s: people.in_conversation(s, "discord"))
        except NotSaved:
            return []

    def _make_teams(self) -> TeamsAdapter:
        from adapters.teams import TeamsAdapter

        return TeamsAdapter(
            app_id=self.settings.teams_app_id,
            app_secret=self.settings.teams_app_secret.get_secret_value(),
            tenants=self.settings.teams_tenants,
            public_url=self.settings.public_url,
        )

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        """The endpoint of Microsoft Teams; in the try-out its adapter is loaded at the first request."""
        if self._teams is None:
            self._teams = self.adapters["teams"] = self._make_teams()
            self._start(self._connected("teams", self._teams))
            self._start(self.sender.platform("teams", self._teams))
            await asyncio.sleep(0)  # lets the adapter begin before its first request
        return await self._teams.messages(request)

    async def _community(self, slug: str) -> str | None:
        found = await self.database.run(lambda s: communities.by_slug(s, slug))
        return None if found is None else found.name

    async def _beside(self, slug: str, language: str) -> tuple[str, Sequence[Part]]:
        return await self.database.run(lambda s: beside_page(s, slug, language))

    async def _moved(self) -> bool:
        """Run what became due when the try-out's clock was moved; True when something was posted."""
        before = self.timers.posts
        await self.timers.finish()
        self.timers.wake()
        self.sender.wake()
        return self.timers.posts != before

    # ------------------------------------------------------------ while it runs, and at the end

    async def _look(self) -> None:
        """Keep an eye on which platforms are connected, on the log's count of what it left out, and on the files."""
        gone = ""
        while True:
            logs.tell_left_out()
            before, gone = gone, self.database.gone()
            self.metrics.gone.set(1 if gone else 0)
            if gone != before:
                log.error("database.gone", file=gone) if gone else log.warning("database.back")
            if (jump := self.clock.look()) is not None:
                await self._jumped(jump)
            for platform, adapter in self.adapters.items():
                self.metrics.up.labels(platform).set(1 if getattr(adapter, "up", True) else 0)
            await asyncio.sleep(LOOK_UP)

    async def _jumped(self, jump: Jump) -> None:
        """The machine's clock was set: say so, and mend what was set by it once it is believed."""
        self.metrics.clock_off.set(0 if jump.believed else jump.by / 1000)
        log.warning("clock.set", seconds=round(jump.by / 1000), believed=jump.believed)
        if not jump.believed:
            return
        while True:
            try:
                await self.database.run(lambda s: mend(s, self.catalogue, self.clock.now(), jump.by), alone=True)
            except NotSaved:
                await asyncio.sleep(LOOK_UP)
            else:
                break
        self.timers.wake()
        self.sender.wake()

    async def _connected(self, platform: str, adapter: Adapter) -> None:
        """One platform's adapter; should it fail, the others go on and it is tried again."""
        while True:
            try:
                await adapter.run(self.runtime.receive)
            except Exception as fault:
                self.metrics.faults.labels("adapter", type(fault).__name__).inc()
                log.exception("adapter stopped", platform=platform)
            await asyncio.sleep(RECONNECT)

    async def _drain(self, sending: asyncio.Task[None]) -> None:
        """Take no new event, finish turns and sends, close the door; what does not end in time is in the database."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await self.runtime.stop()
                sending.cancel()
                await self.sender.drain()
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE):
                await self.host.stop()
