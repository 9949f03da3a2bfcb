"""Who of the staff changed what. Never content, never a student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import BigInteger, Field, Index, SQLModel

from storage.ids import new_id
from storage.keeping import Days, Keeping, Person, drop_name, moment
from storage.statement import Session, Statement, columns

LEFT = "left"
"""Someone lost the roles in ``subject``: they have left, or a platform's role was taken from them."""


class Audit(SQLModel, table=True):
    """One act. ``who`` is a member's id, empty for Erbij itself; ``at`` in ms since 1970 UTC."""

    __table_args__ = (Index("audit_of", "community_id", "at"),)
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id")
    at: int = Field(sa_type=BigInteger)
    who: str
    what: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the record."""

    at: int
    who: str
    what: str
    subject: str


_a = columns(Audit)
_add = Statement(lambda sql: sql.insert(Audit))


def add(  # noqa: PLR0913  one row
    session: Session, community: str, at: int, who: str, what: str, subject: str = ""
) -> None:
    """Record an act."""
    session.put(_add, id=new_id(), community_id=community, at=at, who=who, what=what, subject=subject)


_listing = Statement(
    lambda _: (
        select(_a.at, _a.who, _a.what, _a.subject)
        .where(_a.community_id == bindparam("community"))
        .order_by(_a.at.desc(), _a.id)
        .limit(bindparam("most"))
    ),
    into=Act,
)


def listing(session: Session, community: str, most: int = 100) -> list[Act]:
    """The latest acts in a community, the newest first."""
    return session.all(_listing, community=community, most=most)


_of_member = Statement(
    lambda _: (
        select(_a.at, _a.what, _a.subject)
        .where(_a.community_id == bindparam("community"), _a.who == bindparam("member"))
        .order_by(_a.at, _a.id)
    )
)


def _export(session: Session, person: Person) -> dict[str, Any]:
    rows = session.all(_of_member, community=person.community, member=person.member)
    return {"acts": [{"at": moment(row.at), "what": row.what, "subject": row.subject} for row in rows]}


KEEPING = (
    Keeping(
        Audit,
        kept=Days(365, "at"),
        member="who",
        # That a channel or a role was changed must stay on record for those who are still there; by whom need not.
        erase=drop_name(Audit, "who"),
        export=_export,
    ),
)
