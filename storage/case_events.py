"""What happened to a case: who, when, what; never what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, or_, select
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping, Person, drop_name, moment
from storage.members import Member
from storage.statement import Session, Statement, columns

RECEIVED, WRITTEN_ON, ERASED = "received", "written on", "erased"
ANSWERED, NOTED, CLOSED = "answered", "noted", "closed"
CLAIMED, GIVEN_BACK, TAKEN_OVER = "claimed", "given back", "taken over"
BY_STUDENTS = frozenset({RECEIVED, WRITTEN_ON, ERASED})
"""Whose moment is that of a day, and no more."""


class CaseEvent(SQLModel, table=True):
    """A change of status: who, when, what, no content. A student's act has no ``who`` and no more than a day."""

    __table_args__ = {"sqlite_with_rowid": False}
    case_id: str = Field(primary_key=True, foreign_key="belonging_case.id")
    position: int = Field(primary_key=True)
    at: int = Field(sa_type=BigInteger)
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class CaseChange:
    """One line of a case's record; ``at`` in ms since 1970."""

    at: int
    who: str
    what: str


_e, _member = columns(CaseEvent), columns(Member)
_add = Statement(lambda sql: sql.insert(CaseEvent))
_last = Statement(
    lambda _: select(func.coalesce(func.max(_e.position), -1).label("last")).where(_e.case_id == bindparam("case"))
)


def add(session: Session, case: str, at: int, who: str, what: str) -> None:
    """Record a change."""
    position = int(session.one(_last, case=case).last) + 1
    session.run(_add, case_id=case, position=position, at=at, who=who, what=what)


_of_case = Statement(
    lambda _: select(_e.at, _e.who, _e.what).where(_e.case_id == bindparam("case")).order_by(_e.position),
    into=CaseChange,
)


def of_case(session: Session, case: str) -> list[CaseChange]:
    """What happened, in order."""
    return session.all(_of_case, case=case)


_last_answer = Statement(
    lambda _: select(func.coalesce(func.max(_e.at), 0).label("at")).where(
        _e.case_id == bindparam("case"), _e.what == ANSWERED
    )
)


def last_answer(session: Session, case: str) -> int:
    """When mentors last answered, in ms since 1970; 0 for never."""
    return int(session.one(_last_answer, case=case).at)


_written = Statement(
    lambda _: (
        select(_e.what, func.coalesce(_member.name, "").label("name"))
        .outerjoin(Member, _member.id == _e.who)
        .where(_e.case_id == bindparam("case"), or_(_e.what == ANSWERED, _e.what == NOTED))
        .order_by(_e.position)
    )
)


def writers(session: Session, case: str) -> dict[str, list[str]]:
    """The names of who answered a case and of who left a note, in order; empty for one who was forgotten.

    Each answer and each note is written together with its line here, so the first of these is of the first of those.
    """
    names: dict[str, list[str]] = {ANSWERED: [], NOTED: []}
    for row in session.all(_written, case=case):
        names[row.what].append(row.name)
    return names


_handed = Statement(
    lambda _: select(func.coalesce(func.max(_e.position), -1).label("last")).where(
        _e.case_id == bindparam("case"), or_(_e.what == CLAIMED, _e.what == GIVEN_BACK, _e.what == TAKEN_OVER)
    )
)


def handed(session: Session, case: str) -> int:
    """A number that changes whenever a case goes from one mentor to another, and names neither."""
    return int(session.one(_handed, case=case).last)


_of_member = Statement(lambda _: select(_e.at, _e.what).where(_e.who == bindparam("member")).order_by(_e.at))


def _export(session: Session, person: Person) -> dict[str, Any]:
    rows = session.all(_of_member, member=person.member)
    return {"case_acts": [{"at": moment(row.at), "what": row.what} for row in rows]}


KEEPING = (
    Keeping(
        CaseEvent,
        kept="as long as its case",
        member="who",
        # What was done for a student stays on the case's record; by whom need not.
        erase=drop_name(CaseEvent, "who"),
        export=_export,
    ),
)
