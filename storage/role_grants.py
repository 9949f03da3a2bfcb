"""Who holds which role in a community: everyone with a role of the platform, or one named person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, case, delete, select, update
from sqlmodel import Field, SQLModel

from storage import conversations
from storage.ids import platform_and_id
from storage.keeping import Keeping, Person
from storage.members import Account
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


@dataclass(frozen=True, slots=True)
class Grant:
    """Who holds a role: ``kind`` is "role" or "person"."""

    role: str
    platform: str
    kind: str
    external_id: str
    name: str = ""
    """Of the role or of the member of staff, as setup shows it; may be empty."""
    gone: bool = False
    """True for the last coordinator, who has left."""

    @property
    def account(self) -> str:
        """Who or what holds it, as ``platform:id``."""
        return f"{self.platform}:{self.external_id}"


_grant, _account = columns(RoleGrant), columns(Account)


def _granting(sql: Any) -> Any:
    """Give a role. Who holds it already keeps it, under the name known now: Teams does not always tell one."""
    new = sql.insert(RoleGrant)
    key = [column.name for column in _grant if column.primary_key]
    known = case((new.excluded.name != "", new.excluded.name), else_=_grant.name)
    return new.on_conflict_do_update(index_elements=key, set_={"name": known, "gone": 0})


_add_grant = Statement(_granting)


def grant(session: Session, community: str, new: Grant) -> None:
    """Give a role to a platform role or to one person."""
    session.put(
        _add_grant,
        community_id=community,
        role=new.role,
        platform=new.platform,
        kind=new.kind,
        external_id=new.external_id,
        name=new.name,
        gone=0,
    )


_granted = Statement(
    lambda _: (
        select(_grant.role, _grant.platform, _grant.kind, _grant.external_id, _grant.name, _grant.gone)
        .where(_grant.community_id == bindparam("community"))
        .order_by(_grant.role, _grant.platform, _grant.kind.desc(), _grant.name, _grant.external_id)
    ),
    into=Grant,
)


def granted(session: Session, community: str) -> list[Grant]:
    """Who holds which role, on each platform."""
    return [replace(one, gone=bool(one.gone)) for one in session.all(_granted, community=community)]


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


def are_last(grants: Iterable[Grant], role: str, accounts: Iterable[str]) -> bool:
    """Whether these accounts hold a role by name, and nobody else does by name or by a role of the platform.

    Who has left the platform holds nothing.
    """
    theirs = {("person", account) for account in accounts}
    holders = {(one.kind, one.account) for one in grants if one.role == role and not one.gone}
    return bool(holders) and holders <= theirs


_drop_all = Statement(lambda _: delete(RoleGrant).where(_grant.community_id == bindparam("community")))


def drop_all(session: Session, community: str) -> None:
    """Nobody holds a role in a community any more."""
    session.put(_drop_all, community=community)


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


KEEPING = (
    Keeping(
        RoleGrant,
        kept="until a coordinator takes the role away",
        names=("external_id", "name"),
        erase=_erase_roles,
        export=_export_roles,
    ),
)
