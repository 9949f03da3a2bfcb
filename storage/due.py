"""What is due: a job to start at a moment."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, case, delete, func, null, or_, select, update
from sqlmodel import Field, SQLModel

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
    """Of people a member's id at the most; a name only sealed."""
    planned: int = Field(sa_type=BigInteger)
    """The moment it is for. All that it does goes by this one, however often it is tried: no message comes twice."""
    at: int = Field(sa_type=BigInteger, index=True)
    """When it is tried next: at first as planned, later after a failure, or when a lease ends."""
    until: int | None = Field(default=None, sa_type=BigInteger)
    """From then on it is pointless."""
    attempts: int = 0
    """Tries that did not end well, or have not ended yet."""
    subject: str = Field(default="", index=True)
    """What it belongs to, as a fingerprint; empty where it belongs to nothing."""
    about: str = Field(default="", index=True)
    """Whom it is about, as a fingerprint; empty for nobody."""
    journal: bytes | None = None
    """Of a job that has come to its slow work: what it learned by then, sealed."""
    wall: str = ""
    """Of what recurs: the wall clock that it waits for, in the community's zone, ``2026-11-26T12:00``."""
    last: str = ""
    """Of what recurs: the one that it had last; empty when it had none."""


@dataclass(frozen=True, slots=True)
class Due:
    """One row, taken by this transaction."""

    id: int
    key: str
    community: str
    job: str
    argument: str
    planned: int
    at: int
    until: int | None
    attempts: int
    journal: bytes | None
    wall: str
    last: str


_d = columns(DueRow)
_given = ("key", "community_id", "flow", "argument", "at", "until")
new = {name: bindparam(name) for name in _given} | {"planned": bindparam("at"), "attempts": 0}
"""What a new row has, in statements."""
_add = Statement(
    lambda sql: (
        sql.insert(DueRow)
        .values({**new, "subject": "", "about": "", "wall": bindparam("wall"), "last": ""})
        .on_conflict_do_nothing()
        .inline()
    )
)


def add(  # noqa: PLR0913  one row
    session: Session,
    key: str,
    community: str,
    job: str,
    argument: str,
    at: int,
    until: int | None = None,
    wall: str = "",
) -> bool:
    """Start a job at a moment; False when a row with this key waits already. ``wall``: see :class:`DueRow`."""
    added = session.run(
        _add,
        key=key,
        community_id=community,
        flow=job,
        argument=argument,
        at=at,
        until=until,
        wall=wall,
    )
    return added == 1


_forget = Statement(lambda _: delete(DueRow).where(_d.key == bindparam("row_key")))


def forget(session: Session, key: str) -> None:
    """It does not come, or is set anew."""
    session.put(_forget, row_key=key)


_forget_all = Statement(lambda _: delete(DueRow).where(_d.community_id == bindparam("community")))


def forget_all(session: Session, community: str) -> None:
    """Nothing comes in a community any more."""
    session.put(_forget_all, community=community)


_shown = (
    _d.id,
    _d.key,
    _d.community_id.label("community"),
    _d.flow.label("job"),
    _d.argument,
    _d.planned,
    _d.at,
    _d.until,
    _d.attempts,
    _d.journal,
    _d.wall,
    _d.last,
)
_named = Statement(lambda _: select(*_shown).where(_d.key == bindparam("row_key")), into=Due)


def named(session: Session, key: str) -> Due | None:
    """The row with this key; None when it does not wait."""
    found: Due | None = session.one(_named, row_key=key)
    return found


def when(session: Session, key: str) -> int | None:
    """When the row with this key is due, in ms since 1970; None when it does not wait."""
    row = named(session, key)
    return None if row is None else row.at


_is_due = (_d.at <= bindparam("now"), or_(_d.journal.is_(None), bindparam("idle", type_=Integer) == 1))
_take = Statement(
    lambda _: (
        select(*_shown)
        .where(*_is_due)
        .order_by(_d.at, _d.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    ),
    into=Due,
)


def take(session: Session, now: int, most: int = 1, *, idle: bool = True) -> list[Due]:
    """The rows that have been due longest, locked for this transaction; other processes get the next.

    ``idle``: whether there is somebody to do slow work; else what waits for that is passed by.
    """
    return session.all(_take, now=now, most=most, idle=int(idle))


_this = (_d.id == bindparam("row"), _d.planned == bindparam("was_planned"), _d.attempts == bindparam("tried"))
_free = Statement(lambda _: select(*_shown).where(*_this).with_for_update(skip_locked=True), into=Due)


def take_this(session: Session, row: Due) -> Due | None:
    """A row as it was seen before, locked; None when it was tried, moved or taken since."""
    found: Due | None = session.one(_free, **_as(row))
    return found


_try = Statement(
    lambda _: (
        update(DueRow)
        .where(*_this)
        .values(at=bindparam("new_at"), attempts=bindparam("new_attempts"), journal=bindparam("new_journal"))
    )
)


def hold(session: Session, row: Due, at: int, journal: dict[str, Any]) -> Due:
    """Slow work begins: until ``at`` nobody else tries it."""
    now = replace(row, at=at, attempts=row.attempts + 1, journal=_sealed(session, row, journal))
    session.put(_try, **_as(row), new_at=now.at, new_attempts=now.attempts, new_journal=now.journal)
    return now


def wait(session: Session, row: Due, journal: dict[str, Any]) -> None:
    """It has come to its slow work, which somebody begins as soon as they can."""
    session.put(_try, **_as(row), new_at=row.at, new_attempts=row.attempts, new_journal=_sealed(session, row, journal))


_held = Statement(lambda _: select(*_shown).where(*_this).with_for_update(), into=Due)


def held(session: Session, row: Due) -> Due | None:
    """A row that is held for slow work, locked; None when another try began or it was cancelled.

    A row that was set anew may look the same, its number included; a journal is never sealed twice alike.
    """
    found: Due | None = session.one(_held, **_as(row))
    same = found is not None and found.journal is not None and bytes(found.journal) == row.journal
    return found if same else None


def learned(session: Session, row: Due) -> dict[str, Any] | None:
    """What a job that came to its slow work had learned; None for one that begins."""
    if row.journal is None:
        return None
    found: dict[str, Any] = json.loads(session.keys.open("timer", str(row.id), row.journal))
    return found


_done = Statement(lambda _: delete(DueRow).where(*_this))


def done(session: Session, row: Due) -> None:
    """Ran, or was skipped, and does not come again; one that set itself anew does."""
    session.put(_done, **_as(row))


_move = Statement(
    lambda _: (
        update(DueRow)
        .where(*_this)
        .values(
            planned=bindparam("new_planned"),
            at=bindparam("new_at"),
            until=bindparam("new_until"),
            attempts=0,
            journal=null(),
            wall=bindparam("new_wall"),
            last=bindparam("new_last"),
        )
    )
)


def move(session: Session, row: Due, to: Due) -> None:
    """Comes again, or at another time: as planned there."""
    session.put(
        _move,
        **_as(row),
        new_planned=to.planned,
        new_at=to.at,
        new_until=to.until,
        new_wall=to.wall,
        new_last=to.last,
    )


_failed = Statement(
    lambda _: update(DueRow).where(*_this).values(at=bindparam("new_at"), attempts=bindparam("new_attempts"))
)


def failed(session: Session, row: Due, at: int, attempts: int) -> None:
    """Did not work, so often by now; again at a moment, unless something else became of it meanwhile."""
    session.put(_failed, **_as(row), new_at=at, new_attempts=attempts)


_sooner = Statement(
    lambda _: (
        update(DueRow)
        .where(_d.attempts > 0, _d.at > bindparam("latest"))
        .values(at=case((_d.planned > bindparam("now"), _d.planned), else_=bindparam("now", type_=BigInteger)))
    )
)


def sooner(session: Session, now: int, latest: int) -> None:
    """What failed while a clock ran ahead, and would be tried again after ``latest`` only, comes as planned, or now."""
    session.put(_sooner, now=now, latest=latest)


_next = Statement(
    lambda _: select(func.min(_d.at).label("at")).where(
        or_(_d.journal.is_(None), bindparam("idle", type_=Integer) == 1)
    )
)


def next_at(session: Session, *, idle: bool = True) -> int | None:
    """When the next row is due, in ms since 1970; None when nothing waits."""
    at = session.one(_next, idle=int(idle)).at
    return None if at is None else int(at)


_failing = Statement(lambda _: select(*_shown).where(_d.attempts >= OFTEN).order_by(_d.id), into=Due)


def failing(session: Session) -> list[Due]:
    """Rows that failed often."""
    return session.all(_failing)


def _as(row: Due) -> dict[str, Any]:
    return {"row": row.id, "was_planned": row.planned, "tried": row.attempts}


def _sealed(session: Session, row: Due, journal: dict[str, Any]) -> bytes:
    text = json.dumps(journal, ensure_ascii=False, separators=(",", ":")).encode()
    return session.keys.seal("timer", str(row.id), text)
