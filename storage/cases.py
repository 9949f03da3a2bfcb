"""Belonging cases: no way back from a case to the student who told it.

A case row holds no member, no exact time and no platform. Yet a row that is written in a student's own transaction
can be joined to that student by what it carries unseen (PostgreSQL's ``xmin``, a row's place). So a student's words
enter as a **letter**, sealed as a whole under an id of its own; :func:`release` opens all letters of a community at a
set moment, shuffled, in a transaction without a student, and only then is there a case for mentors to read.

Case text is encrypted under a key of its own, which a master key wraps: erasing the wrapped key erases the case.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlmodel import Field, SQLModel

from storage import accounts, case_events, case_key, case_messages, erasures, letters, return_paths
from storage.case_events import CaseChange, CaseEvent
from storage.case_messages import MENTOR, NOTE, STUDENT, CaseWords
from storage.ids import new_id
from storage.members import Member
from storage.statement import Session, Statement, columns

NEW, CLAIMED, ANSWERED, CLOSED = "new", "claimed", "answered", "closed"
DAY_MS = 86_400_000
_ORDER = _TELLING, _MORE, _BACK, _ERASE = "telling", "more", "back", "erase"
"""Kinds of letters, in the order in which they are opened."""


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


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list."""

    id: str
    status: str
    day: int
    holder: str
    holder_name: str


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
_find = Statement(
    lambda _: select(*_seen, _c.wrapped_key).outerjoin(Member, _member.id == _c.holder_id).where(*_of_case)
)
_by_receipt = Statement(
    lambda _: (
        select(*_seen, _c.wrapped_key)
        .outerjoin(Member, _member.id == _c.holder_id)
        .where(_c.receipt == bindparam("tag"), _c.community_id == bindparam("community"))
    )
)
_open_cases = Statement(
    lambda _: (
        select(*_seen)
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
_drop_key = Statement(
    lambda _: (
        update(Case).where(*_of_case).values(wrapped_key=bindparam("empty"), receipt=bindparam("unused"), status=CLOSED)
    )
)
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
# ---------------------------------------------------------------- the student


def add(session: Session, community: str, receipt_tag: str, text: Mapping[str, str | None], day: int) -> str:
    """A student's new case, on its way; returns the case's id. ``receipt_tag`` in hex, ``day`` in days since 1970."""
    case = new_id()
    answers = {question: answer for question, answer in text.items() if answer}
    letter = {"kind": _TELLING, "case": case, "tag": receipt_tag, "text": json.dumps(answers), "day": day}
    letters.post(session, community, letter)
    return case


def by_receipt(session: Session, community: str, tag: str) -> CaseView | None:
    """The case that belongs to a receipt, as its student sees it: without notes, with what is still on its way."""
    coming = [letter for _, letter in letters.waiting(session, community)]
    row = session.one(_by_receipt, tag=bytes.fromhex(tag), community=community)
    if row is not None:
        view = _view(session, row, notes=False)
        return view and _with_letters(view, coming)
    for letter in coming:
        if letter["kind"] == _TELLING and letter["tag"] == tag:
            answers = json.loads(letter["text"])
            return _with_letters(CaseView(letter["case"], NEW, letter["day"], "", "", answers, ()), coming)
    return None


def write_on(session: Session, community: str, case: str, text: str, day: int) -> bool:
    """More words of the student; mentors see them from the next set moment. False when the case is gone."""
    known = session.one(_find, case=case, community=community)
    coming = [letter for _, letter in letters.waiting(session, community) if letter.get("case") == case]
    if (known is None or not known.wrapped_key) and all(letter["kind"] != _TELLING for letter in coming):
        return False
    letters.post(session, community, {"kind": _MORE, "case": case, "text": text, "day": day, "number": len(coming)})
    return True


def hear_back(session: Session, community: str, receipt_tag: str, account: str) -> None:
    """Where the student with this receipt hears of answers: on ``account`` (``platform:id``), or nowhere when empty.

    Travels as every letter does, so that nobody sees what was chosen, nor for which case.
    """
    before = [one for _, one in letters.waiting(session, community) if one["kind"] == _BACK]
    letter = {
        "kind": _BACK,
        "tag": receipt_tag,
        "to": accounts.mark_of(session, community, account) if account else None,
        "number": sum(one["tag"] == receipt_tag for one in before),
    }
    letters.post(session, community, letter)


def take_back(session: Session, community: str, case: str, day: int) -> None:
    """The student wants it erased. A letter too: a row that went in the student's own turn would say whose it was."""
    letters.post(session, community, {"kind": _ERASE, "case": case, "day": day})


def release(session: Session, community: str) -> list[str]:
    """Open every letter that waits, in one transaction.

    Returns the cases that mentors must hear of, shuffled: new ones, those with more from the student (their status
    says which), and those that were taken back, which can no longer be read.
    """
    mail = [letter for _, letter in letters.take(session, community)]
    secrets.SystemRandom().shuffle(mail)
    # Shuffled among each other; but one student's words stay in their order, and the last choice counts.
    mail.sort(key=lambda one: (_ORDER.index(one["kind"]), one.get("number", 0)))
    touched: dict[str, None] = {}
    new = {letter["case"] for letter in mail if letter["kind"] == _TELLING}
    chosen: dict[str, str] = {}
    for letter in mail:
        if letter["kind"] == _TELLING:
            if not erasures.has_been(session, letter["case"]):  # in a restored backup it comes a second time
                _open_case(session, community, letter)
                touched[letter["case"]] = None
        elif letter["kind"] == _BACK:
            row = session.one(_by_receipt, tag=bytes.fromhex(letter["tag"]), community=community)
            if row is not None:
                chosen[row.id] = return_paths.current(session, community, letter["to"])
        elif letter["kind"] == _ERASE:
            if erase(session, community, letter["case"], "", letter["day"] * DAY_MS):
                touched[letter["case"]] = None
        elif _go_on(session, community, letter):
            touched[letter["case"]] = None
    _deal(session, community, chosen)
    # Of what was told and taken back between two moments nobody has heard, and nobody hears.
    order = [case for case in touched if case not in new or read(session, community, case) is not None]
    secrets.SystemRandom().shuffle(order)
    return order


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
    """A mentor takes a case; of two at once one wins, and the other learns who. None when there is no such case."""
    won = session.run(_claim, case=case, community=community, member=member) == 1
    if won:
        case_events.add(session, case, now, member, "claimed")
    row = session.one(_find, case=case, community=community)
    if row is None:
        return None
    return Claim(won or row.holder == member, row.holder, row.holder_name)


def answer(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, text: str, now: int
) -> bool:
    """An answer to the student, of the mentor who takes care of the case. False when that is another, or it is gone."""
    row = session.one(_lock, case=case, community=community)
    if row is None or row.holder_id != member or not _write(session, community, case, MENTOR, text, now // DAY_MS):
        return False
    session.run(_set_status, case=case, community=community, new_status=ANSWERED)
    case_events.add(session, case, now, member, "answered")
    return True


def note(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, text: str, now: int
) -> bool:
    """A note that only mentors see. False when the case is gone."""
    if not _write(session, community, case, NOTE, text, now // DAY_MS):
        return False
    case_events.add(session, case, now, member, "noted")
    return True


def close(session: Session, community: str, case: str, member: str, now: int) -> bool:
    """The mentor who takes care of a case is done with it. False when that is another, or it is gone or was closed.

    Its return path is destroyed; where an answer is still to be told of, :func:`release` does it after that.
    """
    row = session.one(_lock, case=case, community=community)
    if row is None or row.status == CLOSED or row.holder_id != member:
        return False
    session.run(_set_status, case=case, community=community, new_status=CLOSED)
    told = case_events.last_answer(session, case) <= return_paths.told_until(session, community)
    if told and row.wrapped_key:
        return_paths.destroy(session, case_key.opened(session, case, row.wrapped_key))
    case_events.add(session, case, now, member, "closed")
    return True


def erase(session: Session, community: str, case: str, member: str, now: int) -> bool:
    """Destroy a case's key, words and return path; its record stays. False when it is gone."""
    row = session.one(_lock, case=case, community=community)
    if row is None or not row.wrapped_key:
        return False
    session.scrub()
    return_paths.destroy(session, case_key.opened(session, case, row.wrapped_key))
    erasures.of_case(session, case)
    session.run(_drop_key, case=case, community=community, empty=b"", unused=secrets.token_bytes(16))
    case_messages.drop(session, case)
    case_events.add(session, case, now, member, "erased")
    return True


def listing(session: Session, community: str) -> list[CaseLine]:
    """The cases that are not closed, the oldest day first."""
    return [CaseLine(*row) for row in session.all(_open_cases, community=community)]


def record(session: Session, community: str, case: str) -> list[CaseChange]:
    """What happened to a case, in order."""
    known = session.one(_find, case=case, community=community)
    return [] if known is None else case_events.of_case(session, case)


# ---------------------------------------------------------------- inside


def _with_letters(view: CaseView, waiting: list[dict[str, Any]]) -> CaseView:
    mine = [letter for letter in waiting if letter["kind"] == _MORE and letter["case"] == view.id]
    mine.sort(key=lambda letter: letter["number"])
    coming = (CaseWords(STUDENT, letter["text"], letter["day"]) for letter in mine)
    return CaseView(view.id, view.status, view.day, view.holder, view.holder_name, view.text, (*view.messages, *coming))


def _deal(session: Session, community: str, chosen: Mapping[str, str]) -> None:
    """Write the return paths of all open cases anew, and of those closed whose student has an answer to be told of."""
    told = return_paths.told_until(session, community)
    rows = session.all(_with_path, community=community, told=told)
    keys = {row.id: case_key.opened(session, row.id, row.wrapped_key) for row in rows}
    return_paths.deal(session, community, keys, chosen)


def _open_case(session: Session, community: str, letter: Mapping[str, Any]) -> None:
    case = letter["case"]
    session.run(
        _add_case,
        id=case,
        community_id=community,
        status=NEW,
        received_day=letter["day"],
        wrapped_key=case_key.new(session, case),
        holder_id=None,
        receipt=bytes.fromhex(letter["tag"]),
    )
    _write(session, community, case, STUDENT, letter["text"], letter["day"])
    case_events.add(session, case, letter["day"] * DAY_MS, "", "received")


def _go_on(session: Session, community: str, letter: Mapping[str, Any]) -> bool:
    """A student's further words: an answered case waits for its mentor again, a closed one is open again."""
    case = letter["case"]
    if not _write(session, community, case, STUDENT, letter["text"], letter["day"]):
        return False
    row = session.one(_find, case=case, community=community)
    if row.status in (ANSWERED, CLOSED):
        session.run(_set_status, case=case, community=community, new_status=CLAIMED if row.holder else NEW)
    case_events.add(session, case, letter["day"] * DAY_MS, "", "written on")
    return True


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
    words = [one for one in case_messages.of_case(session, row.id, cipher) if notes or one.author != NOTE]
    answers = json.loads(words[0].text)
    return CaseView(row.id, row.status, row.received_day, row.holder, row.holder_name, answers, tuple(words[1:]))
