"""SQLite's log is emptied when it should be, whoever is in the way, and the database says since when it is not."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import log, meta
from storage.database import Database
from storage.keys import Masters
from storage.sqlite import Sqlite
from storage.statement import Session
from tests.storage.conftest import settled

PATIENCE = 10


def size(database: Database) -> int:
    return Path(f"{database.url.database}-wal").stat().st_size


def change(session: Session, *, scrub: bool = True) -> None:
    meta.put(session, "x", b"CANARY")
    if scrub:
        session.scrub()


@contextmanager
def reading(database: Database) -> Iterator[None]:
    """Somebody who reads, as a backup does, and holds on to what the log shows now."""
    reader = sqlite3.connect(database.url.database or "", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("select * from meta").fetchall()
    try:
        yield
    finally:
        reader.close()


@pytest.fixture
def emptied(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Waits until a try to empty the log had this result."""
    results: list[bool] = []
    told = threading.Condition()
    empty = Sqlite.empty_log

    def watched(connection: Sqlite) -> bool:
        result = empty(connection)
        with told:
            results.append(result)
            told.notify_all()
        return result

    def wait(result: bool, *, again: bool = True) -> None:
        with told:
            if again:  # what was before does not count
                results.clear()
            assert told.wait_for(lambda: result in results, PATIENCE)

    monkeypatch.setattr(Sqlite, "empty_log", watched)
    monkeypatch.setattr(log, "BETWEEN", 0.01)
    return wait


def test_the_log_is_emptied_right_after_the_commit(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "BETWEEN", 0.0)
    settled(sqlite)
    sqlite.run_now(lambda s: change(s, scrub=False))
    assert size(sqlite) > 0
    sqlite.run_now(change)
    settled(sqlite)
    assert size(sqlite) == 0


def test_a_reader_makes_nobody_wait_and_the_log_goes_when_it_is_done(
    sqlite: Database, emptied: Callable[..., None]
) -> None:
    sqlite.run_now(lambda _: None)
    with reading(sqlite):
        began = time.monotonic()
        sqlite.run_now(change)
        emptied(False)
        for _ in range(20):
            sqlite.run_now(lambda _: None)
        assert time.monotonic() - began < 2
        assert size(sqlite) > 0
    emptied(True)  # by itself: nobody asks for anything any more
    assert size(sqlite) == 0
    assert sqlite.run_now(lambda s: meta.get(s, "x")) == b"CANARY"


def test_a_busy_lane_empties_the_log_too(sqlite: Database, emptied: Callable[..., None]) -> None:
    stop = threading.Event()

    def press() -> None:
        while not stop.is_set():
            sqlite.run_now(change)

    presses = [threading.Thread(target=press) for _ in range(4)]
    for one in presses:
        one.start()
    emptied(True)
    emptied(True)
    stop.set()
    for one in presses:
        one.join()


def test_what_a_killed_process_left_goes_at_the_next_start(
    sqlite_url: str, masters: Masters, emptied: Callable[..., None]
) -> None:
    database = Database(sqlite_url, masters)
    path = database.url.database or ""
    killed = sqlite3.connect(path, isolation_level=None)
    killed.execute("PRAGMA journal_mode=WAL")
    killed.execute("insert into meta (name, value) values ('x', 'CANARY')")
    assert size(database) > 0
    database.open()
    emptied(True, again=False)
    assert size(database) == 0
    database.close()
    killed.close()


def test_what_is_left_at_a_stop_goes_though_another_process_has_the_file_open(
    sqlite_url: str, masters: Masters
) -> None:
    other = Database(sqlite_url, masters)
    other.open()
    database = Database(sqlite_url, masters)
    database.open()
    database.run_now(lambda _: None)
    database.run_now(change)  # less than BETWEEN after the start: put off
    database.close()
    assert size(other) == 0
    other.close()


def test_the_database_says_since_when_its_log_is_filled(sqlite: Database, emptied: Callable[..., None]) -> None:
    settled(sqlite)
    sqlite.run_now(lambda s: change(s, scrub=False))
    first = sqlite.run_now(log.filled)
    assert 0 < first.emptied <= first.since
    sqlite.run_now(lambda s: change(s, scrub=False))
    assert sqlite.run_now(log.filled) == first, "the first change counts"
    sqlite.run_now(change)
    emptied(True)
    sqlite.run_now(lambda s: change(s, scrub=False))
    assert sqlite.run_now(log.filled).emptied > first.since


def test_who_only_reads_fills_no_log(sqlite: Database) -> None:
    settled(sqlite)
    for _ in range(3):
        sqlite.run_now(log.filled)
    assert size(sqlite) == 0
    assert sqlite.lanes[0]._log.wait is None
