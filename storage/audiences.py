"""Audiences: whom a message goes to when it goes to many, and how far the writing of it has come.

An audience is said in conditions on the members' rows, so that who belongs to it is asked anew each time: when a batch
of messages is written, and of each person once more when theirs is about to be sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select, update
from sqlmodel import Field, SQLModel

from storage.attention import Attention
from storage.communities import Community
from storage.keeping import Days, Keeping
from storage.members import Account, Member
from storage.statement import Session, Statement, columns

TOGETHER = 250
"""Members for whom a message is written in one transaction: some 40 ms on SQLite, in which no turn is taken."""


class Fanout(SQLModel, table=True):
    """One message to an audience, and how far it is written."""

    key: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    audience: str
    argument: str = ""
    """Which one, where the audience is of something: a round's id."""
    why: str
    """How the gate treats it, as JSON."""
    subject: str = ""
    payload: bytes
    """The message in each language, sealed."""
    reached: str = ""
    """The member up to whom it is written, in the order of their ids; empty before the first and after the last."""
    done: int = 0
    created_at: int = Field(sa_type=BigInteger)


@dataclass(frozen=True, slots=True)
class Written:
    """A message to an audience, as it is to be written."""

    key: str
    audience: str
    argument: str
    why: str
    subject: str
    packed: Mapping[str, bytes]
    """What it says, by language."""
    reached: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A member of an audience: where they are written to, and what they want of messages."""

    member: str
    platform: str
    space: str
    external_id: str
    language: str
    home: str
    """The community's time zone."""
    stopped: int
    seldom: int
    paused_until: int
    time_zone: str
    """The four as in :class:`~storage.attention.Attention`."""
    first: int
    """1 for the account to which Erbij writes to them."""


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """Members who have something in common. ``where``: conditions on the columns of :data:`member`.

    A condition on other tables is an ``exists`` that is correlated with it. ``bindparam("argument")`` stands for what
    the post names, and ``bindparam("community")`` for the community.
    """

    name: str
    where: tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True)
class To:
    """The audience of a post, by its name: a role, or what a capability declares."""

    audience: str
    argument: str = ""


member = columns(Member)
_account, _community, _f, _a = map(columns, (Account, Community, Fanout, Attention))


def role(name: str) -> Audience:
    """Who holds a role, as they were last seen: staff by what is remembered of them, all others are students."""
    theirs = select(_account.member_id).where(
        _account.member_id == member.id, _account.community_id == member.community_id
    )
    staff = theirs.where(_account.roles != "" if name == "student" else _account.roles.contains(f",{name},"))
    held = staff.correlate(Member).exists()
    return Audience(name, (~held if name == "student" else held,))


_add = Statement(lambda sql: sql.insert(Fanout).on_conflict_do_nothing().inline())


def add(session: Session, community: str, one: Written, now: int) -> bool:
    """Begin a message to an audience; False when it was begun before."""
    text = json.dumps({language: payload.decode() for language, payload in one.packed.items()}, ensure_ascii=False)
    added = session.run(
        _add,
        key=one.key,
        community_id=community,
        audience=one.audience,
        argument=one.argument,
        why=one.why,
        subject=one.subject,
        payload=session.keys.seal("fanout", one.key, text.encode()),
        reached="",
        done=0,
        created_at=now,
    )
    return added == 1


_this = (_f.key == bindparam("fanout"), _f.community_id == bindparam("community"))
_find = Statement(lambda _: select(*_f).where(*_this, _f.done == 0).with_for_update(skip_locked=True))


def unfinished(session: Session, community: str, key: str) -> Written | None:
    """A message that is not written for everyone yet; None when it is, or while another process writes at it."""
    row = session.one(_find, community=community, fanout=key)
    if row is None:
        return None
    texts = json.loads(session.keys.open("fanout", key, bytes(row.payload)))
    packed = {language: text.encode() for language, text in texts.items()}
    return Written(key, row.audience, row.argument, row.why, row.subject, packed, row.reached)


def page(session: Session, community: str, audience: Audience, argument: str, after: str) -> list[Reached]:
    """The next members of an audience, at most ``TOGETHER``, each once: on the account where Erbij writes to them."""
    rows = session.all(_statements(audience)[0], community=community, argument=argument, after=after, most=TOGETHER)
    return [row for row in rows if row.first == 1]


def holds(session: Session, community: str, audience: Audience, argument: str, who: str) -> bool:
    """Whether a member belongs to an audience now."""
    asked = _statements(audience)[1]
    return session.one(asked, community=community, argument=argument, who=who) is not None


_about = Statement(lambda _: select(_f.audience, _f.argument).where(*_this))


def about(session: Session, community: str, key: str) -> To | None:
    """The audience of a message; None when nothing is known of it any more."""
    row = session.one(_about, community=community, fanout=key)
    return None if row is None else To(row.audience, row.argument)


_go_on = Statement(
    lambda _: update(Fanout).where(*_this).values(reached=bindparam("up_to"), done=bindparam("finished"))
)


def go_on(session: Session, community: str, key: str, reached: str) -> None:
    """It is written up to a member; empty when that was the last."""
    session.put(_go_on, community=community, fanout=key, up_to=reached, finished=int(not reached))


@lru_cache(maxsize=256)
def _statements(audience: Audience) -> tuple[Statement, Statement]:
    """The next page, and whether one member belongs to it."""
    here = (member.community_id == bindparam("community"), *audience.where)
    whether = Statement(lambda _: select(member.id).where(member.id == bindparam("who"), *here))
    return Statement(lambda _: _with_accounts(_few(here)), into=Reached), whether


def _few(here: tuple[ColumnElement[bool], ...]) -> Any:
    """The next members by their ids, with what they want of messages."""

    def wish(name: str, nothing: int | str) -> Any:
        wished = select(func.max(_a[name])).where(_a.community_id == bindparam("community"), _a.member_id == member.id)
        return func.coalesce(wished.correlate(Member).scalar_subquery(), nothing).label(name)

    wishes = (wish("stopped", 0), wish("seldom", 0), wish("paused_until", 0), wish("time_zone", ""))
    return (
        select(member.id, member.language, *wishes)
        .where(*here, member.id > bindparam("after"))
        .order_by(member.id)
        .limit(bindparam("most"))
        .subquery()
    )


def _with_accounts(few: Any) -> Any:
    """Each of them on each of their accounts; the one to which Erbij writes has the number 1."""
    order = func.row_number().over(
        partition_by=few.c.id, order_by=(_account.write_here.desc(), _account.platform, _account.external_id)
    )
    return (
        select(
            few.c.id.label("member"),
            _account.platform,
            _account.space_id.label("space"),
            _account.external_id,
            func.coalesce(func.nullif(few.c.language, ""), _community.language).label("language"),
            _community.time_zone.label("home"),
            few.c.stopped,
            few.c.seldom,
            few.c.paused_until,
            few.c.time_zone,
            order.label("first"),
        )
        .select_from(few)
        .join(Account, (_account.member_id == few.c.id) & (_account.community_id == bindparam("community")))
        .join(Community, _community.id == bindparam("community"))
        .order_by(few.c.id)
    )


KEEPING = (
    Keeping(
        Fanout,
        kept=Days(90, "created_at"),
        names=("reached",),
        stays="a place in an order of random ids, for the seconds in which a message is written",
    ),
)
