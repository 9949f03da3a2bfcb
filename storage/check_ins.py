"""Check-in rounds as a ballot box: who took part and what was answered are two tables without a join.

Someone who reads the database could still join them by what a row carries unseen: PostgreSQL keeps the transaction
that wrote a row (``xmin``) and where it lies (``ctid``), SQLite a row's number. So an answer enters **sealed**, as a
ballot padded to one length, in the transaction that notes the participation. When the round is over, another
transaction takes all its ballots out of the box and hands them to storage/check_in_pools.py, which counts them or
seals them anew; and it forgets who took part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, String, bindparam, case, delete, func, literal_column, select, update
from sqlmodel import Field, SQLModel

from storage import check_in_pools as pools
from storage import members
from storage.check_in_pools import QuestionSet
from storage.ids import new_id
from storage.keeping import Keeping, Person
from storage.statement import Session, Statement, columns

STATEMENTS = ("accepted", "appreciated", "included", "supported", "myself")
BELONGING = QuestionSet("belonging.1", counted=STATEMENTS, remarks=("remark",))
"""The statements are answered from 1 to 5."""
QUESTION_SETS = {one.name: one for one in (BELONGING,)}
"""By their names. Questions or values that differ make another set; a set stays here while ballots of it can wait."""


class Round(SQLModel, table=True):
    """One check-in of a community. Times in ms since 1970 UTC."""

    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    question_set: str
    opens_at: int = Field(sa_type=BigInteger)
    closes_at: int = Field(sa_type=BigInteger)
    pool_id: str | None = Field(foreign_key="pool.id")
    """Where its ballots went when it was closed; None until then. Whatever a clock says, it opens no more."""


class Participation(SQLModel, table=True):
    """Who took part in a round that is not closed yet."""

    __table_args__ = {"sqlite_with_rowid": False}
    round_id: str = Field(primary_key=True, foreign_key="round.id")
    member_id: str = Field(primary_key=True, foreign_key="member.id")


class SpentVote(SQLModel, table=True):
    """The same of someone who was forgotten since: a keyed fingerprint of each account they had."""

    __table_args__ = {"sqlite_with_rowid": False}
    round_id: str = Field(primary_key=True, foreign_key="round.id")
    account: bytes = Field(primary_key=True)


class Ballot(SQLModel, table=True):
    """What someone answered in a round that is not closed yet, sealed."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    round_id: str = Field(foreign_key="round.id", index=True)
    sealed: bytes


@dataclass(frozen=True, slots=True)
class RoundInfo:
    """A round; times in ms since 1970 UTC."""

    id: str
    opens_at: int
    closes_at: int
    pool: str = ""
    """With which its ballots were counted, or wait to be; empty until it is closed."""


_r, _p, _v, _b = map(columns, (Round, Participation, SpentVote, Ballot))
_add_round = Statement(lambda sql: sql.insert(Round))


def open_round(session: Session, community: str, opens_at: int, closes_at: int) -> str:
    """A new round; returns its id."""
    round_id = new_id()
    session.put(
        _add_round,
        id=round_id,
        community_id=community,
        question_set=BELONGING.name,
        opens_at=opens_at,
        closes_at=closes_at,
        pool_id=None,
    )
    return round_id


_of_round = (_r.id == bindparam("round"), _r.community_id == bindparam("community"))
_info = (_r.id, _r.opens_at, _r.closes_at, func.coalesce(_r.pool_id, literal_column("''", String)).label("pool"))
_get_round = Statement(lambda _: select(*_info).where(*_of_round), into=RoundInfo)


def get_round(session: Session, community: str, round: str) -> RoundInfo | None:  # noqa: A002  the field's word
    """A round of this community."""
    found: RoundInfo | None = session.one(_get_round, round=round, community=community)
    return found


_rounds = Statement(
    lambda _: select(*_info).where(_r.community_id == bindparam("community")).order_by(_r.opens_at.desc(), _r.id),
    into=RoundInfo,
)


def rounds(session: Session, community: str) -> list[RoundInfo]:
    """The rounds of a community, the latest first."""
    return session.all(_rounds, community=community)


_has_voted = (
    select(_p.round_id).where(_p.round_id == _r.id, _p.member_id == bindparam("member")).exists(),
    select(_v.round_id).where(_v.round_id == _r.id, _v.account == bindparam("account")).exists(),
)
_took_part = Statement(lambda _: select(_r.id).where(*_of_round, _has_voted[0] | _has_voted[1]))


def took_part(session: Session, community: str, round: str, member: str, account: str) -> bool:  # noqa: A002
    """Whether someone already answered a round that is not closed yet, also if they were forgotten since."""
    who = {"member": member, "account": _fingerprint(session, community, account)}
    return session.one(_took_part, round=round, community=community, **who) is not None


# The round is locked against being closed meanwhile: a ballot that came into the box afterwards would stay in it.
_take_part = Statement(
    lambda sql: (
        sql.insert(Participation)
        .from_select(
            ["round_id", "member_id"],
            select(_r.id, bindparam("member", type_=String))
            .where(
                *_of_round,
                _r.pool_id.is_(None),
                _r.closes_at > bindparam("now"),
                ~_has_voted[1],
            )
            .with_for_update(read=True, of=Round),
        )
        .on_conflict_do_nothing()
    )
)
_add_ballot = Statement(lambda sql: sql.insert(Ballot))


def cast(  # noqa: PLR0913
    session: Session,
    community: str,
    round: str,  # noqa: A002
    member: str,
    account: str,
    answers: Mapping[str, Any],
    now: int,
) -> Literal["saved", "twice", "closed"]:
    """Put someone's answers into the box, by the keys of the round's questions.

    ``account``: as which the member speaks, as ``platform:id``.
    """
    who = {"member": member, "account": _fingerprint(session, community, account)}
    if not session.run(_take_part, round=round, community=community, now=now, **who):
        info = get_round(session, community, round)
        return "twice" if info is not None and not info.pool and now < info.closes_at else "closed"
    ballot = new_id()
    plain = json.dumps(answers, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
    text = pools.padded(plain, b" ")
    session.put(_add_ballot, id=ballot, round_id=round, sealed=session.keys.seal("ballot", ballot, text))
    return "saved"


_lock = Statement(lambda _: select(_r.question_set).where(*_of_round, _r.pool_id.is_(None)).with_for_update())
_ballots = Statement(lambda _: select(_b.id, _b.sealed).where(_b.round_id == bindparam("round")))
_closed = Statement(
    lambda _: (
        update(Round)
        .where(*_of_round)
        .values(
            pool_id=bindparam("pool"),
            closes_at=case((_r.closes_at > bindparam("now"), bindparam("now")), else_=_r.closes_at),
        )
    )
)
_forget_round = [
    Statement(lambda _: delete(Ballot).where(_b.round_id == bindparam("round"))),
    Statement(lambda _: delete(Participation).where(_p.round_id == bindparam("round"))),
    Statement(lambda _: delete(SpentVote).where(_v.round_id == bindparam("round"))),
]


def close(session: Session, community: str, round: str, now: int) -> int:  # noqa: A002
    """End a round, if that was not done yet, and forget who took part in it.

    Its ballots are counted together with those that waited, or wait themselves where all of them are too few. Returns
    how many were counted: 0, or at least the community's threshold. How many one round of several had is not kept.
    """
    row = session.one(_lock, round=round, community=community)
    if row is None:
        return 0
    ballots = [session.keys.open("ballot", one.id, bytes(one.sealed)) for one in session.all(_ballots, round=round)]
    texts = [ballot.rstrip(b" ") for ballot in ballots]
    pool, counted = pools.add(session, community, QUESTION_SETS[row.question_set], texts, now)
    for statement in _forget_round:
        session.put(statement, round=round)
    session.put(_closed, round=round, community=community, pool=pool, now=now)
    session.scrub()  # each ballot lies in the log beside who cast it
    return counted


_spend = Statement(
    lambda sql: (
        sql.insert(SpentVote)
        .from_select(
            ["round_id", "account"],
            select(_p.round_id, bindparam("account", type_=_v.account.type))
            .join(Round, _r.id == _p.round_id)
            .where(
                _p.member_id == bindparam("member"),
                _r.community_id == bindparam("community"),
                _r.pool_id.is_(None),
            )
            .with_for_update(read=True, of=Round),
        )
        .on_conflict_do_nothing()
    )
)
_forget_member = Statement(lambda _: delete(Participation).where(_p.member_id == bindparam("member")))


def forget_voter(session: Session, community: str, member: str, accounts: Iterable[str]) -> int:
    """Forget that a member took part in rounds that are not closed yet, but not that their vote is used.

    For whoever forgets a person: call it while the member's row is locked and before it goes, with **all** of their
    accounts (``platform:id``). Of each account a keyed fingerprint stays until the round is closed, so that nobody
    votes twice by leaving and coming back. The ballot stays in the box: nobody can tell which one it is.
    """
    for account in accounts:
        session.run(_spend, community=community, member=member, account=_fingerprint(session, community, account))
    session.scrub()  # that they took part
    return session.run(_forget_member, member=member)


def _fingerprint(session: Session, community: str, account: str) -> bytes:
    return session.keys.fingerprint(f"vote:{community}:{account}")


def _erase(session: Session, person: Person, _now: int) -> int:
    return forget_voter(session, person.community, person.member, person.accounts) if person.member else 0


_spent_by = Statement(
    lambda sql: (
        sql.insert(Participation)
        .from_select(
            ["round_id", "member_id"],
            select(_v.round_id, bindparam("member", type_=_p.member_id.type))
            .join(Round, _r.id == _v.round_id)
            .where(
                _v.account == bindparam("account"),
                _r.community_id == bindparam("community"),
                _r.pool_id.is_(None),
            )
            .with_for_update(read=True, of=Round),
        )
        .on_conflict_do_nothing()
    )
)


def _merge(session: Session, community: str, stays: str, _goes: str) -> None:
    """Whose account has voted before it was forgotten has voted: on all accounts, also when they part again.

    Noor votes on Discord, is forgotten, comes back, links an account in Teams and unlinks it: neither votes again.
    """
    for one in members.accounts(session, community, stays):
        spent = _fingerprint(session, community, one.account)
        session.run(_spent_by, community=community, member=stays, account=spent)


_open_rounds = Statement(
    lambda _: select(
        _r.id,
        select(_p.member_id)
        .where(_p.round_id == _r.id, _p.member_id == bindparam("member", type_=_p.member_id.type))
        .exists()
        .label("taken"),
    ).where(_r.community_id == bindparam("community"), _r.pool_id.is_(None))
)


def _export(session: Session, person: Person) -> dict[str, Any]:
    """Whether they took part in a round that is not closed yet; None when there is none."""
    rows = session.all(_open_rounds, community=person.community, member=person.member)
    return {"check_in": any(row.taken for row in rows) if rows else None}


_UNTIL_CLOSED = "until its round is closed"
KEEPING = (
    Keeping(Round, kept="of a programme, of nobody in it"),
    Keeping(Participation, kept=_UNTIL_CLOSED, member="member_id", erase=_erase, export=_export),
    Keeping(
        SpentVote,
        kept=_UNTIL_CLOSED,
        names=("account",),
        merge=_merge,
        stays="A keyed fingerprint, so that nobody votes twice by leaving and coming back.",
    ),
    Keeping(Ballot, kept=_UNTIL_CLOSED),
)
