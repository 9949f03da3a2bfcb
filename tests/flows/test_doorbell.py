"""With the doorbell on, nothing about a case is asked in the chat, and the page takes it all."""

from __future__ import annotations

import pytest

from flows.engine.timers import found_community
from flows.seam import Act, Card, Command, Filled, Form, Person, Reply, Space, Text
from storage import communities, conversations, settings
from storage.database import Database
from storage.statement import Session
from tests.door import NOW, Door, text

SITE = "https://erbij.example.org/"
PAGE = "https://erbij.example.org/c/one"


class Home(Door):
    """A community that can be reached in a chat and on its page."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.community = database.run_now(self._found)

    def _found(self, session: Session) -> str:
        community = found_community(session, self.catalogue, "one", "One", "en", "Europe/Brussels", NOW)
        for platform in ("discord", "page"):
            communities.add_space(session, community, platform, "one")
        return community

    def bell(self, *, on: bool) -> None:
        self.database.run_now(lambda s: settings.choose(s, self.community, "cases.where", "page" if on else "chat"))

    def give(self, act: Act, *, platform: str = "discord", site: str = SITE) -> Reply:
        self.site = site
        person = Person("sam") if platform == "discord" else None
        return self.take(self.event(Space(platform, "one"), person, act)).reply


@pytest.fixture
def door(database: Database) -> Home:
    return Home(database)


@pytest.mark.parametrize("command", ["tell", "answer"])
def test_the_chat_hands_out_the_address_and_asks_nothing(door: Home, command: str) -> None:
    door.bell(on=True)
    reply = door.give(Command(command))
    assert PAGE in text(reply)
    assert not [part for part in reply.parts if not (isinstance(part, Text) or (isinstance(part, Card) and part.aside))]
    assert door.database.run_now(conversations.count) == 0


@pytest.mark.parametrize("command", ["tell", "answer"])
def test_the_page_itself_goes_on_as_always(door: Home, command: str) -> None:
    door.bell(on=True)
    reply = door.give(Command(command), platform="page")
    assert isinstance(reply.parts[-1], Form)
    assert PAGE not in text(reply)


def test_without_an_address_the_chat_still_asks_nothing(door: Home) -> None:
    door.bell(on=True)
    reply = door.give(Command("tell"), site="")
    assert "coordinator" in text(reply)
    assert not [part for part in reply.parts if not (isinstance(part, Text) or (isinstance(part, Card) and part.aside))]


def test_who_was_in_the_middle_when_it_was_switched_on_is_sent_to_the_page(door: Home) -> None:
    asked = door.give(Command("tell")).parts[-1]
    assert isinstance(asked, Form)
    door.bell(on=True)
    reply = door.give(Filled(asked.id, {"issue": "Nobody wanted me in their group."}))
    assert PAGE in text(reply)
    assert "Nobody" not in text(reply)
    assert door.database.run_now(conversations.count) == 0


def test_off_the_page_is_named_as_another_way(door: Home) -> None:
    door.bell(on=True)
    door.bell(on=False)
    reply = door.give(Command("tell"))
    assert PAGE in text(reply)
    assert isinstance(reply.parts[-1], Form)
    assert "page" not in text(door.give(Command("cancel"))) + text(door.give(Command("tell"), site=""))


def test_each_community_for_itself(door: Home) -> None:
    other = door.database.run_now(lambda s: communities.add_community(s, "two", "Two", "en", "Europe/Brussels"))
    door.database.run_now(lambda s: settings.choose(s, other, "cases.where", "page"))
    assert isinstance(door.give(Command("tell")).parts[-1], Form)
