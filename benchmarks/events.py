"""From a platform event's arrival to the first byte of Erbij's answer, at 200 events a second, on SQLite.

    uv run python benchmarks/events.py [--seconds 60] [--rate 200] [--on discord teams]

This process is the platforms and the students; Erbij runs in one of its own (program.py). Discord's interactions come
through a gateway and are answered at the callback endpoint; Teams' activities are posted with signed tokens. Events go
out at set moments whatever has been answered before, and each answer counts from the moment its event was due, so a
stall shows in every event behind it. The clock stops in this process, whose own lag is in the figures and shown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import sys
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientError, web
from crowds import CHANNEL, PATIENCE, SERVER, TEAMS_CHANNEL, Crowd, InTeams, OnDiscord, Student, Tenant
from platforms import Discord, Teams
from report import report

from tests.adapters.teams.world import APP, TEAM, Keys

HERE = Path(__file__).parent
WARM = 5.0
"""Seconds at the same rate that are not counted."""
TENANTS = [f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in range(8)]
"""Teams takes 50 requests a second from an app in one tenant; so many events come from several."""


class Load:
    """Sends events at their moments and times the answers."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.took: list[float] = []
        self.lags: list[float] = []
        self.finished = self.thanks = self.patience = 0
        self._due: dict[str, float] = {}
        self._counts_from = 0.0
        self._able: dict[str, deque[Student]] = defaultdict(deque)
        self._known: list[Student] = []
        self._all_sent, self._quiet = False, asyncio.Event()

    async def run(self, crowd: Crowd, seconds: float) -> None:
        began = time.perf_counter() + 0.1
        self._counts_from = began + WARM
        sending: set[asyncio.Task[None]] = set()
        for number in itertools.count():
            at = began + number / self.rate
            if at >= self._counts_from + seconds:
                break
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            act, who = self._next(crowd, number)
            event = crowd.event()
            self._due[event] = at
            if at >= self._counts_from:
                self.lags.append(time.perf_counter() - at)
            self.finished += act == "confirm"
            task = asyncio.create_task(self._send(crowd, event, act, who))
            sending.add(task)
            task.add_done_callback(sending.discard)
        self._all_sent = True
        self._look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), PATIENCE)
        await asyncio.gather(*sending)

    async def _send(self, crowd: Crowd, event: str, act: str, who: Student) -> None:
        """Send one; a fault leaves it without an answer, and so lost."""
        with contextlib.suppress(ClientError, TimeoutError):
            await crowd.send(event, act, who)

    def _next(self, crowd: Crowd, number: int) -> tuple[str, Student]:
        """The acts of a check-in in turn, each by a student who can; help where nobody can, so that the mix stays."""
        act = crowd.acts[number % len(crowd.acts)]
        if act != "start" and self._able[act]:
            return act, self._able[act].popleft()
        if act != "start" and self._known:
            return "help", random.choice(self._known)
        who = crowd.newcomer()
        self._known.append(who)
        return "start", who

    # ------------------------------------------------------------ what the crowd tells

    def answered(self, event: str) -> None:
        now = time.perf_counter()
        at = self._due.pop(event)
        if at >= self._counts_from:
            self.took.append(now - at)
        self._look()

    def put_off(self) -> None:
        self.patience += 1

    def can(self, act: str, student: Student) -> None:
        self._able[act].append(student)

    def thanked(self) -> None:
        self.thanks += 1
        self._look()

    def _look(self) -> None:
        if self._all_sent and not self._due and self.thanks == self.finished:
            self._quiet.set()

    def rows(self) -> dict[str, float]:
        took, lags = sorted(self.took), sorted(self.lags)
        return {
            "events": len(lags),
            "lost": len(self._due),
            "put off with 'one moment' first": self.patience,
            "check-ins sent": self.finished,
            "check-ins thanked for": self.thanks,
            "p50 ms": 1000 * part(took, 0.5),
            "p99 ms (below 250)": 1000 * part(took, 0.99),
            "max ms (below 3,000)": 1000 * took[-1],
            "the load's own lag, p99 ms": 1000 * part(lags, 0.99),
            "the load's own lag, max ms": 1000 * lags[-1],
        }


def part(ordered: list[float], share: float) -> float:
    """A quantile, rounded up to a value that was measured."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@asynccontextmanager
async def program(where: dict[str, Any]) -> AsyncIterator[tuple[dict[str, Any], int]]:
    """Erbij in a process of its own: what it told at its start, and its id."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "program.py"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(where).encode() + b"\n")
    try:
        yield json.loads(await process.stdout.readline()), process.pid
    finally:
        process.terminate()
        await process.wait()


def worked(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(on: list[str], seconds: float, rate: float) -> dict[str, float]:
    keys, discord, teams = Keys(), Discord({SERVER: CHANNEL}), Teams()
    app = web.Application(client_max_size=2**24)
    app.add_routes([*discord.routes(), *teams.routes()])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    spaces = [("discord", SERVER, CHANNEL), *(("teams", f"{tenant}:{TEAM}", TEAMS_CHANNEL) for tenant in TENANTS)]
    where = {"url": url, "keys": keys.url, "app": APP, "tenants": ",".join(TENANTS), "spaces": spaces}
    services = {tenant: f"{url}/{tenant}/" for tenant in TENANTS}
    tenants = [Tenant(tenant, at, keys.token(serviceurl=at)) for tenant, at in services.items()]
    rows: dict[str, float] = {}
    async with program(where) as (told, pid):
        await discord.ready.wait()
        for platform in on:
            load = Load(rate)
            crowd: Crowd
            if platform == "discord":
                crowd = OnDiscord(discord, told["round"], load)
            else:
                endpoint = f"http://127.0.0.1:{told['port']}/api/messages"
                crowd = InTeams(teams, told["round"], load, endpoint, tenants)
            before = worked(pid)
            async with crowd:
                await load.run(crowd, seconds)
            rows |= {f"{crowd.name}: {what}": value for what, value in load.rows().items()}
            rows[f"{crowd.name}: processor of Erbij, ms an event"] = (
                1000 * (worked(pid) - before) / (rate * (seconds + WARM))
            )
    await runner.cleanup()
    keys.close()
    return rows


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--rate", type=float, default=200)
    asked.add_argument("--on", nargs="+", choices=("discord", "teams"), default=["discord", "teams"])
    given = asked.parse_args()
    report("events", asyncio.run(measure(given.on, given.seconds, given.rate)))


if __name__ == "__main__":
    main()
