"""The product's door for people of several spaces, to set communities up through."""

from __future__ import annotations

from flows.seam import Act, Card, Command, Filled, Person, Picked, Pressed, Reply, Space, Text
from storage import communities, setup
from storage.communities import CommunityInfo
from storage.setup import SetUp
from tests.door import Door, button, form

SERVER = Space("discord", "1001")
TENANT = Space("teams", "t1")
TEAM = Space("teams", "t1:team", within="t1")
OTHER_TEAM = Space("teams", "t1:other", within="t1")
ABOUT = {"name": "Lerarenopleiding, jaar 1", "language": "nl", "time_zone": "Europe/Amsterdam", "cases": "chat"}
STUDENTS = {"channel": Picked("c1", "students", open_to_all=True), "role": None, "welcome": "yes"}
MENTORS = {"channel": Picked("c2", "mentors"), "role": None, "people": (Picked("robin", "Robin"), Picked("kim", "Kim"))}
LEADS = {"channel": Picked("c3", "leads"), "role": Picked("r1", "Lead"), "people": None}


class Doors(Door):
    """The product's door, for people of several spaces."""

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
        return self.take(self.event(space, person, act, event, locale=locale)).reply

    def known(self) -> list[CommunityInfo]:
        return self.database.run_now(communities.every)

    def as_set_up(self) -> SetUp:
        [community] = [one.id for one in self.known() if one.name]
        return self.database.run_now(lambda s: setup.read(s, community))

    def found(self, who: str = "alex", space: Space = SERVER, **about: str) -> None:
        """Found a community, up to its name."""
        begun = self.give(Command("setup"), who, space, manages=True)
        asked = form(self.give(Pressed(button(begun, "Een nieuwe community")), who, space))
        self.give(Filled(asked.id, ABOUT | about), who, space)

    def group(self, kind: str, values: dict[str, object], who: str = "alex", space: Space = SERVER) -> Reply:
        asked = form(self.give(Pressed(f"s.setup_group.{kind}"), who, space))
        return self.give(Filled(asked.id, values), who, space)  # type: ignore[arg-type]


def said(reply: Reply) -> str:
    texts = [part.text for part in reply.parts if isinstance(part, Text)]
    rows = [f"{a}: {b}" for part in reply.parts if isinstance(part, Card) for a, b in (("", part.title), *part.rows)]
    return "\n".join(texts + rows)
