from __future__ import annotations

from storage import receipts
from storage.database import Database
from storage.receipts import LIFE, SLOT
from tests.raw import rows
from tests.storage.conftest import NOW

WORDS = "bado kemi lina tiva sore mapi"


def test_words_open_for_their_person_alone_and_for_an_hour_at_most(database: Database) -> None:
    for told in (NOW // SLOT * SLOT, NOW // SLOT * SLOT + SLOT - 1):
        hidden = database.run_now(lambda s, t=told: receipts.hide(s, "c", "sam", WORDS, t))  # type: ignore[misc]
        assert WORDS not in hidden
        look = lambda who, what: database.run_now(lambda s: receipts.shown(s, "c", who, what))  # noqa: E731
        assert look("sam", hidden) == WORDS
        assert look("noor", hidden) == look("sam", hidden[:-2]) == look("sam", "") == look("sam", "x.y") == ""
        database.run_now(lambda s, t=told: receipts.turn(s, t + LIFE - SLOT))  # type: ignore[misc]
        assert look("sam", hidden) == WORDS, "at least fifty minutes"
        database.run_now(lambda s, t=told: receipts.turn(s, t + LIFE))  # type: ignore[misc]
        assert look("sam", hidden) == ""


def test_the_clock_makes_a_key_whether_anybody_tells_something_or_not(database: Database) -> None:
    for minute in range(0, 300, 5):
        database.run_now(lambda s, m=minute: receipts.turn(s, NOW + m * 60_000))  # type: ignore[misc]
    assert len(database.run_now(lambda s: rows(s, "receiptkey"))) == LIFE // SLOT
    before = database.run_now(lambda s: rows(s, "receiptkey"))
    database.run_now(lambda s: receipts.hide(s, "c", "sam", WORDS, NOW + 295 * 60_000))
    assert database.run_now(lambda s: rows(s, "receiptkey")) == before, "who tells something adds no row"


def test_a_key_from_a_clock_that_ran_ahead_does_not_stay(database: Database) -> None:
    database.run_now(lambda s: receipts.turn(s, NOW + 30 * LIFE))
    database.run_now(lambda s: receipts.turn(s, NOW))
    assert [row["slot"] for row in database.run_now(lambda s: rows(s, "receiptkey"))] == [NOW // SLOT]
