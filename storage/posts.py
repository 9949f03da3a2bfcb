"""What stands in places: posts that were sent, of which a later one of the same subject takes the place."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, select, update

from storage.communities import Destination
from storage.outbox import SENT, Outbox
from storage.statement import Session, Statement, columns


@dataclass(frozen=True, slots=True)
class Standing:
    """A post, opened, under the key of the first of its subject."""

    key: str
    payload: bytes


_o = columns(Outbox)
_standing = Statement(
    lambda _: (
        select(_o.key, _o.subject, _o.payload)
        .where(
            _o.platform == bindparam("on"),
            _o.community_id == bindparam("community"),
            _o.recipient == bindparam("place"),
            _o.state == SENT,
            func.length(_o.payload) > 0,
        )
        .order_by(_o.id)
    )
)


def standing(session: Session, platform: str, community: str, place: str) -> list[Standing]:
    """What stands in a place now; a later message of a subject stands where the first one stood.

    It has that one's key too: by it a window that shows the first one knows what to draw anew.
    """
    shown: dict[str, Standing] = {}
    for row in session.all(_standing, on=platform, community=community, place=place):
        payload = session.keys.open("outbox", row.key, bytes(row.payload))
        about = row.subject or row.key
        first = shown.get(about)
        shown[about] = Standing(row.key if first is None else first.key, payload)
    return list(shown.values())


_last_of = Statement(
    lambda _: (
        select(_o.key, _o.payload)
        .where(
            _o.platform == bindparam("on"),
            _o.community_id == bindparam("community"),
            _o.recipient == bindparam("place"),
            _o.subject == bindparam("about"),
            _o.state == SENT,
        )
        .order_by(_o.id.desc())
        .limit(1)
    )
)


def stands(session: Session, community: str, to: Destination, subject: str, payload: bytes) -> bool:
    """Whether just this was the last that was posted in a place about a subject, as far as it is still known."""
    row = session.one(_last_of, on=to.platform, community=community, place=to.external_id, about=subject)
    return bool(row and row.payload) and session.keys.open("outbox", row.key, bytes(row.payload)) == payload


_about = (_o.community_id == bindparam("community"), _o.subject == bindparam("about"), _o.private == 0)
_drop_unsent = Statement(lambda _: delete(Outbox).where(*_about, _o.state != SENT))
_drop_words = Statement(lambda _: update(Outbox).where(*_about).values(payload=bindparam("empty")))


def silence(session: Session, community: str, subject: str) -> int:
    """Nothing is said any more of what was posted about a subject: it is not sent, nor kept; returns how many posts.

    What stands in a channel stays, so that a later post can take its place.
    """
    gone = session.run(_drop_unsent, community=community, about=subject)
    session.put(_drop_words, community=community, about=subject, empty=b"")
    return gone
