"""The product's own door, for every test that gives events in and reads what is replied.

A :class:`Door` takes an event as the runtime does, without a loop and at a time that stands still: what is asked of a
platform is answered from ``stands``, slow work is done. Who lives behind it is said by the class that is made of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from flows.catalogue import catalogue
from flows.engine.take import finish_work, take
from flows.engine.turn import Outcome
from flows.faults import SendError
from flows.seam import Act, Button, Buttons, Card, Form, Incoming, Part, Person, Reply, Space, Standing, Text
from storage.database import Database

NOW = 1_795_000_000_000
MINUTE, HOUR = 60_000, 3_600_000
SIX = ("issue", "involved", "teacher", "student", "others", "belonging")
"""The questions of a case."""
_events = itertools.count()


class Door:
    """Events go in, one after the other; replies come out."""

    site = ""
    """Where Erbij's pages are."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.catalogue = catalogue()
        self.now = NOW
        self.stands: dict[str, Standing | SendError] = {}
        """What a platform says of people; of all others that they are there."""
        self.asked: list[tuple[Space, str]] = []
        """Where it was asked for whom."""

    def event(self, space: Space, person: Person | None, act: Act, event: str = "", **more: Any) -> Incoming:
        """An event, under a name of its own unless it is given one."""
        return Incoming(event or f"e{next(_events)}", space, person, act, **more)

    def once(self, incoming: Incoming, told: dict[Space, Standing | SendError] | None = None) -> Outcome:
        """One transaction of it; slow work, and what must be asked, is left open."""
        return self.database.run_now(lambda s: take(s, self.catalogue, incoming, self.now, self.site, told or {}))

    def finish(self, turn: Outcome, slowly: Callable[..., Any] | None = None) -> Outcome:
        """Its slow work, and the transaction after it. ``slowly``: what is done in its place."""
        assert turn.work is not None
        done = partial(finish_work, catalogue=self.catalogue, work=turn.work, now=self.now)
        result = (slowly or turn.work.fn)(*turn.work.args)
        return self.database.run_now(lambda s: done(s, result=result))

    def take(self, incoming: Incoming) -> Outcome:
        """All of it."""
        told: dict[Space, Standing | SendError] = {}
        turn = self.once(incoming)
        while turn.asks is not None and incoming.person is not None:
            self.asked.append((turn.asks, incoming.person.id))
            told[turn.asks] = self.stands.get(incoming.person.id, Standing(member=True))
            turn = self.once(incoming, told)
        while turn.work is not None:
            turn = self.finish(turn)
        return turn


def text(reply: Reply) -> str:
    """All that is said."""
    return " ".join(part.text for part in reply.parts if isinstance(part, Text))


def form(reply: Reply) -> Form:
    """The form that is asked."""
    return next(part for part in reply.parts if isinstance(part, Form))


def card(reply: Reply) -> Card:
    """The first card."""
    return next(part for part in reply.parts if isinstance(part, Card))


def buttons(reply: Reply) -> list[Button]:
    """Every button below the texts."""
    return [one for part in reply.parts if isinstance(part, Buttons) for one in part.buttons]


def labels(reply: Reply) -> list[str]:
    """What stands on them."""
    return [one.label for one in buttons(reply)]


def button(reply: Reply, label: str) -> str:
    """The id of the button that says this."""
    return next(one.id for one in buttons(reply) if one.label == label)


def last(reply: Reply) -> Part:
    """What stands at the end."""
    return reply.parts[-1]
