"""Keys under which six words wait for an hour at the most, so that an answer that was lost can be shown once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "receiptkey",
        sa.Column("slot", sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
