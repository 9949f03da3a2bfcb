"""The product's door for people of several spaces, to set communities up through."""

from __future__ import annotations

import itertools

from flows.catalogue import catalogue
from flows.engine.turn import take
from flows.seam import (
    Act,
    Buttons,
    Card,
    Command,
    Filled,
    Form,
    Incoming,
    Person,
    Picked,
    Pressed,
    Reply,
    Space,
    Text,
)
from storage import communities, setup
from storage.database import Database
from storage.setup import SetUp

NOW = 1_795_000_000_000
SERVER = Space("discord", "1001")
TENANT = Space("teams", "t1")
TEAM = Space("teams", "t1:team", within="t1")
OTHER_TEAM = Space("teams", "t1:other", within="t1")
ABOUT = {"name": "Lerarenopleiding, jaar 1", "language": "nl", "time_zone": "Europe/Amsterdam", "cases": "chat"}
STUDENTS = {"channel": Picked("c1", "students", open_to_all=True), "role": None, "welcome": "yes"}
MENTORS = {"channel": Picked("c2", "mentors"), "role": None, "people": (Picked("robin", "Robin"), Picked("kim", "Kim"))}
LEADS = {"channel": Picked("c3", "leads"), "role": Picked("r1", "Lead"), "people": None}
_events = itertools.count()


class Doors:
    """The product's door, for people of several spaces."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def give(
        self,
        act: Act,
        who: str = "alex",
        space: Space = SERVER,
        *,
        manages: bool = False,
        added: bool = False,
        roles: frozenset[str] = frozenset(),
        locale: str = "nl",
        event: str = "",
    ) -> Reply:
        person = Person(who, who.title(), roles, manages, added)
        incoming = Incoming(event or f"setup{next(_events)}", space, person, act, locale=locale)
        return self.database.run_now(lambda s: take(s, catalogue(), incoming, NOW)).reply

    def known(self) -> list[tuple[str, str, str, str, str]]:
        return self.database.run_now(communities.every)

    def now(self) -> SetUp:
        [community] = [one[0] for one in self.known() if one[2]]
        return self.database.run_now(lambda s: setup.read(s, community))

    def found(self, who: str = "alex", space: Space = SERVER, **about: str) -> None:
        """Found a community, up to its name."""
        asked = self.give(Command("setup"), who, space, manages=True)
        form = form_of(self.give(Pressed(button(asked, "Een nieuwe community")), who, space))
        self.give(Filled(form.id, ABOUT | about), who, space)

    def group(self, kind: str, values: dict[str, object], who: str = "alex", space: Space = SERVER) -> Reply:
        form = form_of(self.give(Pressed(f"s.setup_group.{kind}"), who, space))
        return self.give(Filled(form.id, values), who, space)  # type: ignore[arg-type]


def form_of(reply: Reply) -> Form:
    [form] = [part for part in reply.parts if isinstance(part, Form)]
    return form


def button(reply: Reply, label: str) -> str:
    [found] = [b.id for part in reply.parts if isinstance(part, Buttons) for b in part.buttons if b.label == label]
    return found


def labels(reply: Reply) -> list[str]:
    return [b.label for part in reply.parts if isinstance(part, Buttons) for b in part.buttons]


def said(reply: Reply) -> str:
    texts = [part.text for part in reply.parts if isinstance(part, Text)]
    rows = [f"{a}: {b}" for part in reply.parts if isinstance(part, Card) for a, b in (("", part.title), *part.rows)]
    return "\n".join(texts + rows)
