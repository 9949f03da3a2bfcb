"""What each table holds of people, declared beside the table: for how long, how it is shown to them, and how it goes.

storage/tables.py collects the declarations. By them people are forgotten and shown what is stored (forgetting.py), two
members become one (accounts.py), what is too old goes each night (housekeeping.py), and a new master key reaches all
that hangs on an old one (rotation.py). So a new table is declared once, and nothing else has to learn of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlmodel import SQLModel

from storage.statement import Session, Statement, columns


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in one community: their member's id, and each of their accounts as ``platform:id``.

    No ``member`` for someone whom only others named, as a coordinator does a mentor who never wrote.
    """

    community: str
    member: str | None
    accounts: tuple[str, ...]


Erase = Callable[[Session, Person, int], int]
"""``(session, person, now)``: what names them here goes, or goes without their name; returns how many rows that was."""
Export = Callable[[Session, Person], dict[str, Any]]
"""What is stored of them here, by what it is; plain data, without anybody else in it."""
Merge = Callable[[Session, str, str, str], None]
"""``(session, community, stays, goes)``: what is stored of one member is the other's from now on."""
Purge = Callable[[Session, str, int], None]
"""``(session, community, now)``: what was kept long enough goes."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Rows go this many days after the moment in their column ``since``.

    ``unit``: in what that column counts, in ms since 1970. ``only``: the rows for which it holds; others stay.
    """

    days: int
    since: str
    unit: int = 1
    only: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column that a master key seals, under this purpose and the row's primary key."""

    column: str
    purpose: str


@dataclass(frozen=True, slots=True, eq=False)
class Keeping:
    """What one table holds of people, and what becomes of it."""

    table: type[SQLModel]
    kept: Days | Purge | str
    """What the nightly job takes away, or in words what else ends it."""
    member: str = ""
    """The column with a member's id; when two become one, it follows."""
    names: tuple[str, ...] = ()
    """Further columns that name somebody: an account, an address, a name; also where they are sealed."""
    names_nobody: tuple[str, ...] = ()
    """Columns of text or bytes in which nobody stands: a random id, or what something is. None stays unsaid."""
    erase: Erase | None = None
    stays: str = ""
    """Why what names somebody stays when they are forgotten."""
    export: Export | None = None
    merge: Merge | None = None
    """What there is to do beside the column ``member``."""
    sealed: Sealed | None = None


def moment(at: int) -> str:
    """A time in ms since 1970 as people and programs read it: ``2026-11-23 09:00:00+00:00``."""
    return str(datetime.fromtimestamp(at // 1000, UTC))


def drop_rows(model: type[SQLModel], column: str) -> Erase:
    """The rows of a member go."""
    return _of_member(Statement(lambda _: delete(model).where(*_theirs(model, column))))


def drop_name(model: type[SQLModel], column: str) -> Erase:
    """The rows of a member stay, and say no longer whose they are."""
    return _of_member(Statement(lambda _: update(model).where(*_theirs(model, column)).values({column: ""})))


def number(model: type[SQLModel], column: str, name: str) -> Export:
    """How many rows a member has."""
    counting = Statement(lambda _: select(func.count().label("n")).select_from(model).where(*_theirs(model, column)))

    def export(session: Session, person: Person) -> dict[str, Any]:
        row = session.one(counting, community=person.community, member=person.member)
        return {name: int(row.n)}

    return export


def _theirs(model: type[SQLModel], column: str) -> list[Any]:
    of = columns(model)
    here = [of.community_id == bindparam("community")] if "community_id" in of else []
    return [of[column] == bindparam("member"), *here]


def _of_member(statement: Statement) -> Erase:
    def erase(session: Session, person: Person, _now: int) -> int:
        # Without a member nothing is theirs: an empty id in these columns stands for nobody in particular.
        if not person.member:
            return 0
        return session.run(statement, community=person.community, member=person.member)

    return erase
