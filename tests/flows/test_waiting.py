"""How long cases wait, as rules: working days, when something is said of it, and how long answers took lately."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cases.moments import next_moment
from flows.cases.reminders import due, for_coordinator, for_mentors, late
from flows.cases.waiting import LATELY, Wait, is_due, usual, waits, working_days
from flows.words import said
from storage.cases import CaseLine
from storage.days import date_of, day_of
from tests.scenarios.world import local

MONDAY = date(2026, 11, 23).toordinal() - date(1970, 1, 1).toordinal()
TODAY = MONDAY + 70


@pytest.mark.parametrize(
    ("since", "today", "days"),
    [
        (0, 0, 0),
        (0, 1, 1),
        (0, 4, 4),
        (4, 5, 0),  # from Friday to Saturday
        (4, 6, 0),
        (4, 7, 1),
        (5, 7, 0),  # what comes on Saturday comes on Monday
        (6, 7, 0),
        (5, 8, 1),
        (0, 7, 5),
        (3, 2, 0),
    ],
)
def test_working_days(since: int, today: int, days: int) -> None:
    assert working_days(MONDAY + since, MONDAY + today) == days


@given(st.integers(0, 40_000), st.integers(0, 60))
def test_a_working_day_is_one_day_at_most(since: int, more: int) -> None:
    before, after = (working_days(since, since + one) for one in (more, more + 1))
    assert after - before == (date_of(since + more + 1).weekday() < 5 and working_days(since, since + more + 1) > 0)


def test_said_twice_and_then_once_a_week() -> None:
    assert [day for day in range(25) if is_due(day, 1)] == [1, 2, 5, 10, 15, 20]
    assert [day for day in range(25) if is_due(day, 2)] == [2, 4, 5, 10, 15, 20]
    assert [day for day in range(25) if is_due(day, 10)] == [10, 20]


def test_the_day_is_that_of_the_clock_on_the_wall() -> None:
    half_past_midnight = local("2026-11-24 00:30")
    assert day_of(half_past_midnight, "Europe/Amsterdam") == MONDAY + 1
    assert day_of(half_past_midnight, "UTC") == MONDAY
    assert day_of(half_past_midnight, "America/Paramaribo") == MONDAY
    assert day_of(local("2026-11-24 01:30"), "America/Paramaribo") == MONDAY, "21:30 there"


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-23 12:59", "Europe/Amsterdam", "Monday 23 November, 13:00"),
        ("2026-11-23 17:00", "Europe/Amsterdam", "Tuesday 24 November, 9:00"),
        ("2026-11-23 20:59", "America/Paramaribo", "Monday 23 November, 17:00"),
    ],
)
def test_the_next_set_moment(now: str, zone: str, expected: str) -> None:
    assert said(next_moment(local(now), zone), "en") == expected


def test_what_was_waited_for() -> None:
    events = [
        ("a", "received", 1),
        ("a", "claimed", 1),
        ("a", "written on", 2),
        ("a", "answered", 4),
        ("a", "noted", 5),
        ("a", "written on", 6),
        ("b", "received", 2),
        ("b", "answered", 2),
        ("b", "answered", 3),
        ("c", "received", 3),
        ("c", "erased", 9),
        ("d", "received", 3),
        ("d", "closed", 9),
        ("d", "written on", 11),
        ("d", "answered", 12),
    ]
    assert waits(events) == [Wait("a", 1, 4), Wait("a", 6), Wait("b", 2, 2), Wait("d", 11, 12)]


def took(*days: int | None, ago: int = 30) -> list[Wait]:
    since = TODAY - ago
    return [Wait(str(n), since, None if one is None else since + one) for n, one in enumerate(days)]


@pytest.mark.parametrize(
    ("known", "days"),
    [
        ([], None),
        (took(1, 1, 1, 1), None),
        (took(1, 1, 1, 1, 1), 1),
        (took(0, 0, 0, 0, 9), 0),
        (took(1, 2, 3, 4, None), 4),
        (took(1, 2, 3, None, None), None),
        (took(*[None] * 8), None),
        (took(*[1] * 9, ago=LATELY + 1), None),
        ([Wait("one", TODAY - 30 + n, TODAY - 29 + n) for n in range(9)], None),  # all of one student
    ],
    ids=["none", "four", "five", "most", "one waits", "two wait", "all wait", "long ago", "one case"],
)
def test_how_long_it_usually_takes(known: list[Wait], days: int | None) -> None:
    assert usual(known, TODAY) == days


def test_quick_answers_to_what_came_yesterday_do_not_hide_what_waits() -> None:
    late = took(8, 8, 8, 8, 8, 8)
    quick = [Wait(f"q{n}", TODAY - 1, TODAY - 1) for n in range(5)]
    assert usual(late, TODAY) == 8
    assert usual([*late, *quick], TODAY) == 8


def test_an_answer_of_today_changes_nothing_today() -> None:
    before = took(3, 3, 3, 3, 3, None, None)
    after = [*before[:5], *(Wait(one.case, one.since, TODAY) for one in before[5:])]
    assert usual(before, TODAY) == usual(after, TODAY)
    told_today = [Wait(f"t{n}", TODAY, TODAY) for n in range(9)]
    assert usual([*before, *told_today], TODAY) == usual(before, TODAY)


# ---------------------------------------------------------------- reminders


def line(name: str, since: int | None, holder: str = "") -> CaseLine:
    return CaseLine(name, "claimed" if holder else "new", MONDAY, holder, holder.title(), since)


def test_what_is_said_and_what_is_not() -> None:
    open_cases = [line("a", MONDAY), line("b", MONDAY + 1, "robin"), line("c", None, "robin"), line("d", MONDAY + 2)]
    assert due(open_cases, 1, MONDAY).free == ()
    tuesday, wednesday, thursday = (due(open_cases, 1, MONDAY + n) for n in (1, 2, 3))
    assert ([one.id for one in tuesday.free], [one.id for one in tuesday.owed]) == (["a"], [])
    assert ([one.id for one in wednesday.free], [one.id for one in wednesday.owed]) == (["a"], ["b"])
    assert ([one.id for one in thursday.free], [one.id for one in thursday.owed]) == (["d"], ["b"])
    assert list(for_mentors(due(open_cases, 5, MONDAY + 4))) == []
    assert said(next(for_mentors(wednesday)), "en").endswith(" (2 working days). Who can?")


def test_of_eight_cases_of_eight_days_nobody_hears_more_often_than_of_one() -> None:
    told = [MONDAY + n for n in (0, 1, 2, 3, 4, 7, 8, 9)]
    open_cases = [line(f"case {n}", day, f"mentor {n}" if n % 2 else "") for n, day in enumerate(told)]
    heard: dict[str, list[int]] = {}
    for today in range(MONDAY, MONDAY + 28):
        here = [one for one in open_cases if one.waits_since is not None and one.waits_since <= today]
        mentors, coordinators = due(here, 1, today), late(here, 2, today)
        for one in (*mentors.free, *mentors.owed):
            heard.setdefault(one.id, []).append(working_days(told[int(one.id[-1])], today))
        if coordinators.free or coordinators.owed:
            heard.setdefault("coordinators", []).append(working_days(MONDAY, today))
    for n, day in enumerate(told):
        until = working_days(day, MONDAY + 27)
        assert heard[f"case {n}"] == [one for one in (1, 2, 5, 10, 15, 20) if one <= until]
    assert heard["coordinators"] == [2, 4, 5, 10, 15]
    eight = late(open_cases, 2, MONDAY + 21)
    assert (len(eight.free), len(eight.owed)) == (4, 4), "all that wait, when it is said"


@pytest.mark.parametrize("day", [5, 6])
def test_nothing_at_a_weekend(day: int) -> None:
    assert list(for_mentors(due([line("a", MONDAY + 3)], 1, MONDAY + 4))) != []
    assert list(for_mentors(due([line("a", MONDAY + 3)], 1, MONDAY + day))) == []


def test_coordinators_hear_how_many_and_no_more() -> None:
    open_cases = [line("a", MONDAY), line("b", MONDAY, "robin"), line("c", MONDAY, "robin")]
    words = " ".join(said(one, "en") for one in for_coordinator(late(open_cases, 2, MONDAY + 2), "Year 1"))
    assert words == (
        "In Year 1 students wait for the mentors, the longest for 2 working days. One case has no mentor. "
        "In 2 cases an answer is still to come. Maybe you can ask the mentors what they need."
    )
