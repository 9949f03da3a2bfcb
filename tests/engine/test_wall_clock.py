"""What recurs keeps its wall clock: through changes of summer time, of the zone, of the hour, and of a wrong clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import Capability, Catalogue, Steps, job, timers
from flows.engine.flow import Recurring
from flows.engine.timers import found_community, mend, moves, recurring_key, set_right, wind_new
from flows.engine.wall_clock import after_last, latest, moment_of, next_time, period, upcoming, wall_of
from flows.words import Msg
from storage import communities, due
from storage.communities import CommunityInfo
from storage.database import Database
from storage.statement import Session
from tests.due import run_due

WEEKLY, DAILY, OFTEN = "0 12 * * thu", "30 2 * * *", "0 9,13,17 * * *"
ZONES = ("Europe/Amsterdam", "America/Paramaribo", "Australia/Lord_Howe", "UTC")
HOUR = 3_600_000


def at(zone: str, text: str, fold: int = 0) -> int:
    """A moment as a clock shows it: ``2026-11-26 12:00``."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("zone", "cron", "now", "comes"),
    [
        ("Europe/Amsterdam", WEEKLY, "2026-10-22 13:00", "2026-10-29T11:00Z"),  # back to winter time in between
        ("Europe/Amsterdam", WEEKLY, "2026-03-26 13:00", "2026-04-02T10:00Z"),  # on to summer time
        ("Europe/Amsterdam", DAILY, "2026-03-28 03:00", "2026-03-29T01:30Z"),  # 2:30 is left out: 3:30 it is
        ("Europe/Amsterdam", DAILY, "2026-10-24 03:00", "2026-10-25T00:30Z"),  # 2:30 comes twice: the first
        ("America/Paramaribo", WEEKLY, "2026-10-22 13:00", "2026-10-29T15:00Z"),  # never changes
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03 03:00", "2026-10-03T15:45Z"),  # half an hour is left out
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 03:00", "2026-04-04T14:45Z"),  # half an hour comes twice
    ],
)
def test_right_through_changes_of_summer_time(zone: str, cron: str, now: str, comes: str) -> None:
    found = next_time(cron, zone, at(zone, now))
    assert datetime.fromtimestamp(found / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ") == comes


@pytest.mark.parametrize("fold", [0, 1])
def test_in_the_hour_that_comes_twice_it_came_already(fold: int) -> None:
    now = at("Europe/Amsterdam", "2026-10-25 02:40", fold)
    assert next_time(DAILY, "Europe/Amsterdam", now) == at("Europe/Amsterdam", "2026-10-26 02:30")


@given(
    st.sampled_from(ZONES),
    st.sampled_from([WEEKLY, DAILY, OFTEN, "5 13 * * mon-fri", "0 9 1 * *"]),
    st.integers(1_750_000_000, 1_850_000_000),
)
def test_there_is_one_in_each_period_and_none_is_left_out(zone: str, cron: str, now: int) -> None:
    walls = [upcoming(cron, zone, now * 1000)]
    for _ in range(40):
        walls.append(after_last(cron, walls[-1]))
    moments = [moment_of(wall, zone) for wall in walls]
    assert moments[0] > now * 1000
    assert moments == sorted(moments)
    assert len({period(cron, wall) for wall in walls}) == len(walls)
    for before, wall in pairwise(walls):
        assert latest(cron, zone, before, moment_of(wall, zone) - 1) == before
    for moment, wall in zip(moments, walls, strict=True):
        assert abs(wall_of(moment, zone) - wall) <= timedelta(hours=1)


# ---------------------------------------------------------------- the rows

RAN: list[int] = []


@job("weekly", shares=True)
async def weekly(steps: Steps) -> None:
    """Write down when it ran."""
    RAN.append(await steps.now("now"))


def things(cron: str = WEEKLY) -> Catalogue:
    return Catalogue([Capability("tests", jobs=(weekly,), recurring=(Recurring("weekly", cron, None, Msg("It")),))])


class Town:
    """A community whose check-in recurs, on a clock of the test's own."""

    def __init__(self, database: Database, zone: str, now: str, cron: str = WEEKLY) -> None:
        RAN.clear()
        self.database, self.zone, self.catalogue, self.now = database, zone, things(cron), at(zone, now)
        self.here = database.run_now(lambda s: found_community(s, self.catalogue, "here", "Here", "en", zone, self.now))

    def until(self, when: str | int) -> None:
        """Let the time pass, with what is due on the way."""
        end = at(self.zone, when) if isinstance(when, str) else when
        while (next_ := self.database.run_now(due.next_at)) is not None and max(next_, self.now) <= end:
            self.now = max(next_, self.now)
            assert self.database.run_now(lambda s: run_due(s, self.catalogue, self.now)) is not None
        self.now = end

    def move(self, zone: str) -> list[tuple[int, int]]:
        """Another zone is chosen; what is told of it."""
        told = self.database.run_now(lambda s: moves(s, self.catalogue, self.here, zone, self.now))

        def change(session: Session) -> None:
            communities.change(session, CommunityInfo(self.here, "here", "Here", "en", zone))
            set_right(session, self.catalogue, self.here, zone, self.now)

        self.database.run_now(change)
        self.zone = zone
        return [(before, then) for _one, before, then in told]

    def ran(self) -> list[str]:
        """When it ran, by the clock of its zone now."""
        return [wall_of(one, self.zone).isoformat(" ", "minutes") for one in RAN]


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    yield
    RAN.clear()


def test_another_zone_keeps_the_wall_clock_and_says_before_what_moves(database: Database) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    told = town.move("America/Paramaribo")
    assert told == [(at("Europe/Amsterdam", "2026-11-26 12:00"), at("America/Paramaribo", "2026-11-26 12:00"))]
    assert town.move("America/Paramaribo") == []
    town.until("2026-12-04 00:00")
    assert town.ran() == ["2026-11-26 12:00", "2026-12-03 12:00"]


def test_a_zone_further_west_right_after_it_came_brings_it_not_twice_that_day(database: Database) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    town.until("2026-11-26 12:30")
    town.move("America/Paramaribo")  # where it is 8:30 of that Thursday
    town.until("2026-12-04 00:00")
    assert town.ran() == ["2026-11-26 08:00", "2026-12-03 12:00"]


def test_a_zone_further_east_right_before_it_comes_leaves_none_out(database: Database) -> None:
    town = Town(database, "America/Paramaribo", "2026-11-24 10:00")
    town.until("2026-11-26 10:00")
    town.move("Europe/Amsterdam")  # where it is 14:00 of that Thursday
    town.until("2026-12-04 00:00")
    assert town.ran() == ["2026-11-26 14:00", "2026-12-03 12:00"]


def test_another_day_for_it_brings_one_a_week(database: Database) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    town.until("2026-11-26 13:00")
    town.catalogue = things("0 12 * * fri")
    database.run_now(lambda s: wind_new(s, town.catalogue, town.now))
    town.until("2026-12-05 00:00")
    assert town.ran() == ["2026-11-26 12:00", "2026-12-04 12:00"]


@pytest.mark.parametrize("cron", [WEEKLY, "0 12 * * *"])
def test_a_clock_that_ran_ahead_and_is_set_back_brings_one_a_period(database: Database, cron: str) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00", cron)
    really = town.now
    town.until("2026-11-26 13:00")  # two days ahead
    early = len(RAN)
    town.now = really
    database.run_now(lambda s: mend(s, town.catalogue, town.now, -2 * 24 * HOUR))
    database.run_now(lambda s: wind_new(s, town.catalogue, town.now))
    town.until("2026-12-03 13:00")
    assert len(RAN) - early == (1 if cron == WEEKLY else 9)  # of the days, the one at hand is taken as had
    assert RAN[-1] == at("Europe/Amsterdam", "2026-12-03 12:00")


def test_a_clock_that_ran_a_year_ahead_for_a_while_leaves_out_one_at_the_most(database: Database) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    really = town.now
    town.until("2027-11-24 13:00")
    RAN.clear()
    town.now = really
    database.run_now(lambda s: mend(s, town.catalogue, town.now, -365 * 24 * HOUR))
    town.until("2026-12-17 13:00")
    assert town.ran() == ["2026-12-03 12:00", "2026-12-10 12:00", "2026-12-17 12:00"]


@pytest.mark.parametrize("ran", [False, True])
def test_what_failed_while_a_clock_ran_ahead_comes_back_with_the_right_one(database: Database, ran: bool) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    once = at("Europe/Amsterdam", "2026-11-23 12:00")  # overdue
    database.run_now(lambda s: due.add(s, "once", town.here, "weekly", "", once))
    really, year = town.now, 365 * 24 * HOUR
    town.now += year
    database.run_now(lambda s: mend(s, town.catalogue, town.now, year))
    if ran:
        town.until(town.now + 7 * 24 * HOUR)
        database.run_now(lambda s: due.add(s, "once", town.here, "weekly", "", once))
    for row in database.run_now(lambda s: due.take(s, town.now + year, 9)):
        database.run_now(lambda s, row=row: timers.fail_due(s, row, town.now))  # type: ignore[misc]
    town.now = really
    database.run_now(lambda s: mend(s, town.catalogue, town.now, -year))
    RAN.clear()
    town.until("2026-12-11 00:00")
    weekly = ["2026-11-26 12:00", "2026-12-03 12:00", "2026-12-10 12:00"]
    assert town.ran() == ["2026-11-24 10:00", *weekly[ran:]], "one is left out at the most"


def test_what_comes_several_times_a_day_comes_again_with_messages_of_its_own(database: Database) -> None:
    town = Town(database, "UTC", "2026-11-24 10:00", OFTEN)
    really = town.now
    town.until("2026-11-24 18:00")
    town.now = really
    database.run_now(lambda s: mend(s, town.catalogue, town.now, -8 * HOUR))
    row = database.run_now(lambda s: due.named(s, recurring_key(town.here, "weekly")))
    assert row is not None
    assert row.at == at("UTC", "2026-11-24 13:00")
    assert row.planned != row.at, "by its planned moment its messages would be taken for those of the first time"


def test_rules_of_a_zone_that_changed_since_are_followed_at_the_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    later = at("Europe/Amsterdam", "2026-11-26 13:00")
    monkeypatch.setattr(timers, "moment_of", lambda wall, zone: moment_of(wall, zone) + HOUR)
    database.run_now(lambda s: wind_new(s, town.catalogue, town.now))
    assert database.run_now(due.next_at) == later


def test_what_an_earlier_version_set_keeps_its_time(database: Database) -> None:
    town = Town(database, "Europe/Amsterdam", "2026-11-24 10:00")
    before = database.run_now(due.next_at)
    database.run_now(lambda s: s._execute("update due set wall = '', last = ''", {}))
    town.now = at("Europe/Amsterdam", "2026-11-26 14:00")  # Erbij was down meanwhile
    database.run_now(lambda s: wind_new(s, town.catalogue, town.now))
    assert database.run_now(due.next_at) == before
    town.move("Europe/London")
    town.until("2026-12-04 00:00")
    assert town.ran() == ["2026-11-26 13:00", "2026-12-03 12:00"]
