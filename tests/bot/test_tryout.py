from __future__ import annotations

from datetime import timedelta

import pytest

from bot import tryout
from bot.metrics import Metrics
from bot.time import Clock
from bot.timers import Timers
from flows.catalogue import catalogue
from storage import communities, delivery
from storage.database import Database


@pytest.fixture
def made(database: Database, clock: Clock) -> tryout.TryOut:
    timers = Timers(database, catalogue(), clock, Metrics(), lambda: None)

    async def moved() -> bool:
        before = timers.posts
        await timers.catch_up()
        return timers.posts != before

    return tryout.tryout(database, catalogue(), clock, moved)


def deliver(database: Database, clock: Clock) -> None:
    while waiting := database.run_now(lambda s: delivery.claim(s, "web", clock.now(), clock.now() + 1, 99)):
        for row in waiting:
            database.run_now(lambda s, row=row: delivery.sent(s, row.id, row.key, keep=True))


def test_two_leads_three_mentors_and_twelve_students(made: tryout.TryOut) -> None:
    roles = [one.role for one in made.accounts]
    assert {role: roles.count(role) for role in roles} == {"student": 12, "mentor": 3, "lead": 2}


def test_it_is_made_once(database: Database, clock: Clock) -> None:
    assert database.run_now(lambda s: tryout.seed(s, catalogue(), clock.now())) is False
    assert len(database.run_now(communities.every)) == 1


async def test_the_first_check_in_stands_in_the_students_channel(
    made: tryout.TryOut, database: Database, clock: Clock
) -> None:
    await made.move(timedelta(0))
    deliver(database, clock)
    assert len(await made.history("students", "")) == 2, "and the standing post above it"
    assert await made.history("mentors", "") == []
    assert await made.history("", "sam") == []


async def test_the_clock_moves_on_and_the_move_outlives_a_restart(
    made: tryout.TryOut, database: Database, clock: Clock
) -> None:
    before = clock.now()
    shown = await made.move(timedelta(days=1))
    assert 86_400_000 <= clock.now() - before < 86_460_000
    assert abs(shown.timestamp() * 1000 - clock.now()) < 60_000
    assert database.run_now(tryout.ahead) == clock.ahead


async def test_next_goes_to_the_next_thing_that_people_see(
    made: tryout.TryOut, database: Database, clock: Clock
) -> None:
    await made.move(timedelta(0))
    deliver(database, clock)
    before = clock.now()
    await made.move(None)  # nights and hours pass in which nobody sees a thing; then the check-in closes
    deliver(database, clock)
    assert 3 * 86_400_000 < clock.now() - before < 5 * 86_400_000
    assert "closed" in str((await made.history("students", ""))[-1].parts)


def test_the_clock_never_goes_back(clock: Clock) -> None:
    with pytest.raises(ValueError, match="only moves on"):
        clock.move(timedelta(seconds=-1))
