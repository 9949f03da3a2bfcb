"""What was answered in rounds that are over: counted, when enough ballots can be counted together.

Ballots that are counted together are a **pool**: those of one round, or of several rounds with the same questions that
were too small alone. Each ballot is in one pool only, and nothing is ever stored of a part of a pool, so no figure can
be subtracted from another one to find fewer people. Until a pool is large enough its ballots stay sealed; each time a
round is added all of them are sealed anew, shuffled and under new ids, so that nothing tells which round, or who, one
of them came from.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, null, select, update
from sqlmodel import Field, SQLModel

from storage.communities import FEWEST, Community
from storage.days import DAY
from storage.ids import new_id
from storage.keeping import Keeping
from storage.statement import Session, Statement, columns

TERM = 20 * 7 * DAY
"""How long ballots wait for others, in ms: half a school year. Then they are destroyed unopened."""
_PAD = 768
"""Bytes: a remark of 500 letters beside its answers. With its ids a row stays under the 1,002 bytes above which SQLite
gives each one a page of 4,096 to itself."""


class Pool(SQLModel, table=True):
    """Ballots that are counted together."""

    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    question_set: str
    ballots: int
    """How many were counted: never fewer than the threshold; 0 when none was."""
    expires_at: int | None = Field(sa_type=BigInteger)
    """When ballots that still wait are destroyed, in ms since 1970 UTC; None when none wait any more."""


class CarriedBallot(SQLModel, table=True):
    """A ballot of a round that is over, still sealed."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    pool_id: str = Field(foreign_key="pool.id", index=True)
    sealed: bytes


class AnswerCount(SQLModel, table=True):
    """How many ballots of a pool gave one answer to one question."""

    __table_args__ = {"sqlite_with_rowid": False}
    pool_id: str = Field(primary_key=True, foreign_key="pool.id")
    question: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    n: int


class Remark(SQLModel, table=True):
    """What someone wrote in their own words, sealed, apart from all else that they answered."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    pool_id: str = Field(foreign_key="pool.id", index=True)
    question: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of a round by their keys. Only ballots of the same set are counted together."""

    name: str
    counted: tuple[str, ...]
    """Answered with one value or several: a number, a choice, yes or no."""
    remarks: tuple[str, ...]
    """Answered in words."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A pool that was counted: how many ballots, and of each question how many gave which value."""

    question_set: str
    ballots: int
    counts: Mapping[str, Mapping[str, int]]


_c, _p, _b, _n, _r = map(columns, (Community, Pool, CarriedBallot, AnswerCount, Remark))
# One round of a community after the other: two that end at once must find the same pool.
_threshold = Statement(
    lambda _: select(_c.threshold).where(_c.id == bindparam("community")).with_for_update(key_share=True)
)
_of_pool = (_p.id == bindparam("pool"), _p.community_id == bindparam("community"))
_set_counted = Statement(lambda _: update(Pool).where(*_of_pool).values(ballots=bindparam("many"), expires_at=null()))
_drop_carried = Statement(lambda _: delete(CarriedBallot).where(_b.pool_id == bindparam("pool")))
_carry = Statement(lambda sql: sql.insert(CarriedBallot))
_add_count = Statement(lambda sql: sql.insert(AnswerCount))
_add_remark = Statement(lambda sql: sql.insert(Remark))


def add(
    session: Session, community: str, questions: QuestionSet, ballots: Iterable[bytes], now: int
) -> tuple[str, int]:
    """Put the ballots of a round that is over, as JSON, to those that wait; count them when they are enough.

    Returns the pool that they are in, and how many ballots were counted: 0 while they wait.
    """
    threshold = max(FEWEST, session.one(_threshold, community=community).threshold)
    pool, waited = _waiting(session, community, questions.name, now)
    together = [*waited, *ballots]
    secrets.SystemRandom().shuffle(together)
    session.put(_drop_carried, pool=pool)
    if len(together) < threshold:
        _seal(session, _carry, "ballot", together, b" ", pool_id=pool)
        return pool, 0
    session.put(_set_counted, pool=pool, community=community, many=len(together))
    answers = [json.loads(one) for one in together]
    for (question, value), n in sorted(tally(questions, answers).items()):
        session.put(_add_count, pool_id=pool, question=question, value=value, n=n)
    for question in questions.remarks:
        texts = [one[question].encode() for one in answers if one.get(question)]
        secrets.SystemRandom().shuffle(texts)  # another order for each question
        _seal(session, _add_remark, "remark", texts, b"\0", pool_id=pool, question=question)
    return pool, len(together)


def tally(questions: QuestionSet, answers: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    """How often each (question, value) was answered; a question that somebody left open is not counted for them."""
    return Counter(
        (question, value) for one in answers for question in questions.counted for value in _values(one.get(question))
    )


_here = _p.community_id == bindparam("community")
_give_up = Statement(lambda _: update(Pool).where(_here, _p.expires_at <= bindparam("now")).values(expires_at=null()))
_drop_given_up = Statement(
    lambda _: delete(CarriedBallot).where(_b.pool_id.in_(select(_p.id).where(_here, _p.expires_at.is_(None))))
)
_no_later = Statement(
    lambda _: update(Pool).where(_here, _p.expires_at > bindparam("latest")).values(expires_at=bindparam("latest"))
)


def drop_expired(session: Session, community: str, now: int) -> None:
    """Destroy, unopened, the ballots of a community that found no others within the term."""
    if session.run(_give_up, community=community, now=now):
        session.scrub()
    session.put(_drop_given_up, community=community)
    # Where the clock ran ahead when they were put there: from now on no longer than anybody else's. A term that began
    # in “2031” would keep them for years.
    session.put(_no_later, community=community, latest=now + TERM)


_is_counted = (*_of_pool, _p.ballots > 0)
_counts = Statement(
    lambda _: (
        select(_p.question_set, _p.ballots, _n.question, _n.value, _n.n)
        .outerjoin(AnswerCount, _n.pool_id == _p.id)
        .where(*_is_counted)
        .order_by(_n.question, _n.value)
    )
)


def counted(session: Session, community: str, pool: str) -> Counted | None:
    """What a pool of this community was counted to; None while its ballots wait, and when they were destroyed."""
    rows = session.all(_counts, pool=pool, community=community)
    if not rows:
        return None
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.question is not None:
            counts.setdefault(row.question, {})[row.value] = row.n
    return Counted(rows[0].question_set, rows[0].ballots, counts)


_remarks = Statement(
    lambda _: (
        select(_r.id, _r.sealed)
        .join(Pool, _r.pool_id == _p.id)
        .where(*_is_counted, _r.question == bindparam("asked"))
        .order_by(_r.id)
    )
)


def remarks(session: Session, community: str, pool: str, question: str) -> list[str]:
    """What was written in words in a pool that was counted, in no order."""
    opened = (
        session.keys.open("remark", row.id, bytes(row.sealed)).decode().rstrip("\0")
        for row in session.all(_remarks, pool=pool, community=community, asked=question)
    )
    return [text for text in opened if text]


def padded(text: bytes, filler: bytes) -> bytes:
    """A text filled up, so that the length of its ciphertext tells little about it."""
    return text + filler * (-len(text) % _PAD or (0 if text else _PAD))


_find_waiting = Statement(
    lambda _: (
        select(_p.id, _p.expires_at)
        .where(
            _p.community_id == bindparam("community"),
            _p.question_set == bindparam("questions"),
            _p.expires_at.is_not(None),
        )
        .with_for_update()
    )
)
_add_pool = Statement(lambda sql: sql.insert(Pool))
_wait_until = Statement(lambda _: update(Pool).where(*_of_pool).values(expires_at=bindparam("moment")))
_carried = Statement(lambda _: select(_b.id, _b.sealed).where(_b.pool_id == bindparam("pool")))


def _waiting(session: Session, community: str, questions: str, now: int) -> tuple[str, list[bytes]]:
    """The pool that a round comes to, and the ballots that wait in it; a new one where none waits."""
    found = session.one(_find_waiting, community=community, questions=questions)
    if found is not None and found.expires_at <= now:
        session.put(_drop_carried, pool=found.id)
        session.put(_wait_until, pool=found.id, community=community, moment=None)
        found = None
    if found is None:
        pool = new_id()
        session.put(
            _add_pool, id=pool, community_id=community, question_set=questions, ballots=0, expires_at=now + TERM
        )
        return pool, []
    rows = session.all(_carried, pool=found.id)
    if not rows:
        session.put(_wait_until, pool=found.id, community=community, moment=now + TERM)
    return found.id, [session.keys.open("ballot", row.id, bytes(row.sealed)).rstrip(b" ") for row in rows]


def _seal(session: Session, into: Statement, purpose: str, texts: Sequence[bytes], filler: bytes, **row: str) -> None:
    """A row for each text, in their order. All become as long as the longest: by its length one could be followed."""
    length = max((len(padded(text, filler)) for text in texts), default=0)
    for text in texts:
        identity = new_id()
        sealed = session.keys.seal(purpose, identity, text.ljust(length, filler))
        session.put(into, id=identity, sealed=sealed, **row)


_OF_NOBODY = "of nobody: what was answered, without whose it is"
KEEPING = (
    Keeping(Pool, kept=drop_expired),
    Keeping(CarriedBallot, kept="until its pool is counted or expires"),
    Keeping(AnswerCount, kept=_OF_NOBODY),
    Keeping(Remark, kept=_OF_NOBODY),
)


def _values(answer: Any) -> list[str]:
    if answer is None:
        return []
    if isinstance(answer, list):
        return [str(one) for one in answer]
    return [("no", "yes")[answer] if isinstance(answer, bool) else str(answer)]
