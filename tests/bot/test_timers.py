from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot import timers as module
from bot.metrics import Metrics
from bot.time import Clock
from bot.timers import Timers
from bot.tryout import SLUG
from flows.catalogue import catalogue
from storage import communities, due, outbox
from storage.database import Database
from storage.statement import Session


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def timers(database: Database, clock: Clock, metrics: Metrics) -> Timers:
    return Timers(database, catalogue(), clock, metrics, lambda: None)


def add(database: Database, flow: str, at: int, until: int | None = None) -> None:
    def insert(session: Session) -> None:
        found = communities.by_slug(session, SLUG)
        assert found is not None
        due.add(session, f"test:{flow}:{at}", found[0], flow, "", at, until)

    database.run_now(insert)


async def reached(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_the_first_check_in_is_posted_at_once(database: Database, timers: Timers) -> None:
    await timers.catch_up()
    assert timers.posts == 1
    assert database.run_now(outbox.depth).waiting == 1


async def test_a_timer_runs_within_a_second(database: Database, clock: Clock, timers: Timers, metrics: Metrics) -> None:
    task = asyncio.create_task(timers.run())
    try:
        await reached(lambda: timers.posts == 1)
        add(database, "housekeeping", clock.now() + 300)
        timers.wake()
        ran = metrics.timers.labels("housekeeping", "ran")
        await reached(lambda: ran._value.get() == 1)
        assert metrics.lag._sum.get() < 1
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_pointless_by_now_is_skipped(database: Database, clock: Clock, timers: Timers) -> None:
    await timers.catch_up()
    add(database, "open_check_in", clock.now() - 7200_000, clock.now() - 3600_000)
    await timers.catch_up()
    assert timers.posts == 1


async def test_a_timer_that_fails_holds_up_no_other_and_dies_at_last(
    database: Database, clock: Clock, timers: Timers, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    await timers.catch_up()
    add(database, "housekeeping", clock.now() - 2000)
    add(database, "open_check_in", clock.now() - 1000)
    real = module.run_due

    def breaks(session: Session, flows: object, now: int) -> object:
        ran = real(session, flows, now)  # type: ignore[arg-type]
        if ran is not None and ran.flow == "housekeeping":
            raise ZeroDivisionError
        return ran

    monkeypatch.setattr(module, "run_due", breaks)
    await timers.catch_up()
    assert timers.posts == 2
    for _ in range(20):
        clock.move(timedelta(hours=5))
        await timers.catch_up()
        if database.run_now(due.dead):
            break
    assert [row.flow for row in database.run_now(due.dead)] == ["housekeeping"]
    assert metrics.timers.labels("housekeeping", "failed")._value.get() >= 8


async def test_a_database_that_does_not_answer_is_asked_again(
    clock: Clock, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def locked(*_args: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(module, "run_due", locked)
    again = await timers.catch_up()
    assert 0 < again - clock.now() <= module.TRY_AGAIN
