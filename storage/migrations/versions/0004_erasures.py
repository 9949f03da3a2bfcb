"""Which erasures of the ledger the database has been through; and a mark for each account, which return paths hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of ids, and a column of random words."""
    op.create_table(
        "erasure", sa.Column("line", sa.LargeBinary(), primary_key=True, nullable=False), sqlite_with_rowid=False
    )
    op.add_column("account", sa.Column("mark", sa.String(), nullable=False, server_default=""))
    # Both are at least 122 bits that nobody can guess.
    if op.get_bind().dialect.name == "sqlite":
        op.execute("update account set mark = hex(randomblob(16))")
    else:
        op.execute("update account set mark = gen_random_uuid()::text")
    op.create_index("ix_account_mark", "account", ["mark"])
