"""A community as setup shows and changes it: who it is, where it lives, its channels, who holds which role."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from storage import audit, communities, conversations, due, members, places, role_grants, roster, settings
from storage.places import PlaceSet
from storage.role_grants import Grant
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class SetUp:
    """All that is set."""

    name: str
    slug: str
    language: str
    time_zone: str
    places: tuple[PlaceSet, ...]
    grants: tuple[Grant, ...]
    left: tuple[tuple[str, int], ...] = ()
    """(role, when in ms) of who lost it, having left or a platform's role no more, since something was last set."""
    chosen: dict[str, Any] = field(default_factory=dict)
    """What was chosen for a setting, by its key."""


def read(session: Session, community: str) -> SetUp:
    """What is set in a community now."""
    about = communities.about(session, community)
    since = takewhile(lambda act: act.what != "set up", audit.listing(session, community))
    left = tuple((role, act.at) for act in since if act.what == audit.LEFT for role in act.subject.split(", "))
    return SetUp(
        name=about.name,
        slug=about.slug,
        language=about.language,
        time_zone=about.time_zone,
        places=tuple(places.every(session, community)),
        grants=tuple(role_grants.granted(session, community)),
        left=left,
        chosen=settings.chosen(session, community),
    )


def abandon(session: Session, community: str) -> bool:
    """Forget a community without a name, with whoever began to set it up; False for every other."""
    known = communities.by_id(session, community)
    if known is None or known.name:
        return False
    conversations.end_all(session, community)
    due.forget_all(session, community)
    members.drop_all(session, community)
    role_grants.drop_all(session, community)
    roster.forget(session, community)
    settings.forget_all(session, community)
    communities.drop(session, community)
    return True
