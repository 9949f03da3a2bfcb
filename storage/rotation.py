"""A new master key in place of an old one: all that hangs on the old one is put under the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from storage import cases, conversations, letters, meta
from storage.cases import Case
from storage.conversations import Conversation
from storage.letters import CaseLetter, LetterKey
from storage.statement import Session, Statement, columns


@dataclass(frozen=True, slots=True)
class Rotated:
    """How much was not under the newest master key yet."""

    cases: int
    letters: int
    conversations: int


def rotate(session: Session) -> Rotated:
    """Put everything under the newest master key, in one transaction; then no other key opens any of it."""
    session.scrub()
    meta.rewrap(session, session.keys.masters)
    return Rotated(cases.rewrap(session), letters.rewrap(session), conversations.rewrap(session))


@dataclass(frozen=True, slots=True)
class Behind:
    """How much is not under the newest master key: under an older one that is known here, or under one that is not."""

    older: int
    lost: int


def behind(session: Session) -> Behind:
    """What an older master key is still needed for. The database's own key is not counted: it opened the database."""
    masters, older, lost = session.keys.masters, 0, 0
    for statement in _BY_MASTER:
        for row in session.all(statement):
            master = bytes(row.master)
            if master in masters.older:
                older += row.n
            elif master != masters.newest:
                lost += row.n
    return Behind(older, lost)


def _by_master(column: Any) -> Statement:
    master = func.substr(column, 1, 4).label("master")
    return Statement(lambda _: select(master, func.count().label("n")).where(func.length(column) > 0).group_by(master))


_BY_MASTER = tuple(
    map(
        _by_master,
        (
            columns(Case).wrapped_key,
            columns(CaseLetter).sealed,
            columns(LetterKey).sealed,
            columns(Conversation).journal,
        ),
    )
)
