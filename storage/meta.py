"""The one row that belongs to the database itself: its key, wrapped by a master key."""

from __future__ import annotations

import secrets

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping
from storage.keys import KeyFault, Masters
from storage.statement import Session, Statement, columns


class Meta(SQLModel, table=True):
    """Named values of the database as a whole."""

    name: str = Field(primary_key=True)
    value: bytes


KEEPING = (Keeping(Meta, kept="of the database as a whole"),)

_c = columns(Meta)
_find = Statement(lambda _: select(_c.value).where(_c.name == bindparam("name")))


def get(session: Session, name: str) -> bytes | None:
    """A value, or None."""
    row = session.one(_find, name=name)
    return None if row is None else bytes(row.value)


_add = Statement(lambda sql: sql.insert(Meta).on_conflict_do_nothing())
_set = Statement(lambda _: update(Meta).where(_c.name == bindparam("key")).values(value=bindparam("new")))


def put(session: Session, name: str, value: bytes) -> None:
    """Set a value."""
    if not session.run(_set, key=name, new=value):
        session.put(_add, name=name, value=value)


_drop = Statement(lambda _: delete(Meta).where(_c.name == bindparam("name")))


def drop(session: Session, name: str) -> None:
    """Forget a value."""
    session.put(_drop, name=name)


class Unsealed(KeyFault):
    """The database has its tables but no key yet: the first start makes one."""


def database_key(session: Session, masters: Masters, *, make: bool = True) -> bytes:
    """The database key; made, wrapped and stored where there is none yet. Raises Unsealed where it may not be."""
    wrapped = get(session, "database_key")
    if wrapped is None:
        if not make:
            raise Unsealed
        session.put(_add, name="database_key", value=masters.wrap(secrets.token_bytes(32), "database"))
        wrapped = get(session, "database_key")
    return masters.unwrap(wrapped or b"", "database")


def rewrap(session: Session, masters: Masters) -> None:
    """Wrap the database key under the newest master."""
    key = masters.unwrap(get(session, "database_key") or b"", "database")
    put(session, "database_key", masters.wrap(key, "database"))
