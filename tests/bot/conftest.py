"""A migrated SQLite database with the try-out's community in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import checks, tryout
from bot.time import Clock
from flows.catalogue import catalogue
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bot") / "empty.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(empty: Path, tmp_path: Path, clock: Clock) -> Iterator[Database]:
    path = tmp_path / "erbij.sqlite3"
    shutil.copy(empty, path)
    opened = Database(f"sqlite:///{path}", Masters(new_key()))
    opened.open()
    opened.run_now(lambda s: tryout.seed(s, catalogue(), clock.now()))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests, and no erbij.toml but the test's own."""
    import os

    for name in [one for one in os.environ if one.startswith("ERBIJ_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def helplines_are_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """That nobody looked at the helplines lately is for ``erbij check`` to say, and no reason for a test to fail."""
    monkeypatch.setattr(checks, "CHECKED", datetime.now(UTC).date())
