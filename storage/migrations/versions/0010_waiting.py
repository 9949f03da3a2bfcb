"""Since which day a case waits for the mentors, and after how many working days that is said to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What waits already waits since the day it was told: since when really was not written down."""
    op.add_column("community", sa.Column("mentors_after", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("community", sa.Column("coordinators_after", sa.Integer(), nullable=False, server_default="2"))
    op.add_column("belonging_case", sa.Column("waits_since", sa.Integer(), nullable=True))
    op.execute("update belonging_case set waits_since = received_day where status in ('new', 'claimed')")
