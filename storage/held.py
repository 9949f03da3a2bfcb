"""What the attention gate holds, lets go, merges and keeps back.

The gate (flows/gate/) decides; here is what it reads and writes in the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, case, delete, func, or_, select, update

from storage.delivery import Waiting, bury
from storage.keys import KeyFault
from storage.members import Account, Member
from storage.outbox import BACK, HELD, SENT, TOGETHER, WAITING, Outbox
from storage.statement import Session, Statement, columns

UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class ToLookAt:
    """A message that waits for the gate, and may be let go now."""

    id: int
    community: str
    recipient: str
    why: str
    until: int | None
    loud_until: int
    fanout: str
    """The last five as in :class:`~storage.outbox.Outbox`."""


@dataclass(frozen=True, slots=True)
class Posted:
    """An unasked post that waits, or stands in its channel."""

    id: int
    state: str
    rank: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A message that waits for the gate; times in ms."""

    id: int
    key: str
    rank: int
    until: int | None
    fanout: str
    payload: bytes


_o, _account, _member = map(columns, (Outbox, Account, Member))


def _row(*only: Any, **values: Any) -> Statement:
    this = (_o.id == bindparam("row"), _o.community_id == bindparam("community"), *only)
    return Statement(lambda _: update(Outbox).where(*this).values(**values))


_held_on = (_o.state == HELD, _o.platform == bindparam("on"))
_due = Statement(
    lambda _: (
        select(
            _o.id,
            _o.community_id.label("community"),
            _o.recipient.label("recipient"),
            _o.why,
            _o.until,
            _o.loud_until,
            _o.fanout,
        )
        .where(*_held_on, _o.not_before <= bindparam("now"))
        .order_by(_o.not_before, _o.id)
        .limit(bindparam("most"))
    ),
    into=ToLookAt,
)


def due(session: Session, platform: str, now: int, most: int) -> list[ToLookAt]:
    """The first that may be looked at now."""
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


_to_member = (
    _o.community_id == bindparam("community"),
    _o.private == 1,
    _o.why == UNASKED,
    _account.member_id == bindparam("member"),
)
_of_account = (
    (_account.community_id == _o.community_id)
    & (_account.platform == _o.platform)
    & (_account.external_id == _o.recipient)
)
_pending = Statement(
    lambda _: (
        select(_o.id, _o.key, _o.rank, _o.until, _o.fanout, _o.payload)
        .join(Account, _of_account)
        .where(*_to_member, _o.state == HELD)
        .order_by(_o.id)
    ),
    into=HeldRow,
)


def pending(session: Session, community: str, member: str) -> list[HeldRow]:
    """All unasked messages that wait for a member, on whichever account, the oldest first."""
    rows = session.all(_pending, community=community, member=member)
    return [replace(row, payload=bytes(row.payload)) for row in rows]


_got = Statement(
    lambda _: (
        select(_o.id)
        .join(Account, _of_account)
        .where(
            _o.community_id == bindparam("community"),
            _account.member_id == bindparam("member"),
            _o.fanout == bindparam("of"),
            or_(
                _o.state == SENT,
                and_((_o.state == WAITING) | (_o.state == TOGETHER), _o.id < bindparam("up_to", type_=BigInteger)),
            ),
            _o.id != bindparam("row"),
        )
        .limit(1)
    )
)


def got(session: Session, community: str, member: str, row: ToLookAt | Waiting | HeldRow) -> bool:
    """Whether a message to an audience went, or goes, to a member by another row: they linked two accounts since.

    Of two that are both on their way the first one goes.
    """
    up_to = row.id if isinstance(row, Waiting) else 2**62
    found = session.one(_got, community=community, member=member, of=row.fanout, row=row.id, up_to=up_to)
    return found is not None


_spent = Statement(
    lambda _: (
        select(_o.tried_since)
        .join(Account, _of_account)
        .where(
            *_to_member,
            (_o.state == WAITING) | (_o.state == SENT),
            _o.tried_since.between(bindparam("since"), bindparam("now")),
        )
    )
)


def spent(session: Session, community: str, member: str, since: int, now: int) -> list[int]:
    """The moments (ms) from ``since`` until now at which something unasked went to a member."""
    return [
        int(row.tried_since) for row in session.all(_spent, community=community, member=member, since=since, now=now)
    ]


_posted = Statement(
    lambda _: (
        select(_o.id, _o.state, _o.rank)
        .where(
            _o.community_id == bindparam("community"),
            _o.platform == bindparam("on"),
            _o.recipient == bindparam("to"),
            _o.private == 0,
            _o.why == UNASKED,
            (_o.state == WAITING) | (_o.state == SENT),
            _o.created_at.between(bindparam("since"), bindparam("now")),
        )
        .order_by(_o.id)
    ),
    into=Posted,
)


def posted(  # noqa: PLR0913  where, since when and until when
    session: Session, community: str, platform: str, recipient: str, since: int, now: int
) -> list[Posted]:
    """The unasked posts to a channel from a moment (ms) until now."""
    return session.all(_posted, community=community, on=platform, to=recipient, since=since, now=now)


_same = (
    _o.community_id == bindparam("community"),
    _o.platform == bindparam("on"),
    _o.recipient == bindparam("to"),
    _o.subject == bindparam("about"),
)
_stands = Statement(lambda _: select(_o.id).where(*_same, (_o.state == WAITING) | (_o.state == SENT)).limit(1))


def stands(session: Session, community: str, platform: str, recipient: str, subject: str) -> bool:
    """Whether something of this subject was posted there, so that a new one only changes it."""
    return session.one(_stands, community=community, on=platform, to=recipient, about=subject) is not None


_overtake = Statement(lambda _: delete(Outbox).where(*_same, _o.private == 1, _o.state == HELD))


def overtake(session: Session, community: str, platform: str, recipient: str, subject: str) -> None:
    """What waits for the gate and is about a subject goes: something newer about it is written now."""
    session.run(_overtake, community=community, on=platform, to=recipient, about=subject)


_let_go = _row(
    _o.state == HELD,
    state=WAITING,
    not_before=bindparam("now"),
    # Of what was tried before, the days go on after which it is given up.
    tried_since=case((_o.attempts == 0, bindparam("now")), else_=_o.tried_since),
)
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


_parts = Statement(lambda _: select(_o.id, _o.key, _o.payload).where(*_within).order_by(_o.rank, _o.id))


def within(session: Session, community: str, head: int) -> list[bytes]:
    """The payloads of what goes within a message; one that does not open is given up, and keeps back no other."""
    found = []
    for row in session.all(_parts, community=community, head=str(head)):
        try:
            found.append(session.keys.open("outbox", row.key, bytes(row.payload)))
        except KeyFault:
            bury(session, row.id, "KeyFault")
    return found


_set_payload = _row(payload=bindparam("whole"))
_sent_too = Statement(
    lambda _: (
        update(Outbox).where(*_within).values(state=SENT, payload=bindparam("empty"), message="", subject="", why="")
    )
)


def sent_within(session: Session, community: str, head: int, key: str, payload: bytes) -> None:
    """A message was sent: of what went within it nothing is kept either, but that it was sent.

    ``payload``: all of it, where what was sent is still to be looked at; else empty. ``key``: the message's own.
    """
    if payload:
        sealed = session.keys.seal("outbox", key, payload)
        session.put(_set_payload, community=community, row=head, whole=sealed)
    session.put(_sent_too, community=community, head=str(head), empty=b"")
