"""Whatever time is chosen, and whenever: once in each period, never twice, never not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.engine.timers import _wall
from flows.engine.wall_clock import after_last, latest, moment_of, period, text_of, upcoming, wall_of

HOUR = 3_600_000
ZONE = "Europe/Brussels"
FIRST = int(datetime(2026, 3, 2, 0, 0, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
"""A Monday; four weeks on, summer time begins."""
END = int(datetime(2026, 4, 19, 23, 59, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
"""Seven weeks later, a minute before the eighth."""
crons = st.builds("0 {} * * {}".format, st.integers(1, 23), st.sampled_from(("mon", "wed", "thu", "fri", "sun")))


class Row:
    """A row of what recurs: for which wall clock it waits, and for which it came last."""

    def __init__(self, wall: datetime, last: str = "") -> None:
        self.wall, self.last = wall, last

    def waits_from(self, cron: str, now: int) -> None:
        """Another time was chosen."""
        row: Any = SimpleNamespace(wall=text_of(self.wall), last=self.last, planned=0)
        self.wall = _wall(cron, row, ZONE, now)

    def runs(self, cron: str, now: int) -> datetime:
        """It comes; what it came for."""
        came = latest(cron, ZONE, self.wall, now)
        self.wall, self.last = after_last(cron, came), text_of(came)
        return came

    @property
    def at(self) -> int:
        return moment_of(self.wall, ZONE)


@settings(max_examples=40)
@given(crons, st.lists(st.tuples(st.integers(0, 60), crons), max_size=5), st.integers(0, 30))
def test_each_week_has_exactly_one(first: str, changes: list[tuple[int, str]], late: int) -> None:
    cron, now, came = first, FIRST - HOUR, []
    row = Row(upcoming(cron, ZONE, now))
    at = [FIRST + sum(hours for hours, _ in changes[: n + 1]) * HOUR for n in range(len(changes))]
    for moment, (_hours, new) in [*zip(at, changes, strict=True), (END, (0, ""))]:
        while row.at + late * 60_000 <= moment:
            now = max(now, row.at + late * 60_000)  # it runs a little late
            came.append(row.runs(cron, now))
        now = max(now, moment)
        if new and new != cron:
            cron = new
            row.waits_from(cron, now)
    weeks: list[Any] = [period(first, one) for one in came]
    assert weeks == sorted(set(weeks)), "never two in one week"
    assert len(weeks) == 7, "and none without"
    assert weeks[0] == (2026, 10)


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def _row(wall: str, last: str = "") -> Row:
    return Row(datetime.fromisoformat(wall), last)


def _waits(row: Row) -> str:
    return row.wall.strftime("%a %d %H:%M")


def test_from_thursday_to_monday_on_a_wednesday() -> None:
    row = _row("2026-11-19 12:00", "2026-11-12T12:00")
    row.waits_from("0 9 * * mon", _at("2026-11-18 10:00"))
    assert _waits(row) == "Thu 19 12:00", "this week's Monday is past"
    row.waits_from("0 9 * * mon", _at("2026-11-18 11:00"))
    assert _waits(row) == "Thu 19 12:00", "and a restart changes nothing"
    row.runs("0 9 * * mon", _at("2026-11-19 12:00"))
    assert _waits(row) == "Mon 23 09:00"


def test_the_same_before_it_ever_came() -> None:
    row = _row("2026-11-19 12:00")
    row.waits_from("0 9 * * mon", _at("2026-11-18 10:00"))
    assert _waits(row) == "Thu 19 12:00"
    row.waits_from("0 9 * * fri", _at("2026-11-18 10:00"))
    assert _waits(row) == "Fri 20 09:00"


def test_from_thursday_to_friday_just_after_it_came() -> None:
    row = _row("2026-11-26 12:00", "2026-11-19T12:00")
    row.waits_from("0 9 * * fri", _at("2026-11-19 12:01"))
    assert _waits(row) == "Fri 27 09:00"


def test_each_day_has_its_own() -> None:
    row = _row("2026-11-19 17:00", "2026-11-18T17:00")
    row.waits_from("0 9 * * *", _at("2026-11-19 10:00"))
    assert _waits(row) == "Thu 19 17:00"
    row.runs("0 9 * * *", _at("2026-11-19 17:00"))
    assert _waits(row) == "Fri 20 09:00"


def test_by_which_clock_it_is_read() -> None:
    assert wall_of(_at("2026-11-19 12:00"), ZONE) == datetime(2026, 11, 19, 12, tzinfo=UTC).replace(tzinfo=None)
