"""One-time codes: eight signs that one person reads on one screen and types on another.

Only a keyed fingerprint of a code is stored. A code is forty random bits, works once and not for long, and whoever
guesses is counted: at 20 wrong tries an hour each, a thousand accounts that guess together find one of a thousand
waiting codes in some 50,000 hours. Each is counted alone, so that nobody's guesses stop somebody else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlmodel import BigInteger, Field, SQLModel

from storage.keeping import Days, Keeping, Person
from storage.statement import Session, Statement, columns

LINK = "link"
"""The purpose of codes that are made for an account, and typed on another one."""
BYTES = 5
"""Random bytes for one code: 40 bits."""
LIFE = 60 * 60 * 1000
"""How long a code works at most, in ms."""
MOST_WRONG = 20
"""Wrong tries within an hour after which nothing that the same one types is looked at."""
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Code(SQLModel, table=True):
    """A code that waits to be typed. ``meant`` is a fingerprint of what it is for, so that a new one replaces it."""

    fingerprint: bytes = Field(primary_key=True)
    meant: bytes = Field(unique=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    sealed: bytes
    expires_at: int = Field(sa_type=BigInteger, index=True)


class CodeMiss(SQLModel, table=True):
    """How many wrong codes some people typed within an hour. ``tried_by`` is a fingerprint of who is counted."""

    tried_by: bytes = Field(primary_key=True)
    hour: int = Field(primary_key=True)
    misses: int


@dataclass(frozen=True, slots=True)
class Meant:
    """What a code stands for."""

    community: str
    payload: str


_c, _miss = columns(Code), columns(CodeMiss)
_add = Statement(lambda sql: sql.insert(Code))
_here = _c.community_id == bindparam("community")
_replace = Statement(lambda _: delete(Code).where(_here, _c.meant == bindparam("same")))


def make(  # noqa: PLR0913  one row
    session: Session, community: str, purpose: str, payload: str, code_random: bytes, now: int, *, life: int = LIFE
) -> str:
    """A code for a purpose, as people read it: ``7K3M-Q2XW``. It replaces one that waited with the same payload.

    ``code_random``: 5 random bytes. ``payload``: what :func:`take` gives back, kept sealed. ``life``: at most an hour.
    """
    if len(code_random) != BYTES or not 0 < life <= LIFE:
        raise ValueError("a code is made of 5 random bytes and lives an hour at most")
    code = _code_of(code_random)
    fingerprint, meant = _fingerprint(session, purpose, tidy(code)), _meant(session, community, purpose, payload)
    session.run(_replace, community=community, same=meant)
    session.run(
        _add,
        fingerprint=fingerprint,
        meant=meant,
        community_id=community,
        sealed=session.keys.seal("code", fingerprint.hex(), payload.encode()),
        expires_at=now + life,
    )
    return code


_is_it = (_c.fingerprint == bindparam("typed"), _c.expires_at > bindparam("now"))
_look = Statement(lambda _: select(_c.fingerprint, _c.community_id, _c.sealed).where(*_is_it))


def look(session: Session, purpose: str, typed: str, now: int, tried_by: str = "") -> Meant | None:
    """What a code that works stands for; it stays. None for a wrong, used or expired one.

    ``tried_by``: whose wrong tries are counted, an account say; see :func:`too_many`.
    """
    return _found(session, _look, purpose, typed, now, tried_by)


_take = Statement(lambda _: delete(Code).where(*_is_it).returning(_c.fingerprint, _c.community_id, _c.sealed))


def take(session: Session, purpose: str, typed: str, now: int, tried_by: str = "") -> Meant | None:
    """What a code that works stands for; it is used up now. None for a wrong, used or expired one."""
    return _found(session, _take, purpose, typed, now, tried_by)


_waits = Statement(
    lambda _: select(_c.expires_at).where(_here, _c.meant == bindparam("same"), _c.expires_at > bindparam("now"))
)


def waits(session: Session, community: str, purpose: str, payload: str, now: int) -> bool:
    """Whether a code for this still waits to be used."""
    return (
        session.one(_waits, community=community, same=_meant(session, community, purpose, payload), now=now) is not None
    )


def withdraw(session: Session, community: str, purpose: str, payload: str) -> bool:
    """Throw a code away before it is used; False when there is none."""
    return session.run(_replace, community=community, same=_meant(session, community, purpose, payload)) == 1


_HOUR = 60 * 60 * 1000
_misses = Statement(
    lambda _: select(_miss.misses).where(_miss.tried_by == bindparam("who"), _miss.hour == bindparam("this_hour"))
)


def too_many(session: Session, purpose: str, tried_by: str, now: int) -> bool:
    """Whether so many wrong codes were typed this hour that no more are looked at."""
    row = session.one(_misses, who=_who(session, purpose, tried_by), this_hour=now // _HOUR)
    return row is not None and row.misses >= MOST_WRONG


_MISREAD = str.maketrans("OILU", "011V")


def tidy(typed: str) -> str:
    """What someone typed, as the code's own signs: capitals, no hyphen, an O read as zero and an I or l as one."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return re.sub(r"[\W_]", "", plain).translate(_MISREAD)


# ---------------------------------------------------------------- inside


_missed = Statement(
    lambda sql: (
        sql.insert(CodeMiss)
        .values(tried_by=bindparam("tried_by"), hour=bindparam("hour"), misses=1)
        .on_conflict_do_update(index_elements=["tried_by", "hour"], set_={"misses": _miss.misses + 1})
    )
)


def _found(  # noqa: PLR0913  what look and take have in common
    session: Session, statement: Statement, purpose: str, typed: str, now: int, tried_by: str
) -> Meant | None:
    if too_many(session, purpose, tried_by, now):
        return None
    row: Any = session.one(statement, typed=_fingerprint(session, purpose, tidy(typed)), now=now)
    if row is None:
        session.run(_missed, tried_by=_who(session, purpose, tried_by), hour=now // _HOUR)
        return None
    return Meant(row.community_id, _payload(session, row))


def _code_of(random: bytes) -> str:
    number = int.from_bytes(random, "big")
    signs = "".join(_SIGNS[number >> (5 * place) & 31] for place in reversed(range(8)))
    return f"{signs[:4]}-{signs[4:]}"


def _fingerprint(session: Session, purpose: str, signs: str) -> bytes:
    return session.keys.fingerprint(f"code:{purpose}:{signs}")


def _meant(session: Session, community: str, purpose: str, payload: str) -> bytes:
    return session.keys.fingerprint(f"code for:{purpose}:{community}:{payload}")


def _who(session: Session, purpose: str, tried_by: str) -> bytes:
    return session.keys.fingerprint(f"code tried:{purpose}:{tried_by}")


_every = Statement(
    lambda _: select(_c.fingerprint, _c.sealed).where(_c.community_id == bindparam("community")).order_by(_c.expires_at)
)


def _of_person(session: Session, person: Person) -> list[bytes]:
    """The fingerprints of the codes that were made for one of somebody's accounts."""
    return [
        bytes(row.fingerprint)
        for row in session.all(_every, community=person.community)
        if _payload(session, row) in person.accounts
    ]


def _payload(session: Session, row: Any) -> str:
    return session.keys.open("code", bytes(row.fingerprint).hex(), bytes(row.sealed)).decode()


_drop = Statement(lambda _: delete(Code).where(_here, _c.fingerprint == bindparam("known")))


def _drop_person(session: Session, person: Person, _now: int) -> int:
    return sum(session.run(_drop, community=person.community, known=known) for known in _of_person(session, person))


_forgive = Statement(lambda _: delete(CodeMiss).where(_miss.tried_by == bindparam("who")))


def _drop_misses(session: Session, person: Person, _now: int) -> int:
    return sum(session.run(_forgive, who=_who(session, LINK, one)) for one in person.accounts)


def _export(session: Session, person: Person) -> dict[str, Any]:
    return {"codes": len(_of_person(session, person))}


KEEPING = (
    Keeping(Code, kept=Days(0, "expires_at"), names=("meant", "sealed"), erase=_drop_person, export=_export),
    Keeping(CodeMiss, kept=Days(0, "hour", unit=_HOUR), names=("tried_by",), erase=_drop_misses),
)
