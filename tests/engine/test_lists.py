"""Lists of any length: every entry is on one page, and buttons to other pages work whatever came or went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import Entry
from flows.engine.lists import PAGE, page
from flows.seam import Button, Buttons, Card, Command, Pressed, Reply
from storage import cases, role_grants
from storage.cases import CaseLine
from storage.database import Database
from storage.statement import Session
from tests.door import text
from tests.engine.desk import Desk


def entries(*keys: int) -> list[Entry]:
    return [Entry(f"{key:04}", str(key), "x") for key in keys]


def labels(found: list[Entry], at: str) -> list[str]:
    return [str(one.label) for one in page(found, at).entries]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 500])
def test_from_page_to_page_every_entry_is_seen_once_and_back_again(count: int) -> None:
    rows = entries(*range(count))
    at, seen, cursors = "", [], []
    while True:
        shown = page(rows, at)
        seen += [str(one.label) for one in shown.entries]
        assert len(shown.entries) <= PAGE
        cursors.append(shown.before)
        if not (at := shown.after):
            break
    assert seen == [str(n) for n in range(count)]
    assert (cursors[0], len(cursors)) == ("", max(1, -(-count // PAGE)))
    for _back in cursors[1:]:
        shown = page(rows, shown.before)
    assert labels(rows, "") == [str(one.label) for one in shown.entries]


def test_an_entry_that_went_between_two_pages_takes_no_other_along() -> None:
    rows = entries(*range(20))
    after = page(rows, "").after
    for gone in (6, 2, 7):
        left = [one for one in rows if one.label != str(gone)]
        assert labels(left, after)[0] == ("8" if gone == 7 else "7")
    assert labels([*rows, *entries(999)], after) == [str(n) for n in range(7, 14)]


def test_where_nothing_follows_any_more_the_last_page_is_shown() -> None:
    assert labels(entries(1, 2), "a0009") == ["1", "2"]
    assert labels(entries(*range(9)), "a0008") == [str(n) for n in range(2, 9)]
    assert labels(entries(*range(9)), "b0002") == [str(n) for n in range(7)]
    assert labels([], "a0001") == []


@given(st.lists(st.integers(0, 60), unique=True), st.text(max_size=6))
def test_any_cursor_shows_a_whole_page(keys: list[int], at: str) -> None:
    shown = page(entries(*keys), at)
    assert len(shown.entries) == min(PAGE, len(keys)) or (at.startswith("a") and not shown.after)
    assert shown.count == len(keys)


# ---------------------------------------------------------------- the list of cases


def lines(count: int) -> list[CaseLine]:
    return [CaseLine(f"{n:04}{'x' * 60}", "open", 20_000 + n // 3, "", "") for n in range(count)]


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[CaseLine]:
    rows: list[CaseLine] = []
    monkeypatch.setattr(cases, "listing", lambda _session, _community: rows)
    return rows


def shown(reply: Reply) -> list[Button]:
    return [one for part in reply.parts if isinstance(part, Buttons) for one in part.buttons]


def title(reply: Reply) -> str:
    return next(part.title for part in reply.parts if isinstance(part, Card))


def to(reply: Reply, label: str) -> Pressed:
    return Pressed(next(one.id for one in shown(reply) if one.label == label))


def test_mentors_come_to_every_case_of_many(desk: Desk, waiting: list[CaseLine]) -> None:
    waiting += lines(23)
    reply = desk.give(Command("cases"), who="robin")
    assert title(reply) == "Open cases (1 to 7 of 23)"
    found = [one.id for one in shown(reply) if one.label.startswith("Read")]
    while any(one.label == "Next page" for one in shown(reply)):
        reply = desk.give(to(reply, "Next page"), who="robin")
        found += [one.id for one in shown(reply) if one.label.startswith("Read")]
    assert found == [f"s.case.{one.id}" for one in waiting]
    assert title(reply) == "Open cases (22 to 23 of 23)"
    reply = desk.give(to(reply, "Previous page"), who="robin")
    assert title(reply) == "Open cases (15 to 21 of 23)"
    assert desk.open() == 0


@pytest.mark.parametrize(
    ("count", "of"), [(0, None), (1, "Open cases"), (7, "Open cases"), (8, "Open cases (1 to 7 of 8)")]
)
def test_a_list_that_fits_has_no_pages(desk: Desk, waiting: list[CaseLine], count: int, of: str | None) -> None:
    waiting += lines(count)
    reply = desk.give(Command("cases"), who="robin")
    if of is None:
        assert "No case is waiting" in text(reply)
    else:
        assert title(reply) == of
        assert len(shown(reply)) == min(count, PAGE) + (count > PAGE)


def test_who_is_no_mentor_any_more_turns_no_page(desk: Desk, waiting: list[CaseLine], database: Database) -> None:
    waiting += lines(8)
    further = to(desk.give(Command("cases"), who="robin"), "Next page")

    def no_more(session: Session) -> None:
        role_grants.revoke(session, desk.one, "mentor", "web")

    database.run_now(no_more)
    reply = desk.give(further, who="robin")
    assert "mentor" in text(reply)
    assert not any(isinstance(part, Card) and part.title.startswith("Open cases") for part in reply.parts)
    assert not any(one.id.startswith("s.case.") for one in shown(reply))
