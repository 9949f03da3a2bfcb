"""Work on a case: a mentor takes it, answers, notes, closes or erases it. Giving it on: storage/staff_cases.py."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, null, update

from storage import case_events, case_key, case_messages, communities, erasures, return_paths
from storage.case_messages import MENTOR, NOTE
from storage.cases import ANSWERED, CLAIMED, CLOSED, NEW, Case, found, locked, of_case, write
from storage.statement import Session, Statement, columns

_c = columns(Case)


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a claim won, and who holds the case now."""

    won: bool
    holder: str
    holder_name: str


_settle = Statement(lambda _: update(Case).where(*of_case).values(status=bindparam("new_status"), waits_since=null()))
_claim = Statement(
    lambda _: (
        update(Case)
        .where(*of_case, _c.holder_id.is_(None), _c.status == NEW)
        .values(holder_id=bindparam("member"), status=CLAIMED)
    )
)


def claim(session: Session, community: str, case: str, member: str, now: int) -> Claim | None:
    """A mentor takes a case; of two at once one wins, and the other learns who. None when there is no such case.

    One that was answered, and then given back, is as answered as before.
    """
    won = session.run(_claim, case=case, community=community, member=member) == 1
    if won:
        if not case_messages.owed(session, case):
            session.run(_settle, case=case, community=community, new_status=ANSWERED)
        case_events.add(session, case, now, member, case_events.CLAIMED)
    row = found(session, community, case)
    if row is None:
        return None
    return Claim(won or row.holder == member, row.holder, row.holder_name)


def answer(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, text: str, now: int
) -> bool:
    """An answer to the student, of the mentor who takes care of the case.

    False when that is another, or it is gone or closed: its return path is destroyed, and nobody would be told.
    """
    row = locked(session, community, case)
    day = communities.day(session, community, now)
    if (
        row is None
        or row.status == CLOSED
        or row.holder_id != member
        or not write(session, community, case, MENTOR, text, day)
    ):
        return False
    session.run(_settle, case=case, community=community, new_status=ANSWERED)
    case_events.add(session, case, now, member, case_events.ANSWERED)
    return True


def note(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, text: str, now: int
) -> bool:
    """A note that only mentors see. False when the case is gone."""
    if not write(session, community, case, NOTE, text, communities.day(session, community, now)):
        return False
    case_events.add(session, case, now, member, case_events.NOTED)
    return True


def close(session: Session, community: str, case: str, member: str, now: int) -> bool:
    """The mentor who takes care of a case is done with it. False when that is another, or it is gone or was closed.

    Its return path is destroyed; where an answer is still to be told of, a release does it after that.
    Robin answers at 10:00 and closes at 10:05: the path stays until Sam is told at 13:00, and then goes.
    """
    row = locked(session, community, case)
    if row is None or row.status == CLOSED or row.holder_id != member:
        return False
    session.run(_settle, case=case, community=community, new_status=CLOSED)
    told = case_events.last_answer(session, case) <= return_paths.told_until(session, community)
    if told:
        _destroy_path(session, community, case, row.wrapped_key)
    case_events.add(session, case, now, member, case_events.CLOSED)
    return True


_drop_key = Statement(
    lambda _: (
        update(Case)
        .where(*of_case)
        .values(wrapped_key=bindparam("empty"), receipt=bindparam("unused"), status=CLOSED, waits_since=null())
    )
)


def erase(session: Session, community: str, case: str, member: str, now: int) -> bool:
    """Destroy a case's key, words and return path; its record stays. False when it is gone."""
    row = locked(session, community, case)
    if row is None or not row.wrapped_key:
        return False
    session.scrub()
    _destroy_path(session, community, case, row.wrapped_key)
    erasures.of_case(session, case)
    session.run(_drop_key, case=case, community=community, empty=b"", unused=secrets.token_bytes(16))
    case_messages.drop(session, case)
    case_events.add(session, case, now, member, case_events.ERASED)
    return True


def _destroy_path(session: Session, community: str, case: str, wrapped: bytes) -> None:
    """The return path is gone; of a case whose key does not open, with the next release that opens all others.

    Its row is found by the key alone. So one whose key was damaged is just left out when all rows are written anew.
    """
    key = case_key.found(session, case, wrapped)
    if key is not None:
        return_paths.destroy(session, community, key)
