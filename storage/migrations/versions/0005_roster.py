"""Which communities' staff is to be asked for, and the last coordinator who has left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and the mark beside a role held by name."""
    op.create_table(
        "roster",
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), primary_key=True, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("doubt", sa.String(), nullable=False),
    )
    op.add_column("rolegrant", sa.Column("gone", sa.Integer(), nullable=False, server_default="0"))
