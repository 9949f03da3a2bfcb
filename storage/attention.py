"""What people want of messages that they did not ask for, and what the attention gate holds for them.

The gate (flows/gate/) decides; here is what it reads and writes. Of what somebody asked for, news of a case say,
nothing is written here: neither who gets it nor that there is any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, select, update
from sqlmodel import Field, Index, SQLModel

from storage.communities import Community
from storage.days import date_of, day_of
from storage.ids import platform_and_id
from storage.keeping import Keeping, Person, drop_rows, moment
from storage.members import Account, Member
from storage.outbox import BACK, HELD, SENT, TOGETHER, WAITING, Outbox
from storage.statement import Session, Statement, columns

UNASKED = "unasked"


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
class HeldRow:
    """A message that waits for the gate; times in ms."""

    id: int
    key: str
    rank: int
    until: int | None
    fanout: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A message that somebody did not get: when it was written (ms), why not, and what it was."""

    at: int
    why: str
    payload: bytes


_a, _o, _account, _member, _community = map(columns, (Attention, Outbox, Account, Member, Community))


def _row(*only: Any, **values: Any) -> Statement:
    this = (_o.id == bindparam("row"), _o.community_id == bindparam("community"), *only)
    return Statement(lambda _: update(Outbox).where(*this).values(**values))


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
            _account.external_id == bindparam("of_lane"),
        )
    )
)


def reader(session: Session, community: str, platform: str, lane: str) -> Reader | None:
    """Who reads what is sent there privately; None when the account is gone."""
    row = session.one(_reader, community=community, on=platform, of_lane=lane)
    return None if row is None else of_member(session, community, row.member_id, row.time_zone)


def of_member(session: Session, community: str, member: str, home: str = "") -> Reader:
    """The same for a member; ``home``: the community's time zone where it is known already."""
    return Reader(member, home or time_zone(session, community), wishes(session, community, member))


_home = Statement(lambda _: select(_community.time_zone).where(_community.id == bindparam("community")))


def time_zone(session: Session, community: str) -> str:
    """The community's."""
    return str(session.one(_home, community=community).time_zone)


# ---------------------------------------------------------------- what waits for the gate


_held_on = (_o.state == HELD, _o.platform == bindparam("on"))
_due = Statement(
    lambda _: (
        select(_o.id, _o.community_id, _o.lane, _o.why, _o.until, _o.loud_until)
        .where(*_held_on, _o.not_before <= bindparam("now"))
        .order_by(_o.not_before, _o.id)
        .limit(bindparam("most"))
    )
)


def due(session: Session, platform: str, now: int, most: int) -> list[Any]:
    """The first that may be looked at now: id, community_id, lane, why, until, loud_until."""
    return session.all(_due, on=platform, now=now, most=most)


_next = Statement(lambda _: select(func.min(_o.not_before).label("at")).where(*_held_on))


def next_at(session: Session, platform: str) -> int | None:
    """When the next is to be looked at, in ms; None when nothing waits for the gate."""
    at = session.one(_next, on=platform).at
    return None if at is None else int(at)


_lock = Statement(
    lambda _: (
        select(_member.id)
        .where(_member.id == bindparam("member"), _member.community_id == bindparam("community"))
        .with_for_update(skip_locked=True)
    )
)


def lock(session: Session, community: str, member: str) -> bool:
    """Nobody else decides about a member's messages until this transaction ends; False where somebody does now."""
    return session.one(_lock, community=community, member=member) is not None


_lock_place = Statement(
    lambda _: select(_community.id).where(_community.id == bindparam("community")).with_for_update()
)


def lock_place(session: Session, community: str) -> None:
    """Nobody else posts unasked in a community's channels until this transaction ends."""
    session.one(_lock_place, community=community)


_to_member = (
    _o.community_id == bindparam("community"),
    _o.private == 1,
    _o.why == UNASKED,
    _account.member_id == bindparam("member"),
)
_accounts_lane = (
    (_account.community_id == _o.community_id) & (_account.platform == _o.platform) & (_account.external_id == _o.lane)
)
_pending = Statement(
    lambda _: (
        select(_o.id, _o.key, _o.rank, _o.until, _o.fanout, _o.payload)
        .join(Account, _accounts_lane)
        .where(*_to_member, _o.state == HELD)
        .order_by(_o.id)
    )
)


def pending(session: Session, community: str, member: str) -> list[HeldRow]:
    """All unasked messages that wait for a member, on whichever account, the oldest first."""
    rows = session.all(_pending, community=community, member=member)
    return [HeldRow(row.id, row.key, row.rank, row.until, row.fanout, bytes(row.payload)) for row in rows]


_spent = Statement(
    lambda _: (
        select(_o.tried_since)
        .join(Account, _accounts_lane)
        .where(*_to_member, (_o.state == WAITING) | (_o.state == SENT), _o.tried_since >= bindparam("since"))
    )
)


def spent(session: Session, community: str, member: str, since: int) -> list[int]:
    """The moments (ms) from ``since`` on at which something unasked went to a member."""
    return [int(row.tried_since) for row in session.all(_spent, community=community, member=member, since=since)]


_posted = Statement(
    lambda _: (
        select(_o.id, _o.state, _o.rank)
        .where(
            _o.community_id == bindparam("community"),
            _o.platform == bindparam("on"),
            _o.lane == bindparam("of_lane"),
            _o.private == 0,
            _o.why == UNASKED,
            (_o.state == WAITING) | (_o.state == SENT),
            _o.created_at >= bindparam("since"),
        )
        .order_by(_o.id)
    )
)


def posted(session: Session, community: str, platform: str, lane: str, since: int) -> list[Any]:
    """The unasked posts to a channel since a moment (ms): id, state, rank."""
    return session.all(_posted, community=community, on=platform, of_lane=lane, since=since)


_same = (
    _o.community_id == bindparam("community"),
    _o.platform == bindparam("on"),
    _o.lane == bindparam("of_lane"),
    _o.subject == bindparam("about"),
)
_stands = Statement(lambda _: select(_o.id).where(*_same, (_o.state == WAITING) | (_o.state == SENT)).limit(1))


def stands(session: Session, community: str, platform: str, lane: str, subject: str) -> bool:
    """Whether something of this subject was posted there, so that a new one only changes it."""
    return session.one(_stands, community=community, on=platform, of_lane=lane, about=subject) is not None


_overtake = Statement(lambda _: delete(Outbox).where(*_same, _o.private == 1, _o.state == HELD))


def overtake(session: Session, community: str, platform: str, lane: str, subject: str) -> None:
    """What waits for the gate and is about a subject goes: something newer about it is written now."""
    session.run(_overtake, community=community, on=platform, of_lane=lane, about=subject)


_let_go = _row(_o.state == HELD, state=WAITING, not_before=bindparam("now"), tried_since=bindparam("now"))
_join = _row(state=TOGETHER, message=bindparam("head"))


def let_go(session: Session, community: str, row: int, now: int, others: list[int]) -> bool:
    """A message may be sent, and the others within it; False where another process has let it go meanwhile."""
    gone = session.run(_let_go, community=community, row=row, now=now) == 1
    for one in others if gone else ():
        session.put(_join, community=community, row=one, head=str(row))
    return gone


_lease = _row(not_before=bindparam("until"))


def lease(session: Session, community: str, row: int, until: int) -> None:
    """A message is ours until a moment (ms)."""
    session.put(_lease, community=community, row=row, until=until)


_hold = _row(state=HELD, not_before=bindparam("at"))


def hold(session: Session, community: str, row: int, at: int) -> None:
    """A message waits for the gate again, until a moment (ms)."""
    session.put(_hold, community=community, row=row, at=at)


_keep_back = _row(state=BACK, fault=bindparam("because"))


def keep_back(session: Session, community: str, row: int, why: str) -> None:
    """A message is never sent, for a reason that its reader may see."""
    session.put(_keep_back, community=community, row=row, because=why)


_within = (
    _o.community_id == bindparam("community"),
    _o.state == TOGETHER,
    _o.message == bindparam("head"),
)
_part = Statement(lambda _: update(Outbox).where(*_within).values(state=HELD, message=""))


def part(session: Session, community: str, head: int) -> None:
    """What was to go within a message waits for the gate by itself again."""
    session.put(_part, community=community, head=str(head))


_parts = Statement(lambda _: select(_o.key, _o.payload).where(*_within).order_by(_o.rank, _o.id))


def within(session: Session, community: str, head: int) -> list[bytes]:
    """The payloads of what goes within a message."""
    rows = session.all(_parts, community=community, head=str(head))
    return [session.keys.open("outbox", row.key, bytes(row.payload)) for row in rows]


_set_payload = _row(payload=bindparam("whole"))
_sent_too = Statement(
    lambda _: (
        update(Outbox).where(*_within).values(state=SENT, payload=bindparam("empty"), message="", subject="", why="")
    )
)


def sent_within(session: Session, community: str, head: int, key: str, payload: bytes) -> None:
    """A message was sent: of what went within it nothing is kept either, but that it was sent.

    ``payload``: all of it, where a platform draws from here what was sent; else empty. ``key``: the message's own.
    """
    if payload:
        sealed = session.keys.seal("outbox", key, payload)
        session.put(_set_payload, community=community, row=head, whole=sealed)
    session.put(_sent_too, community=community, head=str(head), empty=b"")


# ---------------------------------------------------------------- what is kept of people


_held_back = Statement(
    lambda _: (
        select(_o.key, _o.created_at, _o.fault, _o.payload)
        .where(
            _o.community_id == bindparam("community"),
            _o.platform == bindparam("on"),
            _o.lane == bindparam("of_lane"),
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
        platform, lane = platform_and_id(account)
        for row in session.all(_held_back, community=community, on=platform, of_lane=lane, since=since):
            payload = session.keys.open("outbox", row.key, bytes(row.payload))
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
