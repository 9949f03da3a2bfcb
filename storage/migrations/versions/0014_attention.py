"""One gate for messages that nobody asked for, and messages to many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """What waits already goes out as before: nothing says of it whether it was asked for."""
    _text("account", "roles")
    op.create_index("member_in_order", "member", ["community_id", "id"])
    for name in ("why", "fanout"):
        _text("outbox", name)
    op.add_column("outbox", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("until", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("loud_until", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_index("outbox_next", table_name="outbox")
    op.create_index("outbox_next", "outbox", ["state", "platform", "not_before"])
    op.create_table(
        "attention",
        sa.Column("id", ROW, primary_key=True),
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("seldom", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
    )
    op.create_index("attention_of", "attention", ["community_id", "member_id"])
    op.create_table(
        "fanout",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("audience", "argument", "why", "subject")),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reached", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_fanout_community_id", "fanout", ["community_id"])


def _text(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
