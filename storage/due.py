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
    """Of people a member's id at the most; a name only sealed."""
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
_sooner = Statement(
    lambda _: (
        update(DueRow)
        .where(_d.key == bindparam("row_key"), _d.at > bindparam("new_at"), _d.attempts == 0)
        .values(at=bindparam("new_at"), until=bindparam("new_until"))
    )
)
_failed = Statement(
    lambda _: update(DueRow).where(_d.id == bindparam("row")).values(attempts=_d.attempts + 1, at=bindparam("new_at"))
)
_next = Statement(lambda _: select(func.min(_d.at).label("at")))
_here = _d.community_id == bindparam("community")
_is_about = (_here, _d.key.startswith(bindparam("about")))
_drop_about = Statement(lambda _: delete(DueRow).where(*_is_about))
_count_about = Statement(lambda _: select(func.count().label("n")).select_from(DueRow).where(*_is_about))
_keys_about = Statement(lambda _: select(_d.id, _d.key).where(*_is_about))
_set_key = Statement(lambda _: update(DueRow).where(_d.id == bindparam("row"), _here).values(key=bindparam("row_key")))
_is_for = (_here, _d.argument.contains(bindparam("goes")))
_rename = Statement(
    lambda _: (
        update(DueRow).where(*_is_for).values(argument=func.replace(_d.argument, bindparam("goes"), bindparam("stays")))
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


def key_about(session: Session, community: str, whom: str, of: str) -> str:
    """The key of a row about somebody (a member's id, or an account as ``platform:id``); ``of`` tells rows apart.

    By it the row goes when they are forgotten, and nobody without the database's key learns whom it is about.
    """
    return f"{session.keys.fingerprint(f'about:{community}:{whom}').hex()}:{of}"


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


def sooner(session: Session, key: str, at: int, until: int | None) -> None:
    """Comes at a moment, where it would have come later; what failed keeps its own time."""
    session.put(_sooner, row_key=key, new_at=at, new_until=until)


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


def _erase(session: Session, person: Person, _now: int) -> int:
    """What is about somebody goes; what is only to be told to them comes without them."""
    if person.member:
        session.run(_rename, community=person.community, goes=person.member, stays="")
    return sum(session.run(_drop_about, **one) for one in _about(session, person))


def _export(session: Session, person: Person) -> dict[str, Any]:
    return {"timers": sum(int(session.one(_count_about, **one).n) for one in _about(session, person))}


def _about(session: Session, person: Person) -> list[dict[str, str]]:
    known = [*([person.member] if person.member else []), *person.accounts]
    return [{"community": person.community, "about": key_about(session, person.community, one, "")} for one in known]


def _merge(session: Session, community: str, stays: str, goes: str) -> None:
    session.run(_rename, community=community, stays=stays, goes=goes)
    before, after = (key_about(session, community, one, "") for one in (goes, stays))
    for row in session.all(_keys_about, community=community, about=before):
        # Its own number too: there may be one like it about the other.
        session.run(
            _set_key, community=community, row=row.id, row_key=f"{after}{row.key.removeprefix(before)}.{row.id}"
        )


KEEPING = (
    Keeping(DueRow, kept="until it is due", names=("key", "argument"), erase=_erase, export=_export, merge=_merge),
)
