"""What the sender does with the outbox: it claims the messages that may go now, and writes down what became of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, delete, func, select, update

from storage.heads import heads
from storage.keys import KeyFault
from storage.members import Account
from storage.outbox import DEAD, SENT, WAITING, Outbox
from storage.statement import Session, Statement, columns


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message the sender has claimed."""

    id: int
    key: str
    community: str
    platform: str
    space: str
    recipient: str
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
    fanout: str
    """The four as the columns of the same names."""


_o, _account = columns(Outbox), columns(Account)


def _change(**values: Any) -> Statement:
    return Statement(lambda _: update(Outbox).where(_o.id == bindparam("row")).values(**values))


_before = Outbox.__table__.alias().c  # type: ignore[attr-defined]
_edits = (
    select(_before.message)
    .where(
        _before.platform == _o.platform,
        _before.recipient == _o.recipient,
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
        _account.external_id == _o.recipient,
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
            _o.community_id.label("community"),
            _o.platform,
            _o.space_id.label("space"),
            _o.recipient.label("recipient"),
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
            _o.fanout,
        )
        .where(_o.id == bindparam("row"), _o.state == WAITING, _o.not_before <= bindparam("now"))
        .with_for_update(skip_locked=True, of=Outbox)
    ),
    into=Waiting,
)
_lease = _change(not_before=bindparam("until"))


def claim(  # noqa: PLR0913  what, until when, how many, and which
    session: Session, platform: str, now: int, lease_until: int, most: int, *, private: bool | None = None
) -> list[Waiting]:
    """The first message to each recipient on a platform that may go now, ours until ``lease_until``.

    ``private`` takes those to people, or those to places; None takes both.
    Who claims it and is killed loses it to whoever asks after that moment.
    """
    claimed = []
    free = session.all(_free, on=platform, now=now, most=most, **_way(private=private))
    asked = [session.ask(_claimable, row=one.id, now=now) for one in free]
    for row in (found for one in asked if (found := one()) is not None):  # another process may have been quicker
        session.put(_lease, row=row.id, until=lease_until)
        try:
            payload = session.keys.open("outbox", row.key, bytes(row.payload))
        except KeyFault:  # changed by hand, or of a master key that is missing: no other message waits for it
            bury(session, row.id, "KeyFault")
            continue
        claimed.append(replace(row, private=bool(row.private), fleeting=bool(row.fleeting), payload=payload))
    return claimed


_sent = _change(
    state=SENT,
    message=bindparam("reference"),
    fault="",
    payload=case((bindparam("keep", type_=Integer) == 1, _o.payload), else_=bindparam("empty", type_=_o.payload.type)),
)


def sent(session: Session, row: int, message: str, keep: bool = False) -> None:  # noqa: FBT001, FBT002  a column
    """Delivered as ``message``. The payload goes, unless it is still to be looked at (``keep``)."""
    session.put(_sent, row=row, reference=message, keep=int(keep), empty=b"")


_retry = _change(attempts=_o.attempts + 1, not_before=bindparam("at"), fault=bindparam("why"))


def retry(session: Session, row: int, at: int, why: str) -> None:
    """Not delivered; again at a moment."""
    session.put(_retry, row=row, at=at, why=why)


_bury = _change(state=DEAD, attempts=_o.attempts + 1, fault=bindparam("why"))


def bury(session: Session, row: int, why: str) -> None:
    """Never delivered: kept as a dead letter. What comes after it goes on."""
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
