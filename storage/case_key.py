"""A case's own data key, which a master key wraps: without the wrapped key, nothing sealed under it opens again."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.keys import KeyFault
from storage.statement import Session


def new(session: Session, case: str) -> bytes:
    """A fresh key for a case, wrapped."""
    return session.keys.masters.wrap(secrets.token_bytes(32), _identity(case))


def opened(session: Session, case: str, wrapped: bytes) -> bytes:
    """The key itself."""
    return session.keys.masters.unwrap(bytes(wrapped), _identity(case))


def found(session: Session, case: str, wrapped: bytes) -> bytes | None:
    """The key itself; None where it was erased, or does not open with the master keys that are here."""
    try:
        return opened(session, case, wrapped)
    except KeyFault:
        return None


def cipher(session: Session, case: str, wrapped: bytes) -> AESGCM:
    """What seals and opens the words of a case."""
    return AESGCM(opened(session, case, wrapped))


def _identity(case: str) -> str:
    return f"case:{case}"
