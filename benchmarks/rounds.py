"""A check-in round announced to 500 communities: how long it takes beside the platforms' own limits.

    uv run python benchmarks/rounds.py [--communities 500]

Time is moved on by the program: the loop jumps to whatever waits next, so minutes take moments and a figure is the
same on every machine. Timers, outbox, sender and adapters are the real ones; the platforms are servers on loopback
that posts reach up to 40 ms late, which take a tenth of a second for each, and refuse, with 429, whatever is beyond
their published limits. What is possible is the number of messages by 50 a second, on the platform that has more.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from aiohttp import web
from platforms import Discord, Teams
from program import point
from published import DISCORD, TEAMS, Limit
from report import report

from adapters.discord import DiscordAdapter
from adapters.teams import TeamsAdapter
from bot import logs
from bot.metrics import Metrics
from bot.sender import Sender
from bot.time import Clock
from bot.timers import Timers
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.seam import Incoming, Reply
from storage import communities, due, outbox, places
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session
from tests.adapters.teams.world import APP, TENANT
from tests.virtual import in_no_time

START = 1_795_000_000_000
MIXES = {"Discord and Teams, half of them each": (1, 1), "Discord alone": (1, 0), "Teams alone, one tenant": (0, 1)}
PER_SECOND = 50
"""What both platforms take from one bot, or from one app in one tenant."""


class LoopClock(Clock):
    """Erbij's clock on the time of the loop that made it."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()

    def now(self) -> int:
        return START + int(self._loop.time() * 1000)


class Round:
    """One round to so many communities on each platform, from their timers to the last post."""

    def __init__(self, folder: Path, on_discord: int, on_teams: int) -> None:
        url = f"sqlite:///{folder / f'{on_discord}-{on_teams}.sqlite3'}"
        upgrade(url)
        self.database = Database(url, Masters(new_key()))
        self.catalogue = catalogue()
        self.servers = {str(10**6 + n): str(2 * 10**6 + n) for n in range(on_discord)}
        self.teams = {f"19:team{n}@thread.tacv2": f"19:students{n}@thread.tacv2" for n in range(on_teams)}
        self.limits = {"discord": Limit(DISCORD), "teams": Limit(TEAMS)}
        self.in_threads = 0
        self.platforms = Discord(self.servers, self.limits["discord"]), Teams(self.limits["teams"])

    def seed(self, session: Session) -> None:
        spaces = [("discord", *pair) for pair in self.servers.items()]
        spaces += [("teams", f"{TENANT}:{team}", channel) for team, channel in self.teams.items()]
        for number, (platform, space, place) in enumerate(spaces):
            name = f"c{number}"
            community = found_community(session, self.catalogue, name, name, "en", "UTC", START)
            communities.add_space(session, community, platform, space)
            places.choose(session, community, places.PlaceSet("students", platform, space, place, "students"))
            due.add(session, f"{community}:now", community, "open_check_in", "", START)

    def busy(self) -> bool:
        """A thread has something to tell: the database's, or one that fetches a token."""
        return self.database.waiting > 0 or self.in_threads > 0

    def run(self) -> dict[str, float]:
        self.database.open()
        try:
            self.database.run_now(self.seed)
            return in_no_time(self._run(), self.busy)
        finally:
            self.database.close()

    async def _run(self) -> dict[str, float]:
        self._count_threads()
        runner, url = await _serve(*self.platforms)
        point({"url": url, "keys": url})
        discord, teams = self._adapters(url)
        running = [asyncio.create_task(one.run(_nobody)) for one in (discord, teams)]
        await self.platforms[0].ready.wait()
        clock, metrics = LoopClock(), Metrics()
        sender = Sender(self.database, clock, {"discord": discord, "teams": teams}, metrics)
        timers = Timers(self.database, self.catalogue, clock, metrics, sender.wake)
        running.append(asyncio.create_task(sender.run()))
        began = asyncio.get_running_loop().time()
        await timers.catch_up()
        while (await self.database.run(outbox.depth)).waiting:  # noqa: ASYNC110  the outbox rings no bell
            await asyncio.sleep(0.25)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await runner.cleanup()
        return self.rows(began)

    def rows(self, began: float) -> dict[str, float]:
        taken = {platform: len(limit.taken) for platform, limit in self.limits.items()}
        possible = max(taken.values()) / PER_SECOND
        last = max(limit.taken[-1] for limit in self.limits.values() if limit.taken) - began
        return {
            "posts": sum(taken.values()),
            "posts missing or too many": abs(sum(taken.values()) - len(self.servers) - len(self.teams)),
            "429 caused by Erbij": sum(limit.refused for limit in self.limits.values()),
            "seconds until the last was taken": last,
            "seconds possible": possible,
            "taken / possible (at most 1.10)": last / possible,
        }

    def _adapters(self, url: str) -> tuple[DiscordAdapter, TeamsAdapter]:
        discord = DiscordAdapter("not.a.token")
        teams = TeamsAdapter(app_id=APP, app_secret="none", tenants=frozenset({TENANT}))
        teams._connector.credentials.get_access_token = lambda force_refresh=False: "stub"
        teams._chats._services[TENANT] = f"{url}/{TENANT}/"  # as any earlier event of the tenant told it
        return discord, teams

    def _count_threads(self) -> None:
        """Know of each call that a thread makes: meanwhile time must not jump."""
        loop = asyncio.get_running_loop()
        start = loop.run_in_executor

        def counted(pool: Executor | None, call: Any, *values: Any) -> asyncio.Future[Any]:
            self.in_threads += 1
            future = start(pool, call, *values)
            future.add_done_callback(self._back)
            return future

        loop.run_in_executor = counted  # type: ignore[method-assign]

    def _back(self, _future: object) -> None:
        self.in_threads -= 1


async def _serve(*platforms: Discord | Teams) -> tuple[web.AppRunner, str]:
    app = web.Application()
    for one in platforms:
        app.add_routes(one.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def _nobody(_incoming: Incoming) -> Reply:
    return Reply()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--communities", type=int, default=500)
    count = asked.parse_args().communities
    logs.set_up(level=logging.ERROR)
    rows: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (discord, teams) in MIXES.items():
            share = count // (discord + teams)
            found = Round(Path(folder), discord * share, teams * share).run()
            rows |= {f"{name}: {what}": value for what, value in found.items()}
    report("rounds", rows)


if __name__ == "__main__":
    main()
