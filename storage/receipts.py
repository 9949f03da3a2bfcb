"""Six words that are shown for the first time: sealed for their student, and opened for an hour at the most.

An answer can be lost on its way, so Erbij must be able to show them once more, after a restart and in another process
too. So they wait sealed in the student's conversation, as its argument, under a key that is destroyed within the hour.
A new key comes every ten minutes by the clock, whether anybody tells something or not: no row says that somebody did.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, bindparam, delete, func, select
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping, Sealed
from storage.keys import KeyFault, seal, unseal
from storage.statement import Session, Statement, columns

SLOT, LIFE = 600_000, 3_600_000
"""How long one key seals, and how long after it began it is destroyed; ms."""
PURPOSE = "receipts"


class ReceiptKey(SQLModel, table=True):
    """The key of ten minutes, sealed by a master key."""

    slot: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Which ten minutes, counted since 1970."""
    sealed: bytes


_k = columns(ReceiptKey)


def hide(session: Session, community: str, member: str, words: str, now: int) -> str:
    """The words sealed for this person (``member`` empty without an account); letters, digits, ``.``, - and _."""
    slot = now // SLOT
    key = _key(session, slot) or _new_key(session, slot)
    sealed = seal(AESGCM(key), f"{community}:{member}", words.encode())
    return f"{slot}.{urlsafe_b64encode(sealed).decode().rstrip('=')}"


def shown(session: Session, community: str, member: str, hidden: str) -> str:
    """The words again; empty for anybody else, and once their key is destroyed."""
    slot, _dot, text = hidden.partition(".")
    key = _key(session, int(slot)) if slot.isascii() and slot.isdigit() else None
    if key is None:
        return ""
    try:
        return unseal(AESGCM(key), f"{community}:{member}", urlsafe_b64decode(text + "=" * (-len(text) % 4))).decode()
    except (KeyFault, ValueError):
        return ""


_over = (_k.slot <= bindparam("oldest")) | (_k.slot > bindparam("latest"))
_are_over = Statement(lambda _: select(func.count().label("n")).select_from(ReceiptKey).where(_over))
_drop = Statement(lambda _: delete(ReceiptKey).where(_over))


def turn(session: Session, now: int) -> None:
    """Destroy the keys whose hour is over, and make that of these ten minutes. The clock calls it twice a minute."""
    # One from far ahead was made by a clock that was wrong, and would else live too long: words shown under the key of
    # “next May” could be opened from the files until then.
    over = {"oldest": (now - LIFE) // SLOT, "latest": now // SLOT + LIFE // SLOT}
    if session.one(_are_over, **over).n:
        session.put(_drop, **over)
        session.scrub()
    if _key(session, now // SLOT) is None:
        _new_key(session, now // SLOT)


_of = Statement(lambda _: select(_k.sealed).where(_k.slot == bindparam("slot")))


def _key(session: Session, slot: int) -> bytes | None:
    row = session.one(_of, slot=slot)
    return None if row is None else session.keys.open_passing(PURPOSE, str(slot), bytes(row.sealed))


_add = Statement(lambda sql: sql.insert(ReceiptKey).on_conflict_do_nothing().inline())


def _new_key(session: Session, slot: int) -> bytes:
    key = secrets.token_bytes(32)
    session.run(_add, slot=slot, sealed=session.keys.seal_passing(PURPOSE, str(slot), key))
    return _key(session, slot) or key  # another process may have been first


KEEPING = (Keeping(ReceiptKey, kept="an hour, by the clock", sealed=Sealed("sealed", PURPOSE)),)
