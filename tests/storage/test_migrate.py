from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from storage import migrate, tables


def test_a_bare_database_gets_its_tables_once(bare_url: str) -> None:
    assert migrate.pending(bare_url)
    assert migrate.version(bare_url) is None
    migrate.upgrade(bare_url)
    assert not migrate.pending(bare_url)
    migrate.upgrade(bare_url)
    assert migrate.version(bare_url) == migrate.newest()


def test_processes_that_start_at_once_do_not_meet(bare_url: str) -> None:
    code = f"from storage.migrate import upgrade; upgrade({bare_url!r})"
    starting = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in starting] == [(b"", 0)] * 3
    assert not migrate.pending(bare_url)


def test_the_migrations_make_the_tables_that_the_code_names(bare_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    migrate.upgrade(bare_url)
    url = make_url(bare_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_a_missing_sqlite_file_is_pending_and_not_made_by_asking(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er.sqlite3"
    assert migrate.pending(f"sqlite:///{path}")
    assert not path.exists()
    migrate.upgrade(f"sqlite:///{path}")
    assert path.exists()
