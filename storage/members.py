"""Who is in a community: members, and their accounts on the platforms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlmodel import Field, Index, SQLModel

from storage.communities import Community, Destination
from storage.ids import new_id
from storage.keeping import Keeping, Person, drop_rows
from storage.statement import Session, Statement, columns


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


_community, _member, _account = map(columns, (Community, Member, Account))
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


_forget_role = Statement(
    lambda _: (
        update(Account)
        .where(_account.community_id == bindparam("community"), _account.roles.contains(bindparam("held")))
        .values(
            roles=case(
                (_account.roles == bindparam("held"), ""), else_=func.replace(_account.roles, bindparam("held"), ",")
            )
        )
    )
)


def forget_role(session: Session, community: str, role: str) -> None:
    """Nobody is remembered as holding a role, until they are seen with it again."""
    session.put(_forget_role, community=community, held=f",{role},")


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
]


def drop_all(session: Session, community: str) -> None:
    """Nobody is in this community any more."""
    for statement in _drop_all:
        session.put(statement, community=community)


_accounts_of = Statement(
    lambda _: (
        select(
            _account.platform,
            _account.space_id.label("space"),
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
    ),
    into=Destination,
)


def accounts(session: Session, community: str, member: str) -> list[Destination]:
    """Where a member can be reached privately: first where they want Erbij to write."""
    return session.all(_accounts_of, community=community, member=member)


# ---------------------------------------------------------------- what is kept of people


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
