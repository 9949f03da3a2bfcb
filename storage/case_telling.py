"""What a student tells, by letters. Why letters: see storage/cases.py; how they become cases: case_release.py."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace

from storage import accounts, cases, letters
from storage.case_messages import STUDENT, CaseWords
from storage.cases import NEW, CaseView
from storage.ids import new_id
from storage.letters import Letter
from storage.statement import Session

DONE, GONE, FULL = "done", "gone", "full"
"""What came of a student's act: it is on its way; the case is not there any more; nothing was kept, too much waits."""

# ---------------------------------------------------------------- telling


def room(session: Session, community: str, *, account: bool, crowded: bool = False) -> bool:
    """Whether one more case can be told, or written on, before the next set moment; by someone with an account or not.

    Who has none is refused earlier, and never takes the room of those who have one. ``crowded``: see flows/seam.py.
    """
    return letters.room(session, community, account=account, crowded=crowded)


def tell(  # noqa: PLR0913
    session: Session,
    community: str,
    receipt_tag: str,
    text: Mapping[str, str | None],
    day: int,
    *,
    account: bool = True,
) -> str:
    """A new case, on its way; returns its id. ``receipt_tag`` in hex, ``day`` in days since 1970."""
    case = new_id()
    answers = {question: answer for question, answer in text.items() if answer}
    letter = Letter("telling", case, receipt_tag, json.dumps(answers), day)
    key = letters.key_to_write(session, community)
    letters.post(session, community, letters.values(key, f"receipt:{receipt_tag}")[0], letter, account=account)
    return case


def by_receipt(session: Session, community: str, tag: str) -> CaseView | None:
    """The case that belongs to a receipt, as its student sees it: without notes, with what is still on its way."""
    key = letters.key(session, community)
    while True:
        view = _by_key(session, community, tag, key)
        before, key = key, letters.key(session, community)
        if key == before:
            return view
        # A release came between, so that words could have been seen twice or not at all: look again.


def write_on(  # noqa: PLR0913
    session: Session, community: str, case: str, text: str, day: int, *, account: bool = True, crowded: bool = False
) -> str:
    """More words of the student; mentors see them from the next set moment. DONE, GONE or FULL."""
    key = letters.key_to_write(session, community)
    mine = _further(session, community, case, key)
    if cases.takes_words(session, community, case) is False or _taken_back(mine):
        return GONE
    if not room(session, community, account=account, crowded=crowded):
        return FULL
    return _post(session, community, Letter("more", case, text=text, day=day, number=len(mine)), key, account=account)


def hear_back(session: Session, community: str, case: str, account: str) -> str:
    """Where the student of this case hears of answers: on ``account`` (``platform:id``), or nowhere when empty.

    Travels as every letter does, so that nobody sees what was chosen, nor for which case. DONE, GONE or FULL.
    """
    key = letters.key_to_write(session, community)
    mine = _further(session, community, case, key)
    if _taken_back(mine):
        return GONE
    if not room(session, community, account=True):
        return FULL
    to = accounts.mark_of(session, community, account) if account else None
    return _post(session, community, Letter("back", case, to=to, number=len(mine)), key, account=True)


def take_back(session: Session, community: str, case: str, day: int) -> str:
    """The student wants it erased. A letter too: a row that went in the student's own turn would say whose it was.

    Always DONE: there is one such letter for each case at the most, and it takes no room from anyone with an account.
    """
    key = letters.key_to_write(session, community)
    if not _taken_back(_further(session, community, case, key)):
        value = letters.values(key, f"case:{case}")[-1]
        letters.post(session, community, value, Letter("erase", case, day=day))
    return DONE


# ---------------------------------------------------------------- a case that its student carries for an hour


def carry(session: Session, community: str, member: str, case: str, now: int) -> str:
    """A case for a button of this person (``member`` empty without an account), as 64 letters, digits, - and _."""
    raw = urlsafe_b64decode(case + "==")
    return session.keys.hour.seal(f"{community}:{member}", raw, now)


def carried(session: Session, community: str, member: str, sealed: str, now: int) -> str:
    """The case in a button; empty for anybody else, after an hour, and in a process that did not make it."""
    raw = session.keys.hour.open(f"{community}:{member}", sealed, now)
    return "" if raw is None else urlsafe_b64encode(raw).decode().rstrip("=")


# ---------------------------------------------------------------- inside


def _by_key(session: Session, community: str, tag: str, key: bytes) -> CaseView | None:
    """The case of a receipt, with letters that are found by this key."""
    for letter in letters.find(session, community, letters.values(key, f"receipt:{tag}")):
        if letter.kind == "telling" and letter.tag == tag:
            told = CaseView(letter.case, NEW, letter.day, "", "", json.loads(letter.text), ())
            return _with_words(told, _further(session, community, told.id, key))
    case = cases.by_tag(session, community, tag)
    if case is None:
        return None
    coming = _further(session, community, case, key)
    view = cases.of_student(session, community, case)
    return view and _with_words(view, coming)


def _with_words(view: CaseView, coming: list[Letter]) -> CaseView:
    words = (CaseWords(STUDENT, letter.text, letter.day) for letter in coming if letter.kind == "more")
    return replace(view, messages=(*view.messages, *words), taken_back=_taken_back(coming))


def _further(session: Session, community: str, case: str, key: bytes) -> list[Letter]:
    """What is on its way of a case that was told before, in its order."""
    found = letters.find(session, community, letters.values(key, f"case:{case}"))
    return [letter for letter in found if letter.kind != "telling" and letter.case == case]


def _taken_back(coming: list[Letter]) -> bool:
    return any(letter.kind == "erase" for letter in coming)


def _post(session: Session, community: str, letter: Letter, key: bytes, *, account: bool) -> str:
    """The next letter of a case that was told before."""
    if letter.number >= letters.OF_A_CASE:
        return FULL
    value = letters.values(key, f"case:{letter.case}")[letter.number]
    letters.post(session, community, value, letter, account=account)
    return DONE
