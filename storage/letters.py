"""Letters: a student's words on their way to the mentors, sealed as a whole. Why: see storage/cases.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import Field, SQLModel

from storage.ids import new_id
from storage.keeping import Keeping, Sealed
from storage.statement import Session, Statement, columns

_PAD = 8192
"""Bytes; nearly every letter takes as many."""


class CaseLetter(SQLModel, table=True):
    """A new case, or more about one, under an id of its own."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    sealed: bytes


KEEPING = (Keeping(CaseLetter, kept="until cases are released", sealed=Sealed("sealed", "letter")),)

_l = columns(CaseLetter)
_add = Statement(lambda sql: sql.insert(CaseLetter))
_waiting = Statement(lambda _: select(_l.id, _l.sealed).where(_l.community_id == bindparam("community")))
_locked = Statement(
    lambda _: select(_l.id, _l.sealed).where(_l.community_id == bindparam("community")).with_for_update()
)
_drop = Statement(lambda _: delete(CaseLetter).where(_l.id == bindparam("letter")))


def post(session: Session, community: str, letter: Mapping[str, Any]) -> None:
    """Put a letter into the box; its content must be JSON."""
    letter_id = new_id()
    raw = json.dumps(letter, ensure_ascii=False).encode()
    raw += b" " * (-len(raw) % _PAD)  # its length must not tell which case it became
    session.scrub()  # it shares its commit with its student's conversation
    session.put(_add, id=letter_id, community_id=community, sealed=session.keys.seal_passing("letter", letter_id, raw))


def waiting(session: Session, community: str) -> list[tuple[str, dict[str, Any]]]:
    """(id, content) of the letters in the box, which stay there."""
    return _opened(session, session.all(_waiting, community=community))


def take(session: Session, community: str) -> list[tuple[str, dict[str, Any]]]:
    """(id, content) of the letters that were in the box."""
    taken = _opened(session, session.all(_locked, community=community))
    session.scrub()
    for letter_id, _ in taken:
        session.put(_drop, letter=letter_id)
    return taken


def _opened(session: Session, rows: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(row.id, json.loads(session.keys.open_passing("letter", row.id, bytes(row.sealed)))) for row in rows]
