"""The database: functions of a :class:`Session` go in, their results come out once what they wrote is durable.

Whatever waits while one transaction commits goes together into the next (group commit, storage/lane.py). If one
function of a group fails, the group is rolled back and each function runs again in a transaction of its own, so it
fails alone; therefore a function must have no effect outside its session.

SQLite has one writer, so one lane. On PostgreSQL half of a turn is waiting for the server: several lanes wait at the
same time, and what belongs to one person stays in one lane, in its order.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from sqlalchemy.engine import URL, make_url

from storage.keys import Keys, Masters
from storage.lane import InDoubt, Job, Lane, NotSaved
from storage.ledger import Ledger
from storage.statement import Session

__all__ = ["Database", "InDoubt", "NotSaved"]

PATIENCE = 4.0
"""Seconds after which whoever waits is told that nothing was saved. Longer than two groups wait, one after the other,
for a lock or for a server that hangs (storage/postgresql.py, storage/sqlite.py)."""

T = TypeVar("T")


class Database:
    """One process's door to the database. Open it, then ``await run(function)``."""

    def __init__(self, url: str, masters: Masters, ledger: Path | None = None, *, read_only: bool = False) -> None:
        """``ledger``: the file that erasures are written down in; without one they are not.

        ``read_only``: to look, and to change nothing.
        """
        self.url = _reading(make_url(url)) if read_only else make_url(url)
        self._makes_key = not read_only
        self.dialect = self.url.get_backend_name()
        if self.dialect not in ("sqlite", "postgresql"):
            raise ValueError(f"ERBIJ_DATABASE_URL names {self.dialect}; Erbij knows sqlite and postgresql")
        driver: Any = importlib.import_module(f"storage.{self.dialect}")  # the other one stays unloaded
        self.masters = masters
        self.keys: Keys | None = None
        self.waiting = 0
        """Functions that wait now."""
        self.lanes = [Lane(self.url, driver, Ledger(ledger)) for _ in range(driver.LANES)]

    def open(self) -> None:
        """Connect, find the database key (made on first use), and start. Raises Unsealed where it may not be made."""
        from storage.meta import database_key

        first = self.lanes[0]
        try:
            first.connect(Keys(self.masters, b""))
            [key] = first.transaction([lambda s: database_key(s, self.masters, make=self._makes_key)])
            self.keys = Keys(self.masters, key)
            for lane in self.lanes:
                lane.connect(self.keys)
        except BaseException:
            self.close()
            raise
        for lane in self.lanes:
            lane.start()

    def close(self, seconds: float | None = None) -> None:
        """Finish what waits, then disconnect; leave what is not done after so many seconds, if it is said how many."""
        until = None if seconds is None else time.monotonic() + seconds
        for lane in self.lanes:
            lane.end()
        for lane in self.lanes:
            lane.close(None if until is None else max(0.0, until - time.monotonic()))

    async def run(self, function: Callable[[Session], T], *, alone: bool = False, of: str = "") -> T:
        """The function's result, once what it wrote is durable. Raises NotSaved, or what the function raised.

        ``alone``: in a transaction that no other function shares, so that its rows carry no number of theirs; nobody
        sits and waits for such a one, so it may take long. All others hear of NotSaved after some seconds, and then it
        is not stored later either; or, where just its commit was not answered, of InDoubt.
        ``of``: whose it is; functions of the same run in the order in which they came.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        job = Job(function, future, alone, patient=alone)
        self.waiting += 1
        self.lanes[crc32(of.encode()) % len(self.lanes)].put(job)
        late = None if alone else loop.call_later(PATIENCE, _late, job)
        try:
            return await future
        finally:
            self.waiting -= 1
            if late is not None:
                late.cancel()

    def gone(self) -> str:
        """The file of the database that somebody deleted or replaced; empty for none. Cheap, and waits for nobody."""
        connection = self.lanes[0].connection
        return connection.gone() if connection is not None else ""

    def run_now(self, function: Callable[[Session], T]) -> T:
        """Like :meth:`run` for code without an event loop; blocks."""
        future: Future[T] = Future()
        self.lanes[0].put(Job(function, future, patient=True))
        return future.result()


def _reading(url: URL) -> URL:
    """The same database, as one that the driver or the server lets nobody change."""
    if url.get_backend_name() == "sqlite":
        return url.update_query_dict({"mode": "ro"})
    options = [*url.normalized_query.get("options", ()), "-cdefault_transaction_read_only=on"]
    return url.update_query_dict({"options": "\t".join(options)})  # a space would be written as +, which libpq keeps


def _late(job: Job) -> None:
    """Whoever asked waits no longer."""
    if not job.future.done():
        why = "the database does not answer in time"
        job.future.set_exception(NotSaved(why) if job.leave() else InDoubt(why))
