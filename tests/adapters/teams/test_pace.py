"""Teams' published limits, kept on a clock that jumps."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.pace import WINDOWS, Throttle
from flows.faults import TooFast
from tests.virtual import in_no_time


async def _insist(pace: Throttle, conversation: str, gone: list[float]) -> None:
    """Send one, as the sender does: told to wait, it comes back then."""
    while True:
        try:
            await pace.message(conversation)
        except TooFast as fault:
            await asyncio.sleep(fault.seconds)
        else:
            gone.append(asyncio.get_running_loop().time())
            return


def _most(gone: list[float], seconds: float) -> int:
    return max(sum(at <= other < at + seconds for other in gone) for at in gone)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 3), min_size=1, max_size=300))
def test_a_conversation_never_gets_more_than_it_takes(gaps: list[float]) -> None:
    gone: list[float] = []

    async def story() -> None:
        pace = Throttle()
        for gap in gaps:
            await asyncio.sleep(gap if gap > 1 else 0)
            await _insist(pace, "one", gone)

    in_no_time(story())
    assert len(gone) == len(gaps)
    assert all(_most(gone, seconds) <= most for seconds, most in WINDOWS)


def test_an_hour_of_messages_in_one_conversation() -> None:
    gone: list[float] = []

    async def story() -> None:
        pace = Throttle()
        for _ in range(2000):
            await _insist(pace, "one", gone)

    in_no_time(story())
    assert sum(at < 3600 for at in gone) == 1800


def test_conversations_do_not_wait_for_each_other() -> None:
    async def story() -> float:
        pace = Throttle()
        await asyncio.gather(*(pace.message(str(n)) for n in range(500)))
        return asyncio.get_running_loop().time()

    assert in_no_time(story()) == 0


def test_who_would_wait_long_is_told_how_long() -> None:
    async def story() -> None:
        pace = Throttle()
        for _ in range(60):
            await _insist(pace, "one", [])
        with pytest.raises(TooFast) as raised:
            await pace.message("one")
        assert 2 < raised.value.seconds <= 31

    in_no_time(story())


def test_all_requests_of_the_app_in_a_tenant_stay_under_fifty_a_second() -> None:
    gone: dict[str, list[float]] = {"one": [], "other": []}

    async def story() -> None:
        pace = Throttle()

        async def request(service: str) -> None:
            await pace.request(service)
            gone[service].append(asyncio.get_running_loop().time())

        await asyncio.gather(*(request(service) for _ in range(300) for service in gone))

    in_no_time(story())
    for times in gone.values():
        assert len(times) == 300
        assert _most(times, 1) <= 48
        assert times[-1] < 300 / 45  # neither tenant waits for the other
