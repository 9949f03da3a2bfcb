"""Record a database as today's program leaves it, with rows in every table: for the day when its tables change.

Run it when a version is released (``uv run python -m tests.data.record``); recorded databases are never written again.
What it makes is named by the version of its tables: ``0011.sqlite3.gz``, and beside it in ``0011.json`` what people of
then still have in hand: six words, a code, the buttons and forms of messages that stand in their chats.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from flows.engine.timers import fail_due
from flows.seam import Command, Filled, Person, Pressed, Reply, Space
from flows.staff.left import settle
from flows.staff.rules import Leaving
from storage import check_ins, communities, delivery, due, migrate, places, roster
from storage.database import Database
from storage.days import DAY
from storage.keys import Masters
from storage.statement import Session
from tests.data import HERE, KEY
from tests.door import HOUR, MINUTE, SIX, button, card, form
from tests.scenarios.town import Town

STUDENTS = ("sam", "noor", "lena", "finn", "amal", "jonas", "mila", "yara")
NOTHING = dict.fromkeys(SIX)
HIGH = dict.fromkeys(check_ins.STATEMENTS, 4)


class Lived:
    """What happens before the database is put away: three weeks of two communities, and one that is being set up."""

    def __init__(self, database: Database) -> None:
        self.town = Town(database)
        self.hand: dict[str, Any] = {}
        """What people have in hand, by name."""
        database.run_now(self._furnish)

    def _furnish(self, session: Session) -> None:
        for kind in ("students", "leads"):
            places.choose(session, self.town.one, places.PlaceSet(kind, "discord", "one-discord", f"one-{kind}", kind))
        communities.add_space(session, self.town.one, "page", "one")

    def live(self) -> None:
        """All of it, in order."""
        town = self.town
        town.link("sam on discord", "sam on teams")
        self.week(STUDENTS[:6])  # enough to be opened: counted
        self.week(STUDENTS[:2])  # too few: they wait, sealed
        self.cases()
        self.pass_to(self.next_round() + MINUTE)
        this = self.running()
        for who in STUDENTS[5:7]:
            town.answer_check_in(f"{who} on discord", this)
        town.forget("mila on discord")  # who voted in a round that runs
        self.send()
        self.in_the_middle(this)
        self.set_up()
        self.staff_leaves()

    # ------------------------------------------------------------ time

    def pass_to(self, until: int) -> None:
        """Time passes, with everything that is due on the way at its own moment."""
        while (at := self.town.database.run_now(due.next_at)) is not None and at <= until:
            self.town.now = max(self.town.now, at)
            self.town.run_waiting()
        self.town.now = until

    def next_round(self) -> int:
        at = self.town.database.run_now(lambda s: due.when(s, f"{self.town.one}:open_check_in"))
        assert at is not None
        return at

    def running(self) -> str:
        found = self.town.database.run_now(lambda s: check_ins.rounds(s, self.town.one))
        [this] = [one.id for one in found if not one.pool]
        return this

    def week(self, who: tuple[str, ...]) -> None:
        """A round, from its post until it is closed."""
        self.pass_to(self.next_round() + MINUTE)
        this = self.running()
        for number, one in enumerate(who):
            asked = self.town.give(f"{one} on discord", Pressed(f"s.check_in.{this}"))
            shown = self.town.fill(
                f"{one} on discord", asked, HIGH | {"remark": f"A remark {number}" if number % 2 else None}
            )
            self.town.press(f"{one} on discord", shown, "Send")
        self.pass_to(self.town.now + 5 * DAY)

    def staff_leaves(self) -> None:
        """Pat has, and is named in a timer; of community two nobody knows yet; and a timer has failed once."""
        town = self.town
        there = Leaving("", "Pat", ("discord:pat-discord-7301",), False, False, (town.member("alex on discord"),))
        town.database.run_now(lambda s: settle(s, town.one, there, town.now, town.now + HOUR))
        town.run("ask_for_staff")
        town.database.run_now(lambda s: roster.doubt(s, town.one, "teams"))
        first = town.database.run_now(due.next_at)
        town.database.run_now(lambda s: fail_due(s, first))

    def send(self) -> None:
        """What waits is delivered, but what cannot be."""
        self.town.bury("sam on discord")

        def deliver(session: Session) -> None:
            now = self.town.now
            for platform in ("discord", "teams"):
                while found := delivery.claim(session, platform, now, now + MINUTE, 50):
                    for one in found:
                        if one.fleeting:
                            delivery.forget(session, one.id)
                        else:
                            delivery.sent(session, one.id, f"message{one.id}", keep=not one.private)

        self.town.database.run_now(deliver)

    # ------------------------------------------------------------ cases

    def cases(self) -> None:
        """One in each state, each told by another student: ``hand`` has their six words."""
        town, words = self.town, {}
        self.hand["words"] = words
        for who, state in zip(STUDENTS, ("answered", "taken", "closed", "erased"), strict=False):
            words[state] = town.tell(f"{who} on discord", f"A story that is {state}", "Also a message here")
            self.release()
            [case] = [one for one in town.open_cases() if one not in self.hand.get("cases", {}).values()]
            self.hand.setdefault("cases", {})[state] = case
            if state != "erased":
                town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
        for state in ("answered", "closed"):
            asked = town.give("robin on discord", Pressed(f"s.answer_case.{self.hand['cases'][state]}"))
            town.fill("robin on discord", asked, {"text": "Good that you tell this. How was it for you?"})
        asked = town.give("kim on discord", Pressed(f"s.note_case.{self.hand['cases']['answered']}"))
        town.fill("kim on discord", asked, {"text": "A note for who reads on"})
        sure = town.give("robin on discord", Pressed(f"s.close_case.{self.hand['cases']['closed']}"))
        town.press("robin on discord", sure, "Yes")
        town.press(
            "finn on discord", town.press("finn on discord", self.read("finn", "erased"), "Take back and erase"), "Yes"
        )
        self.release()

    def read(self, who: str, state: str) -> Reply:
        """A student reads their case with the six words."""
        return self.town.fill(
            f"{who} on discord", self.town.ask(f"{who} on discord", "answer"), {"words": self.hand["words"][state]}
        )

    def release(self) -> None:
        self.pass_to(self.town.now + DAY)

    # ------------------------------------------------------------ where people are when it is put away

    def in_the_middle(self, this: str) -> None:
        """Letters that wait, and conversations that somebody is in the middle of."""
        town, words = self.town, self.hand["words"]
        words["letter"] = town.tell("amal on discord", "A story that waits as a letter", "Only my six words")
        more = town.press("noor on discord", self.read("noor", "taken"), "Write more")
        town.fill("noor on discord", more, {"text": "More that waits as a letter"})
        sealed = self.read("sam", "answered")
        assert "A mentor answered you." in str(sealed.parts)
        asked = town.ask("jonas on discord", "tell")
        shown = town.fill("jonas on discord", asked, NOTHING | {"issue": "A story that is not sent"})
        self.hand["send a story"] = button(shown, "Give it to the mentors")
        asked = town.give("yara on discord", Pressed(f"s.check_in.{this}"))
        self.hand["check-in form"] = form(asked).id
        asked = town.give("robin on discord", Pressed(f"s.answer_case.{self.hand['cases']['taken']}"))
        self.hand["answer form"] = form(asked).id
        answer = town.give("robin on discord", Pressed(f"s.answer_case.{self.hand['cases']['answered']}"))
        town.fill("robin on discord", answer, {"text": "One more answer"})
        town.now += 2 * MINUTE
        town.run("tell_of_answers")  # of which nothing is kept once it is sent
        self.hand["code"] = card(
            town.press("lena on discord", town.ask("lena on discord", "link"), "Show me a code")
        ).rows[0][1]
        entered = town.press("amal on teams", town.ask("amal on teams", "link"), "I have a code")
        town.fill("amal on teams", entered, {"code": "AAAA-AAAA"})
        page = town.take(town.event(Space("page", "one"), None, Command("tell"))).reply
        told = Filled(form(page).id, NOTHING | {"issue": "Told on the page"})
        shown = town.take(town.event(Space("page", "one"), None, told)).reply
        self.hand["send from the page"] = button(shown, "Give it to the mentors")

    def set_up(self) -> None:
        """A community that has been changed, and one that is being set up."""
        town = self.town
        asked = town.give("alex on discord", Pressed("s.setup_about."))
        about = {"name": "Teacher education", "language": "en", "time_zone": "Europe/Amsterdam", "cases": "chat"}
        town.fill("alex on discord", asked, about)
        code = town.give("alex on discord", Pressed("s.setup_code."))
        self.hand["code for another platform"] = card(code).rows[0][1]
        who = Person("ann-discord-7301", "Ann", manages=True)
        begun = town.take(town.event(Space("discord", "three-discord"), who, Command("setup"))).reply
        self.hand["new community"] = button(begun, "A new community")


def record() -> None:
    """Live, and put the database away."""
    version = migrate.newest()
    path, put = Path(mkdtemp()) / "erbij.sqlite3", HERE / f"{version}.sqlite3.gz"
    if put.exists():
        sys.exit(f"{put} was recorded before, and stays as it is")
    url = f"sqlite:///{path}"
    migrate.upgrade(url)
    database = Database(url, Masters(KEY), path.with_suffix(".ledger"))
    database.open()
    lived = Lived(database)
    lived.live()
    database.close()
    with closing(sqlite3.connect(path)) as lite:
        lite.execute("vacuum")
        lite.execute("pragma wal_checkpoint(truncate)")
    put.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    (HERE / f"{version}.ledger").write_text(path.with_suffix(".ledger").read_text())
    commit = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True, cwd=HERE).stdout
    town = lived.town
    told = {
        "version": version,
        "commit": commit.strip(),
        "now": town.now,
        "one": town.one,
        "two": town.two,
        **lived.hand,
    }
    put.with_name(f"{version}.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    record()
