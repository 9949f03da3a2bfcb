"""Whom an event comes from: the one question that every turn asks first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, String, bindparam, func, literal_column, select

from storage import communities, settings
from storage.communities import Community, CommunitySpace
from storage.conversations import Conversation
from storage.members import Account, Member
from storage.outbox import DEAD, Outbox
from storage.role_grants import RoleGrant
from storage.statement import Session, Statement, columns


class Held(NamedTuple):
    """A role, and by what it is held: ``kind`` is "role" or "person"."""

    role: str
    kind: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Who:
    """Whom an event comes from, as far as Erbij knows them. Empty ``member`` for someone new."""

    community: str
    community_name: str
    community_language: str
    time_zone: str
    slug: str
    member: str
    language: str
    name: str
    address: str
    roles: str
    """Of staff, as last seen, as an account has them; to choose whom to write to, and for nothing else."""
    unreached: bool
    """Something for them could not be delivered here."""
    latest: bool
    """False when the event says that this community is the person's latest now, and that is still to be noted."""
    space: str
    """The community's own space, also where the event came from a wider one."""
    grants: tuple[Held, ...]
    """Of this platform."""
    chosen: Mapping[str, Any]
    """What the community chose for its settings, by key."""


_community, _space, _grant, _member = map(columns, (Community, CommunitySpace, RoleGrant, Member))
_account, _talk, _o = map(columns, (Account, Conversation, Outbox))
# Written into the statement: values that never change need not be sent each time.
_NOTHING, _WITHIN, _BETWEEN = (literal_column(f"'{text}'", String) for text in ("", "\x1f", "\x1e"))

# In one text between control characters, which no id has. Asked for by themselves they cost SQLite as much (13 µs with
# the rest, either way); but in a private chat it is only known of which community they are once all else was read, and
# PostgreSQL would be asked twice in each turn. The settings, as one text more, save another 5 µs.
_grants = (
    select(
        func.aggregate_strings(
            _grant.role.concat(_WITHIN).concat(_grant.kind).concat(_WITHIN).concat(_grant.external_id),
            _BETWEEN,  # type: ignore[arg-type]  # a plain str would wait for SQLAlchemy to execute it
        )
    )
    .where(_grant.community_id == _community.id, _grant.platform == bindparam("platform"))
    .correlate(Community)
    .scalar_subquery()
)
_unreached = (
    select(_o.recipient)
    .where(
        _o.platform == bindparam("platform"),
        _o.recipient == bindparam("person"),
        _o.state == literal_column(f"'{DEAD}'", String),
        _o.community_id == _community.id,
        _o.private == literal_column("1", Integer),
    )
    .correlate(Community)
    .exists()
)
_seen = (
    _community.id,
    _community.name,
    _community.language,
    _community.time_zone,
    _community.slug,
    func.coalesce(_member.id, _NOTHING).label("member"),
    func.coalesce(_member.language, _NOTHING).label("member_language"),
    func.coalesce(_member.name, _NOTHING).label("member_name"),
    func.coalesce(_account.address, _NOTHING).label("address"),
    func.coalesce(_account.roles, _NOTHING).label("roles"),
    _unreached.label("unreached"),
    func.coalesce(_account.latest, literal_column("0", Integer)).label("latest"),
    _grants.label("grants"),
    settings.of_community.label("chosen"),
)


def _in_spaces(whose: Any) -> Statement:
    """Someone as the communities that live in some spaces know them."""
    return Statement(
        lambda _: (
            select(*_seen, _space.external_id.label("space"))
            .select_from(CommunitySpace)
            .join(Community, _community.id == _space.community_id)
            .outerjoin(
                Account,
                (_account.community_id == _community.id)
                & (_account.platform == bindparam("platform"))
                & (_account.external_id == bindparam("person")),
            )
            .outerjoin(Member, _member.id == _account.member_id)
            .where(_space.platform == bindparam("platform"), whose)
        )
    )


_who = _in_spaces(_space.external_id == bindparam("space"))
_who_within = _in_spaces(_space.within == bindparam("space"))
_who_anywhere = Statement(
    lambda _: (
        select(*_seen, _account.space_id.label("space"))
        .select_from(Account)
        .join(Community, _community.id == _account.community_id)
        .join(Member, _member.id == _account.member_id)
        .where(
            _account.platform == bindparam("platform"),
            _account.external_id == bindparam("person"),
        )
    )
)


def who(session: Session, platform: str, space: str, person: str) -> Who | None:
    """Whom an event comes from; None where no community is set up, or where it could be one of several.

    A space that several communities share (a Teams tenant, from where private chats come) is this person's latest
    community there, or the only one there is. With an empty ``space`` it is the only one they are in.
    """
    row = session.one(_who, platform=platform, space=space, person=person) if space else None
    found = row is not None
    if row is None and space:
        row = _likeliest(session.all(_who_within, platform=platform, space=space, person=person))
    if row is None and not space and person:
        known = session.all(_who_anywhere, platform=platform, person=person)
        row = known[0] if len(known) == 1 else None
    if row is None:
        return None
    return Who(
        community=row.id,
        community_name=row.name,
        community_language=row.language,
        time_zone=row.time_zone,
        slug=row.slug,
        member=row.member,
        language=row.member_language,
        name=row.member_name,
        address=row.address,
        roles=row.roles,
        unreached=bool(row.unreached),
        latest=bool(row.latest) or not found,
        space=row.space,
        grants=_parsed(row.grants or ""),
        chosen=settings.parsed(row.chosen),
    )


def several(session: Session, platform: str, space: str, person: str) -> bool:
    """Whether what comes from here could be meant for one of several communities."""
    if space:
        return communities.share(session, platform, space)
    return bool(session.all(_who_anywhere, platform=platform, person=person))


def _likeliest(rows: list[Any]) -> Any:
    """The row of a private chat's community: a named one before one that is only being set up."""
    for some in ([row for row in rows if row.name], rows):
        if mine := [row for row in some if row.member]:
            return max(mine, key=lambda row: (row.latest, row.id))
        if len({row.id for row in some}) == 1:
            return some[0]
    return None


@lru_cache(maxsize=1024)
def _parsed(grants: str) -> tuple[Held, ...]:
    return tuple(Held(*one.split("\x1f")) for one in grants.split("\x1e")) if grants else ()


_in_conversation = Statement(
    lambda _: (
        select(_account.external_id)
        .distinct()
        .join(Conversation, (_talk.member_id == _account.member_id) & (_talk.community_id == _account.community_id))
        .where(_account.platform == bindparam("on"))
        .order_by(_account.external_id)
    )
)


def in_conversation(session: Session, platform: str) -> list[str]:
    """Who on a platform is in the middle of something, in any community, by their ids there."""
    return [row.external_id for row in session.all(_in_conversation, on=platform)]
