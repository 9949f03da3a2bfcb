"""Letters: a student's words on their way to the mentors, sealed as a whole. Why: see storage/cases.py.

A letter is found by a **look-up value**: a keyed hash of whose it is (the receipt's tag for what is told first, the
case's id for all further letters) and of its number among them. So no two letters of a case have a value in common. The
key is the community's own, random, sealed by a master key, and another one after each release: what a reader of the
database saw before says nothing afterwards, not even to who has the database key and a backup.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Index, bindparam, delete, null, select, update
from sqlmodel import Field, SQLModel

from storage.ids import new_id
from storage.keeping import Keeping, Sealed
from storage.keys import KeyFault
from storage.statement import Session, Statement, columns

_PAD = 8192
"""Bytes; nearly every letter takes as many."""
OF_A_CASE = 32
"""Further letters of one case that wait at the most; one more has room, for taking the case back."""
OF_A_COMMUNITY, IN_ALL = 2_000, 20_000
"""Letters that wait at the most and were written by somebody with an account; nobody else's count for them."""
_OF_PAGES, _OF_CROWDS = 2, 5
"""Who has no account is refused where this part of it waits in all; earlier who comes from where much comes from: there
is room for a lecture hall, and still for others when all that it told is taken back too. With 2,000 in all: while 400
wait, another letter from the address that floods us is refused, and one from a library's is taken until 1,000 wait."""


class CaseLetter(SQLModel, table=True):
    """A new case, or more about one, under an id of its own."""

    __table_args__ = (
        Index("caseletter_lookup", "community_id", "lookup", unique=True),
        {"sqlite_with_rowid": False},
    )
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id")
    lookup: bytes | None = None
    """None for a letter that a release could not deliver, or that was written before letters had such a value."""
    sealed: bytes


class AccountLetter(SQLModel, table=True):
    """That somebody with an account wrote one of the letters that wait: it says neither who nor which one."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)


class LetterKey(SQLModel, table=True):
    """The key of a community's look-up values, sealed; another one after each release."""

    community_id: str = Field(primary_key=True, foreign_key="community.id")
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says. Its kind tells which of the fields mean something: :data:`FIELDS`."""

    kind: Literal["telling", "more", "back", "erase"]
    case: str = ""
    """Empty in a letter of the first version that says where its student hears of answers: that names the tag."""
    tag: str = ""
    """Of the receipt, in hex."""
    text: str = ""
    """What was written; of what is told first, the answers by question as JSON."""
    day: int = 0
    """In days since 1970."""
    to: Any = None
    """Where its student wants to hear of answers, as storage/accounts.py marks it; None for nowhere."""
    number: int = 0
    """Which of the further letters of a case it is."""


FIELDS = {
    "telling": ("case", "tag", "text", "day"),
    "more": ("case", "text", "day", "number"),
    "back": ("case", "to", "number"),
    "erase": ("case", "day"),
}
"""What is written down of a letter, by its kind; in the order in which a release opens them."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter in the box, opened. ``keyed``: whether it has a look-up value; those without are older."""

    id: str
    keyed: bool
    letter: Letter


KEEPING = (
    Keeping(CaseLetter, kept="until cases are released", sealed=Sealed("sealed", "letter")),
    Keeping(AccountLetter, kept="until cases are released"),
    Keeping(LetterKey, kept="until cases are released", sealed=Sealed("sealed", "letters")),
)

_l, _k, _a = columns(CaseLetter), columns(LetterKey), columns(AccountLetter)
# ---------------------------------------------------------------- the key


_key_here = _k.community_id == bindparam("community")
_key = Statement(lambda _: select(_k.sealed).where(_key_here))


def key(session: Session, community: str) -> bytes:
    """The key to read by; empty where there is none. Who reads it twice sees whether a release came between."""
    row = session.one(_key, community=community)
    return b"" if row is None else _opened_key(session, community, row.sealed)


_add_key = Statement(lambda sql: sql.insert(LetterKey).on_conflict_do_nothing())
_shared_key = Statement(lambda _: select(_k.sealed).where(_key_here).with_for_update(read=True))


def key_to_write(session: Session, community: str) -> bytes:
    """The key to write by. A release waits until this transaction has ended, as this waits for a release."""
    session.put(_add_key, community_id=community, sealed=_sealed_key(session, community, secrets.token_bytes(32)))
    found = _opened_key(session, community, session.one(_shared_key, community=community).sealed)
    return found or _renew(session, community)


# ---------------------------------------------------------------- letters


_add = Statement(lambda sql: sql.insert(CaseLetter))
_count = Statement(lambda sql: sql.insert(AccountLetter))


def post(session: Session, community: str, value: bytes, letter: Letter, *, account: bool = False) -> None:
    """Put a letter into the box, to be found by a value.

    With ``account`` it counts among those for which :func:`room` was asked so.
    """
    letter_id = new_id()
    said = {"kind": letter.kind} | {name: getattr(letter, name) for name in FIELDS[letter.kind]}
    raw = json.dumps(said, ensure_ascii=False).encode()
    raw += b" " * (-len(raw) % _PAD)  # its length must not tell which case it became
    session.scrub()  # it shares its commit with its student's conversation
    sealed = session.keys.seal_passing("letter", letter_id, raw)
    session.put(_add, id=letter_id, community_id=community, lookup=value, sealed=sealed)
    if account:
        session.put(_count, id=new_id(), community_id=community)


def values(key: bytes, whose: str) -> list[bytes]:
    """The look-up values of someone's letters, by number. ``whose``: ``receipt:<tag>`` or ``case:<id>``."""
    return [
        hashlib.blake2b(f"{whose}:{number}".encode(), key=key, digest_size=16).digest()
        for number in range(OF_A_CASE + 1)
    ]


_here = _l.community_id == bindparam("community")
_NAMES = [f"value{number}" for number in range(OF_A_CASE + 1)]
_letter = select(_l.id, _l.lookup, _l.sealed)
# Two searches in the index: with OR, SQLite would read all letters of the community.
_found = Statement(
    lambda _: _letter.where(_here, _l.lookup.in_([bindparam(name) for name in _NAMES])).union_all(
        _letter.where(_here, _l.lookup.is_(None))
    )
)


def find(session: Session, community: str, looked_up: list[bytes]) -> list[Letter]:
    """The letters that have these look-up values, in their order; they stay in the box.

    Before them, all that have no value: those can be anyone's, and there is seldom any.
    """
    rows = session.all(_found, community=community, **dict(zip(_NAMES, looked_up, strict=True)))
    return [one.letter for one in sorted(_opened(session, rows)[0], key=order)]


def order(posted: Posted) -> tuple[bool, int]:
    """By what letters of one case are sorted."""
    return posted.keyed, posted.letter.number


_beyond_here = Statement(lambda _: select(_l.id).where(_here).limit(1).offset(bindparam("most")))
_beyond = Statement(lambda _: select(_l.id).limit(1).offset(bindparam("most")))
_counted = select(_a.community_id).limit(1).offset(bindparam("most"))
_accounts_beyond_here = Statement(lambda _: _counted.where(_a.community_id == bindparam("community")))
_accounts_beyond = Statement(lambda _: _counted)


def room(session: Session, community: str, *, account: bool, crowded: bool = False) -> bool:
    """Whether one more letter has room, from someone with an account or without; ``crowded``: see flows/seam.py."""
    share = 1 if account else _OF_CROWDS if crowded else _OF_PAGES
    here, in_all = (_accounts_beyond_here, _accounts_beyond) if account else (_beyond_here, _beyond)
    return (
        session.one(here, community=community, most=OF_A_COMMUNITY // share - 1) is None
        and session.one(in_all, most=IN_ALL // share - 1) is None
    )


_locked = Statement(lambda _: _letter.where(_here).with_for_update())
_count_anew = Statement(lambda _: delete(AccountLetter).where(_a.community_id == bindparam("community")))
_locked_key = Statement(lambda _: select(_k.sealed).where(_key_here).with_for_update())


def take(session: Session, community: str) -> list[Posted]:
    """The letters that are in the box, for a release: each must be given to :func:`drop` or :func:`keep` in the end.

    Those that do not open are kept. From now on letters have values under another key.
    """
    if session.one(_locked_key, community=community) is not None:
        _renew(session, community)
    session.put(_count_anew, community=community)
    session.scrub()
    opened, lost = _opened(session, session.all(_locked, community=community))
    for letter in lost:
        keep(session, community, letter)
    return opened


_drop = Statement(lambda _: delete(CaseLetter).where(_l.id == bindparam("letter"), _here))


def drop(session: Session, community: str, letter: str) -> None:
    """A letter that was delivered is gone."""
    session.put(_drop, community=community, letter=letter)


_lose = Statement(lambda _: update(CaseLetter).where(_l.id == bindparam("letter"), _here).values(lookup=null()))


def keep(session: Session, community: str, letter: str) -> None:
    """A letter that could not be delivered waits for the next release; its value is worth nothing any more."""
    session.put(_lose, community=community, letter=letter)


_unkeyed = Statement(lambda _: _letter.where(_l.lookup.is_(None)))


def stuck(session: Session) -> int:
    """How many letters of all communities a release met and could not open."""
    return len(_opened(session, session.all(_unkeyed))[1])


_set_key = Statement(
    lambda _: update(LetterKey).where(_k.community_id == bindparam("of")).values(sealed=bindparam("again"))
)


def _renew(session: Session, community: str) -> bytes:
    new = secrets.token_bytes(32)
    session.put(_set_key, of=community, again=_sealed_key(session, community, new))
    return new


def _sealed_key(session: Session, community: str, key: bytes) -> bytes:
    return session.keys.seal_passing("letters", community, key)


def _opened_key(session: Session, community: str, sealed: bytes) -> bytes:
    """The key; empty when it does not open: what it was used for does not either, and writing makes a new one."""
    try:
        return session.keys.open_passing("letters", community, bytes(sealed))
    except KeyFault:
        return b""


def _opened(session: Session, rows: list[Any]) -> tuple[list[Posted], list[str]]:
    """The letters that open, and the ids of those that do not: changed, swapped, or of a master key that is missing."""
    letters, lost = [], []
    for row in rows:
        try:
            said = json.loads(session.keys.open_passing("letter", row.id, bytes(row.sealed)))
        except KeyFault:
            lost.append(row.id)
        else:
            letters.append(Posted(row.id, row.lookup is not None, _letter_of(said)))
    return letters, lost


def _letter_of(said: dict[str, Any]) -> Letter:
    """A letter as it was written down, perhaps by an earlier version."""
    return Letter(said["kind"], **{name: said[name] for name in ("tag", *FIELDS[said["kind"]]) if name in said})
