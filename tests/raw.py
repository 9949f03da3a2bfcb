"""All that a database says to who has every key: each row as it stands, and what opens of it."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.database import Database
from storage.keys import KeyFault, unseal
from storage.statement import Session
from storage.tables import metadata

PURPOSES = ("journal", "timer", "letter", "letters", "ballot", "remark", "outbox", "code")


def tables_with(database: Database, *needles: str) -> set[str]:
    """The tables in which one of these stands, in clear or under whatever key."""
    return {table for table, text in texts(database) if any(needle in text for needle in needles)}


def texts(database: Database) -> list[tuple[str, str]]:
    """(table, all that its row says) of every row."""
    return database.run_now(lambda session: list(_texts(session)))


def rows(session: Session, table: str) -> list[dict[str, Any]]:
    """Every row of a table, by its columns."""
    cursor = session._execute(f"select * from {table}", {})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _texts(session: Session) -> Iterator[tuple[str, str]]:
    cases = {
        row["id"]: AESGCM(session.keys.masters.unwrap(bytes(row["wrapped_key"]), f"case:{row['id']}"))
        for row in rows(session, "belonging_case")
        if row["wrapped_key"]
    }
    for table in metadata.tables:
        for row in rows(session, table):
            said = [str(value) for value in row.values() if not isinstance(value, bytes | memoryview)]
            blobs = [bytes(value) for value in row.values() if isinstance(value, bytes | memoryview)]
            if table == "due":
                said += _names(session, row)
            identities = [*said, *(blob.hex() for blob in blobs)]
            for blob in blobs:
                said += [plain.decode(errors="replace") for plain in _opened(session, blob, identities, cases, row)]
            yield table, "\n".join(said)


def _names(session: Session, row: dict[str, Any]) -> Iterator[str]:
    """The name that a timer about somebody carries, sealed."""
    if row["flow"] == "staff_left":
        sealed = b64decode(json.loads(row["argument"])["name"])
        yield session.keys.open("left", row["community_id"], sealed).decode()


def _opened(
    session: Session, blob: bytes, identities: list[str], cases: dict[str, AESGCM], row: dict[str, Any]
) -> Iterator[bytes]:
    ways: list[Callable[[], bytes]] = []
    for identity in identities:
        for purpose in PURPOSES:
            ways.append(lambda p=purpose, i=identity: session.keys.open(p, i, blob))  # type: ignore[misc]
            ways.append(lambda p=purpose, i=identity: session.keys.open_passing(p, i, blob))  # type: ignore[misc]
        ways += [lambda c=cipher, i=identity: unseal(c, i, blob) for cipher in cases.values()]  # type: ignore[misc]
    if "position" in row and "author" in row:
        named = f"{row['case_id']}:{row['position']}:{row['author']}"
        ways += [lambda c=cipher: unseal(c, named, blob) for cipher in cases.values()]  # type: ignore[misc]
    for way in ways:
        with suppress(KeyFault, ValueError):  # a blob too short to be sealed at all
            yield way()
