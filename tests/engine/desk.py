"""A desk to try the engine at: two communities in one database, on the web."""

from __future__ import annotations

from flows.engine.timers import found_community
from flows.seam import Act, Form, Person, Reply, Space
from storage import check_ins, communities, conversations, places, role_grants
from storage.database import Database
from storage.statement import Session
from tests.door import NOW, Door


class Desk(Door):
    """Two communities; Robin is a mentor in both."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.one = database.run_now(lambda s: self._found(s, "one"))
        self.two = database.run_now(lambda s: self._found(s, "two"))

    def _found(self, session: Session, slug: str) -> str:
        community = found_community(session, self.catalogue, slug, slug.title(), "en", "Europe/Brussels", NOW)
        communities.add_space(session, community, "web", slug)
        for kind in ("students", "mentors", "leads"):
            places.choose(session, community, places.PlaceSet(kind, "web", slug, f"{slug}-{kind}", kind))
        role_grants.grant(session, community, role_grants.Grant("mentor", "web", "person", "robin"))
        return community

    def give(
        self,
        act: Act,
        *,
        who: str | None = "sam",
        space: str = "one",
        event: str = "",
        now: int = NOW,
        locale: str = "",
        crowded: bool = False,
    ) -> Reply:
        person = None if who is None else Person(who, who.title())
        self.now = now
        return self.take(self.event(Space("web", space), person, act, event, locale=locale, crowded=crowded)).reply

    def round(self, community: str) -> str:
        return self.database.run_now(lambda s: check_ins.open_round(s, community, NOW, NOW + 10**9))

    def open(self) -> int:
        return self.database.run_now(conversations.count)


def answers(of: Form) -> dict[str, int | None]:
    return {field.name: None if field.name == "remark" else 4 for field in of.fields}
