"""Erbij comes to a space, is set up there, leaves it; and what is said where it does not know anybody's community.

Setting up begins with a community without a name: only who sets it up can do anything in it, nothing recurs in it, and
everyone else hears that Erbij is not set up yet. Who stops in between leaves just that; the next setup goes on in it.
"""

from __future__ import annotations

from typing import assert_never

from flows import seam
from flows.engine.chat import Piece, Start
from flows.engine.flow import COORDINATOR, SETUP, Catalogue
from flows.engine.sentences import CHOOSE_AGAIN, HELLO, NOT_HERE, NOT_SET_UP, SET_UP, WHICH, greeting
from flows.token import Starts, read
from flows.words import language_of
from storage import communities, due, people, places, role_grants, setup
from storage.days import DAY
from storage.ids import new_id
from storage.people import Who
from storage.role_grants import Grant
from storage.statement import Session

ZONES = {
    "nl": "Europe/Amsterdam",
    "nl-be": "Europe/Brussels",
    "fr-be": "Europe/Brussels",
    "de": "Europe/Berlin",
    "de-at": "Europe/Vienna",
    "de-ch": "Europe/Zurich",
    "en-gb": "Europe/London",
    "en-ie": "Europe/Dublin",
}
"""A first guess at the time zone, from someone's language; setup shows it."""
ZONE = "Europe/Brussels"
BEGIN = Start(SETUP, "", SET_UP)
ABANDON = "abandon_setup"
"""The job that forgets a community which nobody gave a name."""
UNNAMED = 30 * DAY
"""How long a setup that was begun waits for a name, in ms."""


def begin(session: Session, catalogue: Catalogue, incoming: seam.Incoming, now: int) -> bool:
    """Make a community without a name for who may set Erbij up and asks for it; False for all else.

    They are named as its coordinator, because not every platform says a second time who may; setup can change that.
    Without a name it is forgotten in the end, and they with it.
    """
    person, space = incoming.person, incoming.space
    if person is None or not may_begin(person) or not asks_for_setup(catalogue, incoming.act):
        return False
    if communities.at(session, space.platform, space.id):
        return False
    language, zone = language_of(incoming.locale), zone_of(incoming.locale)
    community = communities.add_community(session, new_id(), "", language, zone)
    communities.add_space(session, community, space.platform, space.id, space.within)
    role_grants.grant(session, community, Grant(COORDINATOR, space.platform, "person", person.id, person.name))
    wait_for_a_name(session, community, now)
    return True


def zone_of(locale: str) -> str:
    """A first guess at the time zone of someone with a language tag."""
    tag = locale.lower().replace("_", "-")
    return ZONES.get(tag) or ZONES.get(language_of(tag), ZONE)


def wait_for_a_name(session: Session, community: str, now: int) -> None:
    """A community is forgotten, unless it has a name by then. Where that is set already it stays as it is."""
    due.add(session, f"{community}:{ABANDON}", community, ABANDON, "", now + UNNAMED)


def may_begin(person: seam.Person) -> bool:
    """Whether someone may set Erbij up where nobody has yet."""
    return person.manages or person.added


def not_known(session: Session, incoming: seam.Incoming) -> list[Piece]:
    """What someone hears whose community Erbij does not know."""
    space, person = incoming.space, incoming.person
    if people.several(session, space.platform, space.id, person.id if person else ""):
        return [WHICH]
    if person is not None and may_begin(person):
        return [NOT_SET_UP, BEGIN]
    return [NOT_HERE]


def hello(session: Session, who: Who | None) -> list[Piece]:
    """The first words in a space where Erbij was just added, for everyone there; it may have been there before."""
    if who is None or not who.community_name:
        return [HELLO, BEGIN]
    if any(place.space == who.space for place in places.every(session, who.community)):
        return [greeting(who.community_name)]
    return [greeting(who.community_name), CHOOSE_AGAIN, BEGIN]


def leave(session: Session, incoming: seam.Incoming) -> None:
    """Erbij was taken out of a space, or a place is gone.

    A community stays what it is, and finds itself again when Erbij comes back; one without a name is forgotten.
    """
    platform, space = incoming.space.platform, incoming.space.id
    if isinstance(incoming.act, seam.Removed) and incoming.act.place:
        places.forget(session, platform, incoming.act.place)
        return
    places.forget_all(session, platform, space)
    setup.abandon(session, communities.at(session, platform, space))


def asks_for_setup(catalogue: Catalogue, act: seam.Act) -> bool:
    """Whether an act is to set Erbij up."""
    return isinstance(act, seam.Added) or starts(catalogue, act) == SETUP


def starts(catalogue: Catalogue, act: seam.Act) -> str:
    """The flow that an act would start; empty for none."""
    match act:
        case seam.Command(name):
            command = catalogue.words.named(name)
            return "" if command is None else command.flow
        case seam.Pressed(button):
            token = read(button)
            return token.flow if isinstance(token, Starts) else ""
        case seam.Said(text):
            typed = catalogue.words.typed(text)
            return "" if typed is None else typed.flow
        case (
            seam.Opened()
            | seam.Filled()
            | seam.Arrived()
            | seam.Added()
            | seam.Removed()
            | seam.Left()
            | seam.Changed()
        ):
            return ""
        case _:
            assert_never(act)


def makes_known(catalogue: Catalogue, act: seam.Act) -> bool:
    """Whether someone new becomes a member by an act: not by asking what is stored of them, nor by an edit."""
    if isinstance(act, seam.Changed):
        return False
    flow = catalogue.flows.get(starts(catalogue, act))
    return flow is None or flow.makes_known
