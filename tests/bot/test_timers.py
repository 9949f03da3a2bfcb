from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot import timers as module
from bot.metrics import Metrics
from bot.time import DOUBT, Clock, Jump
from bot.timers import Timers
from bot.tryout import SLUG
from flows.catalogue import catalogue
from flows.engine.timers import Ran, fail_due, mend, recurring_key, wind, wind_new
from storage import check_ins, communities, conversations, delivery, due, members, outbox
from storage.database import Database
from storage.days import DAY
from storage.statement import Session
from tests.due import run_due


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


POSTS = 2
"""What the try-out posts as soon as it begins: the standing post with buttons, and the first check-in."""


@pytest.fixture
def timers(database: Database, clock: Clock, metrics: Metrics) -> Timers:
    return Timers(database, catalogue(), clock, metrics, lambda: None)


def add(database: Database, flow: str, at: int, until: int | None = None) -> None:
    def insert(session: Session) -> None:
        found = communities.by_slug(session, SLUG)
        assert found is not None
        due.add(session, f"test:{flow}:{at}", found.id, flow, "", at, until)

    database.run_now(insert)


async def reached(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_the_first_check_in_is_posted_at_once(database: Database, timers: Timers) -> None:
    await timers.catch_up()
    assert timers.posts == POSTS
    assert database.run_now(outbox.depth).waiting == POSTS


async def test_the_key_of_an_hour_is_forgotten_though_nobody_comes(
    database: Database, clock: Clock, timers: Timers
) -> None:
    assert database.keys is not None
    database.keys.hour.seal("here:sam", b"a case", clock.now())
    await timers.catch_up()
    assert database.keys.hour._keys
    clock.move(timedelta(hours=2))
    await timers.catch_up()
    assert database.keys.hour._keys == []


async def test_a_timer_runs_within_a_second(database: Database, clock: Clock, timers: Timers, metrics: Metrics) -> None:
    task = asyncio.create_task(timers.run())
    try:
        await reached(lambda: timers.posts == POSTS)
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
    assert timers.posts == POSTS


async def test_a_timer_that_fails_holds_up_no_other_and_runs_once_it_is_mended(
    database: Database, clock: Clock, timers: Timers, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    await timers.catch_up()
    add(database, "housekeeping", clock.now() - 2000)
    add(database, "open_check_in", clock.now() - 1000)
    real = module.run_due

    def breaks(session: Session, **how: Any) -> list[Ran]:
        ran = real(session, **how)
        if [one.job for one in ran] == ["housekeeping"]:
            raise ZeroDivisionError
        return ran

    monkeypatch.setattr(module, "run_due", breaks)
    await timers.catch_up()
    assert timers.posts == POSTS + 1
    for _ in range(due.OFTEN):
        clock.move(timedelta(hours=7))
        await timers.catch_up()
    assert {row.job for row in database.run_now(due.failing)} == {"housekeeping"}
    monkeypatch.setattr(module, "run_due", real)
    clock.move(timedelta(hours=7))
    await timers.catch_up()
    assert database.run_now(due.failing) == []
    assert metrics.timers.labels("housekeeping", "ran")._value.get() >= 1


async def test_what_recurs_is_as_long_worthwhile_after_it_failed(database: Database, clock: Clock) -> None:
    """A check-in that failed for a while is not shorter of time in the weeks that follow."""
    weekly = next(one for one in catalogue().recurring if one.job == "open_check_in")

    def row(session: Session) -> due.Due:
        key = recurring_key(communities.every(session)[0].id, weekly.job)
        found = due.named(session, key)
        assert found is not None
        return found

    first = database.run_now(row)
    clock.move(timedelta(milliseconds=first.at - clock.now()))
    database.run_now(lambda s: [due.done(s, one) for one in due.take(s, clock.now(), 50) if one.id != first.id])
    for _ in range(3):
        database.run_now(lambda s: fail_due(s, row(s), clock.now()))
        clock.move(timedelta(hours=1))
    ran = database.run_now(lambda s: run_due(s, catalogue(), clock.now()))
    assert ran is not None
    assert (ran.job, ran.skipped) == (weekly.job, False)
    again = database.run_now(row)
    assert again.planned > first.planned
    assert (again.until or 0) - again.at == (first.until or 0) - first.at


@pytest.mark.parametrize(("days_late", "opened"), [(0, 1), (1, 1), (3, 0), (7, 1), (15, 1), (17, 0), (365, 1)])
async def test_how_late_something_is_that_recurs_is_told_by_the_last_time_it_was_due(
    database: Database, clock: Clock, timers: Timers, days_late: int, opened: int
) -> None:
    await timers.catch_up()
    here = database.run_now(communities.every)[0].id
    before = len(database.run_now(lambda s: check_ins.rounds(s, here)))
    key = recurring_key(here, "open_check_in")
    thursday = database.run_now(lambda s: due.when(s, key))
    assert thursday is not None
    clock.move(timedelta(milliseconds=thursday - clock.now(), days=days_late, minutes=5))
    await timers.catch_up()
    assert len(database.run_now(lambda s: check_ins.rounds(s, here))) - before == opened
    following = database.run_now(lambda s: due.when(s, key)) or 0
    assert clock.now() < following <= clock.now() + 7 * 86_400_000


def test_what_recurs_since_this_version_is_set_at_the_start(database: Database, clock: Clock) -> None:
    def kept(session: Session) -> tuple[int | None, int | None]:
        community = communities.every(session)[0].id
        due.forget(session, recurring_key(community, "housekeeping"))
        before = due.when(session, recurring_key(community, "open_check_in"))
        wind_new(session, catalogue(), clock.now() + 14 * 86_400_000)
        assert due.when(session, recurring_key(community, "housekeeping"))
        return before, due.when(session, recurring_key(community, "open_check_in"))

    before, after = database.run_now(kept)
    assert before == after


async def test_a_database_that_does_not_answer_is_asked_again(
    clock: Clock, timers: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def locked(*_args: object, **_how: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(module, "run_due", locked)
    again = await timers.catch_up()
    assert 0 < again - clock.now() <= module.TRY_AGAIN


class Machine:
    """A machine whose clock can be set; times in ms."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_795_000_000_000, 5_000
        self.clock = Clock(wall=lambda: self.wall, steady=lambda: self.steady)

    def passes(self, ms: int) -> None:
        self.wall += ms
        self.steady += ms


def test_a_clock_that_is_set_changes_nothing_until_it_stays_there() -> None:
    machine = Machine()
    clock, before = machine.clock, machine.clock.now()
    machine.wall += 1_500
    assert clock.look() is None
    assert clock.now() == before + 1_500, "a small correction is followed"
    for by in (3 * DAY, -7_200_000):
        began = clock.now()
        machine.wall += by
        assert clock.look() == Jump(by, believed=False)
        machine.passes(DOUBT - 1)
        assert clock.look() is None
        assert clock.now() == began + DOUBT - 1
        machine.wall -= by
        assert clock.look() == Jump(0, believed=False)
        assert clock.now() == began + DOUBT - 1
        machine.wall += by
        clock.look()
        machine.passes(DOUBT)
        assert clock.look() == Jump(by, believed=True)
        assert clock.look() is None
        assert clock.now() == machine.wall


def test_what_a_clock_that_ran_ahead_has_put_off_comes_in_time(database: Database, clock: Clock) -> None:
    """Three days ahead everything was wound and a message put off; then the clock was set right."""
    here, now = database.run_now(communities.every)[0], clock.now()
    keys = [recurring_key(here.id, one.job) for one in catalogue().recurring]
    due_then = [database.run_now(lambda s, key=key: due.when(s, key)) for key in keys]
    database.run_now(lambda s: wind(s, catalogue(), here.id, here.time_zone, now + 30 * DAY))

    def message(session: Session) -> None:
        outbox.add(
            session,
            outbox.Message("m", here.id, "web", "x", "y", private=False, subject="", payload=b"", at=now + 30 * DAY),
        )

    database.run_now(message)
    database.run_now(lambda s: mend(s, catalogue(), now))
    assert [database.run_now(lambda s, key=key: due.when(s, key)) for key in keys] == due_then
    assert len(database.run_now(lambda s: delivery.claim(s, "web", now, now, 5))) == 1


def test_whoever_is_in_the_middle_of_something_keeps_it_when_the_clock_is_set_on(
    database: Database, clock: Clock
) -> None:
    here, now = database.run_now(communities.every)[0].id, clock.now()
    database.run_now(lambda s: conversations.add(s, "c", here, "", b"{}", now + DAY))
    later = now + 3 * DAY
    database.run_now(lambda s: mend(s, catalogue(), later, 3 * DAY))
    database.run_now(lambda s: conversations.expire(s, later))
    assert database.run_now(conversations.count) == 1


def test_a_check_in_is_open_though_the_clock_was_put_back(database: Database, clock: Clock) -> None:
    def cast(session: Session) -> str:
        here, now = communities.every(session)[0].id, clock.now()
        this = check_ins.open_round(session, here, now, now + 4 * DAY)
        member = members.add_member(session, here, "web", "x", "somebody", "somebody", "")
        return check_ins.cast(session, here, this, member, "web:sam", {}, now - 7_200_000)

    assert database.run_now(cast) == "saved"
