"""A new master key in place of an old one: all that hangs on the old one is put under the newest."""

from __future__ import annotations

from dataclasses import dataclass

from storage import cases, conversations, letters, meta
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class Rotated:
    """How much was not under the newest master key yet."""

    cases: int
    letters: int
    conversations: int


def rotate(session: Session) -> Rotated:
    """Put everything under the newest master key, in one transaction; then no other key opens any of it."""
    meta.rewrap(session, session.keys.masters)
    return Rotated(cases.rewrap(session), letters.rewrap(session), conversations.rewrap(session))
