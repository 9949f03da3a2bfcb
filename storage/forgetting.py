"""People: what is stored of them, and forgetting them. What each table does about it is declared beside the table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from storage import erasures, members
from storage.ids import platform_and_id
from storage.keeping import Person
from storage.members import Account, Member
from storage.role_grants import RoleGrant
from storage.statement import Session, Statement, columns

_m, _account, _grant = map(columns, (Member, Account, RoleGrant))


def of_member(session: Session, community: str, member: str) -> Person:
    """A member with all their accounts."""
    accounts = tuple(one.account for one in members.accounts(session, community, member))
    return Person(community, member, accounts)


_known_as = Statement(
    lambda _: (
        select(_account.community_id, _account.member_id)
        .where(_account.platform == bindparam("on"), _account.external_id == bindparam("external"))
        .order_by(_account.community_id)
    )
)
_named_as = Statement(
    lambda _: (
        select(_grant.community_id)
        .distinct()
        .where(
            _grant.kind == "person",
            _grant.platform == bindparam("on"),
            _grant.external_id == bindparam("external"),
        )
        .order_by(_grant.community_id)
    )
)


def of_account(session: Session, account: str) -> list[Person]:
    """Who has an account (``platform:id``), in each community that knows them or names them."""
    platform, external = platform_and_id(account)
    known = {row.community_id: row.member_id for row in session.all(_known_as, on=platform, external=external)}
    found = [of_member(session, community, member) for community, member in known.items()]
    named = {row.community_id for row in session.all(_named_as, on=platform, external=external)} - known.keys()
    return found + [Person(community, None, (account,)) for community in sorted(named)]


def export(session: Session, person: Person) -> dict[str, Any]:
    """All that is stored of somebody and can be found, by what it is."""
    from storage.tables import keeping

    known: dict[str, Any] = {}
    for one in keeping():
        if one.export is not None:
            known |= one.export(session, person)
    return known


def forget(session: Session, person: Person, now: int) -> dict[str, int]:
    """All that names somebody goes; returns how many rows, by table. Empty when they are not there any more.

    The ledger of erasures knows it before the transaction ends. Raises LedgerFault when it cannot
    be written there.
    """
    gone = erase(session, person, now)
    if gone:
        erasures.of_person(session, person, now)
    return gone


_lock = Statement(
    lambda _: (
        select(_m.id).where(_m.id == bindparam("member"), _m.community_id == bindparam("community")).with_for_update()
    )
)


def erase(session: Session, person: Person, now: int) -> dict[str, int]:
    """The same without the ledger, which knows it already."""
    from storage.tables import keeping

    if person.member and session.one(_lock, member=person.member, community=person.community) is None:
        return {}
    session.scrub()
    counts = {str(one.table.__tablename__): one.erase(session, person, now) for one in keeping() if one.erase}
    return {table: rows for table, rows in counts.items() if rows}
