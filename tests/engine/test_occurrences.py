"""Whatever is chosen, and whenever: once in each period, never twice, never not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.engine.occurrences import following, moved, start_of
from flows.engine.timers import next_time

HOUR = 3_600_000
ZONE = "Europe/Brussels"
FIRST = int(datetime(2026, 3, 2, 0, 0, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
"""A Monday; four weeks on, summer time begins."""
END = int(datetime(2026, 4, 19, 23, 59, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
"""Seven weeks later, a minute before the eighth."""
crons = st.builds("0 {} * * {}".format, st.integers(1, 23), st.sampled_from(("mon", "wed", "thu", "fri", "sun")))


@settings(max_examples=20, deadline=None)
@given(crons, st.lists(st.tuples(st.integers(0, 60), crons), max_size=5), st.integers(0, 30))
def test_each_week_has_exactly_one(first: str, changes: list[tuple[int, str]], late: int) -> None:
    cron, now, came = first, FIRST - HOUR, []
    planned = next_time(cron, ZONE, now)
    at = [FIRST + sum(hours for hours, _ in changes[: n + 1]) * HOUR for n in range(len(changes))]
    for moment, (_hours, new) in [*zip(at, changes, strict=True), (END, (0, ""))]:
        while planned + late * 60_000 <= moment:
            now = max(now, planned + late * 60_000)  # it runs a little late
            came.append(planned)
            planned = following(planned, partial(next_time, cron, ZONE), "week", ZONE, now)
        now = max(now, moment)
        if new and new != cron:
            cron = new
            planned = moved(planned, partial(next_time, cron, ZONE), "week", ZONE, now)
    weeks = [start_of(one, "week", ZONE) for one in came]
    assert weeks == sorted(set(weeks)), "never two in one week"
    assert len(weeks) == 7, "and none without"
    assert weeks[0] == FIRST


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def _said(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(ZONE)).strftime("%a %d %H:%M")


def test_from_thursday_to_monday_on_a_wednesday() -> None:
    following_time = partial(next_time, "0 9 * * mon", ZONE)
    planned, wednesday = _at("2026-11-19 12:00"), _at("2026-11-18 10:00")
    assert _said(moved(planned, following_time, "week", ZONE, wednesday)) == "Thu 19 12:00", (
        "this week's Monday is past"
    )
    assert _said(following(planned, following_time, "week", ZONE, planned)) == "Mon 23 09:00"


def test_from_thursday_to_friday_just_after_it_came() -> None:
    following_time = partial(next_time, "0 9 * * fri", ZONE)
    planned, now = _at("2026-11-26 12:00"), _at("2026-11-19 12:01")
    assert _said(moved(planned, following_time, "week", ZONE, now)) == "Fri 27 09:00"


def test_one_that_is_about_to_come_comes() -> None:
    planned = _at("2026-11-19 12:00")
    assert moved(planned, partial(next_time, "0 9 * * fri", ZONE), "week", ZONE, planned + 500) == planned


def test_each_day_has_its_own() -> None:
    following_time = partial(next_time, "0 9 * * *", ZONE)
    planned, now = _at("2026-11-19 17:00"), _at("2026-11-19 10:00")
    assert moved(planned, following_time, "day", ZONE, now) == planned
    assert _said(following(planned, following_time, "day", ZONE, planned)) == "Fri 20 09:00"
