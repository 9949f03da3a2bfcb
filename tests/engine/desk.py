"""A desk to try the engine at: two communities in one database, and a hand that gives events in."""

from __future__ import annotations

import itertools
from functools import partial

from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.engine.turn import finish_work, take
from flows.seam import Act, Card, Form, Incoming, Part, Person, Reply, Space, Text
from storage import check_ins, communities, conversations, members, places
from storage.database import Database
from storage.statement import Session

NOW = 1_795_000_000_000
_events = itertools.count()


class Desk:
    """Two communities in one database, and a hand that gives events in."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.catalogue = catalogue()
        self.one = database.run_now(lambda s: self._found(s, "one"))
        self.two = database.run_now(lambda s: self._found(s, "two"))

    def _found(self, session: Session, slug: str) -> str:
        community = found_community(session, self.catalogue, slug, slug.title(), "en", "Europe/Brussels", NOW)
        communities.add_space(session, community, "web", slug)
        for kind in ("students", "mentors", "leads"):
            places.choose(session, community, kind, "web", slug, f"{slug}-{kind}", kind)
        members.grant(session, community, "mentor", "web", "person", "robin")
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
        incoming = Incoming(
            event or f"e{next(_events)}", Space("web", space), person, act, locale=locale, crowded=crowded
        )
        return self.database.run_now(lambda s: take(s, self.catalogue, incoming, now)).reply

    def whole(self, act: Act, *, who: str | None = "sam") -> Reply:
        """One event with its slow work done."""
        incoming = Incoming(
            f"e{next(_events)}", Space("web", "one"), None if who is None else Person(who, who.title()), act
        )
        turn = self.database.run_now(lambda s: take(s, self.catalogue, incoming, NOW))
        while (work := turn.work) is not None:
            result = work.fn(*work.args)
            turn = self.database.run_now(
                partial(finish_work, catalogue=self.catalogue, work=work, result=result, now=NOW)
            )
        return turn.reply

    def round(self, community: str) -> str:
        return self.database.run_now(lambda s: check_ins.open_round(s, community, NOW, NOW + 10**9))

    def open(self) -> int:
        return self.database.run_now(conversations.count)


def text(reply: Reply) -> str:
    return " ".join(part.text for part in reply.parts if isinstance(part, Text))


def form(reply: Reply) -> Form:
    return next(part for part in reply.parts if isinstance(part, Form))


def last(reply: Reply) -> Part:
    return reply.parts[-1]


def answers(of: Form) -> dict[str, int | None]:
    return {field.name: None if field.name == "remark" else 4 for field in of.fields}


def card(reply: Reply) -> Card:
    return next(part for part in reply.parts if isinstance(part, Card))
