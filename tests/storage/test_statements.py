"""No statement reaches from one community into another: each says which one it means, or is listed with a reason."""

from __future__ import annotations

import gc
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Table, bindparam, delete, select, update
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BinaryExpression

import storage
from storage import accounts, housekeeping, rotation
from storage.conversations import Conversation
from storage.keeping import Days
from storage.members import Account, Member
from storage.statement import Statement, columns
from storage.tables import keeping

BY_THE_CLOCK = "what is due in any of them: the clock and the sender ask what is next, and go on with that row's number"
BY_ID = "a random id of 128 bits, which only its person has; whose it is, is looked at before anything is done"
WHICH = "it asks which community this is"
IN_ALL = "a number over all of them: a cap, a measure, or what erbij check says"
OPERATOR = "whoever runs Erbij looks somebody up in every community"
CLOCK = "a clock that was wrong was so for all of them"
RESTORED = "a restored backup is brought up to date as a whole"
EXCEPT = {
    "cases._anyones": "it says of a case of another community that it is one of another, and nothing else",
    "codes._look": "a code says by itself which community it is of",
    "codes._take": "a code says by itself which community it is of",
    "communities._at": WHICH,
    "conversations._beyond": IN_ALL,
    "conversations._count": IN_ALL,
    "conversations._drop": BY_ID,
    "conversations._end": BY_ID,
    "conversations._expired": BY_THE_CLOCK,
    "conversations._find": BY_ID,
    "conversations._give_way": IN_ALL,
    "conversations._grant": CLOCK,
    "conversations._save": BY_ID,
    "conversations._turn": BY_ID,
    **dict.fromkeys(
        (f"due.{one}" for one in ("_take", "_free", "_held", "_try", "_done", "_move", "_failed", "_next")),
        BY_THE_CLOCK,
    ),
    "due._failing": IN_ALL,
    "due._forget": "its key begins with the community's id, or is a fingerprint of it",
    "due._sooner": CLOCK,
    "due._named": "its key begins with the community's id, or is a fingerprint of it",
    "forgetting._known_as": OPERATOR,
    "forgetting._named_as": OPERATOR,
    "held._due": BY_THE_CLOCK,
    "held._next": BY_THE_CLOCK,
    "letters._accounts_beyond": IN_ALL,
    "letters._beyond": IN_ALL,
    "letters._unkeyed": IN_ALL,
    "members._set_address": "how a platform reaches somebody is the same wherever they are",
    **dict.fromkeys(
        (f"delivery.{one}" for one in ("_free", "_next", "_lease", "_sent", "_retry", "_bury", "_forget")), BY_THE_CLOCK
    ),
    "outbox._depth": IN_ALL,
    "outbox._sooner": CLOCK,
    "places._drop_place_by_id": "a platform says that a channel is gone, whose ever it was",
    "places._drop_place_by_space": "a platform says that Erbij was taken out of a space, whose ever it was",
    "replay._accounts": RESTORED,
    "replay._named": RESTORED,
    "replay._readable": RESTORED,
    **dict.fromkeys((f"roster.{one}" for one in ("_take", "_next")), BY_THE_CLOCK),
    "roster._all": IN_ALL,
    "roster._sooner": CLOCK,
}


def statements() -> dict[str, Any]:
    """Each statement of storage/ by its place there: ``members._set_name``; of those made on demand, by a number."""
    for found in pkgutil.iter_modules(storage.__path__):
        if not found.ispkg:
            importlib.import_module(f"storage.{found.name}")
    made = _made_on_demand()
    named: dict[int, str] = {}
    for found in pkgutil.iter_modules(storage.__path__):
        module = importlib.import_module(f"storage.{found.name}")
        for name, value in vars(module).items():
            for one in value if isinstance(value, list | tuple) else [value]:
                if isinstance(one, Statement):
                    named.setdefault(id(one), f"{found.name}.{name}")
    from sqlalchemy.dialects import sqlite

    every = [one for one in gc.get_objects() if isinstance(one, Statement) and id(one) not in made]
    every = [one for one in every if one._build.__module__.startswith("storage.")]  # and of no test
    assert len(every) > 150
    return {f"{named.get(id(one), 'made')} #{number}": one._build(sqlite) for number, one in enumerate(every)}


def _made_on_demand() -> set[int]:
    """Make those that are; returns the ones that go through all communities because a new master key does."""
    list(accounts._moves())
    every = set[int]()
    for one in keeping():
        if isinstance(one.kept, Days):
            housekeeping._older(one)
        if one.member and one.erase:
            housekeeping._nobodys(one)
        if one.sealed:
            every |= {id(make(one)) for make in (rotation._every, rotation._set, rotation._by_master)}
    return every


def unscoped(statement: Any) -> set[str]:
    """The tables with a community of which a statement does not say which one.

    A table is in the right one too when it is joined by its key to a row that is.
    """
    tables = {one for one in _tables(statement) if "community_id" in one.c}
    said = set[Table]()
    for one in visitors.iterate(statement):
        if isinstance(one, BinaryExpression):
            for side, other in ((one.left, one.right), (one.right, one.left)):
                if isinstance(side, Column) and isinstance(side.table, Table):
                    joined = side.name == "id" and isinstance(other, Column) and other.table is not side.table
                    if side.name == "community_id" or joined:
                        said.add(side.table)
    return {one.name for one in tables - said}


def _tables(statement: Any) -> Iterator[Table]:
    if isinstance(statement, Update | Delete):
        yield statement.table  # type: ignore[misc]
    for one in visitors.iterate(statement):
        if isinstance(one, Table):
            yield one
        elif isinstance(getattr(one, "table", None), Table):
            yield one.table


def test_each_statement_says_of_which_community() -> None:
    found = {
        name: tables
        for name, statement in statements().items()
        if not (isinstance(statement, Insert) and statement.select is None) and (tables := unscoped(statement))
    }
    assert {name: tables for name, tables in found.items() if name.split()[0] not in EXCEPT} == {}
    assert set(EXCEPT) - {name.split()[0] for name in found} == set(), "these need no exception any more"


_m, _a, _c = map(columns, (Member, Account, Conversation))


@pytest.mark.parametrize(
    ("statement", "missed"),
    [
        (update(Member).where(_m.id == bindparam("member")).values(name=""), {"member"}),
        (delete(Conversation), {"conversation"}),
        (select(_m.name).where(_m.id == bindparam("x"), _m.community_id == bindparam("community")), set()),
        (select(_a.address).join(Member, _m.id == _a.member_id), {"account"}),
        (select(_m.community_id).where(_m.id == bindparam("x")), {"member"}),
    ],
)
def test_what_is_missing_is_found_out(statement: Any, missed: set[str]) -> None:
    assert unscoped(statement) == missed
