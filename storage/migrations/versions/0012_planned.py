"""What is due keeps the moment that it is for beside its next try, what and whom it belongs to, and its wall clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What waits is for the moment at which it was to be tried next; the wall clock is set at the next start.

    The news that somebody left is known to be about them by how its key begins: a fingerprint of 32 letters.
    """
    op.add_column("due", sa.Column("planned", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("subject", "about", "wall", "last"):
        op.add_column("due", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("due", sa.Column("journal", sa.LargeBinary(), nullable=True))
    op.execute("update due set planned = at")
    op.execute("update due set about = substr(key, 1, 32) where flow = 'staff_left'")
    op.create_index("ix_due_subject", "due", ["subject"])
    op.create_index("ix_due_about", "due", ["about"])
