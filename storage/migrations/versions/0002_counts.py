"""What was answered in check-ins is counted; no row holds the answers of one person any more."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FEWEST = 5
STATEMENTS = ("accepted", "appreciated", "included", "supported", "myself")


def upgrade() -> None:
    """Count what was opened, together with the rounds beside it where one alone had too few; forget who took part."""
    _tables()
    old = sa.MetaData()
    old.reflect(op.get_bind(), only=["round", "participation", "ballot", "checkinanswer", "due", "pool"])
    old.reflect(op.get_bind(), only=["answercount", "remark"])
    by_community: dict[str, list[Any]] = {}
    for row in _closed(old.tables):
        by_community.setdefault(row.community_id, []).append(row)
    for community, rounds in by_community.items():
        for together in _pools(rounds):
            _count(old.tables, community, together)
    _forget(old.tables)
    op.drop_table("checkinanswer")


def _tables() -> None:
    op.create_table(
        "pool",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), nullable=False),
        sa.Column("question_set", sa.String(), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_pool_community_id", "pool", ["community_id"])
    op.create_table(
        "carriedballot",
        sa.Column("id", sa.String(), primary_key=True),
        _pool(),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_carriedballot_pool_id", "carriedballot", ["pool_id"])
    op.create_table(
        "answercount",
        _pool(key=True),
        sa.Column("question", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "remark",
        sa.Column("id", sa.String(), primary_key=True),
        _pool(),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_remark_pool_id", "remark", ["pool_id"])
    op.create_table(
        "spentvote",
        sa.Column("round_id", sa.String(), sa.ForeignKey("round.id"), primary_key=True),
        sa.Column("account", sa.LargeBinary(), primary_key=True),
        sqlite_with_rowid=False,
    )
    # As SQL, because Alembic would build these tables anew on SQLite.
    op.execute("ALTER TABLE round ADD COLUMN question_set VARCHAR NOT NULL DEFAULT 'belonging.1'")
    op.execute("ALTER TABLE round ADD COLUMN pool_id VARCHAR REFERENCES pool (id)")
    op.execute(f"ALTER TABLE community ADD COLUMN threshold INTEGER NOT NULL DEFAULT {FEWEST}")


def _pool(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("pool_id", sa.String(), sa.ForeignKey("pool.id"), primary_key=key, nullable=False)


def _closed(old: Any) -> Iterable[Any]:
    """The rounds that are over, in their order: opened, or with neither a ballot nor a timer that waits."""
    this, ballot, answer, due = (old[name].c for name in ("round", "ballot", "checkinanswer", "due"))
    opened = sa.select(answer.id).where(answer.round_id == this.id).exists()
    waits = sa.or_(
        sa.select(ballot.id).where(ballot.round_id == this.id).exists(),
        sa.select(due.id).where(due.flow == "close_check_in", due.argument == this.id).exists(),
    )
    many = sa.select(sa.func.count()).where(answer.round_id == this.id).scalar_subquery().label("answers")
    rows = sa.select(this.id, this.community_id, many).where(opened | ~waits).order_by(this.opens_at, this.id)
    return op.get_bind().execute(rows).all()


def _pools(rounds: list[Any]) -> Iterator[list[Any]]:
    """Rounds that are counted together: each pool as small as can be, and no round is left over beside one."""
    pools: list[list[Any]] = [[]]
    for one in rounds:
        if _answers(pools[-1]) >= FEWEST:
            pools.append([])
        pools[-1].append(one)
    if len(pools) > 1 and _answers(pools[-1]) < FEWEST:
        rest = pools.pop()
        pools[-1] += rest
    yield from pools


def _answers(rounds: list[Any]) -> int:
    return sum(one.answers for one in rounds)


def _count(old: Any, community: str, rounds: list[Any]) -> None:
    """One pool. Where it has too few answers they are dropped, and it says only that these rounds are over."""
    bind, pool = op.get_bind(), secrets.token_urlsafe(16)
    enough = _answers(rounds) >= FEWEST
    bind.execute(
        old["pool"]
        .insert()
        .values(
            id=pool,
            community_id=community,
            question_set="belonging.1",
            ballots=_answers(rounds) if enough else 0,
            expires_at=None,
        )
    )
    ids = [one.id for one in rounds]
    bind.execute(old["round"].update().where(old["round"].c.id.in_(ids)).values(pool_id=pool))
    if not enough:
        return
    answers = list(bind.execute(old["checkinanswer"].select().where(old["checkinanswer"].c.round_id.in_(ids))))
    secrets.SystemRandom().shuffle(answers)
    counts = Counter((question, str(getattr(one, question))) for one in answers for question in STATEMENTS)
    for (question, value), n in sorted(counts.items()):
        bind.execute(old["answercount"].insert().values(pool_id=pool, question=question, value=value, n=n))
    for one in answers:
        bind.execute(old["remark"].insert().values(id=one.id, pool_id=pool, question="remark", sealed=one.remark))


def _forget(old: Any) -> None:
    """Who took part in rounds that are over, and what came into a box after it was emptied."""
    over = sa.select(old["round"].c.id).where(old["round"].c.pool_id.is_not(None))
    for name in ("participation", "ballot"):
        op.get_bind().execute(old[name].delete().where(old[name].c.round_id.in_(over)))
