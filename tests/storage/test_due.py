from __future__ import annotations

from dataclasses import replace

from storage import due
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from tests.storage.conftest import NOW, Here


def test_the_one_that_is_due_longest_comes_first(database: Database, here: Here) -> None:
    for key, at in (("late", NOW + 9), ("soon", NOW + 1), ("old", NOW - 5)):
        assert database.run_now(lambda s, k=key, t=at: due.add(s, k, here.id, "flow", "", t))
    assert not database.run_now(lambda s: due.add(s, "old", here.id, "flow", "", NOW))
    assert database.run_now(due.next_at) == NOW - 5

    def finish(s: Session) -> str | None:
        for row in due.take(s, NOW + 1):
            due.done(s, row)
            return row.key
        return None

    assert [database.run_now(finish) for _ in range(3)] == ["old", "soon", None]


def test_what_fails_is_tried_again_and_shows_after_eight_times(database: Database, here: Here) -> None:
    database.run_now(lambda s: due.add(s, "a", here.id, "flow", "round", NOW, NOW + 100))
    for tries in range(due.OFTEN):
        assert database.run_now(due.failing) == []
        [row] = database.run_now(lambda s, t=tries: due.take(s, NOW + t))
        assert (row.attempts, row.argument, row.until) == (tries, "round", NOW + 100)
        assert row.planned == NOW, "the moment that it is for stays, whenever it is tried"
        database.run_now(lambda s, r=row, t=tries: due.failed(s, r, NOW + t + 1, t + 1))
    assert [one.key for one in database.run_now(due.failing)] == ["a"]
    assert database.run_now(due.next_at) == NOW + due.OFTEN


def test_a_row_that_moves_on_has_failed_no_more(database: Database, here: Here) -> None:
    database.run_now(lambda s: due.add(s, "a", here.id, "flow", "", NOW))

    def move(s: Session) -> None:
        [row] = due.take(s, NOW)
        due.failed(s, row, NOW, 1)
        [row] = due.take(s, NOW)
        due.move(s, row, replace(row, planned=NOW + 7, at=NOW + 7, until=NOW + 9, wall="2026-11-26T12:00"))

    database.run_now(move)
    assert database.run_now(lambda s: due.take(s, NOW + 6)) == []
    [row] = database.run_now(lambda s: due.take(s, NOW + 7))
    assert (row.planned, row.until, row.attempts) == (NOW + 7, NOW + 9, 0)


def test_two_processes_take_different_rows(url: str, masters: Masters, database: Database, here: Here) -> None:
    if url.startswith("sqlite"):
        return  # one writer at a time: there is no second row to take
    for key in ("a", "b"):
        database.run_now(lambda s, k=key: due.add(s, k, here.id, "flow", "", NOW))
    other = Database(url, masters)
    other.open()

    def both(s: Session) -> tuple[str, str]:
        [mine], [theirs] = due.take(s, NOW), other.run_now(lambda t: due.take(t, NOW))
        return mine.key, theirs.key

    assert database.run_now(both) == ("a", "b")
    other.close()
