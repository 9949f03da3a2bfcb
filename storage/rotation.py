"""A new master key in place of an old one: all that hangs on the old one is put under the newest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select, update

from storage import meta
from storage.keeping import Keeping, Sealed
from storage.statement import Session, Statement, columns


def rotate(session: Session) -> dict[str, int]:
    """Put everything under the newest master key, in one transaction; then no other key opens any of it.

    Returns how many rows of each table were not yet.
    """
    session.scrub()
    meta.rewrap(session, session.keys.masters)
    return {str(one.table.__tablename__): _again(session, one, one.sealed) for one in _declared() if one.sealed}


@dataclass(frozen=True, slots=True)
class Behind:
    """How much is not under the newest master key: under an older one that is known here, or under one that is not."""

    older: int
    lost: int


def behind(session: Session) -> Behind:
    """What an older master key is still needed for. The database's own key is not counted: it opened the database."""
    masters, older, lost = session.keys.masters, 0, 0
    for one in _declared():
        for row in session.all(_by_master(one)):
            master = bytes(row.master)
            if master in masters.older:
                older += row.n
            elif master != masters.newest:
                lost += row.n
    return Behind(older, lost)


def _again(session: Session, one: Keeping, sealed: Sealed) -> int:
    changed = 0
    for row in session.all(_every(one)):
        again = session.keys.pass_on(sealed.purpose, row.id, bytes(row.sealed))
        if again is not None:
            session.put(_set(one), row=row.id, again=again)
            changed += 1
    return changed


def _declared() -> list[Keeping]:
    from storage.tables import keeping

    return [one for one in keeping() if one.sealed is not None]


def _columns(one: Keeping) -> tuple[Any, Any]:
    """The key and the sealed column of a table that has one."""
    assert one.sealed is not None  # noqa: S101  only such are asked for
    [key] = one.table.__table__.primary_key  # type: ignore[attr-defined]
    return key, columns(one.table)[one.sealed.column]


@lru_cache(maxsize=100)
def _every(one: Keeping) -> Statement:
    key, sealed = _columns(one)
    return Statement(
        lambda _: select(key.label("id"), sealed.label("sealed")).where(func.length(sealed) > 0).with_for_update()
    )


@lru_cache(maxsize=100)
def _set(one: Keeping) -> Statement:
    key, sealed = _columns(one)
    return Statement(lambda _: update(one.table).where(key == bindparam("row")).values({sealed: bindparam("again")}))


@lru_cache(maxsize=100)
def _by_master(one: Keeping) -> Statement:
    _key, sealed = _columns(one)
    master = func.substr(sealed, 1, 4).label("master")
    return Statement(lambda _: select(master, func.count().label("n")).where(func.length(sealed) > 0).group_by(master))
