"""Who takes care of cases, seen from them: what they hold, and what goes back when they can do it no longer."""

from __future__ import annotations

from sqlalchemy import bindparam, null, select, update

from storage import case_events
from storage.cases import CLOSED, NEW, Case
from storage.statement import Session, Statement, columns

_c = columns(Case)
_theirs = (_c.community_id == bindparam("community"), _c.holder_id == bindparam("member"))
_held = Statement(lambda _: select(_c.id, _c.status).where(*_theirs).order_by(_c.received_day, _c.id).with_for_update())
_free = Statement(lambda _: update(Case).where(*_theirs, _c.status == CLOSED).values(holder_id=null()))
_give_back = Statement(lambda _: update(Case).where(*_theirs).values(holder_id=null(), status=NEW))
_holders = Statement(
    lambda _: (
        select(_c.holder_id).where(_c.community_id == bindparam("community"), _c.holder_id.is_not(None)).distinct()
    )
)


def holders(session: Session, community: str) -> set[str]:
    """The members who take care of a case, or did until it was closed."""
    return {row.holder_id for row in session.all(_holders, community=community)}


def give_back(session: Session, community: str, member: str, now: int) -> list[str]:
    """Nobody takes care any more of what a member took care of; the cases that wait for somebody again.

    A closed one stays closed; should its student write on, it waits for somebody too.
    """
    waiting = [row.id for row in session.all(_held, community=community, member=member) if row.status != CLOSED]
    session.run(_free, community=community, member=member)
    session.run(_give_back, community=community, member=member)
    for case in waiting:
        case_events.add(session, case, now, member, "given back")
    return waiting
