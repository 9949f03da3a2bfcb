"""What is missing in a setup, and what should be asked twice. Values in, values out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from flows.engine import Choice
from flows.seam import Picked
from flows.words import Msg, _
from storage.setup import SetUp

KEEP = (Choice("keep", _("Save it"), "primary"),)
"""The one answer to a doubt, beside Back."""
ROLES = {"students": "student", "mentors": "mentor", "leads": "lead"}
"""Each purpose of a channel, and the role of who works there."""
STAFF_ONLY = {
    "mentors": _("Everyone here can read {channel}, students too. Cases are announced there."),
    "leads": _("Everyone here can read {channel}, students too. Summaries are posted there."),
}
"""Purposes whose channel holds what students should not read."""
NO_PLACE = {
    "students": _("The students have no channel yet: no check-in can be posted."),
    "mentors": _("The mentors have no channel yet: nobody hears that a case has come in."),
    "leads": _("The team leads have no channel yet."),
}
NOBODY = {
    "mentor": _("Nobody is a mentor yet: a case would wait unread."),
    "lead": _("Nobody is a team lead yet."),
    "coordinator": _("Nobody is a coordinator: nobody could change this setup."),
}


def missing(now: SetUp) -> dict[str, Msg]:
    """What is not set yet, in order, with what that means: a purpose without a channel, a role without anybody."""
    places, held = {place.kind for place in now.places}, {grant.role for grant in now.grants if not grant.gone}
    gaps: dict[str, Msg] = {}
    for kind, role in [*ROLES.items(), ("", "coordinator")]:
        if kind and kind not in places:
            gaps[kind] = NO_PLACE[kind]
        if role in NOBODY and role not in held:
            gaps[role] = NOBODY[role]
    return gaps


def next_step(now: SetUp) -> str:
    """The purpose to set next; empty when each has its channel and its people."""
    gaps = missing(now)
    return next((kind for kind, role in ROLES.items() if kind in gaps or role in gaps), "")


def place_doubts(kind: str, chosen: Picked, now: SetUp, platform: str) -> Iterator[Msg]:
    """Why a channel may be the wrong one for a purpose; what was kept before in spite of it is not asked again."""
    if not chosen.can_post:
        yield _(
            "I cannot write in {channel} yet. Please give me the right to see that channel and to send "
            "messages in it. You find that in the channel’s permissions.",
            channel=chosen.name,
        )
    channels = {place.kind: place.external_id for place in now.places if place.platform == platform}
    if channels.get(kind) == chosen.id:
        return
    if chosen.open_to_all and kind in STAFF_ONLY:
        yield _(STAFF_ONLY[kind].text, channel=chosen.name)
    if chosen.id in channels.values():
        yield _("{channel} is the channel for another group already.", channel=chosen.name)


def role_doubts(role: str, chosen: Picked | None, people: int) -> Iterator[Msg]:
    """Why a role's holders may be the wrong ones."""
    if chosen is not None and chosen.open_to_all:
        yield _("Everyone has the role {role}, so it says nothing about anybody. I leave it out.", role=chosen.name)
        chosen = None
    if chosen is None and not people and role in NOBODY:
        yield NOBODY[role]


def slug_of(name: str) -> str:
    """A community's name as it stands in the address of its case page: small letters, digits and hyphens."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "community"


def free_slug(name: str, taken: Iterable[str]) -> str:
    """The same, with a number behind it when another community has it."""
    wanted, known = slug_of(name), set(taken)
    numbered = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(known) + 2))
    return next(slug for slug in numbered if slug not in known)
