"""What people want of messages that they did not ask for, and which of them they did not get.

The gate (flows/gate/) decides. Of what somebody asked for, news of a case say, nothing is written here: neither who
gets it nor that there is any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, select
from sqlmodel import Field, Index, SQLModel

from storage.communities import Community
from storage.days import date_of, day_of
from storage.ids import platform_and_id
from storage.keeping import Keeping, Person, drop_rows, moment
from storage.keys import KeyFault
from storage.members import Account
from storage.outbox import BACK, Outbox
from storage.statement import Session, Statement, columns


class Attention(SQLModel, table=True):
    """What a member wants of messages that they did not ask for. Of several rows the strictest wish counts.

    There are several after two accounts were linked; the next wish takes the place of all.
    """

    __table_args__ = (Index("attention_of", "community_id", "member_id"),)
    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    community_id: str = Field(foreign_key="community.id")
    member_id: str
    stopped: int = 0
    """1: nothing that was not asked for."""
    seldom: int = 0
    """1: less often than others."""
    paused_until: int = Field(default=0, sa_type=BigInteger)
    """Nothing unasked before then, in ms; 0 without a pause. It ends by itself."""
    time_zone: str = ""
    """By whose clock the nights and weekends are; empty for the community's."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants; times in ms."""

    stopped: bool = False
    seldom: bool = False
    paused_until: int = 0
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """To whom a private message goes, and what they want."""

    member: str
    home: str
    """The community's time zone, by which weeks count."""
    wishes: Wishes


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A message that somebody did not get: when it was written (ms), why not, and what it was."""

    at: int
    why: str
    payload: bytes


_a, _o, _account, _community = map(columns, (Attention, Outbox, Account, Community))
# ---------------------------------------------------------------- what somebody wants


_wishes = tuple(
    func.coalesce(func.max(_a[name]), nothing).label(name)
    for name, nothing in (("stopped", 0), ("seldom", 0), ("paused_until", 0), ("time_zone", ""))
)
_theirs = (_a.community_id == bindparam("community"), _a.member_id == bindparam("member"))
_of = Statement(lambda _: select(*_wishes).where(*_theirs))


def wishes(session: Session, community: str, member: str) -> Wishes:
    """What a member wants; the usual where they said nothing."""
    row = session.one(_of, community=community, member=member)
    return Wishes(bool(row.stopped), bool(row.seldom), int(row.paused_until), row.time_zone)


_drop = Statement(lambda _: delete(Attention).where(*_theirs))
_given = ("community_id", "member_id", "stopped", "seldom", "paused_until", "time_zone")
_add = Statement(lambda sql: sql.insert(Attention).values({name: bindparam(name) for name in _given}).inline())


def wish(session: Session, community: str, member: str, what: Wishes) -> None:
    """What a member wants from now on, at once and for everything."""
    session.run(_drop, community=community, member=member)
    if what != Wishes():
        session.put(
            _add,
            community_id=community,
            member_id=member,
            stopped=int(what.stopped),
            seldom=int(what.seldom),
            paused_until=what.paused_until,
            time_zone=what.time_zone,
        )


_reader = Statement(
    lambda _: (
        select(_account.member_id, _community.time_zone)
        .join(Community, _community.id == _account.community_id)
        .where(
            _account.community_id == bindparam("community"),
            _account.platform == bindparam("on"),
            _account.external_id == bindparam("to"),
        )
    )
)


def reader(session: Session, community: str, platform: str, recipient: str) -> Reader | None:
    """Who reads what is sent there privately; None when the account is gone."""
    row = session.one(_reader, community=community, on=platform, to=recipient)
    return None if row is None else of_member(session, community, row.member_id, row.time_zone)


def of_member(session: Session, community: str, member: str, home: str = "") -> Reader:
    """The same for a member; ``home``: the community's time zone where it is known already."""
    return Reader(member, home or time_zone(session, community), wishes(session, community, member))


_home = Statement(lambda _: select(_community.time_zone).where(_community.id == bindparam("community")))


def time_zone(session: Session, community: str) -> str:
    """The community's."""
    return str(session.one(_home, community=community).time_zone)


# ---------------------------------------------------------------- what is kept of people


_held_back = Statement(
    lambda _: (
        select(_o.key, _o.created_at, _o.fault, _o.payload)
        .where(
            _o.community_id == bindparam("community"),
            _o.platform == bindparam("on"),
            _o.recipient == bindparam("to"),
            _o.private == 1,
            _o.state == BACK,
            _o.created_at >= bindparam("since"),
        )
        .order_by(_o.created_at, _o.id)
    )
)


def held_back(session: Session, community: str, accounts: tuple[str, ...], since: int) -> list[HeldBack]:
    """What somebody with these accounts (``platform:id``) did not get since a moment (ms), the oldest first."""
    found = []
    for account in accounts:
        platform, recipient = platform_and_id(account)
        for row in session.all(_held_back, community=community, on=platform, to=recipient, since=since):
            try:
                payload = session.keys.open("outbox", row.key, bytes(row.payload))
            except KeyFault:  # of this one nothing can be shown
                continue
            found.append(HeldBack(int(row.created_at), row.fault, payload))
    return sorted(found, key=lambda one: one.at)


def _export(session: Session, person: Person) -> dict[str, Any]:
    theirs = wishes(session, person.community, person.member or "")
    zone = theirs.time_zone or time_zone(session, person.community)
    said = {
        "stopped": theirs.stopped,
        "less_often": theirs.seldom,
        "paused_until": str(date_of(day_of(theirs.paused_until, zone))) if theirs.paused_until else "",
        "time_zone": theirs.time_zone,
    }
    back = held_back(session, person.community, person.accounts, 0)
    return {
        "attention": said if theirs != Wishes() else {},
        "held_back": [{"at": moment(one.at), "why": one.why} for one in back],
    }


KEEPING = (
    Keeping(
        Attention,
        kept="until they want something else or are forgotten",
        member="member_id",
        erase=drop_rows(Attention, "member_id"),
        export=_export,
    ),
)
