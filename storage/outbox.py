"""The outbox: what must be sent, written in the transaction that decided it, delivered in order per conversation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, bindparam, case, delete, func, select, update
from sqlmodel import Field, Index, SQLModel

from storage.heads import heads
from storage.ids import platform_and_id
from storage.keeping import Days, Keeping, Person
from storage.members import Account
from storage.statement import Session, Statement, columns

WAITING, SENT, DEAD = "waiting", "sent", "dead"
HELD, TOGETHER, BACK = "held", "together", "back"
"""What the attention gate (flows/gate/) made of a message: it waits for the gate; it goes within another one, whose
number stands in ``message``; it was held back for good, for the reason in ``fault``."""


class Outbox(SQLModel, table=True):
    """One message to one place or person.

    ``lane`` is the conversation on the platform within which order is kept: a place's id, or a person's. ``subject``
    names what the message is about; a later message with the same subject in the same lane replaces the earlier one.
    The payload is sealed: it may show words that are encrypted everywhere else.
    """

    __table_args__ = (
        Index("outbox_next", "state", "platform", "not_before"),
        Index("outbox_lane", "platform", "state", "lane", "id"),
        Index("outbox_subject", "platform", "lane", "subject", "id"),
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
    lane: str
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
class Waiting:
    """A message the sender has claimed."""

    id: int
    key: str
    community: str
    platform: str
    space: str
    lane: str
    private: bool
    fleeting: bool
    payload: bytes
    attempts: int
    tried_since: int
    edits: str
    """The platform's id of the message that this one replaces; empty for a new one."""
    address: str
    """How the adapter reaches the person now; empty for a place."""
    why: str
    until: int | None
    loud_until: int
    """The three as the columns of the same names."""


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages wait and how many died, and when the oldest of each was written (ms), None without any."""

    waiting: int = 0
    oldest_waiting: int | None = None
    dead: int = 0
    oldest_dead: int | None = None


_o, _account = columns(Outbox), columns(Account)


def _change(**values: Any) -> Statement:
    return Statement(lambda _: update(Outbox).where(_o.id == bindparam("row")).values(**values))


_given = (
    "key",
    "community_id",
    "platform",
    "space_id",
    "lane",
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


def add(  # noqa: PLR0913  one row
    session: Session,
    key: str,
    community: str,
    platform: str,
    space: str,
    lane: str,
    *,
    private: bool,
    subject: str,
    payload: bytes,
    now: int,
    fleeting: bool = False,
    gate: Gate = OPEN,
) -> bool:
    """Queue a message; False when the same key was queued before.

    ``fleeting``: that it was ever sent is nobody's business; nothing of it stays once it is delivered or given up.
    """
    added = session.run(
        _add,
        key=key,
        community_id=community,
        platform=platform,
        space_id=space,
        lane=lane,
        private=int(private),
        subject=subject,
        fleeting=int(fleeting),
        payload=session.keys.seal("outbox", key, payload),
        created_at=now,
        tried_since=now,
        not_before=max(now, gate.at),
        state=gate.state,
        fault=gate.fault,
        why=gate.why,
        rank=gate.rank,
        until=gate.until,
        loud_until=gate.loud_until,
        fanout=gate.fanout,
    )
    return added == 1


_before = Outbox.__table__.alias().c  # type: ignore[attr-defined]
_edits = (
    select(_before.message)
    .where(
        _before.platform == _o.platform,
        _before.lane == _o.lane,
        _before.state == SENT,
        _before.subject == _o.subject,
        _before.id < _o.id,
    )
    .order_by(_before.id.desc())
    .limit(1)
    .correlate(Outbox)
    .scalar_subquery()
)
_address = (
    select(_account.address)
    .where(
        _account.platform == _o.platform,
        _account.community_id == _o.community_id,
        _account.external_id == _o.lane,
        _o.private == 1,
    )
    .correlate(Outbox)
    .scalar_subquery()
)
_head = heads(Outbox.__table__, WAITING)  # type: ignore[attr-defined]
_on_this_way = and_(
    _o.platform == bindparam("on"),
    _o.private.between(bindparam("least", type_=Integer), bindparam("greatest", type_=Integer)),
)
_free = Statement(
    lambda _: (
        select(_o.id)
        .select_from(_head.join(Outbox, _o.id == _head.c.id))
        .where(_on_this_way, _o.not_before <= bindparam("now"))
        .order_by(_o.id)
        .limit(bindparam("most"))
    )
)
_claimable = Statement(
    lambda _: (
        select(
            _o.id,
            _o.key,
            _o.community_id,
            _o.platform,
            _o.space_id,
            _o.lane,
            _o.private,
            _o.fleeting,
            _o.payload,
            _o.attempts,
            _o.tried_since,
            case((_o.subject == "", ""), else_=func.coalesce(_edits, "")).label("edits"),
            func.coalesce(_address, "").label("address"),
            _o.why,
            _o.until,
            _o.loud_until,
        )
        .where(_o.id == bindparam("row"), _o.state == WAITING, _o.not_before <= bindparam("now"))
        .with_for_update(skip_locked=True, of=Outbox)
    )
)
_lease = _change(not_before=bindparam("until"))


def claim(  # noqa: PLR0913  what, until when, how many, and which
    session: Session, platform: str, now: int, lease_until: int, most: int, *, private: bool | None = None
) -> list[Waiting]:
    """The first message of each lane of a platform that may go now, ours until ``lease_until``.

    ``private`` takes those to people, or those to places; None takes both.
    Who claims it and is killed loses it to whoever asks after that moment.
    """
    claimed = []
    free = session.all(_free, on=platform, now=now, most=most, **_way(private=private))
    asked = [session.ask(_claimable, row=one.id, now=now) for one in free]
    for row in (found for one in asked if (found := one()) is not None):  # another process may have been quicker
        session.put(_lease, row=row.id, until=lease_until)
        payload = session.keys.open("outbox", row.key, bytes(row.payload))
        claimed.append(Waiting(*(*row[:6], bool(row.private), bool(row.fleeting), payload, *row[9:])))
    return claimed


_sent = _change(
    state=SENT,
    message=bindparam("reference"),
    fault="",
    payload=case((bindparam("keep", type_=Integer) == 1, _o.payload), else_=bindparam("empty", type_=_o.payload.type)),
)


def sent(session: Session, row: int, message: str, keep: bool = False) -> None:  # noqa: FBT001, FBT002  a column
    """Delivered as ``message``. The payload goes, unless the platform draws its channels from here (``keep``)."""
    session.put(_sent, row=row, reference=message, keep=int(keep), empty=b"")


_retry = _change(attempts=_o.attempts + 1, not_before=bindparam("at"), fault=bindparam("why"))


def retry(session: Session, row: int, at: int, why: str) -> None:
    """Not delivered; again at a moment."""
    session.put(_retry, row=row, at=at, why=why)


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


_bury = _change(state=DEAD, attempts=_o.attempts + 1, fault=bindparam("why"))


def bury(session: Session, row: int, why: str) -> None:
    """Never delivered: kept as a dead letter. The lane goes on without it."""
    session.put(_bury, row=row, why=why)


_forget = Statement(lambda _: delete(Outbox).where(_o.id == bindparam("row")))


def forget(session: Session, row: int) -> None:
    """Delivered or given up, and not to be known of any more."""
    session.run(_forget, row=row)


_next = Statement(
    lambda _: (
        select(func.min(_o.not_before).label("at"))
        .select_from(_head.join(Outbox, _o.id == _head.c.id))
        .where(_on_this_way)
    )
)


def next_at(session: Session, platform: str, *, private: bool | None = None) -> int | None:
    """When the next message of a platform may go, in ms since 1970; None when nothing waits."""
    at = session.one(_next, on=platform, **_way(private=private)).at
    return None if at is None else int(at)


def _way(*, private: bool | None) -> dict[str, int]:
    return {"least": int(private is True), "greatest": int(private is not False)}


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
    _o.lane == bindparam("person"),
    _o.private == 1,
)
_drop_to = Statement(lambda _: delete(Outbox).where(*_to_person))


def _drop_person(session: Session, person: Person, _now: int) -> int:
    return sum(session.run(_drop_to, **_lane(person.community, one)) for one in person.accounts)


_states_to = Statement(lambda _: select(_o.state, func.count().label("n")).where(*_to_person).group_by(_o.state))


def _export(session: Session, person: Person) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for one in person.accounts:
        counts.update({row.state: int(row.n) for row in session.all(_states_to, **_lane(person.community, one))})
    waiting = counts[WAITING] + counts[HELD]
    return {"messages": {"waiting": waiting, "not_delivered": counts[DEAD], "delivered": counts[SENT]}}


def _lane(community: str, account: str) -> dict[str, str]:
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
