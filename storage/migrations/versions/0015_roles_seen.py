"""What staff hold by name is remembered of their accounts, until they are seen with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Else a message to a role would reach none of them, and one to students all, until each does something."""
    connection = op.get_bind()
    granted = connection.execute(
        sa.text(
            "select community_id, platform, external_id, role from rolegrant "
            "where kind = 'person' and role <> 'student' order by community_id, platform, external_id, role"
        )
    )
    held: dict[tuple[str, str, str], list[str]] = {}
    for community, platform, external, role in granted:
        held.setdefault((community, platform, external), []).append(role)
    for (community, platform, external), roles in held.items():
        # Who is a mentor reads cases too, as long as nobody narrowed it: nobody could before this version.
        names = sorted({*roles, *(["case_reader"] if "mentor" in roles else [])})
        connection.execute(
            sa.text(
                "update account set roles = :roles where roles = '' and community_id = :community "
                "and platform = :platform and external_id = :external"
            ),
            {"roles": f",{','.join(names)},", "community": community, "platform": platform, "external": external},
        )
