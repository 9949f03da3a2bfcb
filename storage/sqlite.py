"""SQLite as the database's thread uses it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from storage import files

LANES = 1
"""SQLite has one writer."""
BUSY_MS = 1500
"""How long SQLite waits for another writer before it says that the database is locked. Whoever comes just after someone
who waits that long waits twice: together no longer than a person is kept waiting (storage/database.py)."""
FAULTS = (sqlite3.DatabaseError,)
"""The database did not take it."""
AGAIN = (sqlite3.IntegrityError,)
"""Two processes met on a row."""
LATE: tuple[type[Exception], ...] = ()
IN_DOUBT: tuple[type[Exception], ...] = ()
"""Faults of a server that does not answer: here there is none."""


class Sqlite(sqlite3.Connection):
    """One connection; a statement runs at once, whether or not anybody asks what it did."""

    put = sqlite3.Connection.execute
    closed = False
    files: tuple[tuple[str, tuple[int, int]], ...] = ()
    """The database and its log by name, and which file on the disk each is."""

    def begin(self, *, patient: bool = False) -> None:  # noqa: ARG002  no statement waits for anybody here
        """Start to write, or wait for who writes now."""
        self.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make it durable; raises when the files are not there any more, and it was written into nothing."""
        super().commit()
        if gone := self.gone():
            raise sqlite3.OperationalError(f"{gone} was deleted or replaced while Erbij runs")

    def gone(self) -> str:
        """The database's file, or its log, that was deleted or has another one in its place; empty for none.

        SQLite would write on into what has no name any more, and say nothing.
        """
        return next((name for name, which in self.files if _which(name) != which), "")

    def empty_log(self) -> bool:
        """Copy what the log holds into the database, and cut the log to nothing.

        False when somebody reads from it or writes; they are not waited for. Never within a transaction.
        """
        try:
            self.execute("PRAGMA busy_timeout=0")
            busy, _pages, _copied = self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        except sqlite3.Error:
            return False
        return not busy


class Reading(Sqlite):
    """One connection that changes nothing, neither rows nor files."""

    def begin(self, *, patient: bool = False) -> None:  # noqa: ARG002  no statement waits for anybody here
        """Read one state throughout."""
        self.execute("BEGIN")

    def empty_log(self) -> bool:
        """The log is not ours to empty."""
        return True


def paths(url: Any) -> tuple[Path, ...]:
    """The database's file, its log and the log's index, whether or not they are there; none in memory."""
    return tuple(Path(f"{url.database}{ending}") for ending in ("", "-wal", "-shm")) if url.database else ()


def reading(url: Any) -> Reading:
    """A database that is there, to read and nothing else: no file is made or changed beside it either."""
    path = Path(url.database).absolute()
    with path.open("rb") as file:
        logs = file.read(19)[18:] == b"\2"  # 2: changes go to a log first
    # Where there is no log nobody has it open: then SQLite need not make the log's index for the two of us.
    alone = logs and not Path(f"{path}-wal").exists()
    return sqlite3.connect(
        f"{path.as_uri()}?mode=ro{'&immutable=1' if alone else ''}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_MS / 1000,
        factory=Reading,
    )


def connect(url: Any) -> Sqlite:
    """The database of a URL; file and folder are made, for their owner alone. SQLite gives its log the same rights.

    With ``?mode=ro`` it is to read only.
    """
    if url.query.get("mode") == "ro":
        return reading(url)
    path = url.database or ":memory:"
    if path != ":memory:":
        files.file(Path(path))
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000, factory=Sqlite
    )
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is erased is overwritten, not only unlinked
    ):
        connection.execute(f"PRAGMA {pragma}")
    if path != ":memory:":
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # makes the log
        connection.files = tuple((name, _which(name)) for name in (path, f"{path}-wal"))
    return connection


def _which(name: str) -> tuple[int, int]:
    """Which file on the disk has this name now; zeros for none."""
    try:
        found = os.stat(name)  # noqa: PTH116  once in each transaction: a third of what Path takes
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
