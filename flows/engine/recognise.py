"""Whom an event comes from: their community, the roles they hold at this moment, what changed about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from flows import seam
from flows.engine import standing
from flows.engine.chat import Context
from flows.engine.declared import rights
from flows.engine.flow import COORDINATOR, STUDENT, Catalogue
from flows.engine.sentences import no_member
from flows.engine.typed import clean
from flows.token import Starts, read
from storage import members, people
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class Event:
    """What a platform brought, and what it is taken with."""

    session: Session
    catalogue: Catalogue
    incoming: seam.Incoming
    now: int
    site: str
    """Where the world reaches Erbij's pages; empty when it cannot."""
    told: standing.Told
    """What platforms said of the person when they were asked."""


def find(event: Event) -> people.Who | None:
    """Whom an event comes from; None where no community is set up."""
    person, space = event.incoming.person, event.incoming.space
    return people.who(event.session, space.platform, space.id, person.id if person else "")


def recognise(event: Event, who: people.Who, *, new: bool, gone: bool) -> Context | None:
    """Who this is in a community; someone ``new`` can become a member. None while it is set up by others.

    Who is ``gone`` holds no role whatever is stored, and does not become a member.
    """
    incoming, person = event.incoming, event.incoming.person
    roles = frozenset[str]() if person is None or gone else roles_of(event.catalogue, who, person)
    if (not who.community_name and COORDINATOR not in roles) or (gone and not who.member):
        return None
    member = name = page = account = ""
    if person is not None:
        held = roles - {STUDENT}
        name = clean(person.name) if held else ""
        member = who.member if gone or not (who.member or new) else _noted(event, who, name, held)
        page = f"{event.site.rstrip('/')}/c/{who.slug}" if event.site else ""
        account = f"{incoming.space.platform}:{person.id}"
    return Context(
        community=who.community,
        community_name=who.community_name,
        time_zone=who.time_zone,
        language=standing.language_for(incoming, who),
        member=member,
        name=name,
        roles=roles,
        page=page,
        account=account,
        space=standing.own_space(incoming.space, who),
        absent=no_member(who.community_name) if gone else None,
        chosen=who.chosen,
        crowded=incoming.crowded,
    )


def roles_of(catalogue: Catalogue, who: people.Who, person: seam.Person) -> frozenset[str]:
    """The roles that someone holds at this moment; a student is, where no one is named as such, who is no staff.

    Where the platform did not say, nobody is staff, and who is known may hold the students' role.
    """
    if person.roles is None:
        named = [(kind, i) for role, kind, i in who.grants if role == STUDENT]
        known = not named or any(kind == "role" or i == person.id for kind, i in named)
        return frozenset({STUDENT} if known and who.member else ())
    roles = rights(granted(who.grants, person.id, person.roles), catalogue.roles, who.chosen)
    if all(role != STUDENT for role, _kind, _id in who.grants) and not roles - {STUDENT}:
        roles.add(STUDENT)
    if person.manages or (person.added and not who.community_name):
        roles.add(COORDINATOR)
    return frozenset(roles)


def granted(grants: Iterable[tuple[str, str, str]], person: str, roles: frozenset[str]) -> set[str]:
    """The roles that grants, each (role, "role" or "person", id), give to someone with these roles of a platform."""
    return {role for role, kind, i in grants if (i in roles if kind == "role" else i == person)}


def _noted(event: Event, who: people.Who, name: str, held: frozenset[str]) -> str:
    """The member, new or with what changed about them. What they hold is believed where the platform said it."""
    session, incoming = event.session, event.incoming
    person, space = incoming.person, incoming.space
    assert person is not None  # noqa: S101  the caller looked
    if not who.member:
        return members.add_member(
            session, who.community, space.platform, who.space, person.id, incoming.address, name, held
        )
    if person.roles is not None and members.joined(held) != who.roles:
        members.set_roles(session, who.community, space.platform, person.id, held)
    if incoming.address and incoming.address != who.address:
        members.set_address(session, space.platform, person.id, incoming.address)
    if name and name != who.name:
        members.set_name(session, who.community, who.member, name)
    if not who.latest and _begins(incoming.act):
        members.set_latest(session, space.platform, person.id, who.community)
    return who.member


def _begins(act: seam.Act) -> bool:
    """Whether this begins something, and answers nothing: a transaction that keeps an answer touches no account."""
    match act:
        case seam.Pressed(button):
            return isinstance(read(button), Starts)
        case seam.Command() | seam.Arrived():
            return True
        case seam.Said() | seam.Opened() | seam.Filled() | seam.Added() | seam.Removed() | seam.Left() | seam.Changed():
            return False
        case _:
            assert_never(act)
