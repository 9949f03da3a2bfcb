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
GUS = role_grants.Grant("guide", "discord", "person", ident(GUIDE), "Gus")
# Plain messages: what only a test says needs no translation.
SIZE = Setting(
    "tours.size", "8", options(Msg("How many walk together?"), [(str(n), Msg(f"{n} people")) for n in (4, 8)])
)
TOURS = Section("tours", Msg("Campus tours"), (SIZE,), who=frozenset({"guide", "coordinator"}))
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
    "tours",
    "guide",
    Msg("Guides"),
    Msg("Which channel do guides read?"),
    Msg("Tours are announced there."),
    Msg("The guides have no channel yet."),
)


@flow("tour", who=("guide",))
async def tour(chat: Chat) -> None:
    """Only guides do this."""
    chat.say(Msg("We walk with {n}.", {"n": chat.setting(SIZE)}))


SECOND = Purpose(
    "meeting_points",
    "guide",
    Msg("Meeting points"),
    Msg("Where do tours meet?"),
    Msg("Meeting points are posted there."),
    Msg("Meeting points have no channel yet."),
)
CAPABILITY = Capability(
    "tours",
    flows=(tour,),
    commands=(Command(word=Msg("tour"), about=Msg("begin a tour"), button=Msg("Begin a tour"), flow="tour"),),
    settings=(TOURS,),
    roles=(LEADING,),
    purposes=(CHANNEL, SECOND),
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Everything Erbij can do, and the tours."""
    made = Catalogue([*flows.catalogue.capabilities(), CAPABILITY])
    monkeypatch.setattr(flows.catalogue, "catalogue", lambda: made)
    monkeypatch.setattr("tests.door.catalogue", lambda: made)
    return made


@pytest.fixture
def town(database: Database, known: Catalogue) -> Town:
    assert "tours" in known.sections
    return Town(database)


def test_setup_asks_for_its_channel_and_its_people(town: Town) -> None:
    menu = town.give(ALEX, Pressed("s.setup."))
    assert ("Guides", "no channel yet · nobody yet") in card(menu).rows
    asked = town.press(ALEX, menu, "Guides")
    assert [one.name for one in form(asked).fields] == ["channel", "role", "people"]
    people = (Picked(ident(GUIDE), "Gus"),)
    town.give(ALEX, Filled(form(asked).id, {"channel": Picked("w1", "tours"), "role": None, "people": people}))
    assert town.database.run_now(lambda s: [one.external_id for one in places.of_kind(s, town.one, "tours")]) == ["w1"]
    assert ("guide", ident(GUIDE)) in {
        (one.role, one.external_id) for one in town.database.run_now(lambda s: role_grants.granted(s, town.one))
    }


def test_a_second_channel_for_the_same_people_does_not_ask_again_who_they_are(town: Town) -> None:
    town.database.run_now(lambda s: role_grants.grant(s, town.one, GUS))
    asked = town.press(ALEX, town.give(ALEX, Pressed("s.setup.")), "Meeting points")
    assert [one.name for one in form(asked).fields] == ["channel"]
    town.give(ALEX, Filled(form(asked).id, {"channel": Picked("m1", "meeting-points")}))
    kept = town.database.run_now(lambda s: places.of_kind(s, town.one, "meeting_points"))
    assert [one.external_id for one in kept] == ["m1"]
    assert ident(GUIDE) in {
        one.external_id for one in town.database.run_now(lambda s: role_grants.granted(s, town.one))
    }


def test_help_and_what_is_stored_know_the_role(town: Town) -> None:
    assert "This is for the guides of this community" in text(town.ask(SAM, "tour"))
    town.database.run_now(lambda s: role_grants.grant(s, town.one, GUS))
    assert pressed(town.ask(GUIDE, "help"), "Begin a tour") == "s.tour."
    rows = dict(card(town.give(GUIDE, Pressed("s.my_data."))).rows)
    assert rows["Roles you have by name"] == "guide"


def test_who_may_change_its_setting_does_and_nobody_else(town: Town) -> None:
    town.database.run_now(lambda s: role_grants.grant(s, town.one, GUS))
    asked = town.press(GUIDE, town.ask(GUIDE, "help"), "Campus tours")
    assert [one.draft for one in form(asked).fields] == ["8"]
    assert "Saved." in text(town.fill(GUIDE, asked, {"size": "4"}))
    assert "We walk with 4." in text(town.ask(GUIDE, "tour"))
    assert town.database.run_now(lambda s: settings.chosen(s, town.one)) == {"tours.size": "4"}
    for section in ("reminders", ""):
        assert _opens_nothing(town.give(GUIDE, Pressed(f"s.setup_settings.{section}")))
    assert _opens_nothing(town.give(SAM, Pressed("s.setup_settings.tours")))
    assert ("Campus tours", "4 people") in card(town.give(ALEX, Pressed("s.setup_settings."))).rows


def test_a_role_that_is_lost_while_the_form_is_open(town: Town) -> None:
    town.database.run_now(lambda s: role_grants.grant(s, town.one, GUS))
    asked = town.give(GUIDE, Pressed("s.setup_settings.tours"))
    town.database.run_now(lambda s: role_grants.revoke(s, town.one, "guide", "discord"))
    town.fill(GUIDE, asked, {"size": "4"})
    assert town.database.run_now(lambda s: settings.chosen(s, town.one)) == {}


def test_the_try_out_has_its_channel_and_its_people(sqlite: Database, known: Catalogue) -> None:
    assert ("tours", "tours", frozenset({"guide"})) in tryout.places_in(known)
    [wout] = [one for one in tryout.accounts_in(known) if one.role == "guide"]
    assert (wout.name, wout.title("en")) == ("Wout", "Guides")
    assert sqlite.run_now(lambda s: tryout.seed(s, known, NOW))
    found = sqlite.run_now(lambda s: communities.by_slug(s, tryout.SLUG))
    assert found is not None
    assert sqlite.run_now(lambda s: [one.external_id for one in places.of_kind(s, found.id, "tours")]) == ["tours"]


def test_what_is_declared_twice_or_for_nobody_is_said_when_it_is_built() -> None:
    with pytest.raises(FlowFault, match="tours"):
        Catalogue([CAPABILITY, Capability("again", settings=(TOURS,))])
    with pytest.raises(FlowFault, match="whom nobody knows"):
        Catalogue([Capability("tours", purposes=(CHANNEL,))])
    twice = Section("other", Msg("Other"), (SIZE,))
    with pytest.raises(FlowFault, match=r"tours\.size"):
        Catalogue([CAPABILITY, Capability("again", settings=(twice,))])


def _opens_nothing(reply: Reply) -> bool:
    return not any(isinstance(part, Form | Card) and not getattr(part, "aside", False) for part in reply.parts)
