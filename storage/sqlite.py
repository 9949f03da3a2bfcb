"""SQLite as the database's thread uses it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

LANES = 1
"""SQLite has one writer."""
BUSY_MS = 3000
"""How long SQLite waits for another writer before it says that the database is locked."""
FAULTS = (sqlite3.DatabaseError,)
"""The database did not take it."""
AGAIN = (sqlite3.IntegrityError,)
"""Two processes met on a row."""


class Sqlite(sqlite3.Connection):
    """One connection; a statement runs at once, whether or not anybody asks what it did."""

    put = sqlite3.Connection.execute
    closed = False

    def begin(self) -> None:
        """Start to write, or wait for who writes now."""
        self.execute("BEGIN IMMEDIATE")


def connect(url: Any) -> Sqlite:
    """The database of a URL; its folder is made."""
    path = url.database or ":memory:"
    if path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
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
    return connection
