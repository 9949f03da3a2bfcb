"""The release: at a set moment what students told becomes cases that mentors read. Why: see storage/cases.py."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import bindparam, func, or_, select, update

from storage import case_events, case_key, case_work, cases, erasures, letters, return_paths
from storage.case_events import CaseEvent
from storage.case_messages import STUDENT
from storage.cases import ANSWERED, CLAIMED, CLOSED, NEW, Case, found, of_case, write
from storage.days import DAY
from storage.keys import KeyFault
from storage.letters import Letter
from storage.statement import Session, Statement, columns

_c, _e = columns(Case), columns(CaseEvent)
_ORDER = tuple(letters.FIELDS)


def release(session: Session, community: str) -> list[str]:
    """Open every letter that waits, in one transaction.

    Returns the cases that mentors must hear of, shuffled: new ones, those with more from the student (their status
    says which), and those that were taken back, which can no longer be read. A letter that does not open, or whose
    case does not, stops no other: it waits on.
    """
    mail = letters.take(session, community)
    secrets.SystemRandom().shuffle(mail)
    # Shuffled among each other; but one student's words stay in their order, and the last choice counts.
    mail.sort(key=lambda one: (_ORDER.index(one.letter.kind), letters.order(one)))
    new = {posted.letter.case for posted in mail if posted.letter.kind == "telling"}
    touched: dict[str, None] = {}
    chosen: dict[str, str] = {}
    for posted in mail:
        try:
            case = _deliver(session, community, posted.letter, chosen)
        except KeyFault:
            letters.keep(session, community, posted.id)
        else:
            letters.drop(session, community, posted.id)
            touched |= {case: None} if case else {}
    _deal_paths(session, community, chosen)
    # Of what was told and taken back between two moments nobody has heard, and nobody hears.
    order = [case for case in touched if case not in new or cases.holder(session, community, case) is not None]
    secrets.SystemRandom().shuffle(order)
    return order


def _deliver(session: Session, community: str, letter: Letter, chosen: dict[str, str]) -> str | None:
    """What a letter brings; returns the case that mentors must hear of, if any. Raises KeyFault, with nothing done."""
    # A letter of the first version that says where its student hears of answers names the receipt instead.
    case = letter.case or cases.by_tag(session, community, letter.tag) or ""
    if erasures.has_been(session, case):  # in a restored backup it comes a second time
        return None
    if letter.kind == "telling":
        _add(session, community, case, letter.tag, letter.text, letter.day)
        return case
    if cases.takes_words(session, community, case) is None:
        raise KeyFault("what was told first did not open, so what came after it has no case yet")
    match letter.kind:
        case "back":
            if _opens(session, community, case):
                chosen[case] = return_paths.current(session, community, letter.to)
            return None
        case "erase":
            return case if case_work.erase(session, community, case, "", letter.day * DAY) else None
    return case if _add_words(session, community, case, letter.text, letter.day) else None


_add_case = Statement(lambda sql: sql.insert(Case))


def _add(  # noqa: PLR0913  one row
    session: Session, community: str, case: str, receipt_tag: str, text: str, day: int
) -> None:
    """A case that was told on a day, in days since 1970. ``text``: the first answers by question, as JSON."""
    session.run(
        _add_case,
        id=case,
        community_id=community,
        status=NEW,
        received_day=day,
        wrapped_key=case_key.new(session, case),
        holder_id=None,
        receipt=bytes.fromhex(receipt_tag),
        waits_since=None,
    )
    write(session, community, case, STUDENT, text, day)
    case_events.add(session, case, day * DAY, "", case_events.RECEIVED)


_set_status = Statement(lambda _: update(Case).where(*of_case).values(status=bindparam("new_status")))


def _add_words(session: Session, community: str, case: str, text: str, day: int) -> bool:
    """A student's further words: an answered case waits for its mentor again, a closed one is open again."""
    if not write(session, community, case, STUDENT, text, day):
        return False
    row = found(session, community, case)
    if row.status in (ANSWERED, CLOSED):
        session.run(_set_status, case=case, community=community, new_status=CLAIMED if row.holder else NEW)
    case_events.add(session, case, day * DAY, "", case_events.WRITTEN_ON)
    return True


def _opens(session: Session, community: str, case: str) -> bool:
    """Whether there is such a case. Raises KeyFault when its key does not open."""
    row = found(session, community, case)
    return row is not None and bool(row.wrapped_key) and bool(case_key.opened(session, case, row.wrapped_key))


_wait = Statement(
    lambda _: (
        update(Case)
        .where(*of_case, or_(_c.status == NEW, _c.status == CLAIMED), _c.waits_since.is_(None))
        .values(waits_since=bindparam("day"))
    )
)


def wait(session: Session, community: str, case: str, day: int) -> None:
    """What a student wrote came to the mentors on a day; a case that waited already waits since then."""
    session.run(_wait, case=case, community=community, day=day)


_with_path = Statement(
    lambda _: (
        select(_c.id, _c.wrapped_key)
        .where(
            _c.community_id == bindparam("community"),
            func.length(_c.wrapped_key) > 0,
            or_(
                _c.status != CLOSED,
                _c.id.in_(
                    select(_e.case_id).where(
                        _e.what == case_events.ANSWERED, _e.at > bindparam("told", type_=_e.at.type)
                    )
                ),
            ),
        )
        .order_by(_c.id)
        .with_for_update()
    )
)


def _deal_paths(session: Session, community: str, chosen: Mapping[str, str]) -> None:
    """Write the return paths of all open cases anew, and of those closed whose student has an answer to be told of.

    ``chosen``: what students decided since the last time, by case.
    """
    told = return_paths.told_until(session, community)
    rows = session.all(_with_path, community=community, told=told)
    keys = {row.id: key for row in rows if (key := case_key.found(session, row.id, row.wrapped_key)) is not None}
    return_paths.deal(session, community, keys, chosen, all_of_them=len(keys) == len(rows))
