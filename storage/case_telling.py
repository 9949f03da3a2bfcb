"""What a student tells, by letters, and the release that makes cases of it. Why letters: see storage/cases.py."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from storage import accounts, cases, erasures, letters, return_paths
from storage.case_messages import STUDENT, CaseWords
from storage.cases import NEW, CaseView
from storage.days import DAY
from storage.ids import new_id
from storage.keys import KeyFault
from storage.statement import Session

DONE, GONE, FULL = "done", "gone", "full"
"""What came of a student's act: it is on its way; the case is not there any more; nothing was kept, too much waits."""
_ORDER = _TELLING, _MORE, _BACK, _ERASE = "telling", "more", "back", "erase"
"""Kinds of letters, in the order in which they are opened."""

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
    letter = {"kind": _TELLING, "case": case, "tag": receipt_tag, "text": json.dumps(answers), "day": day}
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
    if cases.takes_words(session, community, case) is False or any(letter["kind"] == _ERASE for letter in mine):
        return GONE
    letter = {"kind": _MORE, "case": case, "text": text, "day": day}
    if not room(session, community, account=account, crowded=crowded):
        return FULL
    return _post(session, community, letter, key, len(mine), account=account)


def hear_back(session: Session, community: str, case: str, account: str) -> str:
    """Where the student of this case hears of answers: on ``account`` (``platform:id``), or nowhere when empty.

    Travels as every letter does, so that nobody sees what was chosen, nor for which case. DONE, GONE or FULL.
    """
    key = letters.key_to_write(session, community)
    mine = _further(session, community, case, key)
    if any(letter["kind"] == _ERASE for letter in mine):
        return GONE
    if not room(session, community, account=True):
        return FULL
    letter = {"kind": _BACK, "case": case, "to": accounts.mark_of(session, community, account) if account else None}
    return _post(session, community, letter, key, len(mine), account=True)


def take_back(session: Session, community: str, case: str, day: int) -> str:
    """The student wants it erased. A letter too: a row that went in the student's own turn would say whose it was.

    Always DONE: there is one such letter for each case at the most, and it takes no room from anyone with an account.
    """
    key = letters.key_to_write(session, community)
    if not any(letter["kind"] == _ERASE for letter in _further(session, community, case, key)):
        value = letters.values(key, f"case:{case}")[-1]
        letters.post(session, community, value, {"kind": _ERASE, "case": case, "day": day})
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


# ---------------------------------------------------------------- releasing


def release(session: Session, community: str) -> list[str]:
    """Open every letter that waits, in one transaction.

    Returns the cases that mentors must hear of, shuffled: new ones, those with more from the student (their status
    says which), and those that were taken back, which can no longer be read. A letter that does not open, or whose
    case does not, stops no other: it waits on.
    """
    mail = letters.take(session, community)
    secrets.SystemRandom().shuffle(mail)
    # Shuffled among each other; but one student's words stay in their order, and the last choice counts.
    mail.sort(key=lambda one: (_ORDER.index(one.content["kind"]), letters.order(one)))
    new = {letter.content["case"] for letter in mail if letter.content["kind"] == _TELLING}
    touched: dict[str, None] = {}
    chosen: dict[str, str] = {}
    for letter in mail:
        try:
            case = _deliver(session, community, letter.content, chosen)
        except KeyFault:
            letters.keep(session, community, letter.id)
        else:
            letters.drop(session, community, letter.id)
            touched |= {case: None} if case else {}
    cases.deal_paths(session, community, chosen)
    # Of what was told and taken back between two moments nobody has heard, and nobody hears.
    order = [case for case in touched if case not in new or cases.holder(session, community, case) is not None]
    secrets.SystemRandom().shuffle(order)
    return order


# ---------------------------------------------------------------- inside


def _by_key(session: Session, community: str, tag: str, key: bytes) -> CaseView | None:
    """The case of a receipt, with letters that are found by this key."""
    for letter in letters.find(session, community, letters.values(key, f"receipt:{tag}")):
        if letter["kind"] == _TELLING and letter["tag"] == tag:
            told = CaseView(letter["case"], NEW, letter["day"], "", "", json.loads(letter["text"]), ())
            return _with_words(told, _further(session, community, told.id, key))
    case = cases.by_tag(session, community, tag)
    if case is None:
        return None
    coming = _further(session, community, case, key)
    view = cases.of_student(session, community, case)
    return view and _with_words(view, coming)


def _with_words(view: CaseView, coming: list[dict[str, Any]]) -> CaseView:
    words = (CaseWords(STUDENT, letter["text"], letter["day"]) for letter in coming if letter["kind"] == _MORE)
    back = any(letter["kind"] == _ERASE for letter in coming)
    return replace(view, messages=(*view.messages, *words), taken_back=back)


def _further(session: Session, community: str, case: str, key: bytes) -> list[dict[str, Any]]:
    """What is on its way of a case that was told before, in its order."""
    found = letters.find(session, community, letters.values(key, f"case:{case}"))
    return [letter for letter in found if letter["kind"] != _TELLING and letter.get("case") == case]


def _post(  # noqa: PLR0913
    session: Session, community: str, letter: dict[str, Any], key: bytes, number: int, *, account: bool
) -> str:
    """The next letter of a case that was told before."""
    if number >= letters.OF_A_CASE:
        return FULL
    value = letters.values(key, f"case:{letter['case']}")[number]
    letters.post(session, community, value, letter | {"number": number}, account=account)
    return DONE


def _deliver(session: Session, community: str, letter: Mapping[str, Any], chosen: dict[str, str]) -> str | None:
    """What a letter brings; returns the case that mentors must hear of, if any. Raises KeyFault, with nothing done."""
    # A letter of the first version that says where its student hears of answers names the receipt instead.
    case = str(letter["case"] if "case" in letter else cases.by_tag(session, community, letter["tag"]) or "")
    if erasures.has_been(session, case):  # in a restored backup it comes a second time
        return None
    if letter["kind"] == _TELLING:
        cases.add(session, community, case, letter["tag"], letter["text"], letter["day"])
        return case
    if cases.takes_words(session, community, case) is None:
        raise KeyFault("what was told first did not open, so what came after it has no case yet")
    match letter["kind"]:
        case "back":
            if cases.opens(session, community, case):
                chosen[case] = return_paths.current(session, community, letter["to"])
            return None
        case "erase":
            return case if cases.erase(session, community, case, "", letter["day"] * DAY) else None
    return case if cases.add_words(session, community, case, letter["text"], letter["day"]) else None
