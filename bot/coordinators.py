"""``erbij coordinator``: naming who coordinates a community from outside the chat."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot import formats
from flows.engine import COORDINATOR
from storage import accounts, audit, communities, conversations, role_grants
from storage.role_grants import Grant

if TYPE_CHECKING:
    from storage.communities import CommunityInfo
    from storage.statement import Session

ADDED, REMOVED = "named on the command line", "taken away on the command line"
"""As the record of acts has it; by nobody of the community, so by no name."""


class Refused(Exception):
    """Nothing was changed; the text says why, and what to do."""


def add(session: Session, platform: str, ident: str, slug: str, name: str) -> str:
    """Make somebody a coordinator; what was done, in words. Raises Refused.

    ``platform`` and ``ident`` are theirs, ``slug`` is the community's address, empty where there is only one.
    """
    ident = _checked(platform, ident)
    meant = _community(session, slug, platform)
    community, title = meant.id, meant.name
    communities.lock(session, community)
    if any(one.external_id == ident and one.platform == platform for one in _named(session, community)):
        return f"{name or ident} is a coordinator of {title} already."
    # A form of the coordinators that is open now shows who they were; kept, it would take this one away again.
    conversations.end_flow(session, community, "setup_coordinators")
    role_grants.grant(session, community, Grant(COORDINATOR, platform, "person", ident, name))
    audit.add(session, community, time.time_ns() // 1_000_000, "", ADDED, COORDINATOR)
    return f"{name or ident} is a coordinator of {title} now. With the word setup in the chat they go on."


def remove(session: Session, platform: str, ident: str, slug: str) -> str:
    """Take the role from somebody who was named; what was done, in words. Raises Refused, for the last one too."""
    ident = _checked(platform, ident)
    meant = _community(session, slug, platform)
    community, title = meant.id, meant.name
    communities.lock(session, community)
    named = _named(session, community)
    theirs = [one for one in named if one.external_id == ident and one.platform == platform]
    if not theirs:
        known = ", ".join(f"{one.name or 'without a name'} ({one.platform} {one.external_id})" for one in named)
        raise Refused(f"{ident} is no coordinator of {title} by name.\nThose who are: {known or 'nobody'}.")
    if role_grants.are_last(role_grants.granted(session, community), COORDINATOR, [f"{platform}:{ident}"]):
        raise Refused(f"{ident} is the last coordinator of {title}.\nName another one first: erbij coordinator add")
    # Somebody in the middle of the setup has the names before them, and would keep this one again.
    conversations.end_naming(session, community, [ident])
    role_grants.take_away(session, community, theirs[0])
    audit.add(session, community, time.time_ns() // 1_000_000, "", REMOVED, COORDINATOR)
    return f"{theirs[0].name or ident} is no coordinator of {title} any more."


def _named(session: Session, community: str) -> list[Grant]:
    held = role_grants.granted(session, community)
    return [one for one in held if one.role == COORDINATOR and one.kind == "person" and not one.gone]


def _checked(platform: str, ident: str) -> str:
    """Somebody's id as it is stored."""
    ident = ident.strip()
    if platform == "discord" and not (ident.isascii() and ident.isdigit() and 17 <= len(ident) <= 20):
        raise Refused(
            f"{ident!r} is no id of a person on Discord: that is a number of 17 to 20 digits.\n"
            'With Discord\'s developer mode on, right-click the person: "Copy User ID".'
        )
    if platform == "teams" and not formats.is_id(ident):
        raise Refused(
            f"{ident!r} is no id of a person in Teams: it looks like {formats.ID_LIKE}.\n"
            'In Microsoft Entra it is the user\'s "Object ID".'
        )
    return ident.lower() if platform == "teams" else ident


def _community(session: Session, slug: str, platform: str) -> CommunityInfo:
    """The community that is meant."""
    known = {one.slug: one for one in communities.every(session) if one.name}
    if not known:
        raise Refused("No community is set up yet: add Erbij to Discord or Teams, and write setup there.")
    if slug and slug not in known:
        raise Refused(f"There is no community with the address {slug}.\nThose that are: {', '.join(known)}.")
    if not slug and len(known) > 1:
        raise Refused(f"There are several communities: name one with --community.\nThose that are: {', '.join(known)}.")
    meant = known[slug] if slug else next(iter(known.values()))
    lives = sorted({one.platform for one in communities.spaces(session, meant.id)} - {accounts.CASE_PAGE})
    if platform not in lives:
        raise Refused(f"{meant.name} is not on {platform}. It is on: {', '.join(lives) or 'no platform'}.")
    return meant
