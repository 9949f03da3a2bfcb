"""Accounts of one person: two members become one, and an account becomes a member of its own again.

What Erbij keeps about a member goes together when two become one. What was told in a case or answered in a check-in
is not among it: nothing there says whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, bindparam, case, delete, func, literal, select, update

from storage.check_ins import Participation, Round
from storage.communities import CommunitySpace
from storage.ids import new_id, platform_and_id
from storage.keeping import Merge
from storage.members import Account, Member, accounts
from storage.statement import Session, Statement, columns

CASE_PAGE = "page"


@dataclass(frozen=True, slots=True)
class Marked:
    """Whose a mark is: the member, and the account as ``platform:id``."""

    member: str
    account: str


_m, _account, _space, _p, _round = map(columns, (Member, Account, CommunitySpace, Participation, Round))
_lock = Statement(
    lambda _: (
        select(_m.id, _m.language, _m.name)
        .where(_m.community_id == bindparam("community"), _m.id.in_((bindparam("one"), bindparam("other"))))
        .order_by(_m.id)
        .with_for_update()
    )
)
_set = Statement(
    lambda _: (
        update(Member)
        .where(_m.id == bindparam("member"), _m.community_id == bindparam("community"))
        .values(language=bindparam("tongue"), name=bindparam("known"))
    )
)
_drop = Statement(lambda _: delete(Member).where(_m.id == bindparam("goes"), _m.community_id == bindparam("community")))


def merge(session: Session, community: str, stays: str, goes: str) -> bool:
    """Two members of a community become the one that stays; False when one of them is not there (any more).

    Where both have the same, as when both took part in a round, it is there once afterwards.
    """
    known = {row.id: row for row in session.all(_lock, community=community, one=stays, other=goes)}
    if len(known) < 2:
        return False
    language, name = (getattr(known[stays], one) or getattr(known[goes], one) for one in ("language", "name"))
    session.run(_set, community=community, member=stays, tongue=language, known=name)
    for statement in _moves():
        session.run(statement, community=community, stays=stays, goes=goes)
    for merge_more in _mergers():
        merge_more(session, community, stays, goes)
    session.run(_drop, community=community, goes=goes)
    return True


_is_account = (
    _account.community_id == bindparam("community"),
    _account.platform == bindparam("on"),
    _account.external_id == bindparam("external"),
)
_add_member = Statement(lambda sql: sql.insert(Member))
_leave = Statement(
    lambda _: update(Account).where(*_is_account).values(member_id=bindparam("alone"), write_here=literal(0))
)
_took_part_too = Statement(
    lambda sql: sql.insert(Participation).from_select(
        ["round_id", "member_id"],
        select(_p.round_id, bindparam("alone", type_=_p.member_id.type))
        .join(Round, _round.id == _p.round_id)
        .where(
            _p.member_id == bindparam("member"),
            _round.community_id == bindparam("community"),
            _round.pool_id.is_(None),
        )
        .with_for_update(read=True, of=Round),
    )
)


def split(session: Session, community: str, member: str, account: str) -> str:
    """One of a member's accounts becomes a new member; returns the new member's id, empty when it stood alone.

    Who took part in a round that is not closed yet took part on both accounts. Otherwise someone could answer the same
    round again and again, by joining and separating.
    """
    alone = new_id()
    row = session.one(_lock, community=community, one=member, other=member)
    theirs = [one.account for one in accounts(session, community, member)]
    if row is None or account not in theirs or len(theirs) < 2:
        return ""
    session.run(_add_member, id=alone, community_id=community, language=row.language, name="")
    session.run(_leave, **_external(community, account), alone=alone)
    session.run(_took_part_too, community=community, member=member, alone=alone)
    return alone


_member_of = Statement(lambda _: select(_account.member_id).where(*_is_account))


def member_of(session: Session, community: str, account: str) -> str:
    """The member to whom an account (``platform:id``) belongs; empty for nobody."""
    row = session.one(_member_of, **_external(community, account))
    return "" if row is None else str(row.member_id)


_mark_of = Statement(lambda _: select(_account.mark).where(*_is_account))


def mark_of(session: Session, community: str, account: str) -> str:
    """The mark of an account (``platform:id``); empty for nobody's."""
    row = session.one(_mark_of, **_external(community, account))
    return "" if row is None else str(row.mark)


_of_mark = Statement(
    lambda _: select(_account.member_id, _account.platform, _account.external_id).where(
        _account.community_id == bindparam("community"), _account.mark == bindparam("sign")
    )
)


def of_mark(session: Session, community: str, mark: str) -> Marked | None:
    """Whose mark this is; None when the account is gone."""
    row = session.one(_of_mark, community=community, sign=mark)
    return None if row is None else Marked(row.member_id, f"{row.platform}:{row.external_id}")


_write_here = Statement(
    lambda _: (
        update(Account)
        .where(_account.community_id == bindparam("community"), _account.member_id == bindparam("member"))
        .values(
            write_here=case(
                ((_account.platform == bindparam("on")) & (_account.external_id == bindparam("external")), 1), else_=0
            )
        )
    )
)


def write_to(session: Session, community: str, member: str, account: str) -> None:
    """Erbij writes to a member there from now on."""
    session.run(_write_here, **_external(community, account), member=member)


_platforms = Statement(
    lambda _: select(func.count(_space.platform.distinct()).label("n")).where(
        _space.community_id == bindparam("community"), _space.platform != CASE_PAGE
    )
)


def platforms(session: Session, community: str) -> int:
    """On how many platforms a community lives, its case page aside: nobody has an account there."""
    return int(session.one(_platforms, community=community).n)


def mentions() -> Iterator[Column[Any]]:
    """Every column that is declared to hold a member's id."""
    from storage.tables import keeping

    for one in keeping():
        if one.member:
            yield columns(one.table)[one.member]


def keys_with(column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """The other columns of each key or unique constraint that a column is part of."""
    for constraint in column.table.constraints:
        if constraint is column.table.primary_key or isinstance(constraint, UniqueConstraint):
            together = list(constraint.columns)
            if column in together:
                yield [one for one in together if one is not column]


# ---------------------------------------------------------------- inside


def _external(community: str, account: str) -> dict[str, str]:
    platform, external = platform_and_id(account)
    return {"community": community, "on": platform, "external": external}


@lru_cache(maxsize=1)
def _mergers() -> list[Merge]:
    """What there is to do beside the columns."""
    from storage.tables import keeping

    return [one.merge for one in keeping() if one.merge is not None]


@lru_cache(maxsize=1)
def _moves() -> list[Statement]:
    """For each column with a member's id: drop what the one that stays has too, then rename."""
    found = []
    for column in mentions():
        found += [_same(column, others) for others in keys_with(column)]
        found.append(_rename(column))
    return found


def _same(column: Column[Any], others: list[Column[Any]]) -> Statement:
    twin = column.table.alias()
    has_it = select(twin.c[column.name]).where(
        twin.c[column.name] == bindparam("stays"), *(twin.c[one.name] == one for one in others)
    )
    return Statement(
        lambda _: delete(_table(column)).where(column == bindparam("goes"), has_it.exists(), *_here(column))
    )


def _rename(column: Column[Any]) -> Statement:
    return Statement(
        lambda _: (
            update(_table(column))
            .where(column == bindparam("goes"), *_here(column))
            .values({column.name: bindparam("stays")})
        )
    )


def _here(column: Column[Any]) -> list[Any]:
    of = column.table.c
    return [of.community_id == bindparam("community")] if "community_id" in of else []


def _table(column: Column[Any]) -> Table:
    table = column.table
    assert isinstance(table, Table)  # noqa: S101  columns of metadata belong to tables
    return table
