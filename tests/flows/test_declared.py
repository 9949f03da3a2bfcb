"""A capability with a purpose, a role and a setting of its own stands everywhere, and no other file knows of it."""

from __future__ import annotations

import pytest

import flows
import flows.catalogue
from bot import tryout
from flows.engine import Capability, Catalogue, Chat, Command, Purpose, Role, Section, Setting, flow, options
from flows.engine.flow import FlowFault
from flows.seam import Card, Filled, Form, Picked, Pressed, Reply
from flows.words import Msg
from storage import communities, places, role_grants, settings
from storage.database import Database
from tests.scenarios.town import NOW, Town, card, form, ident, text
from tests.scenarios.town import button as pressed

ALEX, GUIDE, SAM = "alex on discord", "gus on discord", "sam on discord"
# Plain messages: what only a test says needs no translation.
SIZE = Setting(
    "walks.size", "8", options(Msg("How many walk together?"), [(str(n), Msg(f"{n} people")) for n in (4, 8)])
)
WALKS = Section("walks", Msg("Campus walks"), (SIZE,), who=frozenset({"guide", "coordinator"}))
LEADING = Role(
    "guide",
    Msg("guide"),
    Msg("the guides"),
    Msg("Guides"),
    which=Msg("Which role do guides have?"),
    who=Msg("Who are the guides?"),
    nobody=Msg("Nobody is a guide yet."),
    tryout=("Wout",),
)
CHANNEL = Purpose(
    "walks",
    "guide",
    Msg("Guides"),
    Msg("Which channel do guides read?"),
    Msg("Walks are announced there."),
    Msg("The guides have no channel yet."),
)


@flow("walk", who=("guide",))
async def walk(chat: Chat) -> None:
    """Only guides do this."""
    chat.say(Msg("We walk with {n}.", {"n": chat.setting(SIZE)}))


CAPABILITY = Capability(
    "walks",
    flows=(walk,),
    commands=(Command(word=Msg("walk"), about=Msg("begin a walk"), button=Msg("Begin a walk"), flow="walk"),),
    settings=(WALKS,),
    roles=(LEADING,),
    purposes=(CHANNEL,),
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Everything Erbij can do, and the walks."""
    made = Catalogue([*flows.catalogue.capabilities(), CAPABILITY])
    monkeypatch.setattr(flows.catalogue, "catalogue", lambda: made)
    monkeypatch.setattr("tests.door.catalogue", lambda: made)
    return made


@pytest.fixture
def town(database: Database, known: Catalogue) -> Town:
    assert "walks" in known.sections
    return Town(database)


def test_setup_asks_for_its_channel_and_its_people(town: Town) -> None:
    menu = town.give(ALEX, Pressed("s.setup."))
    assert ("Guides", "no channel yet · nobody yet") in card(menu).rows
    asked = town.press(ALEX, menu, "Guides")
    assert [one.name for one in form(asked).fields] == ["channel", "role", "people"]
    people = (Picked(ident(GUIDE), "Gus"),)
    town.give(ALEX, Filled(form(asked).id, {"channel": Picked("w1", "walks"), "role": None, "people": people}))
    assert town.database.run_now(lambda s: [one.external_id for one in places.of_kind(s, town.one, "walks")]) == ["w1"]
    assert ("guide", ident(GUIDE)) in {
        (one.role, one.external_id) for one in town.database.run_now(lambda s: role_grants.granted(s, town.one))
    }


def test_help_and_what_is_stored_know_the_role(town: Town) -> None:
    assert "This is for the guides of this community" in text(town.ask(SAM, "walk"))
    town.database.run_now(
        lambda s: role_grants.grant(s, town.one, role_grants.Grant("guide", "discord", "person", ident(GUIDE), "Gus"))
    )
    assert pressed(town.ask(GUIDE, "help"), "Begin a walk") == "s.walk."
    rows = dict(card(town.give(GUIDE, Pressed("s.my_data."))).rows)
    assert rows["Roles you have by name"] == "guide"


def test_who_may_change_its_setting_does_and_nobody_else(town: Town) -> None:
    town.database.run_now(
        lambda s: role_grants.grant(s, town.one, role_grants.Grant("guide", "discord", "person", ident(GUIDE), "Gus"))
    )
    asked = town.press(GUIDE, town.ask(GUIDE, "help"), "Campus walks")
    assert [one.draft for one in form(asked).fields] == ["8"]
    assert "Saved." in text(town.fill(GUIDE, asked, {"size": "4"}))
    assert "We walk with 4." in text(town.ask(GUIDE, "walk"))
    assert town.database.run_now(lambda s: settings.chosen(s, town.one)) == {"walks.size": "4"}
    for section in ("reminders", ""):
        assert _opens_nothing(town.give(GUIDE, Pressed(f"s.setup_settings.{section}")))
    assert _opens_nothing(town.give(SAM, Pressed("s.setup_settings.walks")))
    assert ("Campus walks", "4 people") in card(town.give(ALEX, Pressed("s.setup_settings."))).rows


def test_a_role_that_is_lost_while_the_form_is_open(town: Town) -> None:
    town.database.run_now(
        lambda s: role_grants.grant(s, town.one, role_grants.Grant("guide", "discord", "person", ident(GUIDE), "Gus"))
    )
    asked = town.give(GUIDE, Pressed("s.setup_settings.walks"))
    town.database.run_now(lambda s: role_grants.revoke(s, town.one, "guide", "discord"))
    town.fill(GUIDE, asked, {"size": "4"})
    assert town.database.run_now(lambda s: settings.chosen(s, town.one)) == {}


def test_the_try_out_has_its_channel_and_its_people(sqlite: Database, known: Catalogue) -> None:
    assert ("walks", "walks", frozenset({"guide"})) in tryout.places_in(known)
    [wout] = [one for one in tryout.accounts_in(known) if one.role == "guide"]
    assert (wout.name, wout.title("en")) == ("Wout", "Guides")
    assert sqlite.run_now(lambda s: tryout.seed(s, known, NOW))
    found = sqlite.run_now(lambda s: communities.by_slug(s, tryout.SLUG))
    assert found is not None
    assert sqlite.run_now(lambda s: [one.external_id for one in places.of_kind(s, found.id, "walks")]) == ["walks"]


def test_what_is_declared_twice_or_for_nobody_is_said_when_it_is_built() -> None:
    with pytest.raises(FlowFault, match="walks"):
        Catalogue([CAPABILITY, Capability("again", settings=(WALKS,))])
    with pytest.raises(FlowFault, match="whom nobody knows"):
        Catalogue([Capability("walks", purposes=(CHANNEL,))])
    twice = Section("other", Msg("Other"), (SIZE,))
    with pytest.raises(FlowFault, match=r"walks\.size"):
        Catalogue([CAPABILITY, Capability("again", settings=(twice,))])


def _opens_nothing(reply: Reply) -> bool:
    return not any(isinstance(part, Form | Card) and not getattr(part, "aside", False) for part in reply.parts)
