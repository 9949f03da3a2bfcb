"""Check-in rounds as a ballot box: who took part and what was answered are two tables without a join.

Someone who reads the database could still join them by what a row carries unseen: PostgreSQL keeps the transaction
that wrote a row (``xmin``) and where it lies (``ctid``), SQLite a row's number. So an answer enters **sealed**, as a
ballot padded to one length, in the transaction that notes the participation. When the round is over all its ballots
are opened together, shuffled, under new ids, in another transaction.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, String, bindparam, delete, func, select, update
from sqlmodel import Field, SQLModel

from storage.ids import new_id
from storage.statement import Session, Statement, columns

STATEMENTS = ("accepted", "appreciated", "included", "supported", "myself")
_PAD = 1024


class Round(SQLModel, table=True):
    """One check-in of a community. Times in ms since 1970 UTC."""

    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    opens_at: int = Field(sa_type=BigInteger)
    closes_at: int = Field(sa_type=BigInteger)


class Participation(SQLModel, table=True):
    """Who took part."""

    __table_args__ = {"sqlite_with_rowid": False}
    round_id: str = Field(primary_key=True, foreign_key="round.id")
    member_id: str = Field(primary_key=True, foreign_key="member.id")


class Ballot(SQLModel, table=True):
    """An answer that is still sealed."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    sealed: bytes


class CheckInAnswer(SQLModel, table=True):
    """An opened answer: five statements from 1 to 5, and the sealed open line."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    accepted: int
    appreciated: int
    included: int
    supported: int
    myself: int
    remark: bytes


@dataclass(frozen=True, slots=True)
class RoundInfo:
    """A round; times in ms since 1970 UTC."""

    id: str
    opens_at: int
    closes_at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answered."""

    accepted: int
    appreciated: int
    included: int
    supported: int
    myself: int
    remark: str


_r, _p, _b, _a = map(columns, (Round, Participation, Ballot, CheckInAnswer))
_of_round = (_r.id == bindparam("round"), _r.community_id == bindparam("community"))
_add_round = Statement(lambda sql: sql.insert(Round))
_get_round = Statement(lambda _: select(_r.id, _r.opens_at, _r.closes_at).where(*_of_round))
_rounds = Statement(
    lambda _: (
        select(_r.id, _r.opens_at, _r.closes_at)
        .where(_r.community_id == bindparam("community"))
        .order_by(_r.opens_at.desc(), _r.id)
    )
)
_close = Statement(
    lambda _: update(Round).where(*_of_round, _r.closes_at > bindparam("now")).values(closes_at=bindparam("now"))
)
_lock = Statement(lambda _: select(_r.id).where(*_of_round).with_for_update())
_took_part = Statement(
    lambda _: select(_p.round_id).where(_p.round_id == bindparam("round"), _p.member_id == bindparam("member"))
)
_take_part = Statement(
    lambda sql: (
        sql.insert(Participation)
        .from_select(
            ["round_id", "member_id"],
            select(_r.id, bindparam("member", type_=String)).where(
                *_of_round, _r.opens_at <= bindparam("now"), _r.closes_at > bindparam("now")
            ),
        )
        .on_conflict_do_nothing()
    )
)
_took_part_count = Statement(
    lambda _: select(func.count().label("n")).select_from(Participation).where(_p.round_id == bindparam("round"))
)
_forget_who = Statement(
    lambda _: delete(Participation).where(
        _p.round_id.in_(select(_r.id).where(_r.closes_at < bindparam("before", type_=_r.closes_at.type)))
    )
)
_add_ballot = Statement(lambda sql: sql.insert(Ballot))
_ballots = Statement(lambda _: select(_b.id, _b.sealed).where(_b.round_id == bindparam("round")))
_drop_ballots = Statement(lambda _: delete(Ballot).where(_b.round_id == bindparam("round")))
_add_answer = Statement(lambda sql: sql.insert(CheckInAnswer))
_answers = Statement(
    lambda _: select(_a.id, *(_a[name] for name in STATEMENTS), _a.remark).where(_a.round_id == bindparam("round"))
)


def open_round(session: Session, community: str, opens_at: int, closes_at: int) -> str:
    """A new round; returns its id."""
    round_id = new_id()
    session.put(_add_round, id=round_id, community_id=community, opens_at=opens_at, closes_at=closes_at)
    return round_id


def get_round(session: Session, community: str, round: str) -> RoundInfo | None:  # noqa: A002  the field's word
    """A round of this community."""
    row = session.one(_get_round, round=round, community=community)
    return None if row is None else RoundInfo(*row)


def rounds(session: Session, community: str) -> list[RoundInfo]:
    """The rounds of a community, the latest first."""
    return [RoundInfo(*row) for row in session.all(_rounds, community=community)]


def took_part(session: Session, round: str, member: str) -> bool:  # noqa: A002
    """Whether someone already answered."""
    return session.one(_took_part, round=round, member=member) is not None


def how_many(session: Session, round: str) -> int:  # noqa: A002
    """How many people took part."""
    return int(session.one(_took_part_count, round=round).n)


def cast(  # noqa: PLR0913
    session: Session,
    community: str,
    round: str,  # noqa: A002
    member: str,
    answers: Mapping[str, Any],
    now: int,
) -> Literal["saved", "twice", "closed"]:
    """Put someone's answers into the box: the five statements by name, and ``remark`` (may be missing or None)."""
    if not session.run(_take_part, round=round, community=community, member=member, now=now):
        info = get_round(session, community, round)
        return "twice" if info is not None and info.opens_at <= now < info.closes_at else "closed"
    ballot = new_id()
    text = {name: int(answers[name]) for name in STATEMENTS} | {"remark": answers.get("remark") or ""}
    session.put(
        _add_ballot,
        id=ballot,
        round_id=round,
        sealed=session.keys.seal("ballot", ballot, _padded(json.dumps(text), b" ")),
    )
    return "saved"


def answers_of(session: Session, community: str, round: str) -> list[Answer]:  # noqa: A002
    """The opened answers of a round, in no order. For summaries, which must not show a person."""
    if get_round(session, community, round) is None:
        return []
    return [
        Answer(*(*row[1:-1], session.keys.open("remark", row.id, bytes(row.remark)).decode().rstrip("\0")))
        for row in session.all(_answers, round=round)
    ]


def close(session: Session, community: str, round: str, now: int) -> int:  # noqa: A002
    """End a round, if it had not ended, and open its ballots; returns how many there were."""
    session.put(_close, round=round, community=community, now=now)
    if session.one(_lock, round=round, community=community) is None:
        return 0
    opened = [
        json.loads(session.keys.open("ballot", row.id, bytes(row.sealed))) for row in session.all(_ballots, round=round)
    ]
    session.put(_drop_ballots, round=round)
    session.scrub()  # each ballot lies in the log beside who cast it
    secrets.SystemRandom().shuffle(opened)
    for answer in opened:
        answer_id = new_id()
        remark = session.keys.seal("remark", answer_id, _padded(answer.pop("remark"), b"\0"))
        session.put(_add_answer, id=answer_id, round_id=round, remark=remark, **answer)
    return len(opened)


def forget_who(session: Session, before: int) -> int:
    """Forget who took part in the rounds that ended before a moment (ms since 1970); what was answered stays."""
    return session.run(_forget_who, before=before)


def _padded(text: str, filler: bytes) -> bytes:
    """The length of a ciphertext must not tell whose remark it is."""
    raw = text.encode()
    return raw + filler * (-len(raw) % _PAD or (0 if raw else _PAD))
