from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psycopg
import pytest

from storage import conversations, people
from storage import database as database_module
from storage import sqlite as sqlite_module
from storage.database import Database, NotSaved
from storage.keys import KeyFault, Masters
from storage.lane import Job
from storage.statement import Session
from tests.storage.conftest import NOW, Here, found, opened, settled


def seen(session: Session, event: str) -> bool:
    return conversations.first_seen(session, event, 1)()


async def test_what_waits_goes_together_and_who_fails_fails_alone(database: Database) -> None:
    commits: list[int] = []
    transaction = database.lanes[0].transaction
    database.lanes[0].transaction = lambda jobs: (commits.append(len(jobs)), transaction(jobs))[1]  # type: ignore[method-assign]

    def work(number: int) -> Any:
        def job(session: Session) -> bool:
            fresh = seen(session, f"event {number}")
            if number == 7:
                raise ZeroDivisionError
            return fresh

        return job

    async with asyncio.TaskGroup() as group:
        all_wait = threading.Event()
        blocked = group.create_task(database.run(lambda _: all_wait.wait(10)))
        tasks = [group.create_task(_outcome(database, work(n))) for n in range(20)]
        await asyncio.sleep(0)
        all_wait.set()
    assert blocked.done()
    results = [task.result() for task in tasks]
    assert isinstance(results.pop(7), ZeroDivisionError)
    assert results == [True] * 19
    assert max(commits) >= 20
    assert await database.run(lambda s: seen(s, "event 7"))
    assert not await database.run(lambda s: seen(s, "event 8"))


async def _outcome(database: Database, job: Any) -> Any:
    try:
        return await database.run(job)
    except ZeroDivisionError as fault:
        return fault


async def test_who_wants_to_be_alone_shares_no_transaction(database: Database) -> None:
    commits: list[int] = []
    transaction = database.lanes[0].transaction
    database.lanes[0].transaction = lambda jobs: (commits.append(len(jobs)), transaction(jobs))[1]  # type: ignore[method-assign]
    begun, go_on = threading.Event(), threading.Event()
    order: list[int] = []

    def wait(_session: Session) -> None:
        begun.set()
        go_on.wait(10)

    async with asyncio.TaskGroup() as group:
        group.create_task(database.run(wait))
        await asyncio.to_thread(begun.wait, 10)
        for number in range(7):
            group.create_task(database.run(lambda _, n=number: order.append(n), alone=number in (2, 3)))  # type: ignore[misc]
        await asyncio.sleep(0)
        go_on.set()
    assert commits == [1, 2, 1, 1, 3]
    assert order == list(range(7))


async def test_what_nobody_waits_for_any_more_is_not_run_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "PATIENCE", 0.02)
    begun, go_on = threading.Event(), threading.Event()
    ran: list[int] = []

    def holds_up(session: Session) -> None:
        seen(session, "held up")
        begun.set()
        go_on.wait(10)

    slow = asyncio.create_task(database.run(holds_up))
    await asyncio.to_thread(begun.wait, 10)
    late = await asyncio.gather(*(database.run(ran.append) for _ in range(3)), return_exceptions=True)  # type: ignore[arg-type]
    [held] = await asyncio.gather(slow, return_exceptions=True)
    go_on.set()
    monkeypatch.undo()
    await database.run(lambda _: None)
    assert [type(one) for one in (*late, held)] == [NotSaved] * 4
    assert ran == []
    assert await database.run(lambda s: seen(s, "held up")), "what was begun is undone"


def test_closing_waits_no_longer_than_it_is_told(database: Database) -> None:
    go_on = threading.Event()
    hangs: Future[object] = Future()
    database.lanes[0].put(Job(lambda _: go_on.wait(10), hangs))
    began = time.monotonic()
    database.close(0.05)
    assert time.monotonic() - began < 1
    go_on.set()
    hangs.result(10)


def test_an_answer_comes_only_after_the_commit(database: Database, url: str, masters: Masters) -> None:
    with opened(url, masters) as other:
        assert database.run_now(lambda s: seen(s, "a"))
        assert not other.run_now(lambda s: seen(s, "a"))


def test_a_locked_sqlite_says_not_saved_once_for_all_who_wait(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY_MS", 100)
    settled(sqlite)
    sqlite.lanes[0]._connect()
    holder = sqlite3.connect(sqlite.url.database or "", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    faults: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            sqlite.run_now(lambda s: seen(s, f"e{number}"))
        except NotSaved as fault:
            faults.append(fault)

    began = time.monotonic()
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(faults) == 30
    assert time.monotonic() - began < 2
    holder.execute("ROLLBACK")
    holder.close()
    assert sqlite.run_now(lambda s: seen(s, "e1"))


def test_a_read_only_sqlite_says_not_saved(sqlite: Database) -> None:
    settled(sqlite)
    sqlite.lanes[0].connection.execute("PRAGMA query_only=ON")
    with pytest.raises(NotSaved):
        sqlite.run_now(lambda s: seen(s, "a"))
    sqlite.lanes[0].connection.execute("PRAGMA query_only=OFF")
    assert sqlite.run_now(lambda s: seen(s, "a"))


@pytest.mark.parametrize("ending", ["", "-wal"])
@pytest.mark.parametrize("another", [False, True])
def test_a_database_that_is_deleted_while_it_is_used_takes_nothing_more(
    sqlite: Database, tmp_path: Path, ending: str, another: bool
) -> None:
    assert sqlite.run_now(lambda s: seen(s, "before"))
    assert not sqlite.gone()
    file, away = Path(f"{sqlite.url.database}{ending}"), tmp_path / "away"
    file.rename(away)
    if another:
        file.touch()
    for _ in range(2):
        with pytest.raises(NotSaved, match="deleted or replaced"):
            sqlite.run_now(lambda s: seen(s, "into nothing"))
    assert sqlite.gone() == str(file)
    assert file.exists() == another, "no empty database is made in its place"
    away.rename(file)
    assert not sqlite.gone()
    assert not sqlite.run_now(lambda s: seen(s, "before"))


def test_a_database_that_is_deleted_in_the_middle_of_a_transaction_thanks_nobody(sqlite: Database) -> None:
    def turn(session: Session) -> bool:
        Path(sqlite.url.database or "").unlink()
        return seen(session, "a")

    with pytest.raises(NotSaved):
        sqlite.run_now(turn)


def test_a_full_sqlite_says_not_saved_and_goes_on_when_there_is_room(sqlite: Database) -> None:
    settled(sqlite)
    (pages,) = sqlite.lanes[0].connection.execute("PRAGMA page_count").fetchone()
    sqlite.lanes[0].connection.execute(f"PRAGMA max_page_count={pages + 1}")

    def fill() -> None:
        for number in range(200):
            sqlite.run_now(lambda s, n=number: found(s, f"c{n}", 20))

    with pytest.raises(NotSaved, match="full"):
        fill()
    sqlite.lanes[0].connection.execute("PRAGMA max_page_count=100000")
    assert sqlite.run_now(lambda s: found(s, "after"))
    whole = sqlite.lanes[0].connection.execute("select count(*) from member group by community_id").fetchall()
    assert {count for (count,) in whole} == {20, 12}


def test_a_lost_postgresql_connection_is_made_again(database: Database) -> None:
    if database.dialect == "sqlite":
        return
    pid = database.lanes[0].connection._wire.backend_pid
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])
    assert database.run_now(lambda s: seen(s, "after"))


def test_a_postgresql_that_is_gone_says_not_saved_and_comes_back(database: Database) -> None:
    if database.dialect == "sqlite":
        return
    there, nowhere = database.url, database.url.set(query={}, host="127.0.0.1", port=1)
    database.lanes[0].connection.close()
    database.lanes[0].url = nowhere
    with pytest.raises(NotSaved):
        database.run_now(lambda s: seen(s, "a"))
    database.lanes[0].url = there
    assert database.run_now(lambda s: seen(s, "a"))


def test_two_processes_take_one_event_once(database: Database, url: str, masters: Masters) -> None:
    fresh: list[bool] = []

    def take(door: Database) -> None:
        for number in range(50):
            fresh.append(door.run_now(lambda s, n=number: seen(s, f"event {n}")))  # noqa: PERF401

    with opened(url, masters) as other:
        threads = [threading.Thread(target=take, args=(door,)) for door in (database, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert (len(fresh), sum(fresh)) == (100, 50)


def test_one_conversation_takes_one_turn_at_a_time(database: Database, url: str, masters: Masters, here: Here) -> None:
    who = here.people[0]
    database.run_now(lambda s: conversations.add(s, "c", here.id, who, b"0", NOW))

    def turn(session: Session) -> None:
        got = conversations.find(session, here.id, who, "c")
        assert got is not None
        _, number, journal, _ = got
        conversations.save(session, "c", number, str(int(journal) + 1).encode(), NOW)

    def play(door: Database) -> None:
        for _ in range(30):
            door.run_now(turn)

    with opened(url, masters) as other:
        threads = [threading.Thread(target=play, args=(door,)) for door in (database, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    got = database.run_now(lambda s: conversations.find(s, here.id, who, "c"))
    assert got is not None
    assert got[1:3] == (61, b"60")


def test_a_journal_opens_only_where_it_belongs(database: Database, here: Here, there: Here) -> None:
    who = here.people[0]
    database.run_now(lambda s: conversations.add(s, "a", here.id, who, b"CANARY", NOW))
    database.run_now(lambda s: conversations.add(s, "b", here.id, who, b"other", NOW))
    raw = database.run_now(lambda s: s._execute("select journal from conversation where id = 'a'", {}).fetchone()[0])
    assert b"CANARY" not in bytes(raw)
    assert database.run_now(lambda s: conversations.find(s, there.id, who, "a")) is None
    assert database.run_now(lambda s: conversations.find(s, here.id, here.people[1], "a")) is None
    swap = "update conversation set journal = (select journal from conversation where id = 'a') where id = 'b'"
    database.run_now(lambda s: s._execute(swap, {}) and None)
    with pytest.raises(KeyFault):
        database.run_now(lambda s: conversations.find(s, here.id, who, "b"))


def test_people_are_known_by_space_and_platform(database: Database, here: Here, there: Here) -> None:
    def ask(s: Session) -> list[tuple[str, str] | None]:
        asked = [("here", "here1"), ("here", "there1"), ("there", "there1"), ("", "there1"), ("nowhere", "x")]
        found = [people.who(s, "web", space, person) for space, person in asked]
        return [who and (who.community, who.member) for who in found]

    assert database.run_now(ask) == [
        (here.id, here.people[1]),
        (here.id, ""),
        (there.id, there.people[1]),
        (there.id, there.people[1]),
        None,
    ]


def test_who_is_in_the_middle_of_something_is_known_by_platform(database: Database, here: Here, there: Here) -> None:
    for key, community, who in (("a", here, here.people[1]), ("b", there, there.people[2]), ("c", here, "")):
        database.run_now(lambda s, k=key, c=community, w=who: conversations.add(s, k, c.id, w, b"", NOW))  # type: ignore[misc]
    assert database.run_now(lambda s: people.in_conversation(s, "web")) == ["here1", "there2"]
    assert database.run_now(lambda s: people.in_conversation(s, "discord")) == []
