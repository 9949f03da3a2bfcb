"""Whom people of a community can turn to, and whether a post with buttons stands in the students' channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what is not chosen yet is empty."""
    op.add_column("community", sa.Column("country", sa.String(), nullable=False, server_default=""))
    op.add_column("community", sa.Column("contact", sa.String(), nullable=False, server_default=""))
    op.add_column("community", sa.Column("welcome", sa.Integer(), nullable=False, server_default="0"))
