"""What conversations that wait cost: the memory of a process and the time of a turn, with 50 and with 50,000 of them.

    uv run python benchmarks/waiting.py [--many 50000]

Each conversation is a student's who opened the check-in and went away. They are made by one process; others open the
same files in turn, serve students, and look at their own memory after a garbage collection.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from peer_erbij import Students, opened
from report import report

from bot.time import Clock
from flows.catalogue import catalogue
from flows.engine.take import take
from flows.engine.timers import found_community
from flows.seam import Incoming, Person, Pressed, Space
from storage import communities, conversations
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session

FEW = 50
ROUNDS = 3
SERVED = 150
"""Students who answer while the others wait."""
TOGETHER = 500
"""Conversations begun in one transaction."""


def serve(url: str, key: str, round_: str, name: str) -> dict[str, float]:
    """Memory and turns of a process of its own."""
    database = Database(url, Masters(key))
    database.open()
    students = Students(database, round_)
    database.run_now(lambda s: conversations.expire(s, students.runtime.clock.now()))

    async def some(which: str, count: int) -> int:
        return sum([await students.check_in(f"{name}.{which}{n}") for n in range(count)])

    asyncio.run(some("warm", 20))
    began, worked = time.perf_counter(), time.process_time()
    turns = asyncio.run(some("s", SERVED))
    took, worked = time.perf_counter() - began, time.process_time() - worked
    waiting = database.run_now(conversations.count)
    gc.collect()
    memory = resident()
    database.close()
    return {
        "waiting": waiting,
        "ms a turn": 1000 * took / turns,
        "ms of it on the processor": 1000 * worked / turns,
        "MB": memory,
    }


def resident() -> float:
    """Megabytes of this process in memory."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def made(folder: Path, many: int, key: str) -> tuple[str, dict[int, str]]:
    """A round, and a database with few and one with many students who wait in it."""
    path = folder / "made.sqlite3"
    upgrade(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}", Masters(key))
    database.open()
    this = database.run_now(founded)
    urls, done = {}, 0
    for count in (FEW, many):
        for first in range(done, count, TOGETHER):
            numbers = range(first, min(first + TOGETHER, count))
            database.run_now(lambda s, numbers=numbers: begin(s, this, numbers))
        done = count
        database.close()  # everything is in the one file now
        urls[count] = f"sqlite:///{shutil.copy(path, folder / f'{count}.sqlite3')}"
        database.open()
    database.close()
    return this, urls


def founded(session: Session) -> str:
    community = found_community(session, catalogue(), "bench", "Bench", "en", "UTC", Clock().now())
    communities.add_space(session, community, "web", "bench")
    return opened(session, community)


def begin(session: Session, this: str, numbers: range) -> None:
    """Students who open the check-in."""
    for number in numbers:
        incoming = Incoming(f"w{number}", Space("web", "bench"), Person(f"w{number}"), Pressed(f"s.check_in.{this}"))
        take(session, catalogue(), incoming, Clock().now())


def measure(many: int) -> dict[str, float]:
    key = new_key()
    with tempfile.TemporaryDirectory() as name:
        this, urls = made(Path(name), many, key)
        found: dict[int, list[dict[str, float]]] = {count: [] for count in urls}
        for number in range(ROUNDS):
            for count, url in urls.items():
                asked = [sys.executable, __file__, "--serve", url, key, this, f"r{number}"]
                out = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True).stdout
                found[count].append(json.loads(out))
                assert found[count][-1]["waiting"] == count
    middle = {n: {what: median(one[what] for one in all_) for what in all_[0]} for n, all_ in found.items()}
    rows = {f"{n:,} waiting: {what}": middle[n][what] for n in middle for what in middle[n] if what != "waiting"}
    few, lots = middle[FEW], middle[many]
    return rows | {
        "memory, many - few, MB": lots["MB"] - few["MB"],
        "bytes a waiting conversation": (lots["MB"] - few["MB"]) * 2**20 / (many - FEW),
        "a turn, many / few": lots["ms a turn"] / few["ms a turn"],
        "a turn on the processor, many / few": lots["ms of it on the processor"] / few["ms of it on the processor"],
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--many", type=int, default=50_000)
    asked.add_argument("--serve", nargs=4, metavar=("URL", "KEY", "ROUND", "NAME"), help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.serve:
        print(json.dumps(serve(*given.serve)))
    else:
        report("waiting", measure(given.many))


if __name__ == "__main__":
    main()
