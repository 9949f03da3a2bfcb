"""The cases that one member of the staff takes care of: how many, and giving them back to the mentors."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, null, select, update

from storage import case_events, case_work, communities, due, posts
from storage.cases import CLOSED, NEW, Case
from storage.ids import new_id
from storage.keeping import Keeping, Person, Sealed
from storage.statement import Session, Statement, columns

GIVEN_BACK = "cases_given_back"
"""The job that tells the mentors of cases that have nobody any more; its argument is their ids, with commas between."""

_c = columns(Case)


def post_subject(case: str) -> str:
    """The subject of the posts about a case: a later one takes the place of the earlier one."""
    return f"case:{case}"


_holders = Statement(
    lambda _: (
        select(_c.holder_id).where(_c.community_id == bindparam("community"), _c.holder_id.is_not(None)).distinct()
    )
)


def holders(session: Session, community: str) -> set[str]:
    """The members who take care of a case, or did until it was closed."""
    return {row.holder_id for row in session.all(_holders, community=community)}


_held = (_c.community_id == bindparam("community"), _c.holder_id == bindparam("member"))
_lock = Statement(lambda _: select(_c.id, _c.status).where(*_held).order_by(_c.id).with_for_update())
_open = {"holder_id": null(), "status": NEW, "waits_since": func.coalesce(_c.waits_since, bindparam("day"))}
_free = Statement(lambda _: update(Case).where(*_held, _c.status != CLOSED).values(_open))
_forget = Statement(lambda _: update(Case).where(*_held).values(holder_id=null()))


def give_back(  # noqa: PLR0913
    session: Session, community: str, member: str, now: int, *, told_at: int = 0, named: bool = True
) -> list[str]:
    """Nobody takes care of a member's cases any more: anyone can take the open ones. Returns those.

    A closed one stays closed; should its student write on, it waits for somebody too. The mentors are told by the job
    :data:`GIVEN_BACK`, at once or later. Whose they were stays on record, unless they are not to be ``named``.
    """
    held = session.all(_lock, community=community, member=member)
    opened = [row.id for row in held if row.status != CLOSED]
    session.run(_free, community=community, member=member, day=communities.day(session, community, now))
    session.run(_forget, community=community, member=member)
    for case in opened:
        posts.silence(session, community, post_subject(case))  # what is to be said of it names them
        case_events.add(session, case, now, member if named else "", case_events.GIVEN_BACK)
    if opened:
        due.add(session, new_id(), community, GIVEN_BACK, ",".join(opened), told_at or now)
    return opened


_this = (*_held, _c.id == bindparam("case"), _c.status != CLOSED)
_free_one = Statement(lambda _: update(Case).where(*_this).values(_open))


def give_up(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, note: str, now: int
) -> bool:
    """A mentor gives one case back, with what the next one should know; False when it is not theirs any more.

    The caller sees to it that :data:`GIVEN_BACK` tells the mentors.
    """
    day = communities.day(session, community, now)
    if session.run(_free_one, community=community, member=member, case=case, day=day) != 1:
        return False
    _passed_on(session, community, case, member, case_events.GIVEN_BACK, note, now)
    return True


_lock_one = Statement(
    lambda _: (
        select(_c.holder_id)
        .where(_c.community_id == bindparam("community"), _c.id == bindparam("case"), _c.status != CLOSED)
        .with_for_update()
    )
)
_hand = Statement(lambda _: update(Case).where(*_this).values(holder_id=bindparam("taker")))


def take_over(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, handed: int, why: str, now: int
) -> str:
    """A mentor takes a case from another one, and leaves a note why; returns whose it was.

    Empty where nothing was taken: it is nobody's, or closed, or changed hands since it was ``handed``
    (:func:`storage.case_events.handed`).
    """
    row = session.one(_lock_one, community=community, case=case)
    if row is None or not row.holder_id or row.holder_id == member or case_events.handed(session, case) != handed:
        return ""
    session.run(_hand, community=community, member=row.holder_id, case=case, taker=member)
    _passed_on(session, community, case, member, case_events.TAKEN_OVER, why, now)
    return str(row.holder_id)


def _passed_on(  # noqa: PLR0913
    session: Session, community: str, case: str, member: str, what: str, note: str, now: int
) -> None:
    posts.silence(session, community, post_subject(case))  # it names who takes care of the case no more
    case_events.add(session, case, now, member, what)
    if note:
        case_work.note(session, community, case, member, note, now)


def forget(session: Session, person: Person, now: int) -> int:
    """The same, and what was posted under somebody's name about any case of theirs is not said again."""
    if not person.member:
        return 0
    held = session.all(_lock, community=person.community, member=person.member)
    for row in held:
        posts.silence(session, person.community, post_subject(row.id))
    give_back(session, person.community, person.member, now, named=False)
    return len(held)


_count = Statement(lambda _: select(func.count().label("n")).select_from(Case).where(*_held, _c.status != CLOSED))


def _export(session: Session, person: Person) -> dict[str, Any]:
    return {"cases": int(session.one(_count, community=person.community, member=person.member).n)}


KEEPING = (
    Keeping(
        Case,
        kept="until its student or the programme erases it",
        member="holder_id",
        erase=forget,
        export=_export,
        sealed=Sealed("wrapped_key", "case"),
    ),
)
