"""The first message of each conversation, and the last about a subject, are found along an index."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What waits stands together by conversation; what was sent, by what it is about."""
    op.drop_index("outbox_lane", table_name="outbox")
    op.create_index("outbox_lane", "outbox", ["platform", "state", "lane", "id"])
    op.create_index("outbox_subject", "outbox", ["platform", "lane", "subject", "id"])
