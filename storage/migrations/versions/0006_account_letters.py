"""That somebody with an account wrote a letter that waits, so that others take none of the room for such letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Letters that wait already count for nobody, until the next set moment."""
    op.create_table(
        "accountletter",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_accountletter_community_id", "accountletter", ["community_id"])
