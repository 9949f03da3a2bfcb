"""The gate's rules: nobody is disturbed at night, and nothing vanishes without a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows.gate.rules import (
    BUDGET,
    TOGETHER,
    Because,
    Pending,
    Person,
    day_ends,
    held_until,
    judge,
    open_at,
    week_begins,
)

ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC")
BRUSSELS = "Europe/Brussels"
FROM, TO = 1_767_000_000_000, 1_830_000_000_000
moments = st.integers(FROM, TO)
people = st.builds(
    Person,
    zone=st.sampled_from(ZONES),
    home=st.sampled_from(ZONES),
    stopped=st.booleans(),
    seldom=st.booleans(),
    paused_until=st.one_of(st.just(0), moments),
)


def at(text: str, zone: str = BRUSSELS) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def disturbs(now: int, zone: str) -> bool:
    here = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(zone))
    return here.weekday() > 4 or not 8 <= here.hour < 21


@st.composite
def waiting(draw: st.DrawFn) -> tuple[int, list[Pending]]:
    now = draw(moments)
    many = draw(
        st.lists(st.tuples(st.integers(1, 3), st.integers(-5, 40), st.sampled_from(("", "", "a"))), max_size=60)
    )
    return now, [Pending(n, rank, now + days * 86_400_000, of) for n, (rank, days, of) in enumerate(many, 1)]


@given(waiting(), people, st.lists(st.integers(0, 40), max_size=3), st.integers(1, 3))
def test_each_message_goes_waits_or_is_held_back_and_nothing_disturbs(
    given_: tuple[int, list[Pending]], person: Person, before: list[int], budget: int
) -> None:
    now, pending = given_
    spent = [now - days * 86_400_000 for days in before]
    found = judge(now, person, pending, spent, budget)
    by_id = {one.id: one for one in pending}
    everywhere = [*found.send, *found.wait, *(ident for ident, _why in found.drop)]
    assert sorted(everywhere) == sorted(by_id)
    assert len(found.send) <= TOGETHER
    if found.send:
        assert not disturbs(now, person.zone)
        assert not person.stopped
        assert person.paused_until <= now
        weeks = 4 if person.seldom else 1
        assert sum(one >= week_begins(now, person.home, 1 - weeks) for one in spent) < budget
        assert all(by_id[one].until > now for one in found.send)
        last = max((by_id[one].rank, one) for one in found.send)
        many = [(by_id[one].rank, one) for one, why in found.drop if why == Because.MANY]
        assert all(one > last for one in many), "what is held back came later by rank"
    for one in found.wait:
        assert now < found.at < by_id[one].until
        assert not disturbs(found.at, person.zone)
    kinds = [by_id[one].of for one in (*found.send, *found.wait) if by_id[one].of]
    assert len(kinds) == len(set(kinds))


@given(moments, st.sampled_from(ZONES))
def test_the_gate_opens_on_the_next_working_day_at_eight(now: int, zone: str) -> None:
    then = open_at(now, zone)
    assert then >= now
    assert not disturbs(then, zone)
    assert (then == now) == (not disturbs(now, zone))
    if then > now:
        here = datetime.fromtimestamp(then / 1000, UTC).astimezone(ZoneInfo(zone))
        assert (here.hour, here.minute) == (8, 0)


def test_eight_in_the_morning_is_eight_across_the_change_of_clocks() -> None:
    for friday, monday in (("2026-03-27T21:00", "2026-03-30T08:00"), ("2026-10-23T22:30", "2026-10-26T08:00")):
        assert open_at(at(friday), BRUSSELS) == at(monday)
    hours = (at("2026-03-30T08:00") - at("2026-03-27T21:00")) // 3_600_000
    assert hours == 58, "an hour less than on another weekend"


def test_quiet_hours_end_to_the_minute() -> None:
    assert open_at(at("2026-11-18T20:59"), BRUSSELS) == at("2026-11-18T20:59")
    assert open_at(at("2026-11-18T21:00"), BRUSSELS) == at("2026-11-19T08:00")
    assert open_at(at("2026-11-19T07:59"), BRUSSELS) == at("2026-11-19T08:00")


def test_what_was_asked_for_goes_at_night_on_the_day_itself_only() -> None:
    late, before, after = at("2026-11-21T22:00"), at("2026-11-20T22:00"), at("2026-11-22T01:00")
    day = day_ends(late, BRUSSELS)
    assert held_until(late, BRUSSELS, day) == late
    assert held_until(before, BRUSSELS, day) == at("2026-11-23T08:00")
    assert held_until(after, BRUSSELS, day) == at("2026-11-23T08:00")
    assert held_until(late, BRUSSELS, 0) == at("2026-11-23T08:00"), "a duty"


def test_weeks_count_by_the_communitys_clock() -> None:
    """Sunday evening in New York is Monday in Brussels: the new week there has begun, here it is still night."""
    person = Person("America/New_York", BRUSSELS)
    now = at("2026-11-23T08:30", "America/New_York")
    sunday = at("2026-11-22T18:30", "America/New_York")
    one = [Pending(1, 1, now + 86_400_000)]
    assert judge(now, person, one, [sunday]).drop == ((1, Because.ENOUGH),)
    assert judge(now, person, one, [sunday - 3_600_000]).send == (1,)


def test_one_a_week_and_one_in_four() -> None:
    now = at("2026-11-18T10:00")
    long = [Pending(1, 1, now + 40 * 86_400_000)]
    assert BUDGET == 1
    assert judge(now, Person(BRUSSELS, BRUSSELS), long, [now - 3_600_000]).at == at("2026-11-23T08:00")
    seldom = Person(BRUSSELS, BRUSSELS, seldom=True)
    assert judge(now, seldom, long, [now - 3_600_000]).at == at("2026-12-14T08:00")
    assert judge(now, seldom, long, [now - 21 * 86_400_000]).at == at("2026-11-23T08:00")
    assert judge(now, seldom, long, [now - 28 * 86_400_000]).send == (1,)
