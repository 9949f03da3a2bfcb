"""Who is in a community: members, their accounts on the platforms, and who holds which role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlmodel import Field, Index, SQLModel

from storage import conversations
from storage.communities import Community, Destination
from storage.ids import new_id, platform_and_id
from storage.keeping import Keeping, Person, drop_rows
from storage.statement import Session, Statement, columns


class RoleGrant(SQLModel, table=True):
    """Who holds a role: everyone with a platform role, or one named person."""

    community_id: str = Field(primary_key=True, foreign_key="community.id")
    role: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    name: str = ""
    """Of the role or of the member of staff, as setup shows it."""
    gone: int = 0
    """1 for the last coordinator, who has left: the name stays for who looks for somebody, and opens nothing."""


class Member(SQLModel, table=True):
    """A person in a community. The name is kept for staff only; a student's is not."""

    __table_args__ = (Index("member_in_order", "community_id", "id"),)
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    language: str = ""
    name: str = ""


class Account(SQLModel, table=True):
    """A member on a platform, and how the adapter reaches them."""

    platform: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    community_id: str = Field(primary_key=True, foreign_key="community.id")
    member_id: str = Field(foreign_key="member.id", index=True)
    space_id: str
    address: str = ""
    write_here: int = 0
    """1 for the one of a person's several accounts to which Erbij writes."""
    latest: int = 1
    """1 for the community where this person did something last: a private chat that could be of several is its."""
    mark: str = Field(index=True)
    """At random. A return path holds it instead of the account: once the row is gone, it leads to nobody."""
    roles: str = ""
    """Of staff, as last seen here: ``,lead,mentor,``. By it is chosen who is written to; it opens nothing."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Who holds a role: ``kind`` is "role" or "person"."""

    role: str
    platform: str
    kind: str
    external_id: str
    name: str
    gone: bool = False
    """True for the last coordinator, who has left."""

    @property
    def account(self) -> str:
        """Who or what holds it, as ``platform:id``."""
        return f"{self.platform}:{self.external_id}"


_community, _grant, _member, _account = map(columns, (Community, RoleGrant, Member, Account))


_add_member = Statement(lambda sql: sql.insert(Member))
_add_account = Statement(lambda sql: sql.insert(Account))


def add_member(  # noqa: PLR0913  one row of two tables
    session: Session,
    community: str,
    platform: str,
    space: str,
    person: str,
    address: str = "",
    name: str = "",
    roles: Iterable[str] = (),
) -> str:
    """Someone new; returns the member's id."""
    member = new_id()
    session.put(_add_member, id=member, community_id=community, language="", name=name)
    session.put(
        _add_account,
        platform=platform,
        external_id=person,
        community_id=community,
        member_id=member,
        space_id=space,
        address=address,
        write_here=0,
        latest=1,
        mark=new_id(),
        roles=joined(roles),
    )
    set_latest(session, platform, person, community)
    return member


_set_latest = Statement(
    lambda _: (
        update(Account)
        .where(_account.platform == bindparam("on"), _account.external_id == bindparam("external"))
        .values(latest=case((_account.community_id == bindparam("community"), 1), else_=0))
    )
)


def set_latest(session: Session, platform: str, person: str, community: str) -> None:
    """Someone did something here; what they write privately is meant for here from now on."""
    session.put(_set_latest, on=platform, external=person, community=community)


def _granting(sql: Any) -> Any:
    """Give a role. Who holds it already keeps it, under the name known now: Teams does not always tell one."""
    new = sql.insert(RoleGrant)
    key = [column.name for column in _grant if column.primary_key]
    known = case((new.excluded.name != "", new.excluded.name), else_=_grant.name)
    return new.on_conflict_do_update(index_elements=key, set_={"name": known, "gone": 0})


_add_grant = Statement(_granting)


def grant(  # noqa: PLR0913
    session: Session,
    community: str,
    role: str,
    platform: str,
    kind: str,
    external_id: str,
    name: str = "",
) -> None:
    """Give a role to a platform role or to one person."""
    session.put(
        _add_grant,
        community_id=community,
        role=role,
        platform=platform,
        kind=kind,
        external_id=external_id,
        name=name,
        gone=0,
    )


_granted = Statement(
    lambda _: (
        select(_grant.role, _grant.platform, _grant.kind, _grant.external_id, _grant.name, _grant.gone)
        .where(_grant.community_id == bindparam("community"))
        .order_by(_grant.role, _grant.platform, _grant.kind.desc(), _grant.name, _grant.external_id)
    )
)


def granted(session: Session, community: str) -> list[Grant]:
    """Who holds which role, on each platform."""
    return [
        Grant(row.role, row.platform, row.kind, row.external_id, row.name, bool(row.gone))
        for row in session.all(_granted, community=community)
    ]


_named = Statement(
    lambda _: (
        select(_account.member_id)
        .join(
            RoleGrant,
            (_grant.community_id == _account.community_id)
            & (_grant.platform == _account.platform)
            & (_grant.external_id == _account.external_id),
        )
        .where(
            _grant.community_id == bindparam("community"),
            _grant.role == bindparam("of_role"),
            _grant.kind == "person",
            _grant.gone == 0,
        )
        .distinct()
        .order_by(_account.member_id)
    )
)


def by_name(session: Session, community: str, role: str) -> list[str]:
    """The members who hold a role by name, and can be written to."""
    return [row.member_id for row in session.all(_named, community=community, of_role=role)]


_drop_grants = Statement(
    lambda _: delete(RoleGrant).where(
        _grant.community_id == bindparam("community"),
        _grant.role == bindparam("of_role"),
        _grant.platform == bindparam("on"),
    )
)


def revoke(session: Session, community: str, role: str, platform: str) -> None:
    """Nobody on this platform holds the role any more."""
    session.put(_drop_grants, community=community, of_role=role, on=platform)


_this_grant = (
    _grant.community_id == bindparam("community"),
    _grant.role == bindparam("of_role"),
    _grant.platform == bindparam("on"),
    _grant.kind == "person",
    _grant.external_id == bindparam("external"),
)
_drop_grant = Statement(lambda _: delete(RoleGrant).where(*_this_grant))


def take_away(session: Session, community: str, grant: Grant) -> None:
    """One person holds a role by name no more."""
    session.put(_drop_grant, community=community, **_key(grant))


_set_gone = Statement(lambda _: update(RoleGrant).where(*_this_grant).values(gone=bindparam("mark")))


def set_gone(session: Session, community: str, grant: Grant, *, gone: bool) -> None:
    """Whether who holds a role by name has left."""
    session.put(_set_gone, community=community, **_key(grant), mark=int(gone))


def _key(grant: Grant) -> dict[str, str]:
    return {"of_role": grant.role, "on": grant.platform, "external": grant.external_id}


_set_language = Statement(
    lambda _: (
        update(Member)
        .where(
            _member.id == bindparam("member"),
            _member.community_id == bindparam("community"),
        )
        .values(language=bindparam("new"))
    )
)


def set_language(session: Session, community: str, member: str, language: str) -> None:
    """The language a member wants to be spoken to."""
    session.put(_set_language, community=community, member=member, new=language)


_set_name = Statement(
    lambda _: (
        update(Member)
        .where(_member.id == bindparam("member"), _member.community_id == bindparam("community"))
        .values(name=bindparam("new"))
    )
)


def set_name(session: Session, community: str, member: str, name: str) -> None:
    """The name under which colleagues know a member of staff."""
    session.put(_set_name, community=community, member=member, new=name)


def joined(roles: Iterable[str]) -> str:
    """Roles as an account's row has them: ``,lead,mentor,``; empty for none."""
    found = sorted(roles)
    return f",{','.join(found)}," if found else ""


_set_roles = Statement(
    lambda _: (
        update(Account)
        .where(
            _account.platform == bindparam("on"),
            _account.external_id == bindparam("external"),
            _account.community_id == bindparam("community"),
        )
        .values(roles=bindparam("held"))
    )
)


def set_roles(session: Session, community: str, platform: str, person: str, roles: Iterable[str]) -> None:
    """What a member of staff holds by an account, as it is seen now."""
    session.put(_set_roles, community=community, on=platform, external=person, held=joined(roles))


_drop_roles = Statement(
    lambda _: (
        update(Account)
        .where(_account.member_id == bindparam("member"), _account.community_id == bindparam("community"))
        .values(roles="")
    )
)


def drop_roles(session: Session, community: str, member: str) -> None:
    """Nothing is remembered any more of what somebody held."""
    session.put(_drop_roles, community=community, member=member)


_set_address = Statement(
    lambda _: (
        update(Account)
        .where(
            _account.platform == bindparam("on"),
            _account.external_id == bindparam("external"),
        )
        .values(address=bindparam("new"))
    )
)


def set_address(session: Session, platform: str, person: str, address: str) -> None:
    """How the adapter reaches someone from now on."""
    session.put(_set_address, on=platform, external=person, new=address)


_drop_all = [
    Statement(lambda _: delete(Account).where(_account.community_id == bindparam("community"))),
    Statement(lambda _: delete(Member).where(_member.community_id == bindparam("community"))),
    Statement(lambda _: delete(RoleGrant).where(_grant.community_id == bindparam("community"))),
]


def drop_all(session: Session, community: str) -> None:
    """Nobody is in this community any more, and nobody holds a role."""
    for statement in _drop_all:
        session.put(statement, community=community)


_accounts_of = Statement(
    lambda _: (
        select(
            _account.platform,
            _account.space_id,
            _account.external_id,
            _account.address,
            func.coalesce(func.nullif(_member.language, ""), _community.language).label("language"),
        )
        .join(Member, _member.id == _account.member_id)
        .join(Community, _community.id == _account.community_id)
        .where(
            _account.member_id == bindparam("member"),
            _account.community_id == bindparam("community"),
        )
        .order_by(_account.write_here.desc(), _account.platform, _account.external_id)
    )
)


def accounts(session: Session, community: str, member: str) -> list[Destination]:
    """Where a member can be reached privately: first where they want Erbij to write."""
    return [Destination(*row) for row in session.all(_accounts_of, community=community, member=member)]


def are_last(grants: Iterable[Grant], role: str, accounts: Iterable[str]) -> bool:
    """Whether these accounts hold a role by name, and nobody else does by name or by a role of the platform.

    Who has left the platform holds nothing.
    """
    theirs = {("person", account) for account in accounts}
    holders = {(one.kind, one.account) for one in grants if one.role == role and not one.gone}
    return bool(holders) and holders <= theirs


# ---------------------------------------------------------------- what is kept of people


_by_name = (
    _grant.community_id == bindparam("community"),
    _grant.kind == "person",
    _grant.platform == bindparam("on"),
    _grant.external_id == bindparam("external"),
)
_granted_to = Statement(
    lambda _: select(_grant.role, _grant.platform, _grant.name).where(*_by_name).order_by(_grant.role)
)


def _export_roles(session: Session, person: Person) -> dict[str, Any]:
    held = [row for one in person.accounts for row in session.all(_granted_to, **_external(person.community, one))]
    return {"roles": [{"role": row.role, "platform": row.platform, "name": row.name} for row in held]}


_drop_granted_to = Statement(lambda _: delete(RoleGrant).where(*_by_name))


def _erase_roles(session: Session, person: Person, _now: int) -> int:
    theirs = [_external(person.community, one) for one in person.accounts]
    # A coordinator in the middle of the setup has the names before them, and would keep this one again; also that of
    # somebody who held a role when they began, and holds none any more.
    idents = [one["external"] for one in theirs] + ([person.member] if person.member else [])
    conversations.end_naming(session, person.community, idents)
    return sum(session.run(_drop_granted_to, **one) for one in theirs)


def _external(community: str, account: str) -> dict[str, str]:
    platform, external = platform_and_id(account)
    return {"community": community, "on": platform, "external": external}


_about_member = Statement(
    lambda _: select(_member.language, _member.name).where(
        _member.id == bindparam("member"), _member.community_id == bindparam("community")
    )
)


def _export_member(session: Session, person: Person) -> dict[str, Any]:
    row = session.one(_about_member, member=person.member, community=person.community)
    return {} if row is None else {"language": row.language, "name": row.name}


def _export_accounts(session: Session, person: Person) -> dict[str, Any]:
    known = accounts(session, person.community, person.member or "")
    return {
        "accounts": [
            {"platform": one.platform, "space": one.space, "id": one.external_id, "address": one.address}
            for one in known
        ]
    }


_WHILE_MEMBER = "until they are forgotten"
KEEPING = (
    Keeping(
        RoleGrant,
        kept="until a coordinator takes the role away",
        names=("external_id", "name"),
        erase=_erase_roles,
        export=_export_roles,
    ),
    Keeping(
        Account,
        kept=_WHILE_MEMBER,
        member="member_id",
        names=("external_id", "address"),
        erase=drop_rows(Account, "member_id"),
        export=_export_accounts,
    ),
    Keeping(
        Member,
        kept=_WHILE_MEMBER,
        names=("id", "name"),
        erase=drop_rows(Member, "id"),
        export=_export_member,
    ),
)
