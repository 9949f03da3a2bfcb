from __future__ import annotations

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
        row = due.take(s, NOW + 1)
        if row is not None:
            due.done(s, row.id)
        return row and row.key

    assert [database.run_now(finish) for _ in range(3)] == ["old", "soon", None]


def test_what_fails_is_tried_again_and_shows_after_eight_times(database: Database, here: Here) -> None:
    database.run_now(lambda s: due.add(s, "a", here.id, "flow", "round", NOW, NOW + 100))
    for tries in range(due.OFTEN):
        assert database.run_now(due.failing) == []
        row = database.run_now(lambda s, t=tries: due.take(s, NOW + t))
        assert row is not None
        assert (row.attempts, row.argument, row.until) == (tries, "round", NOW + 100)
        database.run_now(lambda s, i=row.id, t=tries: due.failed(s, i, NOW + t + 1))
    assert [one.key for one in database.run_now(due.failing)] == ["a"]
    assert database.run_now(due.next_at) == NOW + due.OFTEN


def test_a_row_that_moves_on_has_failed_no_more(database: Database, here: Here) -> None:
    database.run_now(lambda s: due.add(s, "a", here.id, "flow", "", NOW))

    def move(s: Session) -> None:
        row = due.take(s, NOW)
        assert row is not None
        due.failed(s, row.id, NOW)
        due.move(s, row.id, NOW + 7, NOW + 9)

    database.run_now(move)
    assert database.run_now(lambda s: due.take(s, NOW + 6)) is None
    row = database.run_now(lambda s: due.take(s, NOW + 7))
    assert row is not None
    assert (row.until, row.attempts) == (NOW + 9, 0)


def test_two_processes_take_different_rows(url: str, masters: Masters, database: Database, here: Here) -> None:
    if url.startswith("sqlite"):
        return  # one writer at a time: there is no second row to take
    for key in ("a", "b"):
        database.run_now(lambda s, k=key: due.add(s, k, here.id, "flow", "", NOW))
    other = Database(url, masters)
    other.open()

    def both(s: Session) -> tuple[str, str]:
        mine, theirs = due.take(s, NOW), other.run_now(lambda t: due.take(t, NOW))
        assert mine is not None
        assert theirs is not None
        return mine.key, theirs.key

    assert database.run_now(both) == ("a", "b")
    other.close()
