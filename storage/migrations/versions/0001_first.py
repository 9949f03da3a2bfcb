"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table of the first version."""
    _communities()
    _people()
    _conversations()
    _outbox()
    _due()
    _check_ins()
    _cases()
    _audit()
    _codes()


def _text(name: str, *more: sa.ForeignKey, key: bool = False, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), *more, primary_key=key, nullable=null)


def _community(*, key: bool = False) -> sa.Column[str]:
    return _text("community_id", sa.ForeignKey("community.id"), key=key)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _bytes(name: str, *, key: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), primary_key=key, nullable=False)


def _index(table: str, *columns: str, name: str = "") -> None:
    op.create_index(name or f"ix_{table}_{columns[0]}", table, list(columns))


def _communities() -> None:
    op.create_table("meta", _text("name", key=True), _bytes("value"))
    op.create_table(
        "community",
        _text("id", key=True),
        _text("slug"),
        _text("name"),
        _text("language"),
        _text("time_zone"),
        _number("doorbell"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "communityspace",
        _text("platform", key=True),
        _text("external_id", key=True),
        _text("within"),
        _community(),
    )
    _index("communityspace", "within")
    _index("communityspace", "community_id")
    op.create_table(
        "place",
        _community(key=True),
        _text("kind", key=True),
        _text("platform", key=True),
        _text("space_id"),
        _text("external_id"),
        _text("name"),
    )


def _people() -> None:
    op.create_table(
        "rolegrant",
        _community(key=True),
        _text("role", key=True),
        _text("platform", key=True),
        _text("kind", key=True),
        _text("external_id", key=True),
        _text("name"),
    )
    op.create_table("member", _text("id", key=True), _community(), _text("language"), _text("name"))
    _index("member", "community_id")
    op.create_table(
        "account",
        _text("platform", key=True),
        _text("external_id", key=True),
        _community(key=True),
        _text("member_id", sa.ForeignKey("member.id")),
        _text("space_id"),
        _text("address"),
        _number("write_here"),
        _number("latest"),
    )
    _index("account", "member_id")


def _conversations() -> None:
    op.create_table(
        "conversation",
        _text("id", key=True),
        _community(),
        _text("member_id"),
        _number("turn"),
        _bytes("journal"),
        _moment("expires_at"),
    )
    for column in ("community_id", "member_id", "expires_at"):
        _index("conversation", column)
    op.create_table("eventseen", _bytes("fingerprint", key=True), _number("day"), sqlite_with_rowid=False)
    _index("eventseen", "day")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", ROW, primary_key=True),
        _text("key"),
        _community(),
        _text("platform"),
        _text("space_id"),
        _text("lane"),
        _number("private"),
        _text("subject"),
        _number("fleeting"),
        _bytes("payload"),
        _text("state"),
        _number("attempts"),
        _moment("created_at"),
        _moment("tried_since"),
        _moment("not_before"),
        _text("message"),
        _text("fault"),
        sa.UniqueConstraint("key"),
    )
    _index("outbox", "community_id")
    _index("outbox", "state", "not_before", name="outbox_next")
    _index("outbox", "platform", "lane", "state", "id", name="outbox_lane")


def _due() -> None:
    op.create_table(
        "due",
        sa.Column("id", ROW, primary_key=True),
        _text("key"),
        _community(),
        _text("flow"),
        _text("argument"),
        _moment("at"),
        _moment("until", null=True),
        _number("attempts"),
        sa.UniqueConstraint("key"),
    )
    _index("due", "community_id")
    _index("due", "at")


def _check_ins() -> None:
    op.create_table("round", _text("id", key=True), _community(), _moment("opens_at"), _moment("closes_at"))
    _index("round", "community_id")
    op.create_table(
        "participation",
        _text("round_id", sa.ForeignKey("round.id"), key=True),
        _text("member_id", sa.ForeignKey("member.id"), key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ballot",
        _text("id", key=True),
        _text("round_id", sa.ForeignKey("round.id")),
        _bytes("sealed"),
        sqlite_with_rowid=False,
    )
    _index("ballot", "round_id")
    op.create_table(
        "checkinanswer",
        _text("id", key=True),
        _text("round_id", sa.ForeignKey("round.id")),
        *(_number(name) for name in ("accepted", "appreciated", "included", "supported", "myself")),
        _bytes("remark"),
        sqlite_with_rowid=False,
    )
    _index("checkinanswer", "round_id")


def _cases() -> None:
    op.create_table("caseletter", _text("id", key=True), _community(), _bytes("sealed"), sqlite_with_rowid=False)
    _index("caseletter", "community_id")
    op.create_table(
        "belonging_case",
        _text("id", key=True),
        _community(),
        _text("status"),
        _number("received_day"),
        _bytes("wrapped_key"),
        _text("holder_id", sa.ForeignKey("member.id"), null=True),
        _bytes("receipt"),
        sa.UniqueConstraint("receipt"),
        sqlite_with_rowid=False,
    )
    _index("belonging_case", "community_id")
    op.create_table(
        "casemessage",
        _text("case_id", sa.ForeignKey("belonging_case.id"), key=True),
        sa.Column("position", sa.Integer(), primary_key=True, nullable=False, autoincrement=False),
        _text("author"),
        _number("day"),
        _bytes("sealed"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "caseevent",
        _text("case_id", sa.ForeignKey("belonging_case.id"), key=True),
        sa.Column("position", sa.Integer(), primary_key=True, nullable=False, autoincrement=False),
        _moment("at"),
        _text("who"),
        _text("what"),
        sqlite_with_rowid=False,
    )
    op.create_table("returnpath", _text("id", key=True), _community(), _bytes("sealed"), sqlite_with_rowid=False)
    _index("returnpath", "community_id")
    op.create_table("answerstold", _community(key=True), _moment("until"))


def _audit() -> None:
    op.create_table(
        "audit",
        _text("id", key=True),
        _community(),
        _moment("at"),
        _text("who"),
        _text("what"),
        _text("subject"),
    )
    _index("audit", "community_id", "at", name="audit_of")


def _codes() -> None:
    op.create_table(
        "code",
        _bytes("fingerprint", key=True),
        _bytes("meant"),
        _community(),
        _bytes("sealed"),
        _moment("expires_at"),
        sa.UniqueConstraint("meant"),
    )
    for column in ("community_id", "expires_at"):
        _index("code", column)
    op.create_table(
        "codemiss",
        _bytes("tried_by", key=True),
        sa.Column("hour", sa.Integer(), primary_key=True, nullable=False, autoincrement=False),
        _number("misses"),
    )
