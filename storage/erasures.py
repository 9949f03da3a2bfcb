"""Which erasures of the ledger this database has been through: a backup that is restored has not been through the last.

The ids are keyed hashes of random ids (a member's, a case's), which are gone: they name nobody. Someone who comes back
is another member, so what the ledger says of who they were does not touch them.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping, Person
from storage.ledger import Line
from storage.statement import Session, Statement, columns


class Erasure(SQLModel, table=True):
    """A line of the ledger, by its id."""

    __table_args__ = {"sqlite_with_rowid": False}
    line: bytes = Field(primary_key=True)


KEEPING = (Keeping(Erasure, kept="for good: an id that is gone from here would be erased once more at the next start"),)

_e = columns(Erasure)


def of_person(session: Session, person: Person, now: int) -> None:
    """Somebody is forgotten by this transaction. Raises LedgerFault when that cannot be written down."""
    # Of the member, so that a transaction that is run again writes the same line. Who has no member has no such id.
    whose = person.member or f"{' '.join(person.accounts)} at {now}"
    accounts = tuple(account_id(session, person.community, one) for one in person.accounts)
    _write(session, Line("person", member_id(session, person.community, whose), accounts))


def of_case(session: Session, case: str) -> None:
    """A case is erased by this transaction. Raises LedgerFault when that cannot be written down."""
    _write(session, Line("case", case_id(session, case)))


_find = Statement(lambda _: select(_e.line).where(_e.line == bindparam("line")))


def has_been(session: Session, case: str) -> bool:
    """Whether a case was erased, as far as this database knows."""
    return session.one(_find, line=case_id(session, case)) is not None


def unknown(session: Session) -> list[Line]:
    """The lines of the ledger that this database has not been through and that were written with its key."""
    lines = [line for line in session.ledger.lines() if _is_ours(session, line)]
    known = _known(session) if lines else set()
    return [line for line in lines if line.id not in known]


def missing(session: Session) -> int:
    """How many erasures this database has been through of which the ledger says nothing: it was lost, or is another."""
    return len(_known(session) - {line.id for line in session.ledger.lines() if _is_ours(session, line)})


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Lines of the ledger by which nobody is erased."""

    torn: int
    """Not written whole: what they were to erase was not erased either."""
    foreign: int
    """Not written with this database's key."""


def doubtful(session: Session) -> Doubtful:
    """How many lines of the ledger are passed by."""
    foreign = sum(1 for line in session.ledger.lines() if not _is_ours(session, line))
    return Doubtful(session.ledger.torn(), foreign)


_add = Statement(lambda sql: sql.insert(Erasure).on_conflict_do_nothing())


def learn(session: Session, lines: Iterable[Line]) -> None:
    """The database has been through these from now on."""
    for line in lines:
        session.put(_add, line=line.id)


def member_id(session: Session, community: str, member: str) -> bytes:
    """A member as the ledger knows them."""
    return session.keys.fingerprint(f"forgotten member:{community}:{member}")


def account_id(session: Session, community: str, account: str) -> bytes:
    """An account (``platform:id``) as the ledger knows it."""
    return session.keys.fingerprint(f"forgotten account:{community}:{account}")


def case_id(session: Session, case: str) -> bytes:
    """A case as the ledger knows it."""
    return session.keys.fingerprint(f"erased case:{case}")


_every = Statement(lambda _: select(_e.line))


def _known(session: Session) -> set[bytes]:
    return {bytes(row.line) for row in session.all(_every)}


def _signed(session: Session, line: Line) -> Line:
    return replace(line, signature=session.keys.fingerprint(f"ledger:{line.text}"))


def _is_ours(session: Session, line: Line) -> bool:
    return hmac.compare_digest(line.signature, _signed(session, line).signature)


def _write(session: Session, line: Line) -> None:
    session.ledger.append(_signed(session, line))
    session.put(_add, line=line.id)
