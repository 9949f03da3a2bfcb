"""Belonging cases: no way back from a case to the student who told it.

A case row holds no member, no exact time and no platform. Yet a row that is written in a student's own transaction
can be joined to that student by what it carries unseen (PostgreSQL's ``xmin``, a row's place). So a student's words
enter as a **letter**, sealed as a whole under an id of its own; a release opens all letters of a community at a set
moment, shuffled, in a transaction without a student (storage/case_telling.py), and only then is there a case for
mentors to read: here.

Case text is encrypted under a key of its own, which a master key wraps: erasing the wrapped key erases the case.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, func, null, or_, select, update
from sqlmodel import Field, SQLModel

from storage import case_events, case_key, case_messages, communities, erasures, return_paths
from storage.case_events import CaseChange, CaseEvent
from storage.case_messages import MENTOR, NOTE, STUDENT, CaseWords
from storage.days import DAY
from storage.members import Member
from storage.statement import Session, Statement, columns

NEW, CLAIMED, ANSWERED, CLOSED = "new", "claimed", "answered", "closed"


class Case(SQLModel, table=True):
    """A case that mentors can read. ``received_day`` in days since 1970."""

    __tablename__ = "belonging_case"
    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    status: str = NEW
    received_day: int
    wrapped_key: bytes
    """Empty once the case is erased."""
    holder_id: str | None = Field(default=None, foreign_key="member.id")
    receipt: bytes = Field(unique=True)
    """A slow hash of the words that only the student has."""
    waits_since: int | None = None
    """The day on which it came to the mentors with something that nobody has answered since, or lost who took care of
    it; None while nothing is to be done. Of the set moment, not of when its student wrote."""


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as someone may see it. ``text`` holds the first answers by question; ``messages`` what came after."""

    id: str
    status: str
    day: int
    holder: str
    """The member who claimed it; empty for nobody."""
    holder_name: str
    text: dict[str, str]
    messages: tuple[CaseWords, ...]
    taken_back: bool = False
    """Its student wants it erased, and it is until the next set moment that it is there."""

    @property
    def words(self) -> list[str]:
        """All that its student wrote."""
        return [*(text for text in self.text.values() if text), *(m.text for m in self.messages if m.author == STUDENT)]

    @property
    def owed(self) -> bool:
        """Whether the student wrote last."""
        spoken = [one.author for one in self.messages if one.author != NOTE]
        return not spoken or spoken[-1] == STUDENT

    @property
    def answered(self) -> bool:
        """Whether a mentor ever answered."""
        return any(one.author == MENTOR for one in self.messages)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list."""

    id: str
    status: str
    day: int
    holder: str
    holder_name: str
    waits_since: int | None = None
    """As in :class:`Case`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a claim won, and who holds the case now."""

    won: bool
    holder: str
    holder_name: str


_c, _e, _member = map(columns, (Case, CaseEvent, Member))
_of_case = (_c.id == bindparam("case"), _c.community_id == bindparam("community"))
_seen = (
    _c.id,
    _c.status,
    _c.received_day,
    func.coalesce(_c.holder_id, "").label("holder"),
    func.coalesce(_member.name, "").label("holder_name"),
)
_add_case = Statement(lambda sql: sql.insert(Case))
_anyones = Statement(lambda _: select(_c.community_id, _c.wrapped_key).where(_c.id == bindparam("case")))
_find = Statement(
    lambda _: select(*_seen, _c.wrapped_key).outerjoin(Member, _member.id == _c.holder_id).where(*_of_case)
)
_by_tag = Statement(
    lambda _: select(_c.id).where(
        _c.receipt == bindparam("tag"), _c.community_id == bindparam("community"), func.length(_c.wrapped_key) > 0
    )
)
_open_cases = Statement(
    lambda _: (
        select(*_seen, _c.waits_since)
        .outerjoin(Member, _member.id == _c.holder_id)
        .where(_c.community_id == bindparam("community"), _c.status != CLOSED)
        .order_by(_c.received_day, _c.id)
    )
)
_holder = Statement(
    lambda _: select(func.coalesce(_c.holder_id, "").label("holder")).where(*_of_case, func.length(_c.wrapped_key) > 0)
)
_lock = Statement(lambda _: select(_c.status, _c.wrapped_key, _c.holder_id).where(*_of_case).with_for_update())
_claim = Statement(
    lambda _: (
        update(Case)
        .where(*_of_case, _c.holder_id.is_(None), _c.status == NEW)
        .values(holder_id=bindparam("member"), status=CLAIMED)
    )
)
_set_status = Statement(lambda _: update(Case).where(*_of_case).values(status=bindparam("new_status")))
_settle = Statement(lambda _: update(Case).where(*_of_case).values(status=bindparam("new_status"), waits_since=null()))
_wait = Statement(
    lambda _: (
        update(Case)
        .where(*_of_case, or_(_c.status == NEW, _c.status == CLAIMED), _c.waits_since.is_(None))
        .values(waits_since=bindparam("day"))
    )
)
_drop_key = Statement(
    lambda _: (
        update(Case)
        .where(*_of_case)
        .values(wrapped_key=bindparam("empty"), receipt=bindparam("unused"), status=CLOSED, waits_since=null())
    )
)
_every = Statement(lambda _: select(_c.id).where(_c.community_id == bindparam("community")))
_with_path = Statement(
    lambda _: (
        select(_c.id, _c.wrapped_key)
        .where(
            _c.community_id == bindparam("community"),
            func.length(_c.wrapped_key) > 0,
            or_(
                _c.status != CLOSED,
                _c.id.in_(
                    select(_e.case_id).where(
                        _e.what == case_events.ANSWERED, _e.at > bindparam("told", type_=_e.at.type)
                    )
                ),
            ),
        )
        .order_by(_c.id)
        .with_for_update()
    )
)

# ---------------------------------------------------------------- the mentors


def read(session: Session, community: str, case: str) -> CaseView | None:
    """A case as mentors see it; None when it is not theirs, not released, or erased."""
    row = session.one(_find, case=case, community=community)
    return None if row is None else _view(session, row, notes=True)


def holder(session: Session, community: str, case: str) -> str | None:
    """The member who takes care of a case, empty for nobody; None when there is none that mentors could read."""
    row = session.one(_holder, case=case, community=community)
    return None if row is None else str(row.holder)


def claim(session: Session, community: str, case: str, member: str, now: int) -> Claim | None:
    """A mentor takes a case; of two at once one wins, and the other learns who. None when there is no such case.

    One that was answered, and then given back, is as answered as before.
    """
    won = session.run(_claim, case=case, community=community, member=member) == 1
    if won:
        if not case_messages.owed(session, case):
            session.run(_settle, case=case, community=community, new_status=ANSWERED)
        case_events.add(session, case, now, member, case_events.CLAIMED)
    row = session.one(_find, case=case, community=community)
    if row is None:
        return None
    return Claim(won or row.holder == member, row.holder, row.holder_name)


def answer(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, text: str, now: int
) -> bool:
    """An answer to the student, of the mentor who takes care of the case.

    False when that is another, or it is gone or closed: its return path is destroyed, and nobody would be told.
    """
    row = session.one(_lock, case=case, community=community)
    day = communities.day(session, community, now)
    if (
        row is None
        or row.status == CLOSED
        or row.holder_id != member
        or not _write(session, community, case, MENTOR, text, day)
    ):
        return False
    session.run(_settle, case=case, community=community, new_status=ANSWERED)
    case_events.add(session, case, now, member, case_events.ANSWERED)
    return True


def note(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, text: str, now: int
) -> bool:
    """A note that only mentors see. False when the case is gone."""
    if not _write(session, community, case, NOTE, text, communities.day(session, community, now)):
        return False
    case_events.add(session, case, now, member, case_events.NOTED)
    return True


def close(session: Session, community: str, case: str, member: str, now: int) -> bool:
    """The mentor who takes care of a case is done with it. False when that is another, or it is gone or was closed.

    Its return path is destroyed; where an answer is still to be told of, a release does it after that.
    """
    row = session.one(_lock, case=case, community=community)
    if row is None or row.status == CLOSED or row.holder_id != member:
        return False
    session.run(_settle, case=case, community=community, new_status=CLOSED)
    told = case_events.last_answer(session, case) <= return_paths.told_until(session, community)
    if told:
        _destroy_path(session, community, case, row.wrapped_key)
    case_events.add(session, case, now, member, case_events.CLOSED)
    return True


def erase(session: Session, community: str, case: str, member: str, now: int) -> bool:
    """Destroy a case's key, words and return path; its record stays. False when it is gone."""
    row = session.one(_lock, case=case, community=community)
    if row is None or not row.wrapped_key:
        return False
    session.scrub()
    _destroy_path(session, community, case, row.wrapped_key)
    erasures.of_case(session, case)
    session.run(_drop_key, case=case, community=community, empty=b"", unused=secrets.token_bytes(16))
    case_messages.drop(session, case)
    case_events.add(session, case, now, member, case_events.ERASED)
    return True


def listing(session: Session, community: str) -> list[CaseLine]:
    """The cases that are not closed, the oldest day first."""
    return [CaseLine(*row) for row in session.all(_open_cases, community=community)]


def every(session: Session, community: str) -> set[str]:
    """All cases that were ever released, closed and erased ones too."""
    return {row.id for row in session.all(_every, community=community)}


def record(session: Session, community: str, case: str) -> list[CaseChange]:
    """What happened to a case, in order."""
    known = session.one(_find, case=case, community=community)
    return [] if known is None else case_events.of_case(session, case)


# ---------------------------------------------------------------- the student, by letters: storage/case_telling.py


def by_tag(session: Session, community: str, tag: str) -> str | None:
    """The case that belongs to a receipt's tag (hex); None when there is none, or it is erased."""
    row = session.one(_by_tag, tag=bytes.fromhex(tag), community=community)
    return None if row is None else str(row.id)


def of_student(session: Session, community: str, case: str) -> CaseView | None:
    """A case as its student sees it: without the notes."""
    row = session.one(_find, case=case, community=community)
    return None if row is None else _view(session, row, notes=False)


def status(session: Session, community: str, case: str) -> str:
    """Where a case stands; empty for one that is not released."""
    row = session.one(_find, case=case, community=community)
    return "" if row is None else str(row.status)


def takes_words(session: Session, community: str, case: str) -> bool | None:
    """Whether more can be added to a case: not when it is erased, or of another community. None for one on its way."""
    row = session.one(_anyones, case=case)
    return None if row is None else row.community_id == community and bool(row.wrapped_key)


def opens(session: Session, community: str, case: str) -> bool:
    """Whether there is such a case. Raises KeyFault when its key does not open."""
    row = session.one(_find, case=case, community=community)
    return row is not None and bool(row.wrapped_key) and bool(case_key.opened(session, case, row.wrapped_key))


def add(  # noqa: PLR0913  one row
    session: Session, community: str, case: str, receipt_tag: str, text: str, day: int
) -> None:
    """A case that was told on a day, in days since 1970. ``text``: the first answers by question, as JSON."""
    session.run(
        _add_case,
        id=case,
        community_id=community,
        status=NEW,
        received_day=day,
        wrapped_key=case_key.new(session, case),
        holder_id=None,
        receipt=bytes.fromhex(receipt_tag),
        waits_since=None,
    )
    _write(session, community, case, STUDENT, text, day)
    case_events.add(session, case, day * DAY, "", case_events.RECEIVED)


def add_words(session: Session, community: str, case: str, text: str, day: int) -> bool:
    """A student's further words: an answered case waits for its mentor again, a closed one is open again."""
    if not _write(session, community, case, STUDENT, text, day):
        return False
    row = session.one(_find, case=case, community=community)
    if row.status in (ANSWERED, CLOSED):
        session.run(_set_status, case=case, community=community, new_status=CLAIMED if row.holder else NEW)
    case_events.add(session, case, day * DAY, "", case_events.WRITTEN_ON)
    return True


def wait(session: Session, community: str, case: str, day: int) -> None:
    """What a student wrote came to the mentors on a day; a case that waited already waits since then."""
    session.run(_wait, case=case, community=community, day=day)


def deal_paths(session: Session, community: str, chosen: Mapping[str, str]) -> None:
    """Write the return paths of all open cases anew, and of those closed whose student has an answer to be told of.

    Robin answers at 10:00 and closes at 10:05: the path stays until Sam is told at 13:00, and then goes.
    ``chosen``: what students decided since the last time, by case.
    """
    told = return_paths.told_until(session, community)
    rows = session.all(_with_path, community=community, told=told)
    keys = {row.id: key for row in rows if (key := case_key.found(session, row.id, row.wrapped_key)) is not None}
    return_paths.deal(session, community, keys, chosen, all_of_them=len(keys) == len(rows))


# ---------------------------------------------------------------- inside


def _destroy_path(session: Session, community: str, case: str, wrapped: bytes) -> None:
    """The return path is gone; of a case whose key does not open, with the next release that opens all others.

    Its row is found by the key alone. So one whose key was damaged is just left out when all rows are written anew.
    """
    key = case_key.found(session, case, wrapped)
    if key is not None:
        return_paths.destroy(session, community, key)


def _write(  # noqa: PLR0913  one row
    session: Session, community: str, case: str, author: str, text: str, day: int
) -> bool:
    row = session.one(_lock, case=case, community=community)
    if row is None or not row.wrapped_key:
        return False
    case_messages.add(session, case, case_key.cipher(session, case, row.wrapped_key), author, text, day)
    return True


def _view(session: Session, row: Any, *, notes: bool) -> CaseView | None:
    if not row.wrapped_key:
        return None
    cipher = case_key.cipher(session, row.id, row.wrapped_key)
    words = case_messages.of_case(session, row.id, cipher)
    if notes:
        names = {what: iter(each) for what, each in case_events.writers(session, row.id).items()}
        wrote = {MENTOR: names[case_events.ANSWERED], NOTE: names[case_events.NOTED]}
        words = [replace(one, name=next(wrote[one.author], "")) if one.author in wrote else one for one in words]
    else:
        words = [one for one in words if one.author != NOTE]
    answers = json.loads(words[0].text)
    return CaseView(row.id, row.status, row.received_day, row.holder, row.holder_name, answers, tuple(words[1:]))
