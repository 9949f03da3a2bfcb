"""Bringing a database to the tables of this version. Alembic is imported only when there is something to do.

A migration that landed is never edited: `storage/migrations/landed.sha256` says what each of them is.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL, make_url

from storage import files, schema, sqlite

if TYPE_CHECKING:
    import psycopg

VERSIONS = Path(__file__).parent / "migrations" / "versions"
PATIENCE = 60
"""Seconds that SQLite waits for another process that migrates: on a busy machine that is longer than it sounds."""
CONNECT = 5
"""Seconds that PostgreSQL has to let us in, or to say what version it is of."""
POSTGRESQL_LOCK = 0x45524249
"""An advisory lock, so that of two processes that start at once only one migrates."""


SHOWN = 2
"""Differences that are named; of more it is said how many they are."""


class Unfit(Exception):
    """Erbij cannot work with the database as it is, and leaves it so. The text says why, and what to do."""


def newest() -> str:
    """The newest version: each file is named by its number, ``0001_first.py``."""
    return max(_versions())


def pending(url: str) -> bool:
    """Whether the database has not the newest version's tables yet; nothing is changed by asking.

    Raises Unfit when it is of a version that is not known here, or its tables are not those of the version that it
    says it is of; sqlite3.Error or psycopg.Error when it cannot be asked.
    """
    at, found = _look(make_url(url))
    if at is None:
        if ours := sorted(found.keys() & _tables(newest()).keys()):
            raise Unfit(
                f"The database has tables (the first is {ours[0]}), but does not say of which version they are.\n"
                "Put a backup in its place, or name a new database in ERBIJ_DATABASE_URL."
            )
        return True
    if at not in _versions():
        raise Unfit(
            f"The database is of version {at}, and this Erbij knows those up to {newest()}: another one has used it.\n"
            "Start that one, or a newer one, or put back a backup from before."
        )
    if wrong := schema.differences(_tables(at), found):
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise Unfit(
            f"The database's tables are not those of its version {at}: {'; '.join(wrong[:SHOWN])}{more}.\n"
            "It was changed by hand, or made by an Erbij that was never released.\n"
            "Put a backup in its place whose tables fit, or name a new database in ERBIJ_DATABASE_URL."
        )
    return at != newest()


def sealed(url: str) -> bool:
    """Whether there is a database that only the right master key opens; False too where it cannot be asked."""
    parsed = make_url(url)
    lite = parsed.get_backend_name() == "sqlite"
    if lite and not (parsed.database and Path(parsed.database).is_file()):
        return False
    import psycopg

    try:
        with _connected(parsed) as connection:
            return connection.execute("select 1 from meta where name = 'database_key'").fetchone() is not None
    except (OSError, sqlite3.Error, psycopg.Error):  # said where it is opened
        return False


def version(url: str) -> str | None:
    """The version that a database says it is of; None for an empty or missing one."""
    return _look(make_url(url))[0]


def upgrade(url: str, to: str = "head") -> None:
    """Make the tables, or bring them up to date. Safe to call from several processes at once.

    ``to``: the version to stop at.
    """
    from sqlalchemy import create_engine, text

    parsed = make_url(url)
    lite = parsed.get_backend_name() == "sqlite"
    if lite and parsed.database:
        files.file(Path(parsed.database))
    if lite:
        engine = create_engine(parsed, connect_args={"timeout": PATIENCE})
    else:
        engine = create_engine("postgresql+psycopg://", creator=partial(_postgresql, parsed))
    try:
        with engine.connect() as connection:
            if lite:
                connection.connection.driver_connection.isolation_level = None  # type: ignore[union-attr]
                connection.exec_driver_sql("PRAGMA secure_delete=ON")  # of a dropped table no word stays in the file
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTGRESQL_LOCK})
            _run(connection, to)
            connection.commit()
    finally:
        engine.dispose()


def _run(connection: Any, to: str) -> None:
    """Run the migrations up to one, in the connection's own transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with warnings.catch_warnings():
        command.upgrade(config, to)


@lru_cache(maxsize=1)
def _versions() -> frozenset[str]:
    return frozenset(path.name.split("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


@lru_cache(maxsize=4)
def _tables(at: str) -> schema.Tables:
    """The tables of a version: of the newest as the code declares them, of others as the migrations make them."""
    from storage.tables import metadata

    if at == newest():
        return schema.declared(metadata)
    from sqlalchemy import create_engine

    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            _run(connection, at)
            return schema.of_sqlite(connection.connection.driver_connection)
    finally:
        engine.dispose()


def _look(url: URL) -> tuple[str | None, schema.Tables]:
    """The version that a database says it is of, and the tables that it has."""
    lite = url.get_backend_name() == "sqlite"
    if lite and (not url.database or not Path(url.database).exists()):
        return None, {}
    with _connected(url) as connection:
        tables = schema.of_sqlite(connection) if lite else schema.of_postgresql(connection)
        known = "alembic_version" in tables
        row = connection.execute("select version_num from alembic_version").fetchone() if known else None
    return row[0] if row else None, tables


@contextmanager
def _connected(url: URL) -> Iterator[Any]:
    """A database that is there, to look at."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite.reading(url)) as lite:
            yield lite
        return
    with _postgresql(url, autocommit=True) as connection:
        connection.execute(f"SET statement_timeout = {CONNECT * 1000}")
        yield connection


def _postgresql(url: URL, *, autocommit: bool = False) -> psycopg.Connection:
    """To where everything else connects: a library that reads the URL in its own way might go elsewhere."""
    import psycopg

    from storage.postgresql import plain

    return psycopg.connect(plain(url), autocommit=autocommit, connect_timeout=CONNECT)
