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
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlmodel import Field, SQLModel

from storage import case_events, case_key, case_messages
from storage.case_events import CaseChange
from storage.case_messages import MENTOR, NOTE, STUDENT, CaseWords
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


_c, _member = columns(Case), columns(Member)
of_case = (_c.id == bindparam("case"), _c.community_id == bindparam("community"))
"""Of one case, in statements."""


_seen = (
    _c.id,
    _c.status,
    _c.received_day.label("day"),
    func.coalesce(_c.holder_id, "").label("holder"),
    func.coalesce(_member.name, "").label("holder_name"),
)
_find = Statement(
    lambda _: select(*_seen, _c.wrapped_key).outerjoin(Member, _member.id == _c.holder_id).where(*of_case)
)


def found(session: Session, community: str, case: str) -> Any:
    """The row of a case, with who takes care of it; None when there is none in this community."""
    return session.one(_find, case=case, community=community)


_lock = Statement(lambda _: select(_c.status, _c.wrapped_key, _c.holder_id).where(*of_case).with_for_update())


def locked(session: Session, community: str, case: str) -> Any:
    """Where a case stands, its key and who takes care of it; nobody else changes it until this transaction ends."""
    return session.one(_lock, case=case, community=community)


def write(  # noqa: PLR0913  one row
    session: Session, community: str, case: str, author: str, text: str, day: int
) -> bool:
    """Add words to a case; False when it is gone or erased."""
    row = locked(session, community, case)
    if row is None or not row.wrapped_key:
        return False
    case_messages.add(session, case, case_key.cipher(session, case, row.wrapped_key), author, text, day)
    return True


def read(session: Session, community: str, case: str) -> CaseView | None:
    """A case as mentors see it; None when it is not theirs, not released, or erased."""
    row = found(session, community, case)
    return None if row is None else _view(session, row, notes=True)


def of_student(session: Session, community: str, case: str) -> CaseView | None:
    """A case as its student sees it: without the notes."""
    row = found(session, community, case)
    return None if row is None else _view(session, row, notes=False)


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
    return CaseView(row.id, row.status, row.day, row.holder, row.holder_name, answers, tuple(words[1:]))


def status(session: Session, community: str, case: str) -> str:
    """Where a case stands; empty for one that is not released."""
    row = found(session, community, case)
    return "" if row is None else str(row.status)


_holder = Statement(
    lambda _: select(func.coalesce(_c.holder_id, "").label("holder")).where(*of_case, func.length(_c.wrapped_key) > 0)
)


def holder(session: Session, community: str, case: str) -> str | None:
    """The member who takes care of a case, empty for nobody; None when there is none that mentors could read."""
    row = session.one(_holder, case=case, community=community)
    return None if row is None else str(row.holder)


_open_cases = Statement(
    lambda _: (
        select(*_seen, _c.waits_since)
        .outerjoin(Member, _member.id == _c.holder_id)
        .where(_c.community_id == bindparam("community"), _c.status != CLOSED)
        .order_by(_c.received_day, _c.id)
    ),
    into=CaseLine,
)


def listing(session: Session, community: str) -> list[CaseLine]:
    """The cases that are not closed, the oldest day first."""
    return session.all(_open_cases, community=community)


_every = Statement(lambda _: select(_c.id).where(_c.community_id == bindparam("community")))


def every(session: Session, community: str) -> set[str]:
    """All cases that were ever released, closed and erased ones too."""
    return {row.id for row in session.all(_every, community=community)}


def record(session: Session, community: str, case: str) -> list[CaseChange]:
    """What happened to a case, in order."""
    return [] if found(session, community, case) is None else case_events.of_case(session, case)


_by_tag = Statement(
    lambda _: select(_c.id).where(
        _c.receipt == bindparam("tag"), _c.community_id == bindparam("community"), func.length(_c.wrapped_key) > 0
    )
)


def by_tag(session: Session, community: str, tag: str) -> str | None:
    """The case that belongs to a receipt's tag (hex); None when there is none, or it is erased."""
    row = session.one(_by_tag, tag=bytes.fromhex(tag), community=community)
    return None if row is None else str(row.id)


_anyones = Statement(lambda _: select(_c.community_id, _c.wrapped_key).where(_c.id == bindparam("case")))


def takes_words(session: Session, community: str, case: str) -> bool | None:
    """Whether more can be added to a case: not when it is erased, or of another community. None for one on its way."""
    row = session.one(_anyones, case=case)
    return None if row is None else row.community_id == community and bool(row.wrapped_key)
