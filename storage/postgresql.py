"""PostgreSQL in libpq's pipeline mode: what nobody waits for travels with the next question.

Most of a statement's price is its way to the server and back. A turn asks a few things and writes more, so writes are
only queued; they leave with the next read or with the commit, and a fault among them is raised there, before anybody
hears of a result. Statements are prepared once per connection.
"""

from __future__ import annotations

import ipaddress
import os
import selectors
import time
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo, ConnStatus, ExecStatus, Format, PGconn

LANES = 3
"""Connections at work at the same time; two bring four fifths of what three do."""
LOCK_MS = 1500
"""How long a lock that another process holds is waited for: nobody's turn hangs behind a forgotten one."""
STATEMENT_MS, LONG_STATEMENT_MS = 1500, 60_000
"""How long one statement may take on the server: while people wait, and for what runs by itself."""
ANSWER, LONG_ANSWER = 1.75, 65.0
"""Seconds within which the server answers such a statement, if it is there at all."""
CONNECT = 2
"""Seconds for connecting, the least that psycopg takes. With one ANSWER before it that is less than a person is kept
waiting (storage/database.py)."""


class Unanswered(psycopg.OperationalError):
    """The server did not answer in time. The connection is closed; a transaction that was not committed is undone."""


class Unconfirmed(Unanswered):
    """No answer to a commit: it may be stored, or not."""


LATE = (Unanswered,)
"""To try again at once would only take as long again."""
IN_DOUBT = (Unconfirmed,)
"""Nobody knows whether it is stored."""
FAULTS = (psycopg.OperationalError, psycopg.InternalError)
"""The database did not take it."""
AGAIN = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.UniqueViolation,
)
"""Two processes met on a row."""
_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_NEVER = "looked-up-only"


def in_the_clear(url: Any) -> str:
    """A host that the URL reaches over a network and where everything could be read on the way; empty for none.

    What the URL leaves open is for libpq to fill in (service files, ``PGHOST``, ``PGHOSTADDR``, ``PGSSLMODE``, ...), in
    an order of its own, so it is libpq that is asked. What it cannot make out counts as a network.
    """
    told = plain(url)
    written = {one.keyword.decode(): one.val.decode() for one in Conninfo.parse(told.encode()) if one.val}
    # With a value that never is one, libpq reads and merges everything and then refuses, before it asks for any name.
    looked = PGconn.connect_start(make_conninfo(told, target_session_attrs=_NEVER).encode())
    if _NEVER not in looked.get_error_message():
        return written.get("service") or written.get("host") or os.environ.get("PGSERVICE") or "a server"
    found = {one.keyword.decode(): one.val.decode() for one in looked.info if one.val}
    if found.get("sslmode") in _ENCRYPTED:
        return ""
    return next((host for host in _reached(found) if not _stays_here(host)), "")


def plain(url: Any) -> str:
    """The URL as libpq takes it: there is one way to connect, and it is what :func:`in_the_clear` judges."""
    rendered: str = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return rendered


def _reached(found: Mapping[str, str]) -> list[str]:
    """Where libpq connects to: for each place an address, else a name, else (empty) the socket of this machine."""
    addresses, names = (found[one].split(",") if one in found else [] for one in ("hostaddr", "host"))
    return [address or name for address, name in zip_longest(addresses, names, fillvalue="")]


def _stays_here(host: str) -> bool:
    """Whether the way to a host never leaves this machine: a socket, or its own address."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Answer:
    """What one statement did; waits for the server at first need."""

    __slots__ = ("_connection", "result")

    def __init__(self, connection: Postgresql) -> None:
        self._connection = connection
        self.result: Any = None

    @property
    def rowcount(self) -> int:
        """How many rows it touched."""
        return self._read().command_tuples or 0

    @property
    def description(self) -> list[tuple[str]]:
        """The names of its columns."""
        result = self._read()
        return [(result.fname(number).decode(),) for number in range(result.nfields)]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row."""
        return self._rows(1)[0] if self._read().ntuples else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Every row."""
        return self._rows(self._read().ntuples)

    def _rows(self, most: int) -> list[tuple[Any, ...]]:
        transformer = self._connection.transformer
        transformer.set_pgresult(self.result)
        return transformer.load_rows(0, most, tuple)

    def _read(self) -> Any:
        if self.result is None:
            self._connection.read()
        return self.result


class Postgresql:
    """One connection. ``put`` queues a statement, ``execute`` waits for it and for all before it."""

    def __init__(self, url: Any) -> None:
        self._connection = psycopg.connect(plain(url), autocommit=True, client_encoding="utf8", connect_timeout=CONNECT)
        self._patience = ANSWER
        self.transformer = Transformer(self._connection)
        self._wire = self._connection.pgconn
        self._wire.enter_pipeline_mode()
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._wire.socket, selectors.EVENT_READ)
        self._unread: deque[Answer] = deque()
        self._names: dict[str, bytes] = {}
        self._unsure: list[str] = []
        """Statements whose preparation the server has not confirmed yet."""
        self._prepared = 0
        self._marks = 0
        """Ends of transactions that the server has not come to yet."""
        try:
            self.execute(f"SET lock_timeout = {LOCK_MS}")
            self.execute(f"SET statement_timeout = {STATEMENT_MS}")
            self._mark()
            self._flush()
            self._skip()
        except BaseException:
            self.close()
            raise

    @property
    def closed(self) -> bool:
        """Whether the connection is lost or closed."""
        return self._connection.closed

    def close(self) -> None:
        """Disconnect."""
        self._ready.close()
        self._connection.close()

    total_changes = 0
    """There is no log of ours that changes would have to leave."""

    def gone(self) -> str:
        """The server looks after its files."""
        return ""

    def empty_log(self) -> bool:
        """The server keeps its log for itself."""
        return True

    def put(self, text: str, values: Iterable[Any] = ()) -> Answer:
        """Queue a statement with its values for ``$1``, ``$2``, ..."""
        name = self._names.get(text) or self._prepare(text)
        given = [value.encode() if type(value) is str else value for value in values]
        formats = [Format.TEXT if type(value) is int else Format.BINARY for value in given]
        raw = [b"%d" % value if type(value) is int else value for value in given]
        self._wire.send_query_prepared(name, raw, formats, Format.BINARY)
        return self._expect()

    def execute(self, text: str, values: Iterable[Any] = ()) -> Answer:
        """Run a statement and wait for it."""
        answer = self.put(text, values)
        self.read()
        return answer

    def begin(self, *, patient: bool = False) -> None:
        """Start a transaction with whatever is put next; a patient one has statements that may take long."""
        self._patience = LONG_ANSWER if patient else ANSWER
        self.put("BEGIN")
        if patient:
            self.put(f"SET LOCAL statement_timeout = {LONG_STATEMENT_MS}")

    def commit(self) -> None:
        """Make durable what was put; raises what went wrong with any of it."""
        self.put("COMMIT")
        self._mark()
        try:
            self._flush()
            self._collect()
            self._skip()
        except Unanswered as late:
            raise Unconfirmed(*late.args) from late

    def rollback(self) -> None:
        """Undo what was put, and forget what was still to be read of it."""
        for text in self._unsure:
            self._names.pop(text, None)
        self._mark()  # after a fault, the server skips what comes before this
        self.put("ROLLBACK")
        self._mark()
        self._flush()
        self._unread.clear()
        self._unsure.clear()
        self._skip()

    def read(self) -> None:
        """Wait for everything that was put; raises the first fault among it."""
        self._wire.send_flush_request()
        self._flush()
        self._collect()

    # ------------------------------------------------------------ inside

    def _prepare(self, text: str) -> bytes:
        self._prepared += 1
        name = self._names[text] = b"s%d" % self._prepared
        self._unsure.append(text)
        self._wire.send_prepare(name, text.encode())
        self._expect()
        return name

    def _expect(self) -> Answer:
        answer = Answer(self)
        self._unread.append(answer)
        return answer

    def _collect(self) -> None:
        while self._unread:
            answer = self._unread.popleft()
            result = self._result()
            if result is None:
                raise psycopg.OperationalError("the connection was lost")
            if result.status not in _GOOD:
                raise psycopg.errors.error_from_result(result)
            answer.result = result
            self._result()  # the mark behind it
        self._unsure.clear()

    def _mark(self) -> None:
        self._marks += 1
        self._wire.pipeline_sync()

    def _skip(self) -> None:
        """Skip what comes before the last mark."""
        while self._marks:
            result = self._result()
            if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
                self._marks -= 1
            elif self._wire.status == ConnStatus.BAD:
                raise psycopg.OperationalError("the connection was lost")

    def _result(self) -> Any:
        if self._wire.is_busy():
            until = time.monotonic() + self._patience
            while self._wire.is_busy():
                self._wait(until)
        return self._wire.get_result()

    def _flush(self) -> None:
        if self._wire.flush():
            until = time.monotonic() + self._patience
            while self._wire.flush():
                # The server may wait for us to read before it reads on.
                self._wait(until, 0.01)

    def _wait(self, until: float, most: float = 60.0) -> None:
        """Take in what comes; a server that hangs is left."""
        left = until - time.monotonic()
        if left <= 0:
            self.close()
            raise Unanswered("the server does not answer")
        self._ready.select(min(left, most))
        self._wire.consume_input()


connect = Postgresql
