"""What is missing in a setup, and what should be asked twice. Values in, values out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from flows.engine import Catalogue, Choice, Purpose, Role
from flows.seam import Picked
from flows.words import Msg, _
from storage.setup import SetUp

KEEP = (Choice("keep", _("Save it"), "primary"),)
"""The one answer to a doubt, beside Back."""


def missing(now: SetUp, catalogue: Catalogue) -> dict[str, Msg]:
    """What is not set yet, in order, with what that means: a purpose without a channel, a role without anybody."""
    places, held = {place.kind for place in now.places}, {grant.role for grant in now.grants if not grant.gone}
    wanted = wanted_here(now, catalogue)
    gaps: dict[str, Msg] = {}
    for purpose in wanted:
        role = catalogue.roles[purpose.role]
        if purpose.kind not in places:
            gaps[purpose.kind] = purpose.missing
        if role.nobody is not None and role.name not in held:
            gaps[role.name] = role.nobody
    for role in catalogue.roles.values():
        if role.needed and role.nobody is not None and role.name not in held:
            gaps[role.name] = role.nobody
    return gaps


def wanted_here(now: SetUp, catalogue: Catalogue) -> list[Purpose]:
    """The purposes that this community is asked a channel for."""
    return [one for one in catalogue.purposes.values() if one.is_wanted(now.chosen)]


def next_step(now: SetUp, catalogue: Catalogue) -> str:
    """The purpose to set next; empty when each has its channel and its people."""
    gaps = missing(now, catalogue)
    return next((one.kind for one in wanted_here(now, catalogue) if one.kind in gaps or one.role in gaps), "")


def place_doubts(purpose: Purpose, chosen: Picked, now: SetUp, platform: str) -> Iterator[Msg]:
    """Why a channel may be the wrong one for a purpose; what was kept before in spite of it is not asked again."""
    if not chosen.can_post:
        yield _(
            "I cannot write in {channel} yet. Please give me the right to see that channel and to send "
            "messages in it. You find that in the channel’s permissions.",
            channel=chosen.name,
        )
    channels = {place.kind: place.external_id for place in now.places if place.platform == platform}
    if channels.get(purpose.kind) == chosen.id:
        return
    if chosen.open_to_all and purpose.staff_only is not None:
        yield _(purpose.staff_only.text, channel=chosen.name)
    if chosen.id in channels.values():
        yield _("{channel} is the channel for another group already.", channel=chosen.name)


def role_doubts(role: Role, chosen: Picked | None, people: int) -> Iterator[Msg]:
    """Why a role's holders may be the wrong ones."""
    if chosen is not None and chosen.open_to_all:
        yield _("Everyone has the role {role}, so it says nothing about anybody. I leave it out.", role=chosen.name)
        chosen = None
    if chosen is None and not people and role.nobody is not None:
        yield role.nobody


def slug_of(name: str) -> str:
    """A community's name as it stands in the address of its case page: small letters, digits and hyphens."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "community"


def free_slug(name: str, taken: Iterable[str]) -> str:
    """The same, with a number behind it when another community has it."""
    wanted, known = slug_of(name), set(taken)
    numbered = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(known) + 2))
    return next(slug for slug in numbered if slug not in known)
