"""What was kept long enough goes: every declared time, kept in one place."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, select

from storage.days import DAY
from storage.keeping import Days, Keeping, Person
from storage.members import Member
from storage.statement import Session, Statement, columns

_member = columns(Member)


def tidy(session: Session, community: str, now: int) -> None:
    """Throw away what is older than was said beside its table; what belongs to no community goes with any of them."""
    from storage.tables import keeping

    session.scrub()
    for one in keeping():
        if isinstance(one.kept, Days):
            before = (now - one.kept.days * DAY) // one.kept.unit
            session.put(_older(one), community=community, before=before)
        elif not isinstance(one.kept, str):
            one.kept(session, community, now)
        if one.member and one.erase is not None:
            _sweep(session, one, community, now)


def _sweep(session: Session, one: Keeping, community: str, now: int) -> None:
    """What a turn wrote of somebody while another one forgot them goes too."""
    assert one.erase is not None  # noqa: S101  the caller looked
    for row in session.all(_nobodys(one), community=community):
        one.erase(session, Person(community, row.member, ()), now)


@lru_cache(maxsize=100)
def _older(one: Keeping) -> Statement:
    assert isinstance(one.kept, Days)  # noqa: S101  the caller looked
    kept, of = one.kept, columns(one.table)
    rows = [of[kept.since] < bindparam("before", type_=of[kept.since].type), *_here(of)]
    return Statement(lambda _: delete(one.table).where(*rows, *([] if kept.only is None else [kept.only])))


@lru_cache(maxsize=100)
def _nobodys(one: Keeping) -> Statement:
    """The members that rows name and that are not there."""
    of = columns(one.table)
    named = of[one.member]
    is_there = select(_member.id).where(_member.id == named).exists()
    return Statement(lambda _: select(named.label("member")).distinct().where(named != "", ~is_there, *_here(of)))


def _here(of: Any) -> list[Any]:
    return [of.community_id == bindparam("community")] if "community_id" in of else []
