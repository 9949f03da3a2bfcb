"""Statements compiled once, and the session that runs them inside one transaction.

SQLAlchemy Core writes the SQL from the SQLModel tables; at run time the driver itself executes the
finished text, which makes a turn about three times as fast as handing the statement to an engine each time.
So columns hold what both drivers take as it is: whole numbers, text and bytes.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from sqlalchemy.sql import Executable

    from storage.keys import Keys
    from storage.ledger import Ledger

Build = Callable[[Any], "Executable"]


@cache
def _dialect(name: str) -> tuple[Any, Any]:
    """The dialect's module, and the dialect as its driver takes values."""
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite, sqlite.dialect(paramstyle="qmark")
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.dialects.postgresql import psycopg

    return postgresql, psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def columns(model: Any) -> Any:
    """The columns of a SQLModel table, for Core statements."""
    return model.__table__.c


class Statement:
    """A Core statement for either database.

    ``build`` gets the dialect's module (``sql.insert(...)`` knows ON CONFLICT) and returns the statement;
    it is called once per dialect, at first use. ``into``: the dataclass that each row becomes; its fields and the
    statement's columns have the same names in the same order. Without it a row is a tuple with its columns' names.
    """

    __slots__ = ("_build", "_compiled", "_into", "_row")

    def __init__(self, build: Build, *, into: type[Any] | None = None) -> None:
        self._build = build
        self._into = into
        self._compiled: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {}
        self._row: Callable[[Any], Any] | None = None

    def sql(self, dialect: str) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """The SQL text, the names of its values in their order, and the values that stand in the statement itself."""
        found = self._compiled.get(dialect)
        if found is None:
            module, how = _dialect(dialect)
            statement = cast("Any", self._build(module))
            compiled = statement.compile(dialect=how)
            fixed = {k: v for k, v in compiled.params.items() if v is not None}
            found = self._compiled[dialect] = (str(compiled), tuple(compiled.positiontup), fixed)
        return found

    def row(self, cursor: Any) -> Callable[[Any], Any]:
        """What makes a row out of a driver's tuple. Raises TypeError where columns and fields differ."""
        if self._row is None:
            names = [column[0] for column in cursor.description]
            if self._into is None:
                row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024  known only now
                self._row = row._make
            elif names == [field.name for field in fields(self._into)]:
                self._row = partial(_made, self._into)
            else:
                raise TypeError(f"{self._into.__name__} cannot be made of {', '.join(names)}")
        return self._row


def _made(into: type[Any], values: Any) -> Any:
    return into(*values)


class Session:
    """One transaction. Given to effects and queries; never kept by them."""

    __slots__ = ("_execute", "_put", "dialect", "keys", "ledger", "scrubs")

    def __init__(self, connection: Any, dialect: str, keys: Keys, ledger: Ledger) -> None:
        self._execute = connection.execute
        self._put = connection.put
        self.dialect = dialect
        self.keys = keys
        self.ledger = ledger
        """Of erasures. What is written there stays written, also when the transaction fails."""
        self.scrubs = False
        """Whether this transaction asked for :meth:`scrub`."""

    def scrub(self) -> None:
        """What stood here before this transaction, or beside what it writes, must not be found in the files after it.

        For what is promised to be gone: what was overwritten or deleted else stays in SQLite's log for a minute.
        """
        self.scrubs = True

    def run(self, statement: Statement, /, **values: Any) -> int:
        """Execute; returns how many rows it touched."""
        return cast("int", self._execute(*self._ready(statement, values)).rowcount)

    def put(self, statement: Statement, /, **values: Any) -> Any:
        """Execute with the next read or the commit; its ``rowcount`` is one such read."""
        return self._put(*self._ready(statement, values))

    def one(self, statement: Statement, /, **values: Any) -> Any:
        """The first row, or None."""
        cursor = self._execute(*self._ready(statement, values))
        found = cursor.fetchone()
        return None if found is None else statement.row(cursor)(found)

    def ask(self, statement: Statement, /, **values: Any) -> Callable[[], Any]:
        """Like :meth:`one`, with the next read; the row is what the result gives when it is called.

        ``mine = session.ask(...)``, then ``session.one(...)`` takes both to the server and back, then ``mine()``.
        """
        cursor = self._put(*self._ready(statement, values))

        def row() -> Any:
            found = cursor.fetchone()
            return None if found is None else statement.row(cursor)(found)

        return row

    def all(self, statement: Statement, /, **values: Any) -> list[Any]:
        """All rows."""
        cursor = self._execute(*self._ready(statement, values))
        return list(map(statement.row(cursor), cursor.fetchall()))

    def _ready(self, statement: Statement, values: dict[str, Any]) -> tuple[str, list[Any]]:
        text, order, fixed = statement.sql(self.dialect)
        if fixed:
            values |= fixed
        return text, [values[name] for name in order]
