"""Timers about staff who left carried a name and accounts; the next night asks once more, and finds the same."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What such a timer was to settle is not settled yet, so it is found again."""
    op.execute("delete from due where flow = 'staff_left'")
