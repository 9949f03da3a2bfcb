"""The outbox: what must be sent, written in the transaction that decided it, delivered in order per conversation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, String, bindparam, delete, func, select, update
from sqlmodel import Field, Index, SQLModel

from storage.ids import platform_and_id
from storage.keeping import Days, Keeping, Person
from storage.statement import Session, Statement, columns

WAITING, SENT, DEAD = "waiting", "sent", "dead"
HELD, TOGETHER, BACK = "held", "together", "back"
"""What the attention gate (flows/gate/) made of a message: it waits for the gate; it goes within another one, whose
number stands in ``message``; it was held back for good, for the reason in ``fault``."""


class Outbox(SQLModel, table=True):
    """One message to one place or person.

    ``recipient`` is to whom or where it goes on the platform: a place's id, or a person's; among what goes there order
    is kept. ``subject`` names what the message is about; a later message with the same subject to the same recipient
    replaces the earlier one. The payload is sealed: it may show words that are encrypted everywhere else.
    """

    __table_args__ = (
        Index("outbox_next", "state", "platform", "not_before"),
        Index("outbox_lane", "platform", "state", "recipient", "id"),
        Index("outbox_subject", "platform", "recipient", "subject", "id"),
    )
    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    key: str = Field(unique=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    platform: str
    space_id: str
    recipient: str = Field(sa_column=Column("lane", String, key="recipient", nullable=False))
    private: int
    subject: str = ""
    fleeting: int = 0
    """1: the row is gone once the message is delivered or given up."""
    payload: bytes
    state: str = WAITING
    attempts: int = 0
    created_at: int = Field(sa_type=BigInteger)
    tried_since: int = Field(sa_type=BigInteger)
    """From when the time is counted after which it is given up: when it was written, or last revived."""
    not_before: int = Field(sa_type=BigInteger)
    message: str = ""
    fault: str = ""
    why: str = ""
    """Why the gate lets it come: asked for, a duty, or unasked; empty for what does not go through the gate."""
    rank: int = 0
    """Of unasked messages that fall together the lowest goes first."""
    until: int | None = Field(default=None, sa_type=BigInteger)
    """From then on it is of no use, and is never sent."""
    loud_until: int = Field(default=0, sa_type=BigInteger)
    """Quiet hours do not hold it before then: the end of the day that it is about."""
    fanout: str = ""
    """By which message to an audience it was written; empty for one to this person alone."""


@dataclass(frozen=True, slots=True)
class Gate:
    """How the attention gate treats a message; times in ms. Without it a message goes as soon as it can."""

    why: str = ""
    state: str = WAITING
    at: int = 0
    """Not before then; 0 for now."""
    until: int | None = None
    loud_until: int = 0
    rank: int = 0
    fault: str = ""
    """Why it is held back for good; then its state is ``BACK``."""
    fanout: str = ""


OPEN = Gate()


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is put into the outbox; its fields as the columns of :class:`Outbox`, its payload not sealed."""

    key: str
    community: str
    platform: str
    space: str
    recipient: str
    private: bool
    subject: str
    payload: bytes
    at: int
    """When it is written, in ms since 1970 UTC."""
    fleeting: bool = False
    """That it was ever sent is nobody's business; nothing of it stays once it is delivered or given up."""
    gate: Gate = OPEN


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages wait and how many died, and when the oldest of each was written (ms), None without any."""

    waiting: int = 0
    oldest_waiting: int | None = None
    dead: int = 0
    oldest_dead: int | None = None


_o = columns(Outbox)
_given = (
    "key",
    "community_id",
    "platform",
    "space_id",
    "recipient",
    "private",
    "subject",
    "fleeting",
    "payload",
    "created_at",
    "tried_since",
    "not_before",
    "state",
    "fault",
    "why",
    "rank",
    "until",
    "loud_until",
    "fanout",
)
_add = Statement(
    lambda sql: (
        sql.insert(Outbox)
        .values({name: bindparam(name) for name in _given} | {"attempts": 0, "message": ""})
        .on_conflict_do_nothing()
        .inline()
    )
)


def add(session: Session, one: Message) -> bool:
    """Queue a message; False when the same key was queued before."""
    gate = one.gate
    added = session.run(
        _add,
        key=one.key,
        community_id=one.community,
        platform=one.platform,
        space_id=one.space,
        recipient=one.recipient,
        private=int(one.private),
        subject=one.subject,
        fleeting=int(one.fleeting),
        payload=session.keys.seal("outbox", one.key, one.payload),
        created_at=one.at,
        tried_since=one.at,
        not_before=max(one.at, gate.at),
        state=gate.state,
        fault=gate.fault,
        why=gate.why,
        rank=gate.rank,
        until=gate.until,
        loud_until=gate.loud_until,
        fanout=gate.fanout,
    )
    return added == 1


_sooner = Statement(
    lambda _: (
        update(Outbox)
        .where((_o.state == WAITING) | (_o.state == HELD), _o.not_before > bindparam("latest"))
        .values(not_before=bindparam("now"))
    )
)


def sooner(session: Session, now: int, latest: int) -> None:
    """What a clock that ran ahead had put off beyond ``latest`` is tried from now on."""
    session.put(_sooner, now=now, latest=latest)


_not_sent = (_o.state == WAITING) | (_o.state == DEAD)  # not "other than sent": these two an index finds
_depth = Statement(
    lambda _: (
        select(_o.state, func.count().label("n"), func.min(_o.created_at).label("oldest"))
        .where(_not_sent)
        .group_by(_o.state)
    )
)


def depth(session: Session) -> Depth:
    """What waits and what died."""
    found = {row.state: (int(row.n), int(row.oldest)) for row in session.all(_depth)}
    waiting, dead = found.get(WAITING, (0, None)), found.get(DEAD, (0, None))
    return Depth(waiting[0], waiting[1], dead[0], dead[1])


_to_person = (
    _o.community_id == bindparam("community"),
    _o.platform == bindparam("on"),
    _o.recipient == bindparam("person"),
    _o.private == 1,
)
_drop_to = Statement(lambda _: delete(Outbox).where(*_to_person))


def _drop_person(session: Session, person: Person, _now: int) -> int:
    return sum(session.run(_drop_to, **_to(person.community, one)) for one in person.accounts)


_states_to = Statement(lambda _: select(_o.state, func.count().label("n")).where(*_to_person).group_by(_o.state))


def _export(session: Session, person: Person) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for one in person.accounts:
        counts.update({row.state: int(row.n) for row in session.all(_states_to, **_to(person.community, one))})
    waiting = counts[WAITING] + counts[HELD]
    return {"messages": {"waiting": waiting, "not_delivered": counts[DEAD], "delivered": counts[SENT]}}


def _to(community: str, account: str) -> dict[str, str]:
    platform, person = platform_and_id(account)
    return {"community": community, "on": platform, "person": person}


KEEPING = (
    Keeping(
        Outbox,
        kept=Days(90, "created_at", only=(_o.state != WAITING) & (_o.state != HELD)),
        names=("lane", "payload"),
        erase=_drop_person,
        export=_export,
    ),
)
