"""Letters are found by a look-up value, and conversations without an account are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Letters that wait keep none: until the next release they are found by opening them, as before."""
    op.add_column("caseletter", sa.Column("lookup", sa.LargeBinary(), nullable=True))
    op.drop_index("ix_caseletter_community_id", "caseletter")
    op.create_index("caseletter_lookup", "caseletter", ["community_id", "lookup"], unique=True)
    op.create_table(
        "letterkey",
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), primary_key=True, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.drop_index("ix_conversation_member_id", "conversation")
    op.create_index("conversation_of", "conversation", ["member_id", "community_id"])
