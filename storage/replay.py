"""A restored backup is brought up to date: who was forgotten since, and which cases were erased, is done once more."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from storage import case_work, erasures, forgetting
from storage.cases import Case
from storage.keeping import Person
from storage.ledger import Line
from storage.members import Account
from storage.role_grants import RoleGrant
from storage.statement import Session, Statement, columns

_account, _grant, _case = map(columns, (Account, RoleGrant, Case))


@dataclass(frozen=True, slots=True)
class Behind:
    """What the ledger says is gone, and the database still has."""

    people: tuple[Person, ...]
    cases: tuple[tuple[str, str], ...]
    """(community, case)."""


def behind(session: Session) -> Behind:
    """What is still to be erased here, by those lines of the ledger that the database has not been through."""
    return _found(session, erasures.unknown(session))


def replay(session: Session, now: int) -> Behind:
    """Erase it; returns what that was. Once more does nothing."""
    lines = erasures.unknown(session)
    found = _found(session, lines)
    for person in found.people:
        forgetting.erase(session, person, now)
    for community, case in found.cases:
        case_work.erase(session, community, case, "", now)
    # A case that is still a letter is known by this when it would be released.
    erasures.learn(session, lines)
    return found


_readable = Statement(
    lambda _: select(_case.id, _case.community_id).where(func.length(_case.wrapped_key) > 0).order_by(_case.id)
)


def _found(session: Session, lines: list[Line]) -> Behind:
    people = [line for line in lines if line.what == "person"]
    members, accounts = {line.id for line in people}, {one for line in people for one in line.accounts}
    ids = {line.id for line in lines if line.what == "case"}
    return Behind(
        tuple(_people(session, members, accounts)) if people else (),
        tuple(
            (row.community_id, row.id)
            for row in (session.all(_readable) if ids else ())
            if erasures.case_id(session, row.id) in ids
        ),
    )


_accounts = Statement(
    lambda _: select(_account.community_id, _account.platform, _account.external_id, _account.member_id)
)
_named = Statement(
    lambda _: select(_grant.community_id, _grant.platform, _grant.external_id).distinct().where(_grant.kind == "person")
)


def _people(session: Session, members: set[bytes], accounts: set[bytes]) -> list[Person]:
    """By the account too: of two members who were linked later, a backup from before has both."""
    found: dict[tuple[str, str], Person] = {}
    for row in session.all(_accounts):
        account = f"{row.platform}:{row.external_id}"
        of_member = erasures.member_id(session, row.community_id, row.member_id)
        if of_member in members or erasures.account_id(session, row.community_id, account) in accounts:
            person = forgetting.of_member(session, row.community_id, row.member_id)
            found[row.community_id, row.member_id] = person
    known = {(person.community, account) for person in found.values() for account in person.accounts}
    for row in session.all(_named):
        account = f"{row.platform}:{row.external_id}"
        if (row.community_id, account) in known:
            continue
        if erasures.account_id(session, row.community_id, account) in accounts:
            found[row.community_id, account] = Person(row.community_id, None, (account,))
    return list(found.values())
