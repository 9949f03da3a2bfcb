"""Settings in one table; what a community chose before comes along, and its columns go."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_USUAL = {"doorbell": 0, "country": "", "contact": "", "welcome": 0, "mentors_after": 1, "coordinators_after": 2}
"""What each column held where nobody chose."""


def upgrade() -> None:
    """What is as it was at first was not chosen, as far as anybody can tell."""
    table = op.create_table(
        "setting",
        sa.Column("community_id", sa.String(), sa.ForeignKey("community.id"), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("community_id", "key"),
    )
    rows = op.get_bind().execute(sa.text(f"select id, {', '.join(_USUAL)} from community")).mappings().all()  # noqa: S608
    kept = [
        {"community_id": row["id"], "key": key, "value": json.dumps(value)}
        for row in rows
        for column, usual in _USUAL.items()
        if row[column] != usual
        for key, value in [_new(column, row[column])]
    ]
    if kept:
        op.bulk_insert(table, kept)
    for column in _USUAL:
        op.drop_column("community", column)


def _new(column: str, value: str | int) -> tuple[str, str | int]:
    return {
        "doorbell": ("cases.where", "page"),
        "country": ("help.country", value),
        "contact": ("help.contact", value),
        "welcome": ("students.welcome", "yes"),
        "mentors_after": ("reminders.mentors", str(value)),
        "coordinators_after": ("reminders.coordinators", str(value)),
    }[column]
