"""The words in a case, each sealed under the case's own key: see storage/cases.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, delete, func, select
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping
from storage.keys import seal, unseal
from storage.statement import Session, Statement, columns

_PAD = 4096
"""Bytes. The length of a message must not tell which conversation or letter it came from."""
STUDENT, MENTOR, NOTE = "student", "mentor", "note"


class CaseMessage(SQLModel, table=True):
    """Words in a case, sealed under its key: the student's six answers are the first."""

    __table_args__ = {"sqlite_with_rowid": False}
    case_id: str = Field(primary_key=True, foreign_key="belonging_case.id")
    position: int = Field(primary_key=True)
    author: str
    day: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class CaseWords:
    """One message in a case. ``author`` is student, mentor or note; ``day`` in days since 1970.

    ``name``: of the mentor who wrote it, for other mentors; empty where it is not known any more, or not to be said.
    """

    author: str
    text: str
    day: int
    name: str = ""


KEEPING = (Keeping(CaseMessage, kept="as long as its case"),)

_m = columns(CaseMessage)
_add = Statement(lambda sql: sql.insert(CaseMessage))
_last = Statement(
    lambda _: select(func.coalesce(func.max(_m.position), -1).label("last")).where(_m.case_id == bindparam("case"))
)


def add(  # noqa: PLR0913  one row
    session: Session, case: str, cipher: AESGCM, author: str, text: str, day: int
) -> None:
    """The next words in a case, whose row the caller has locked."""
    position = int(session.one(_last, case=case).last) + 1
    raw = text.encode()
    sealed = seal(cipher, f"{case}:{position}:{author}", raw + b"\0" * (-len(raw) % _PAD))
    session.run(_add, case_id=case, position=position, author=author, day=day, sealed=sealed)


_of_case = Statement(
    lambda _: (
        select(_m.position, _m.author, _m.day, _m.sealed).where(_m.case_id == bindparam("case")).order_by(_m.position)
    )
)


def of_case(session: Session, case: str, cipher: AESGCM) -> list[CaseWords]:
    """All words in a case, in order."""
    return [CaseWords(row.author, _opened(cipher, case, row), row.day) for row in session.all(_of_case, case=case)]


def _opened(cipher: AESGCM, case: str, row: Any) -> str:
    return unseal(cipher, f"{case}:{row.position}:{row.author}", bytes(row.sealed)).rstrip(b"\0").decode()


_spoken = Statement(
    lambda _: (
        select(_m.author)
        .where(_m.case_id == bindparam("case"), _m.author != NOTE)
        .order_by(_m.position.desc())
        .limit(1)
    )
)


def owed(session: Session, case: str) -> bool:
    """Whether the student wrote last, so that an answer is to come."""
    row = session.one(_spoken, case=case)
    return row is not None and row.author == STUDENT


_drop = Statement(lambda _: delete(CaseMessage).where(_m.case_id == bindparam("case")))


def drop(session: Session, case: str) -> None:
    """The words of a case are gone."""
    session.run(_drop, case=case)
