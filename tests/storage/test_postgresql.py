"""Writes that travel later must fail as loudly as those that travel at once."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from storage import conversations, members, people
from storage.database import Database
from storage.statement import Session
from tests.storage.conftest import NOW, Here


def stray(session: Session, number: int) -> None:
    """A write that no community stands behind; nobody asks what it did."""
    conversations.add(session, f"stray {number}", "nowhere", "", b"", NOW)


def count(database: Database) -> int:
    return database.run_now(conversations.count)


def test_a_write_that_nobody_reads_is_refused_before_its_result_is_heard(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        database.run_now(lambda s: stray(s, 1))
    assert count(database) == 0


def test_a_refused_write_is_raised_at_the_next_read(database: Database) -> None:
    reached: list[str] = []

    def turn(session: Session) -> None:
        stray(session, 1)
        conversations.count(session)
        reached.append(session.dialect)

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        database.run_now(turn)
    assert reached == []


async def test_who_writes_wrong_things_fails_alone(database: Database, here: Here) -> None:
    def work(number: int) -> Any:
        def job(session: Session) -> int:
            if number in (3, 11):
                stray(session, number)
            else:
                conversations.add(session, f"c{number}", here.id, here.people[0], b"x", NOW)
            return number

        return job

    results = await asyncio.gather(*(database.run(work(n)) for n in range(20)), return_exceptions=True)
    assert [n for n, result in enumerate(results) if isinstance(result, Exception)] == [3, 11]
    assert count(database) == 18


def test_a_statement_first_met_behind_a_fault_is_known_afterwards(database: Database, here: Here) -> None:
    def turn(session: Session) -> None:
        stray(session, 1)
        members.set_name(session, here.id, here.people[0], "Robin")

    for _ in range(2):
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            database.run_now(turn)
    database.run_now(lambda s: members.set_name(s, here.id, here.people[0], "Robin"))
    read = "select name from member where name = 'Robin'"
    assert database.run_now(lambda s: s._execute(read, {}).fetchall()) == [("Robin",)]


def test_what_a_turn_wrote_before_it_stumbled_is_gone(database: Database, here: Here) -> None:
    def turn(session: Session) -> None:
        conversations.add(session, "c", here.id, here.people[0], b"x", NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.run_now(turn)
    assert count(database) == 0


def test_a_connection_lost_within_a_turn_is_made_again_and_the_turn_taken_once(database: Database, here: Here) -> None:
    if database.dialect == "sqlite":
        return
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    tries: list[int] = []

    def turn(session: Session) -> None:
        conversations.add(session, "c", here.id, here.people[0], b"x", NOW)
        conversations.count(session)
        tries.append(database.lanes[0].connection._wire.backend_pid)
        if len(tries) == 1:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", [tries[0]])

    database.run_now(turn)
    assert len(set(tries)) == 2
    assert count(database) == 1


def test_text_is_kept_whole_or_refused_never_cut(database: Database, here: Here) -> None:
    def written(text: str) -> str:
        database.run_now(lambda s: members.set_name(s, here.id, here.people[0], text))
        who = database.run_now(lambda s: people.who(s, "web", "here", "here0"))
        assert who is not None
        return who.name

    for text in ("", "Zoë 🌍 'x' $1 %s \\", "n" * 70_000):
        assert written(text) == text
    try:
        assert written("a\0b") == "a\0b"
    except psycopg.DataError:
        assert written("ab") == "ab"


def test_many_large_writes_travel_together(database: Database, here: Here) -> None:
    large = b"x" * 1_000_000

    def turn(session: Session) -> None:
        for number in range(20):
            conversations.add(session, f"c{number}", here.id, here.people[0], large, NOW)

    database.run_now(turn)
    found = database.run_now(lambda s: conversations.open_of(s, here.id, here.people[0]))
    assert [one.journal for one in found] == [large] * 20
