"""Databases as earlier versions left them, and how one is laid into whichever database."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.engine import make_url

from storage.migrate import upgrade

HERE = Path(__file__).parent
KEY = b64encode(b"erbij test key: keeps no secret!").decode()
"""The master key of every recorded database."""
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""All rows by table, each by its columns."""


@dataclass(frozen=True)
class Recorded:
    """A database that the program left when its tables were of a version."""

    version: str

    @property
    def hand(self) -> dict[str, Any]:
        """What people of then still have: six words, codes, the forms and buttons of messages in their chats."""
        found: dict[str, Any] = json.loads((HERE / f"{self.version}.json").read_text())
        return found

    @property
    def ledger(self) -> Path:
        """The ledger of erasures that stood beside it."""
        return HERE / f"{self.version}.ledger"

    def unpack(self, path: Path) -> None:
        """The file as it was, at ``path``."""
        path.write_bytes(gzip.decompress((HERE / f"{self.version}.sqlite3.gz").read_bytes()))

    def rows(self) -> Rows:
        """All that was in it."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "recorded.sqlite3"
            self.unpack(path)
            return rows_of(f"sqlite:///{path}")


RECORDED = sorted(
    (Recorded(path.name.split(".")[0]) for path in HERE.glob("*.sqlite3.gz")), key=lambda one: one.version
)


def rows_of(url: str) -> Rows:
    """All rows of a database, with bytes as bytes."""
    engine = create_engine(_driven(url))
    tables = MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        found = {
            name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for name, table in tables.tables.items()
            if name != "alembic_version"
        }
    engine.dispose()
    return found


def lay(url: str, version: str, rows: Rows) -> None:
    """Make the tables of a version in an empty database, and put rows in."""
    upgrade(url, version)
    engine = create_engine(_driven(url))
    tables = MetaData()
    with engine.begin() as connection:
        tables.reflect(connection)
        for table in tables.sorted_tables:
            for row in rows.get(table.name, ()):
                connection.execute(table.insert().values(**row))
            numbered = [one for one in table.primary_key.columns if one.identity is not None]
            for column in numbered:  # the next number comes after these
                sequence = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
                connection.execute(text(f"select setval({sequence}, max({column.name})) from {table.name}"))
    engine.dispose()


def _driven(url: str) -> Any:
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.get_backend_name() == "postgresql" else parsed
