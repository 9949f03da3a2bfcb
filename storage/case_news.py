"""News for students who chose to be told: whose cases were answered, without touching those cases.

Nothing is written here but one moment for the whole community. A mark on each case whose student was told would carry
the number of the transaction that puts the messages to those students into the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from storage import accounts, case_key, return_paths
from storage.case_events import ANSWERED, CaseEvent
from storage.cases import Case
from storage.statement import Session, Statement, columns

_c, _e = map(columns, (Case, CaseEvent))


@dataclass(frozen=True, slots=True)
class Answered:
    """Someone who was answered, and the account (``platform:id``) on which they want to hear of it."""

    member: str
    account: str


_answered = Statement(
    lambda _: select(_c.id, _c.wrapped_key).where(
        _c.community_id == bindparam("community"),
        func.length(_c.wrapped_key) > 0,
        _c.id.in_(
            select(_e.case_id).where(_e.what == ANSWERED, _e.at > bindparam("after"), _e.at <= bindparam("until"))
        ),
    )
)


def take(session: Session, community: str, until: int) -> list[Answered]:
    """Whom to tell that a mentor answered them since the last time, up to ``until``: each once, shuffled."""
    after = return_paths.told_until(session, community)
    if until <= after:
        return []
    rows = session.all(_answered, community=community, after=after, until=until)
    return_paths.set_told(session, community, until)
    keys = [key for row in rows if (key := case_key.found(session, row.id, row.wrapped_key)) is not None]
    known = [accounts.of_mark(session, community, mark) for mark in return_paths.marks(session, community, keys)]
    return [Answered(one.member, one.account) for one in known if one is not None]
