"""Timers: 50,000 that are due in the same minute, a look when nothing is, and what a worker leaves behind.

    uv run python benchmarks/timers.py [--many 50000]

The timers belong to a subject and a member each, as reminders do, and each posts a private message. Meanwhile students
open the check-in, which is timed. The floor is as many rows taken and deleted, and as many messages written, by sqlite3
itself in groups of the same size, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from heavy import heavy
from peer_erbij import Students, opened
from report import report
from waiting import resident

from bot.metrics import Metrics
from bot.time import Clock
from bot.timers import Timers
from bot.worker import Worker
from flows.catalogue import catalogue
from flows.engine import Steps, job
from flows.engine.timers import TOGETHER, found_community
from flows.seam import Pressed
from flows.words import Msg
from storage import communities, members, outbox, subjects
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session

MEMBERS = 500
"""The timers are theirs by turns."""
LOOKS = 300
WORK = 5
"""Pieces of slow work, one after the other."""


@job("remind", shares=True)
async def remind(steps: Steps, member: str) -> None:
    """A private message."""
    await steps.post("post", Msg("It is soon."), member=member)


class House:
    """A community with members, and the clock's hands."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "erbij.sqlite3"
        url = f"sqlite:///{self.path}"
        upgrade(url)
        self.database = Database(url, Masters(new_key()))
        self.database.open()
        self.clock = Clock()
        self.catalogue = catalogue()
        self.catalogue.jobs[remind.name] = remind
        self.timers = Timers(self.database, self.catalogue, self.clock, Metrics(), lambda: None)
        self.here, self.people, this = self.database.run_now(self._found)
        self.students = Students(self.database, this)

    def _found(self, session: Session) -> tuple[str, list[str], str]:
        here = found_community(session, self.catalogue, "bench", "Bench", "en", "UTC", self.clock.now())
        communities.add_space(session, here, "web", "bench")
        people = [members.add_member(session, here, "web", "bench", f"m{n}", f"at {n}", "") for n in range(MEMBERS)]
        return here, people, opened(session, here)

    def set(self, session: Session, numbers: range, at: int) -> None:
        """Timers within one minute."""
        for number in numbers:
            whom, when = self.people[number % MEMBERS], at + number % 60_000
            subjects.later(session, self.here, "remind", whom, when, subject=f"session {number}", whom=whom)


async def drained(house: House, many: int) -> dict[str, float]:
    """How long so many take, and what a turn takes meanwhile."""
    minute = house.clock.now() + 60_000
    for first in range(0, many, 1000):
        await house.database.run(lambda s, f=first: house.set(s, range(f, f + 1000), minute), alone=True)
    house.clock.ahead += 2 * 60_000
    took: list[float] = []
    going = asyncio.create_task(house.timers.catch_up())
    began = time.perf_counter()
    number = 0
    while not going.done():
        at = time.perf_counter()
        await house.students.give(f"s{number}", 0, Pressed(f"s.check_in.{house.students.round}"))
        took.append(1000 * (time.perf_counter() - at))
        number += 1
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - began
    left = (await house.database.run(outbox.depth)).waiting
    cuts = quantiles(took, n=100)
    return {
        "timers": many,
        "messages written": left,
        "seconds until all were done (under 60)": seconds,
        "a turn meanwhile, ms, middle": cuts[49],
        "a turn meanwhile, ms, p99 (under 250)": cuts[98],
    }


async def idle(house: House) -> dict[str, float]:
    """What a look costs when nothing is due."""
    await house.timers.catch_up()
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        await house.timers.catch_up()
        took.append(1000 * (time.perf_counter() - began))
    return {"a look with nothing due, ms, middle (under 2)": median(took), "the same, p99": quantiles(took, n=100)[98]}


async def work() -> dict[str, float]:
    """What stays of a worker in the process that started it, and how long an empty one takes."""
    worker, took = Worker(), []
    gc.collect()
    before = resident()
    for _ in range(WORK):
        began = time.perf_counter()
        await worker.run(heavy, 200)
        took.append(1000 * (time.perf_counter() - began))
    gc.collect()
    return {
        "memory after workers of 200 MB - before, MB (under 5)": resident() - before,
        "a worker's start, 200 MB and end, ms": median(took),
    }


def floor(folder: Path, many: int) -> float:
    """Seconds that sqlite3 itself takes for the same rows."""
    with sqlite3.connect(folder / "floor.sqlite3", isolation_level=None) as file:
        file.executescript(
            "pragma journal_mode = wal; pragma synchronous = full;"
            "create table due (id integer primary key, at int, argument text); create index due_at on due (at);"
            "create table outbox (id integer primary key, key text unique, payload blob)"
        )
        file.execute("begin")
        file.executemany("insert into due (at, argument) values (?, ?)", ((n % 60_000, "m" * 22) for n in range(many)))
        file.execute("commit")
        began = time.perf_counter()
        while True:
            file.execute("begin immediate")
            rows = file.execute("select id, argument from due where at < 60000 order by at, id limit ?", (TOGETHER,))
            for row, argument in rows.fetchall():
                file.execute("insert into outbox (key, payload) values (?, ?)", (f"{row}", argument.encode() * 10))
                file.execute("delete from due where id = ?", (row,))
            file.execute("commit")
            if file.execute("select count(*) from due limit 1").fetchone()[0] == 0:
                return time.perf_counter() - began


async def measure(folder: Path, many: int) -> dict[str, float]:
    house = House(folder)
    try:
        rows = await idle(house) | await drained(house, many)
        rows["the same rows by sqlite3 alone, seconds"] = floor(folder, many)
        rows["timers / sqlite3 alone"] = (
            rows["seconds until all were done (under 60)"] / rows["the same rows by sqlite3 alone, seconds"]
        )
        return rows | await work()
    finally:
        house.database.close()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--many", type=int, default=50_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report("timers", asyncio.run(measure(Path(folder), given.many)))


if __name__ == "__main__":
    main()
