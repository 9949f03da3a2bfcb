"""Two communities on two platforms, at the product's own door: people who tell, answer, link, and care for cases."""

from __future__ import annotations

import itertools
from typing import Any

from flows.engine import wire
from flows.engine.timers import found_community
from flows.seam import Act, Command, Filled, Form, Incoming, Person, Pressed, Reply, Said, Space
from storage import cases, check_ins, communities, delivery, due, people, places, role_grants
from storage.database import Database
from storage.days import DAY
from storage.statement import Session
from tests.door import NOW, SIX, Door, button, card, form, text
from tests.due import run_due
from tests.raw import rows


class Town(Door):
    """Communities ``one`` and ``two``, both in Discord and in Teams. ``who`` is ``sam on discord``."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._jobs = itertools.count()
        self.one, self.two = (database.run_now(lambda s, slug=slug: self._found(s, slug)) for slug in ("one", "two"))

    def _found(self, session: Session, slug: str) -> str:
        here = found_community(session, self.catalogue, slug, slug.title(), "en", "Europe/Brussels", NOW)
        for platform in ("discord", "teams"):
            communities.add_space(session, here, platform, f"{slug}-{platform}")
        places.choose(
            session, here, places.PlaceSet("mentors", "discord", f"{slug}-discord", f"{slug}-mentors", "mentors")
        )
        for role, who in (("mentor", "robin"), ("mentor", "kim"), ("coordinator", "alex"), ("coordinator", "pat")):
            role_grants.grant(
                session, here, role_grants.Grant(role, "discord", "person", ident(f"{who} on discord"), name(who))
            )
        return here

    # ------------------------------------------------------------ what people do

    def give(self, who: str, act: Act, *, event: str = "", slug: str = "one") -> Reply:
        return self.take(self.incoming(who, act, event=event, slug=slug)).reply

    def incoming(self, who: str, act: Act, *, event: str = "", slug: str = "one") -> Incoming:
        platform = who.rsplit(maxsplit=1)[-1]
        person = Person(ident(who), name(who.split(maxsplit=1)[0]))
        return self.event(Space(platform, f"{slug}-{platform}"), person, act, event, address=f"address of {ident(who)}")

    def ask(self, who: str, word: str, **more: str) -> Reply:
        return self.give(who, Command(word), **more)

    def press(self, who: str, reply: Reply, label: str, **more: str) -> Reply:
        return self.give(who, Pressed(button(reply, label)), **more)

    def fill(self, who: str, reply: Reply, values: dict[str, Any], **more: str) -> Reply:
        return self.give(who, Filled(form(reply).id, values), **more)

    def link(self, one: str, other: str) -> None:
        code = card(self.press(one, self.ask(one, "link"), "Show me a code")).rows[0][1]
        entered = self.fill(other, self.press(other, self.ask(other, "link"), "I have a code"), {"code": code})
        assert "are linked now" in text(entered)
        self.press(other, entered, "Microsoft Teams (here)")

    def tell(self, who: str, story: str, choice: str) -> str:
        """Tell a case; the six words."""
        shown = self.fill(who, self.ask(who, "tell"), dict.fromkeys(SIX) | {"issue": story})
        kept = self.press(who, shown, "Give it to the mentors")
        words = card(kept).rows[0][1]
        self.press(who, self.press(who, kept, "Yes, I have kept them"), choice)
        return words

    def answer_check_in(self, who: str, round_id: str) -> Reply:
        asked = self.give(who, Pressed(f"s.check_in.{round_id}"))
        if not any(isinstance(part, Form) for part in asked.parts):
            return asked
        shown = self.fill(who, asked, dict.fromkeys(check_ins.STATEMENTS, 4) | {"remark": None})
        return self.press(who, shown, "Send")

    def forget(self, who: str, **more: str) -> Reply:
        return self.press(who, self.give(who, Said("forget me")), "Forget me", **more)

    # ------------------------------------------------------------ what happens meanwhile

    def open_round(self) -> str:
        return self.database.run_now(lambda s: check_ins.open_round(s, self.one, NOW - DAY, NOW + DAY))

    def run(self, job: str, argument: str = "") -> None:
        """Let a job run now, and nothing else."""

        def once(session: Session) -> None:
            due.add(session, f"now{next(self._jobs)}", self.one, job, argument, 0)
            ran = run_due(session, self.catalogue, self.now)
            assert ran is not None
            assert ran.job == job

        self.database.run_now(once)

    def run_waiting(self) -> list[str]:
        """Let the jobs run that are due now; their names."""
        ran = []
        while (one := self.database.run_now(lambda s: run_due(s, self.catalogue, self.now))) is not None:
            ran.append(one.job)
        return ran

    def open_cases(self) -> list[str]:
        return [line.id for line in self.database.run_now(lambda s: cases.listing(s, self.one))]

    def member(self, who: str, slug: str = "one") -> str:
        platform = who.rsplit(maxsplit=1)[-1]
        known = self.database.run_now(lambda s: people.who(s, platform, f"{slug}-{platform}", ident(who)))
        return "" if known is None else known.member

    def bury(self, whom: str) -> None:
        """All that waits for somebody cannot be delivered."""

        def give_up(session: Session) -> None:
            for row in session._execute(
                f"select id from outbox where lane = '{ident(whom)}' and state = 'waiting'", {}
            ).fetchall():
                delivery.bury(session, row[0], "Blocked")

        self.database.run_now(give_up)

    def posted(self) -> list[str]:
        """What waits for the mentors' channel."""

        def read(session: Session) -> list[str]:
            waiting = [row for row in rows(session, "outbox") if not row["private"] and row["state"] == "waiting"]
            opened = (session.keys.open("outbox", row["key"], bytes(row["payload"])) for row in waiting)
            return [text(Reply(wire.unpack(payload)[0])) for payload in opened]

        return self.database.run_now(read)


def ident(who: str) -> str:
    """A platform's id, found nowhere by chance: ``sam on discord`` is ``sam-discord-7301``."""
    person, _on, platform = who.split()
    return f"{person}-{platform}-7301"


def name(person: str) -> str:
    return f"{person.title()} Vanderslagmolen"
