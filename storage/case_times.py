"""When cases were told, written on and answered: for how long an answer takes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select

from storage.case_events import RECEIVED, WRITTEN_ON, CaseEvent
from storage.cases import Case
from storage.days import DAY
from storage.statement import Session, Statement, columns

_c, _e = map(columns, (Case, CaseEvent))


@dataclass(frozen=True, slots=True)
class CaseMoment:
    """Something that happened to a case, and when, in ms since 1970 UTC."""

    case: str
    what: str
    at: int


_told = Case.__table__.alias().c  # type: ignore[attr-defined]
_by_student = CaseEvent.__table__.alias().c  # type: ignore[attr-defined]
_since = Statement(
    lambda _: (
        select(_e.case_id.label("case"), _e.what, _e.at)
        .join(Case, _c.id == _e.case_id)
        .where(
            _c.community_id == bindparam("community"),
            _e.case_id.in_(
                select(_by_student.case_id)
                .join_from(_told.id.table, _by_student.case_id.table, _by_student.case_id == _told.id)
                .where(
                    _told.community_id == bindparam("community"),
                    or_(_by_student.what == RECEIVED, _by_student.what == WRITTEN_ON),
                    _by_student.at >= bindparam("after", type_=_e.at.type),
                )
            ),
        )
        .order_by(_e.case_id, _e.position)
    ),
    into=CaseMoment,
)


def since(session: Session, community: str, day: int) -> list[CaseMoment]:
    """All that ever happened to cases whose student wrote since a day (since 1970).

    Case by case, in order. Of what students did the moment is that of the day.
    """
    return session.all(_since, community=community, after=day * DAY)
