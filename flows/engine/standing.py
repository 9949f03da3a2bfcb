"""How someone stands in their community: when a platform must be asked before an act is taken, and what it said.

In a channel the event itself says who is there and with which roles. In private it does not, and what is stored may be
long past. So before a turn that hangs on it the platform is asked, outside of the turn. Known students are not asked
where no right hangs on a platform's role: a call for each press would be too many, and open nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flows import seam
from flows.engine import arrival, draw
from flows.engine.flow import Catalogue
from flows.engine.sentences import UNANSWERED
from flows.engine.turn import Outcome
from flows.faults import SendError
from flows.words import language_of
from storage import roster
from storage.people import Who
from storage.statement import Session

Told = Mapping[seam.Space, seam.Standing | SendError]
"""What was said of an event's person by the spaces that were asked, or why one said nothing."""


def held_up(catalogue: Catalogue, incoming: seam.Incoming, who: Who | None, told: Told) -> Outcome | None:
    """The turn that writes nothing: it says what to ask first, or that there was no answer. None to go on."""
    space = question(catalogue, incoming, who)
    if space is None:
        return None
    if space not in told:
        return Outcome(seam.Reply(), "asks", asks=space)
    if isinstance(told[space], seam.Standing) or who is None or not needs_answer(catalogue, incoming, who):
        return None
    language = language_for(incoming, who)
    return Outcome(seam.Reply(tuple(draw.pieces([UNANSWERED], language)), language, saved=False), "unanswered")


def answered(incoming: seam.Incoming, who: Who | None, told: Told) -> tuple[seam.Incoming, bool]:
    """The event with what the platform said of its person, and whether that is: no member any more, or never one."""
    person, said = incoming.person, told.get(own_space(incoming.space, who))
    if person is None or person.roles is not None or not isinstance(said, seam.Standing):
        return incoming, False
    added = person.added and said.member
    stands = replace(person, roles=said.roles, manages=said.manages, added=added)
    return replace(incoming, person=stands), not said.member


def question(catalogue: Catalogue, incoming: seam.Incoming, who: Who | None) -> seam.Space | None:
    """The space to be asked about the person of an event; None when nothing hangs on it."""
    person = incoming.person
    if person is None or person.roles is not None:
        return None
    by_role = who is not None and any(kind == "role" for _role, kind, _id in who.grants)
    return own_space(incoming.space, who) if by_role or needs_answer(catalogue, incoming, who) else None


def needs_answer(catalogue: Catalogue, incoming: seam.Incoming, who: Who | None) -> bool:
    """Whether nothing can be done without an answer: for staff, for someone new, and for who wants to set up."""
    if arrival.asks_for_setup(catalogue, incoming.act):
        return True
    return who is not None and incoming.person is not None and (not who.member or is_staff(who, incoming.person))


def is_staff(who: Who, person: seam.Person) -> bool:
    """Whether someone holds something as staff by what is stored: remembered so, or named."""
    held = ((role, kind, external) for role, kind, external in who.grants if role != "student")
    return bool(who.name) or any(kind == "person" and external == person.id for _role, kind, external in held)


def doubted(session: Session, incoming: seam.Incoming, who: Who, now: int) -> bool:
    """Let the community's staff be asked for, when one of them turned out to have left; False for everyone else."""
    if incoming.person is None or not who.community_name or not is_staff(who, incoming.person):
        return False
    roster.want(session, who.community, now)
    return True


def own_space(space: seam.Space, who: Who | None) -> seam.Space:
    """The space of the community itself, for an event that came from a wider one."""
    return space if who is None or who.space == space.id else seam.Space(space.platform, who.space, within=space.id)


def language_for(incoming: seam.Incoming, who: Who) -> str:
    """The language that someone is spoken to in."""
    return who.language or language_of(incoming.locale or who.community_language)
