"""A message to 50,000 members on SQLite: how long until it is written for all, and what turns notice of it meanwhile.

``uv run python benchmarks/fanout.py``
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import tempfile
import time
from pathlib import Path

from report import report

from bot import logs
from bot.metrics import Metrics
from bot.time import Clock
from bot.timers import Timers
from flows import attention
from flows.catalogue import catalogue
from flows.engine import Capability, Catalogue, Steps, To, job
from flows.engine.take import take
from flows.engine.timers import found_community
from flows.seam import Command, Incoming, Person, Space
from flows.words import Msg
from storage import communities, due, members
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session
from tests.raw import rows

EVERY = 0.02
"""Seconds between two turns that people take meanwhile."""
AT_FIRST = 5.0
"""Seconds of such turns before, for comparison."""


@job("hello")
async def hello(steps: Steps) -> None:
    """The message."""
    await steps.post("m", Msg("The summary of this month is there."), audience=To("student"))


class Crowd:
    """A community with so many members, and people who take turns."""

    def __init__(self, folder: Path, count: int) -> None:
        url = f"sqlite:///{folder / 'fanout.sqlite3'}"
        upgrade(url)
        self.count = count
        self.database = Database(url, Masters(new_key()))
        self.catalogue = Catalogue([attention.capability, Capability("hello", jobs=(hello,))])
        self.clock = Clock()
        self.community = ""
        self.turns: list[float] = []
        self.events = itertools.count()

    def seed(self, session: Session) -> None:
        now = self.clock.now()
        self.community = found_community(session, self.catalogue, "crowd", "Crowd", "en", "UTC", now)
        communities.add_space(session, self.community, "web", "crowd")
        for number in range(self.count):
            members.add_member(session, self.community, "web", "crowd", f"m{number}")

    async def turn(self) -> None:
        """A student asks for help, from the moment that was due for it."""
        began = time.perf_counter()
        number = next(self.events)
        person = Person(f"m{number * 7919 % self.count}", "Sam")
        incoming = Incoming(f"e{number}", Space("web", "crowd"), person, Command("language"))
        await self.database.run(lambda s: take(s, catalogue(), incoming, self.clock.now()), of=person.id)
        self.turns.append((time.perf_counter() - began) * 1000)

    async def people(self) -> None:
        """One after the other comes, whatever became of those before."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self.turn())
                await asyncio.sleep(EVERY)

    async def measure(self) -> dict[str, float]:
        coming = asyncio.create_task(self.people())
        await asyncio.sleep(AT_FIRST)
        before, self.turns = self.turns, []
        now = self.clock.now()
        await self.database.run(lambda s: due.add(s, "hello", self.community, "hello", "", now))
        timers = Timers(self.database, self.catalogue, self.clock, Metrics(), lambda: None)
        began = time.perf_counter()
        await timers.catch_up()
        took = time.perf_counter() - began
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        written = await self.database.run(lambda s: len({row["lane"] for row in rows(s, "outbox")}))
        return {
            "members": self.count,
            "written, each once": written,
            "seconds (at most 60)": took,
            "turns meanwhile": len(self.turns),
            "a turn's p99 before, ms": p99(before),
            "a turn's p99 meanwhile, ms (at most 250)": p99(self.turns),
            "the slowest turn meanwhile, ms": max(self.turns),
        }


def p99(times: list[float]) -> float:
    """The time that one turn in a hundred takes longer than."""
    return sorted(times)[int(len(times) * 0.99)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--members", type=int, default=50_000)
    count = asked.parse_args().members
    logs.set_up(level=logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        crowd = Crowd(Path(folder), count)
        crowd.database.open()
        try:
            crowd.database.run_now(crowd.seed)
            found = asyncio.run(crowd.measure())
        finally:
            crowd.database.close()
    assert found["written, each once"] == count
    report("fanout", found)


if __name__ == "__main__":
    main()
