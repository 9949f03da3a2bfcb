"""Codes: short for people, hard to guess, used once, and not to be found in the database."""

from __future__ import annotations

import asyncio
import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import codes
from storage.database import Database
from storage.housekeeping import tidy
from storage.keys import Masters
from storage.statement import Session
from tests.storage.conftest import NOW, Here, opened

HOUR = 3_600_000


def make(database: Database, here: Here, payload: str = "an account", purpose: str = "link", now: int = NOW) -> str:
    random = secrets.token_bytes(codes.BYTES)
    return database.run_now(lambda s: codes.make(s, here.id, purpose, payload, random, now))


def take(database: Database, typed: str, purpose: str = "link", now: int = NOW) -> codes.Meant | None:
    return database.run_now(lambda s: codes.take(s, purpose, typed, now))


def test_a_code_works_once(database: Database, here: Here) -> None:
    code = make(database, here)
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    assert database.run_now(lambda s: codes.look(s, "link", code, NOW)) == codes.Meant(here.id, "an account")
    assert take(database, code) == codes.Meant(here.id, "an account")
    assert take(database, code) is None


async def test_of_two_processes_at_once_one_gets_it(url: str, masters: Masters, database: Database, here: Here) -> None:
    code = make(database, here)

    def once(session: Session) -> codes.Meant | None:
        return codes.take(session, "link", code, NOW)

    with opened(url, masters) as other:
        got = await asyncio.gather(*(one.run(once) for one in (database, other, database, other)))
    assert [one for one in got if one is not None] == [codes.Meant(here.id, "an account")]


def test_a_code_is_for_one_purpose_and_ends_after_an_hour(database: Database, here: Here) -> None:
    code = make(database, here)
    assert take(database, code, purpose="join") is None
    assert take(database, code, now=NOW + HOUR) is None
    assert take(database, code, now=NOW + HOUR - 1) == codes.Meant(here.id, "an account")


def test_a_new_code_for_the_same_replaces_the_old_one(database: Database, here: Here, there: Here) -> None:
    old, elsewhere = make(database, here), make(database, there)
    new = make(database, here)
    assert take(database, old) is None
    assert take(database, new) is not None
    assert take(database, elsewhere) == codes.Meant(there.id, "an account")


def test_a_code_that_waits_can_be_thrown_away(database: Database, here: Here) -> None:
    code = make(database, here)
    assert database.run_now(lambda s: codes.waits(s, here.id, "link", "an account", NOW))
    assert not database.run_now(lambda s: codes.waits(s, here.id, "link", "an account", NOW + HOUR))
    assert database.run_now(lambda s: codes.withdraw(s, here.id, "link", "an account"))
    assert not database.run_now(lambda s: codes.waits(s, here.id, "link", "an account", NOW))
    assert take(database, code) is None


def test_who_guesses_is_stopped_until_the_next_hour(database: Database, here: Here) -> None:
    code = make(database, here, now=NOW)
    soon = (NOW // HOUR + 1) * HOUR

    def guess(session: Session) -> None:
        for number in range(codes.MOST_WRONG):
            assert not codes.too_many(session, "link", here.id, NOW)
            assert codes.take(session, "link", f"ZZZZ-{number:04}", NOW, here.id) is None
        assert codes.too_many(session, "link", here.id, NOW)
        assert codes.take(session, "link", code, NOW, here.id) is None
        assert codes.look(session, "link", code, NOW, here.id) is None

    database.run_now(guess)
    assert database.run_now(lambda s: codes.take(s, "link", code, soon, here.id)) is not None


def test_guesses_of_others_do_not_count(database: Database, here: Here, there: Here) -> None:
    code = make(database, here)

    def guess(session: Session) -> None:
        for number in range(codes.MOST_WRONG):
            codes.take(session, "link", f"ZZZZ-{number:04}", NOW, there.id)

    database.run_now(guess)
    assert database.run_now(lambda s: codes.too_many(s, "link", there.id, NOW))
    assert database.run_now(lambda s: codes.take(s, "link", code, NOW, here.id)) is not None


def test_the_database_shows_neither_the_code_nor_what_it_is_for(sqlite: Database, here_sqlite: Here) -> None:
    code = make(sqlite, here_sqlite, payload="discord:123456789")
    sqlite.run_now(lambda s: codes.take(s, "link", "1111-1111", NOW, here_sqlite.id))
    rows = sqlite.run_now(lambda s: [*s._execute("select * from code", {}), *s._execute("select * from codemiss", {})])
    shown = repr(rows)
    assert len(rows) == 2
    assert not [one for one in (code, codes.tidy(code), "123456789", "link") if one in shown]


@pytest.fixture
def here_sqlite(sqlite: Database) -> Here:
    from tests.storage.conftest import found

    return sqlite.run_now(lambda s: found(s, "here"))


def test_the_night_throws_away_what_expired(database: Database, here: Here) -> None:
    make(database, here, payload="old", now=NOW - HOUR)
    code = make(database, here, payload="new")
    take(database, "1111-1111", now=NOW - HOUR)
    database.run_now(lambda s: tidy(s, here.id, NOW + 1))
    assert len(database.run_now(lambda s: s._execute("select * from code", {}).fetchall())) == 1
    assert database.run_now(lambda s: s._execute("select * from codemiss", {}).fetchall()) == []
    assert take(database, code) is not None


@pytest.mark.parametrize("life", [0, -1, HOUR + 1])
def test_no_code_lives_longer_than_an_hour(database: Database, here: Here, life: int) -> None:
    with pytest.raises(ValueError, match="an hour at most"):
        database.run_now(lambda s: codes.make(s, here.id, "link", "", bytes(5), NOW, life=life))


@given(st.binary(min_size=5, max_size=5))
def test_a_code_holds_all_its_bits_and_survives_how_people_type(random: bytes) -> None:
    code = codes._code_of(random)
    signs = codes.tidy(code)
    assert len(signs) == 8
    assert sum(codes._SIGNS.index(c) << 5 * place for place, c in enumerate(reversed(signs))) == int.from_bytes(random)
    for typed in (code.lower(), code.replace("-", " – "), code.replace("0", "o"), code.replace("1", "l") + ".\n"):
        assert codes.tidy(typed) == signs
