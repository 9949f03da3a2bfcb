"""The roster: who is staff by what a community's rows say, and which communities' staff is to be asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, or_, select, update
from sqlmodel import Field, SQLModel

from storage import communities, role_grants, staff_cases
from storage.cases import Case
from storage.communities import SpaceInfo
from storage.keeping import Keeping
from storage.members import Account, Member
from storage.role_grants import Grant, RoleGrant
from storage.statement import Session, Statement, columns


class RosterRow(SQLModel, table=True):
    """A community whose staff is to be asked for; gone once the platforms have answered for all. Times in ms."""

    __tablename__ = "roster"
    community_id: str = Field(primary_key=True, foreign_key="community.id")
    since: int = Field(sa_type=BigInteger)
    not_before: int = Field(sa_type=BigInteger)
    """When it is asked next. Who asks moves it on first: two processes never ask at once, and one may die."""
    doubt: str = ""
    """The platforms by which everybody left at once, which is not believed; empty when there is none."""


KEEPING = (Keeping(RosterRow, kept="until the platforms answered for all, of nobody"),)


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """An account of someone who holds something as staff."""

    platform: str
    external_id: str
    member: str
    """Empty for who was named and has not done anything yet."""
    name: str
    """Under which they are known as staff, or were named; may be empty."""
    remembered: bool
    """True for who was known as staff when they last did something."""
    holds_cases: bool


@dataclass(frozen=True, slots=True)
class Staff:
    """Everyone in a community who holds something as staff, and where it can be asked whether they are there."""

    spaces: tuple[SpaceInfo, ...]
    grants: tuple[Grant, ...]
    accounts: tuple[StaffAccount, ...]


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A community whose staff is still to be asked for."""

    community: str
    since: int
    doubt: str


_r, _account, _member, _grant, _case = map(columns, (RosterRow, Account, Member, RoleGrant, Case))
_want = Statement(lambda sql: sql.insert(RosterRow).on_conflict_do_nothing())


def want(session: Session, community: str, now: int) -> None:
    """A community's staff is to be asked for, now; where that is under way already it stays as it is."""
    session.put(_want, community_id=community, since=now, not_before=now, doubt="")


def _anew(sql: Any) -> Any:
    new = sql.insert(RosterRow)
    return new.on_conflict_do_update(index_elements=["community_id"], set_={"not_before": new.excluded.not_before})


_again = Statement(_anew)


def again(session: Session, community: str, now: int) -> None:
    """The same, also where it is under way: what is decided just now by what was set before does not end it."""
    session.put(_again, community_id=community, since=now, not_before=now, doubt="")


_sooner = Statement(
    lambda _: update(RosterRow).where(_r.not_before > bindparam("latest")).values(not_before=bindparam("now"))
)


def sooner(session: Session, now: int, latest: int) -> None:
    """Whom nobody would ask for before ``latest`` is asked for now: a clock that ran ahead had put it off."""
    session.put(_sooner, now=now, latest=latest)


_take = Statement(
    lambda _: (
        select(_r.community_id)
        .where(_r.not_before <= bindparam("now"))
        .order_by(_r.not_before, _r.community_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
)
_lease = Statement(
    lambda _: update(RosterRow).where(_r.community_id == bindparam("community")).values(not_before=bindparam("until"))
)


def take(session: Session, now: int, until: int) -> str:
    """A community whose staff is to be asked for now, ours until a moment; empty when there is none."""
    row = session.one(_take, now=now)
    if row is None:
        return ""
    session.put(_lease, community=row.community_id, until=until)
    return str(row.community_id)


_doubt = Statement(
    lambda _: update(RosterRow).where(_r.community_id == bindparam("community")).values(doubt=bindparam("about"))
)


def doubt(session: Session, community: str, platforms: str) -> None:
    """What these platforms say is not believed; empty when there is no doubt any more."""
    session.put(_doubt, community=community, about=platforms)


_done = Statement(
    lambda _: delete(RosterRow).where(_r.community_id == bindparam("community"), _r.not_before == bindparam("until"))
)


def done(session: Session, community: str, until: int) -> None:
    """All platforms have answered for everyone; ``until`` as it was given to :func:`take`, unless it is asked again."""
    session.put(_done, community=community, until=until)


_forget = Statement(lambda _: delete(RosterRow).where(_r.community_id == bindparam("community")))


def forget(session: Session, community: str) -> None:
    """Nobody is to be asked for any more."""
    session.put(_forget, community=community)


_next = Statement(lambda _: select(func.min(_r.not_before).label("at")))


def next_at(session: Session) -> int | None:
    """When a platform is to be asked next, in ms since 1970; None when there is nothing to ask."""
    at = session.one(_next).at
    return None if at is None else int(at)


_all = Statement(
    lambda _: select(_r.community_id.label("community"), _r.since, _r.doubt).order_by(_r.community_id), into=Unanswered
)


def unanswered(session: Session) -> list[Unanswered]:
    """The communities whose staff is still to be asked for."""
    return session.all(_all)


_named = (
    select(_grant.role)
    .where(
        _grant.community_id == _account.community_id,
        _grant.platform == _account.platform,
        _grant.external_id == _account.external_id,
        _grant.kind == "person",
        _grant.role != "student",
    )
    .correlate(Account)
    .exists()
)
_known = Statement(
    lambda _: (
        select(_account.platform, _account.external_id, _account.member_id, _member.name)
        .join(Member, _member.id == _account.member_id)
        .where(
            _account.community_id == bindparam("community"),
            or_(
                _member.name != "",
                _member.id.in_(select(_case.holder_id).where(_case.community_id == bindparam("community"))),
                _named,
            ),
        )
        .order_by(_account.platform, _account.external_id)
    )
)


def staff(session: Session, community: str) -> Staff:
    """Who holds something as staff in a community, by name, by a case, or as far as is remembered."""
    grants = tuple(role_grants.granted(session, community))
    holders = staff_cases.holders(session, community)
    found = {
        (row.platform, row.external_id): StaffAccount(
            row.platform, row.external_id, row.member_id, row.name, bool(row.name), row.member_id in holders
        )
        for row in session.all(_known, community=community)
    }
    for grant in grants:
        key = (grant.platform, grant.external_id)
        if grant.kind == "person" and grant.role != "student":
            known = found.get(key) or StaffAccount(*key, "", "", remembered=False, holds_cases=False)
            found[key] = replace(known, name=known.name or grant.name)
    return Staff(tuple(communities.spaces(session, community)), grants, tuple(found.values()))
