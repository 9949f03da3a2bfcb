"""What was not delivered: seen by who looks after Erbij, and tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import bindparam, case, func, or_, select, update

from storage.communities import Community
from storage.outbox import DEAD, HELD, WAITING, Outbox
from storage.places import Place
from storage.statement import Session, Statement, columns

UNREACHED = ("Blocked", "Gone")
"""Why a person does not get a message until they open their door again: the names of the seam's errors."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message that is not sent. Times in ms since 1970. It says nothing of whom a private one is for."""

    id: int
    community: str
    platform: str
    private: bool
    place: str
    """The purpose of the channel; empty for a private message, and for a channel that is used no more."""
    state: str
    attempts: int
    created_at: int
    not_before: int
    fault: str


_o, _community, _place = map(columns, (Outbox, Community, Place))
_later = Outbox.__table__.alias().c  # type: ignore[attr-defined]
_overtaken = (
    select(_later.id)
    .where(
        _later.platform == _o.platform,
        _later.recipient == _o.recipient,
        _later.subject == _o.subject,
        _later.subject != "",
        _later.id > _o.id,
    )
    .correlate(Outbox)
    .exists()
)
_again = case((_o.why == "", WAITING), else_=HELD)  # what came through the attention gate comes through it again
_alive = {"state": _again, "attempts": 0, "tried_since": bindparam("at"), "not_before": bindparam("at"), "fault": ""}
_of_use = or_(_o.until.is_(None), _o.until > bindparam("at"))
_revive = Statement(lambda _: update(Outbox).where(_o.state == DEAD, _of_use, ~_overtaken).values(_alive))


def revive(session: Session, now: int) -> int:
    """Try every dead letter again from now on, but those that a later message has replaced; returns how many."""
    return session.run(_revive, at=now)


_reached = Statement(
    lambda _: (
        update(Outbox)
        .where(
            _o.platform == bindparam("on"),
            _o.recipient == bindparam("person"),
            _o.state == DEAD,
            _o.community_id == bindparam("community"),
            _o.private == 1,
            or_(*(_o.fault == why for why in UNREACHED)),
            _o.created_at >= bindparam("written"),
            _o.not_before < bindparam("tried"),
            _of_use,
            ~_overtaken,
        )
        .values(_alive)
    )
)


def reached(  # noqa: PLR0913  who, since when and until when
    session: Session, platform: str, community: str, person: str, now: int, *, written: int, tried: int
) -> int:
    """Someone is there again: try the dead letters to them again; returns how many.

    Those written since ``written`` and last tried before ``tried``, in ms since 1970.
    """
    return session.run(_reached, at=now, on=platform, community=community, person=person, written=written, tried=tried)


_rows = Statement(
    lambda _: (
        select(
            _o.id,
            _community.name.label("community"),
            _o.platform,
            _o.private,
            func.coalesce(_place.kind, "").label("place"),
            _o.state,
            _o.attempts,
            _o.created_at,
            _o.not_before,
            _o.fault,
        )
        .select_from(Outbox)
        .join(Community, _community.id == _o.community_id)
        .outerjoin(
            Place,
            (_place.community_id == _o.community_id)
            & (_place.platform == _o.platform)
            & (_place.external_id == _o.recipient)
            & (_o.private == 0),
        )
        .where(or_(_o.state == WAITING, _o.state == DEAD, (_o.state == HELD) & (_o.attempts > 0)))
        .order_by(_o.state, _o.id)
        .limit(bindparam("most"))
    ),
    into=Line,
)


def rows(session: Session, most: int) -> list[Line]:
    """Messages that died, those that were tried and are held by quiet hours, those that wait; the oldest first."""
    return [replace(row, private=bool(row.private)) for row in session.all(_rows, most=most)]
