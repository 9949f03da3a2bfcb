"""What is due: a job to start at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, select, update
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping, Person
from storage.statement import Session, Statement, columns

OFTEN = 8
"""Failures after which somebody should look: the row is tried again all the same."""


class DueRow(SQLModel, table=True):
    """A job that starts without a person. Times in ms since 1970 UTC."""

    __tablename__ = "due"
    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    key: str = Field(unique=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    flow: str
    """The job's name."""
    argument: str = ""
    at: int = Field(sa_type=BigInteger, index=True)
    until: int | None = Field(default=None, sa_type=BigInteger)
    """From then on it is pointless."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """One row, taken by this transaction."""

    id: int
    key: str
    community: str
    job: str
    argument: str
    at: int
    until: int | None
    attempts: int


_d = columns(DueRow)
_shown = (_d.id, _d.key, _d.community_id, _d.flow, _d.argument, _d.at, _d.until, _d.attempts)
_given = ("key", "community_id", "flow", "argument", "at", "until")
_add = Statement(
    lambda sql: (
        sql.insert(DueRow)
        .values({name: bindparam(name) for name in _given} | {"attempts": 0})
        .on_conflict_do_nothing()
        .inline()
    )
)
_take = Statement(
    lambda _: (
        select(*_shown)
        .where(_d.at <= bindparam("now"))
        .order_by(_d.at, _d.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
)
_done = Statement(lambda _: delete(DueRow).where(_d.id == bindparam("row")))
_forget = Statement(lambda _: delete(DueRow).where(_d.key == bindparam("row_key")))
_forget_all = Statement(lambda _: delete(DueRow).where(_d.community_id == bindparam("community")))
_when = Statement(lambda _: select(_d.at).where(_d.key == bindparam("row_key")))
_move = Statement(
    lambda _: (
        update(DueRow)
        .where(_d.id == bindparam("row"))
        .values(at=bindparam("new_at"), until=bindparam("new_until"), attempts=0)
    )
)
_failed = Statement(
    lambda _: update(DueRow).where(_d.id == bindparam("row")).values(attempts=_d.attempts + 1, at=bindparam("new_at"))
)
_next = Statement(lambda _: select(func.min(_d.at).label("at")))
_is_about = (
    _d.community_id == bindparam("community"),
    _d.argument.like(bindparam("about")) | _d.key.like(bindparam("about")),
)
_drop_about = Statement(lambda _: delete(DueRow).where(*_is_about))
_count_about = Statement(lambda _: select(func.count().label("n")).select_from(DueRow).where(*_is_about))
_rename = Statement(
    lambda _: (
        update(DueRow)
        .where(*_is_about)
        .values(argument=func.replace(_d.argument, bindparam("goes"), bindparam("stays")))
    )
)
_failing = Statement(lambda _: select(*_shown).where(_d.attempts >= OFTEN).order_by(_d.id))


def add(  # noqa: PLR0913  one row
    session: Session,
    key: str,
    community: str,
    job: str,
    argument: str,
    at: int,
    until: int | None = None,
) -> bool:
    """Start a job at a moment; False when a row with this key waits already."""
    added = session.run(
        _add,
        key=key,
        community_id=community,
        flow=job,
        argument=argument,
        at=at,
        until=until,
    )
    return added == 1


def forget(session: Session, key: str) -> None:
    """It does not come, or is set anew."""
    session.put(_forget, row_key=key)


def forget_all(session: Session, community: str) -> None:
    """Nothing comes in a community any more."""
    session.put(_forget_all, community=community)


def when(session: Session, key: str) -> int | None:
    """When the row with this key is due, in ms since 1970; None when it does not wait."""
    row = session.one(_when, row_key=key)
    return None if row is None else int(row.at)


def take(session: Session, now: int) -> Due | None:
    """The row that has been due longest, locked for this transaction; other processes get the next."""
    row = session.one(_take, now=now)
    return None if row is None else Due(*row)


def done(session: Session, row: int) -> None:
    """Ran, or was skipped, and does not come again."""
    session.put(_done, row=row)


def move(session: Session, row: int, at: int, until: int | None) -> None:
    """Comes again at a moment."""
    session.put(_move, row=row, new_at=at, new_until=until)


def failed(session: Session, row: int, at: int) -> None:
    """Did not work; again at a moment."""
    session.put(_failed, row=row, new_at=at)


def next_at(session: Session) -> int | None:
    """When the next row is due, in ms since 1970; None when nothing waits."""
    at = session.one(_next).at
    return None if at is None else int(at)


def failing(session: Session) -> list[Due]:
    """Rows that failed often."""
    return [Due(*row) for row in session.all(_failing)]


def _drop_person(session: Session, person: Person, _now: int) -> int:
    return sum(session.run(_drop_about, **one) for one in _about(person))


def _export(session: Session, person: Person) -> dict[str, Any]:
    return {"timers": sum(int(session.one(_count_about, **one).n) for one in _about(person))}


def _about(person: Person) -> list[dict[str, str]]:
    """What a timer can hold of somebody: their member's id, or an account as JSON writes it."""
    idents = [*([person.member] if person.member else []), *(f'"{one}"' for one in person.accounts)]
    return [{"community": person.community, "about": f"%{one}%"} for one in idents]


def _merge(session: Session, community: str, stays: str, goes: str) -> None:
    session.run(_rename, community=community, about=f"%{goes}%", stays=stays, goes=goes)


KEEPING = (
    Keeping(
        DueRow, kept="until it is due", names=("key", "argument"), erase=_drop_person, export=_export, merge=_merge
    ),
)
