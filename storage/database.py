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
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from sqlalchemy.engine import URL, make_url

from storage.keys import Keys, Masters
from storage.lane import Job, Lane, NotSaved
from storage.ledger import Ledger
from storage.statement import Session

__all__ = ["Database", "NotSaved"]

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

    def close(self) -> None:
        """Finish what waits, then disconnect."""
        for lane in self.lanes:
            lane.close()

    async def run(self, function: Callable[[Session], T], *, alone: bool = False, of: str = "") -> T:
        """The function's result, once what it wrote is durable. Raises NotSaved, or what the function raised.

        ``alone``: in a transaction that no other function shares, so that its rows carry no number of theirs.
        ``of``: whose it is; functions of the same run in the order in which they came.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.waiting += 1
        self.lanes[crc32(of.encode()) % len(self.lanes)].put(Job(function, future, alone))
        try:
            return await future
        finally:
            self.waiting -= 1

    def run_now(self, function: Callable[[Session], T]) -> T:
        """Like :meth:`run` for code without an event loop; blocks."""
        future: Future[T] = Future()
        self.lanes[0].put(Job(function, future))
        return future.result()


def _reading(url: URL) -> URL:
    """The same database, as one that the driver or the server lets nobody change."""
    if url.get_backend_name() == "sqlite":
        return url.update_query_dict({"mode": "ro"})
    options = [*url.normalized_query.get("options", ()), "-cdefault_transaction_read_only=on"]
    return url.update_query_dict({"options": "\t".join(options)})  # a space would be written as +, which libpq keeps
