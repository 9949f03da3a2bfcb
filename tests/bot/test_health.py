"""``/healthz``: whether what people write is saved, tried by writing, and since when it is not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bot import health, start
from bot.health import WRITES, WRITTEN, Health
from bot.time import Clock
from storage import meta
from storage.database import Database
from storage.keys import Masters
from tests.bot.host import got, host
from tests.scenarios.test_broken_database import locked, read_only
from tests.storage.conftest import opened

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def both(url: str, masters: Masters) -> Iterator[Database]:
    """An open database, on SQLite and on PostgreSQL."""
    with opened(url, masters) as database:
        yield database


@pytest.fixture
def at() -> Iterator[time_machine.Coordinates]:
    """Noon, until a test moves on."""
    with time_machine.travel(NOON, tick=False) as moving:
        yield moving


def written(database: Database) -> int:
    return int(database.run_now(lambda s: meta.get(s, WRITTEN)) or 0)


def later(at: time_machine.Coordinates, seconds: float) -> None:
    at.shift(timedelta(seconds=seconds))


async def test_it_writes_and_not_more_often_than_it_must(both: Database, at: time_machine.Coordinates) -> None:
    asked = Health(both, time.time)
    assert await asked.look() is not None
    assert written(both) == NOON.timestamp()
    later(at, WRITES - 1)
    assert await asked.look() is not None
    assert written(both) == NOON.timestamp()
    later(at, 2)
    assert await asked.look() is not None
    assert written(both) == NOON.timestamp() + WRITES + 1


async def test_it_says_since_when_nothing_is_saved(both: Database, at: time_machine.Coordinates) -> None:
    asked = Health(both, time.time)
    await asked.look()
    later(at, 60)
    with read_only(both):
        for _ in range(3):
            later(at, 2)
            assert await asked.look() is None
            assert asked.saved == NOON
    later(at, 2)
    assert await asked.look() is not None
    assert asked.saved == NOON + timedelta(seconds=68)


async def test_a_database_that_hangs_has_a_deadline_and_one_write_waits(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "WAIT", 0.02)
    monkeypatch.setattr(health, "HOLDS", 0.0)
    asked = Health(sqlite)
    with locked(sqlite):
        for _ in range(3):
            assert await asked.look() is None
        assert sqlite.waiting == 1
    async with asyncio.timeout(20):
        while await asked.look() is None:
            pass


async def test_the_page_is_503_while_nothing_is_saved(database: Database, clock: Clock) -> None:
    async with host(database, clock) as made:
        with read_only(database):
            answer = await got(made.port, "/healthz")
        assert answer.status == 503
        said = json.loads(answer.text)["database"]
        since = datetime.strptime(said, "not saved since %Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
        assert abs(datetime.now(UTC) - since) < timedelta(seconds=60)


async def test_where_erbij_runs_its_port_is_no_fault(database: Database, clock: Clock) -> None:
    async with host(database, clock) as made:
        settings = made._settings.model_copy(update={"port": made.port, "metrics_port": 0})
        assert await asyncio.to_thread(start.port_faults, settings) == []
