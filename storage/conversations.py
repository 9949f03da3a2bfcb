"""Conversations under way, and the events that were already taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Index, bindparam, case, delete, func, select, update
from sqlmodel import BigInteger, Field, SQLModel

from storage.days import DAY
from storage.keeping import Days, Keeping, Sealed, drop_rows, number
from storage.statement import Session, Statement, columns


class Conversation(SQLModel, table=True):
    """One run of one flow with one person. The row is gone when the conversation ends.

    The journal holds the flow's name and every answer, sealed: who looks into the table sees that someone talks
    to Erbij, not about what. So its length is rounded up, and it waits as long whatever a student talks about.
    """

    __table_args__ = (Index("conversation_of", "member_id", "community_id"),)
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    member_id: str = ""
    """Empty for someone without an account, who holds the conversation by its id alone."""
    turn: int
    journal: bytes
    expires_at: int = Field(sa_type=BigInteger, index=True)


class EventSeen(SQLModel, table=True):
    """A fingerprint of each platform event that was taken, with the day it can be forgotten after."""

    __table_args__ = {"sqlite_with_rowid": False}
    fingerprint: bytes = Field(primary_key=True)
    day: int = Field(index=True)


OF_A_COMMUNITY, IN_ALL = 1_000, 10_000
"""Conversations without an account that wait at the most; half of it for who comes from where much comes from: a robot
that begins one after the other is refused when 500 wait in a community; the other places stay for everybody else."""
KEEPING = (
    Keeping(
        Conversation,
        kept=Days(0, "expires_at"),
        member="member_id",
        erase=drop_rows(Conversation, "member_id"),
        export=number(Conversation, "member_id", "conversations"),
        sealed=Sealed("journal", "journal"),
    ),
    Keeping(EventSeen, kept=Days(7, "day", unit=DAY)),  # as long as a platform may still repeat an event
)
_PAD = 1536
"""Bytes. The length of a journal must not tell what somebody talks about: a receipt's would be known by it."""
TOGETHER = 100
"""Conversations that expire in one transaction at the most."""
Asked = Callable[[], Any]
"""The row of a conversation that was asked for."""


class UnderWay(NamedTuple):
    """A conversation; its journal opened."""

    id: str
    turn: int
    journal: bytes
    expires_at: int
    """In ms since 1970 UTC."""


_c, _seen = columns(Conversation), columns(EventSeen)
_mark = Statement(lambda sql: sql.insert(EventSeen).on_conflict_do_nothing())


def first_seen(session: Session, event: str, day: int) -> Callable[[], bool]:
    """Mark an event as taken; whether this was the first time is known when it is asked, better after another read."""
    marked = session.put(_mark, fingerprint=session.keys.fingerprint(event), day=day)
    return lambda: marked.rowcount == 1


_unmark = Statement(lambda _: delete(EventSeen).where(_seen.fingerprint == bindparam("event")))


def forget_event(session: Session, event: str) -> None:
    """Forget that an event was taken, because nothing of it was kept."""
    session.put(_unmark, event=session.keys.fingerprint(event))


def note_end(session: Session, conversation: str, day: int) -> None:
    """Remember, like an event, that a conversation without an account has ended."""
    session.put(_mark, fingerprint=session.keys.fingerprint(f"ended:{conversation}"), day=day)


_marked = Statement(lambda _: select(_seen.day).where(_seen.fingerprint == bindparam("event")))


def has_ended(session: Session, conversation: str) -> bool:
    """Whether a conversation without an account has ended, as far as is remembered."""
    return session.one(_marked, event=session.keys.fingerprint(f"ended:{conversation}")) is not None


_find = Statement(
    lambda _: (
        select(_c.id, _c.turn, _c.journal, _c.expires_at, _c.community_id, _c.member_id)
        .where(_c.id == bindparam("conversation"))
        .with_for_update()
    )
)


def ask(session: Session, conversation: str) -> Asked:
    """Look a conversation up with the next read, before it is known whose it must be; :func:`find` tells."""
    return session.ask(_find, conversation=conversation)


def find(
    session: Session, community: str, member: str, conversation: str, asked: Asked | None = None
) -> UnderWay | None:
    """A conversation of this person, locked for this transaction."""
    row = (asked or ask(session, conversation))()
    if row is None or (row.id, row.community_id, row.member_id) != (conversation, community, member):
        return None
    return _opened(session, row)


_turn = Statement(lambda _: select(_c.turn).where(_c.id == bindparam("conversation")))


def waits(session: Session, conversation: str, turn: int) -> bool:
    """Whether a conversation still waits for the answer to what it asked at a turn."""
    row = session.one(_turn, conversation=conversation)
    return row is not None and row.turn == turn


_open = Statement(
    lambda _: (
        select(_c.id, _c.turn, _c.journal, _c.expires_at)
        .where(_c.community_id == bindparam("community"), _c.member_id == bindparam("member"))
        .order_by(_c.expires_at.desc(), _c.id)
        .with_for_update()
    )
)


def open_of(session: Session, community: str, member: str) -> list[UnderWay]:
    """The open conversations of a member, the last used first, locked."""
    return [_opened(session, row) for row in session.all(_open, community=community, member=member)]


_without_account = _c.member_id == ""
_of_here = _c.community_id == bindparam("community")
_counted = select(_c.member_id).where(_without_account).limit(1).offset(bindparam("most"))
_beyond_here = Statement(lambda _: _counted.where(_of_here))
_beyond = Statement(lambda _: _counted)
_oldest = (
    select(_c.id)
    .where(_without_account, _c.expires_at <= bindparam("before"))
    .order_by(_c.expires_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_give_way_here = Statement(lambda _: delete(Conversation).where(_c.id.in_(_oldest.where(_of_here))))
_give_way = Statement(lambda _: delete(Conversation).where(_c.id.in_(_oldest)))


def make_room(session: Session, community: str, before: int, *, crowded: bool) -> bool:
    """Whether one more conversation with someone without an account has room.

    Where all places are taken the oldest gives way, if it would have expired ``before`` anyway. Who comes from where
    much comes from (``crowded``) finds half of the places, and nobody gives way to them.
    """
    share = 2 if crowded else 1
    full_here = session.one(_beyond_here, community=community, most=OF_A_COMMUNITY // share - 1) is not None
    if not full_here and session.one(_beyond, most=IN_ALL // share - 1) is None:
        return True
    if crowded:
        return False
    if full_here:
        return session.run(_give_way_here, community=community, before=before) > 0
    return session.run(_give_way, before=before) > 0


_add = Statement(lambda sql: sql.insert(Conversation))


def add(  # noqa: PLR0913  one row
    session: Session, conversation: str, community: str, member: str, journal: bytes, expires_at: int
) -> None:
    """A conversation that waits for its first answer."""
    session.put(
        _add,
        id=conversation,
        community_id=community,
        member_id=member,
        turn=1,
        journal=_sealed(session, conversation, journal),
        expires_at=expires_at,
    )


_save = Statement(
    lambda _: (
        update(Conversation)
        .where(_c.id == bindparam("conversation"), _c.turn == bindparam("was"))
        .values(
            turn=bindparam("now"),
            journal=bindparam("text"),
            # Without an account it lives from its first answer on: turns that cost nothing must not hold a place.
            expires_at=case((_without_account, _c.expires_at), else_=bindparam("until")),
        )
    )
)


def save(session: Session, conversation: str, turn: int, journal: bytes, expires_at: int) -> None:
    """One turn further; the conversation was found, and so locked, in this transaction.

    ``expires_at`` counts for a member's; one without an account ends when it was to end from the beginning.
    """
    text = _sealed(session, conversation, journal)
    session.put(_save, conversation=conversation, was=turn, now=turn + 1, text=text, until=expires_at)


_end = Statement(lambda _: delete(Conversation).where(_c.id == bindparam("conversation"), _c.turn == bindparam("was")))


def end(session: Session, conversation: str, turn: int) -> None:
    """Ended: the row and its journal are gone. It was found, and so locked, in this transaction."""
    session.put(_end, conversation=conversation, was=turn)


_end_all = Statement(lambda _: delete(Conversation).where(_c.community_id == bindparam("community")))


def end_all(session: Session, community: str) -> None:
    """Every conversation of a community has ended."""
    session.put(_end_all, community=community)


_here = Statement(
    lambda _: (
        select(_c.id, _c.turn, _c.journal, _c.expires_at)
        .where(_c.community_id == bindparam("community"))
        .order_by(_c.id)
        .with_for_update()
    )
)
_drop = Statement(lambda _: delete(Conversation).where(_c.id == bindparam("conversation")))


def end_naming(session: Session, community: str, idents: Iterable[str]) -> int:
    """End conversations of others in which one of these ids stands as a value; returns how many.

    Alex has chosen Robin as a mentor and not yet pressed “Save”: when Robin is forgotten, that setup ends, or it would
    write Robin's name down again.
    """
    needles = [json.dumps(one, ensure_ascii=False).encode() for one in idents]
    ended = 0
    for row in session.all(_here, community=community):
        journal = _opened(session, row).journal
        if any(needle in journal for needle in needles):
            ended += session.run(_drop, conversation=row.id)
    return ended


def end_flow(session: Session, community: str, flow: str) -> int:
    """End every conversation of a community that is in a flow of this name. Returns how many."""
    ended = 0
    for row in session.all(_here, community=community):
        if json.loads(_opened(session, row).journal).get("@flow") == flow:
            ended += session.run(_drop, conversation=row.id)
    return ended


_expired = Statement(
    lambda _: delete(Conversation).where(
        _c.id.in_(
            select(_c.id)
            .where(_c.expires_at <= bindparam("now"))
            .order_by(_c.expires_at)
            .limit(TOGETHER)
            .with_for_update(skip_locked=True)
        )
    )
)


def expire(session: Session, now: int) -> int:
    """End conversations that nobody came back to, as many as go together; what they held is gone. Returns how many."""
    ended = session.run(_expired, now=now)
    if ended:
        session.scrub()
    return ended


_grant = Statement(
    lambda _: update(Conversation).where(_c.expires_at < bindparam("until")).values(expires_at=bindparam("until"))
)


def grant(session: Session, until: int) -> None:
    """No conversation ends before a moment: whoever was in the middle of something comes back to it."""
    session.put(_grant, until=until)


_count = Statement(lambda _: select(func.count().label("n")).select_from(Conversation))


def count(session: Session) -> int:
    """How many conversations are open."""
    return int(session.one(_count).n)


def _sealed(session: Session, conversation: str, journal: bytes) -> bytes:
    padded = journal + b" " * (-len(journal) % _PAD)
    return session.keys.seal_passing("journal", conversation, padded)


def _opened(session: Session, row: Any) -> UnderWay:
    journal = session.keys.open_passing("journal", row.id, bytes(row.journal)).rstrip(b" ")
    return UnderWay(row.id, row.turn, journal, row.expires_at)
