"""Bringing a database to the tables of this version. Alembic is imported only when there is something to do."""

from __future__ import annotations

import sqlite3
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url

from storage import files

if TYPE_CHECKING:
    import psycopg

VERSIONS = Path(__file__).parent / "migrations" / "versions"
PATIENCE = 60
"""Seconds that SQLite waits for another process that migrates: on a busy machine that is longer than it sounds."""
POSTGRESQL_LOCK = 0x45524249
"""An advisory lock, so that of two processes that start at once only one migrates."""


def newest() -> str:
    """The newest version: each file is named by its number, ``0001_first.py``."""
    return max(path.name.split("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def pending(url: str) -> bool:
    """Whether the database has not the newest version's tables yet. Cheap; raises NotSaved when it cannot be asked."""
    return version(url) != newest()


def version(url: str) -> str | None:
    """The version that a database is at; None for an empty or missing one."""
    parsed = make_url(url)
    return _sqlite_version(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql_version(parsed)


def upgrade(url: str, to: str = "head") -> None:
    """Make the tables, or bring them up to date. Safe to call from several processes at once.

    ``to``: the version to stop at.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, text

    parsed = make_url(url)
    lite = parsed.get_backend_name() == "sqlite"
    if lite and parsed.database:
        files.file(Path(parsed.database))
    if lite:
        engine = create_engine(parsed, connect_args={"timeout": PATIENCE})
    else:
        engine = create_engine("postgresql+psycopg://", creator=partial(_connected, parsed))
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    config.set_main_option("path_separator", "os")
    try:
        with engine.connect() as connection, warnings.catch_warnings():
            if lite:
                connection.connection.driver_connection.isolation_level = None  # type: ignore[union-attr]
                connection.exec_driver_sql("PRAGMA secure_delete=ON")  # of a dropped table no word stays in the file
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTGRESQL_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, to)
            connection.commit()
    finally:
        engine.dispose()


def _sqlite_version(url: URL) -> str | None:
    if not url.database or not Path(url.database).exists():
        return None
    connection = sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)
    try:
        found = connection.execute("select name from sqlite_master where name = 'alembic_version'").fetchone()
        row = found and connection.execute("select version_num from alembic_version").fetchone()
    finally:
        connection.close()
    return row[0] if row else None


def _postgresql_version(url: URL) -> str | None:
    with _connected(url, autocommit=True) as connection:
        row = connection.execute("select to_regclass('alembic_version')").fetchone()
        if row is None or row[0] is None:
            return None
        row = connection.execute("select version_num from alembic_version").fetchone()
    return row[0] if row else None


def _connected(url: URL, *, autocommit: bool = False) -> psycopg.Connection:
    """To where everything else connects: a library that reads the URL in its own way might go elsewhere."""
    import psycopg

    from storage.postgresql import plain

    return psycopg.connect(plain(url), autocommit=autocommit)
