"""What setting up needs of Teams: channels and people to pick from, the first words in a team, whose button it is."""

from __future__ import annotations

from typing import Any

from adapters.teams.address import Address
from flows.seam import Added, Button, Buttons, Field, Filled, Form, Outgoing, Pick, Picked, Pressed, Reply, Space, Text
from tests.adapters.teams.conftest import Heard, action, execute, text_of
from tests.adapters.teams.schema import elements
from tests.adapters.teams.world import BOT, TEAM, TENANT, World

STUDENTS = "19:students@thread.tacv2"
INSTALL: dict[str, Any] = {"type": "installationUpdate", "action": "add"}
ADDED: dict[str, Any] = {"type": "conversationUpdate", "membersAdded": [{"id": BOT}]}


async def test_setting_up_picks_channels_and_people_of_the_team(teams: World, heard: Heard) -> None:
    teams.service.members[TEAM] = [
        {"id": "29:sam", "objectId": "oid-sam", "name": "Sam"},
        {"id": "29:kim", "objectId": "oid-kim", "name": "Kim"},
    ]
    teams.service.channels[TEAM] = [{"id": TEAM}, {"id": "19:p@t", "name": "Mentors", "type": "private"}]
    fields = (Field("where", "Where?", Pick("place")), Field("who", "Who?", Pick("person")))
    heard.reply = Reply((Form("c.setup.1", "Set up", fields, "Save", "Open"),))
    await teams.post(teams.activity(channel=STUDENTS, text="setup"))
    [card] = teams.service.cards("a:29:sam")
    choices = [[c["title"] for c in e["choices"]] for e in elements(card) if e.get("type") == "Input.ChoiceSet"]
    assert choices == [["General", "Mentors"], ["Sam", "Kim"]]
    save = action(card, "Save")["data"]
    await teams.post(teams.activity(**execute(save, where="19:p@t", who="oid-kim")))
    mentors = Picked("19:p@t", "Mentors", can_post=False, open_to_all=False)
    assert heard.act == Filled("c.setup.1", {"where": mentors, "who": Picked("oid-kim", "Kim")})
    await teams.post(teams.activity("eve", **execute(save, where="19:p@t", who="oid-kim")))
    assert heard.act == Filled("c.setup.1", {"where": None, "who": None})


async def test_adding_erbij_to_a_team_is_answered_in_its_channel(teams: World, heard: Heard) -> None:
    heard.reply = Reply((Text("Hello, I am Erbij."), Buttons((Button("s.setup.", "Set up Erbij"),))))
    await teams.post(teams.activity(channel=TEAM, **INSTALL))
    await teams.post(teams.activity(channel=TEAM, **ADDED))
    [got] = heard.got
    assert got.act == Added()
    assert got.space == Space("teams", f"{TENANT}:{TEAM}", within=TENANT)
    assert got.person
    assert got.person.added
    [card] = teams.service.cards(TEAM)
    assert "Hello, I am Erbij." in text_of(card)
    assert not teams.service.cards("a:29:sam"), "nobody needs a private chat for it"
    await teams.post(teams.activity("kim", channel=TEAM, **execute(action(card, "Set up Erbij")["data"])))
    assert heard.act == Pressed("s.setup.")
    assert heard.got[-1].person
    assert not heard.got[-1].person.added


async def test_several_people_are_picked_and_no_role_is_asked_for(teams: World, heard: Heard) -> None:
    teams.service.members[TEAM] = [
        {"id": f"29:{who}", "objectId": f"oid-{who}", "name": who.title()} for who in ("sam", "kim", "robin")
    ]
    fields = (
        Field("role", "Which role?", Pick("role"), required=False),
        Field("who", "Who?", Pick("person", many=True), draft=(Picked("oid-kim", "Kim"), Picked("oid-robin", "Robin"))),
    )
    heard.reply = Reply((Form("c.setup.1", "Mentors", fields, "Keep", "Open"),))
    await teams.post(teams.activity(channel=STUDENTS, text="setup"))
    [card] = teams.service.cards("a:29:sam")
    [choice] = [e for e in elements(card) if e.get("type") == "Input.ChoiceSet"]
    assert (choice["isMultiSelect"], choice["value"]) == (True, "oid-kim,oid-robin")
    keep = action(card, "Keep")["data"]
    await teams.post(teams.activity(**execute(keep, who="oid-robin,oid-sam,oid-nobody,oid-sam")))
    picked = (Picked("oid-robin", "Robin"), Picked("oid-sam", "Sam"))
    assert heard.act == Filled("c.setup.1", {"role": None, "who": picked})
    await teams.post(teams.activity(**execute(keep, who="oid-nobody")))
    assert heard.act == Filled("c.setup.1", {"role": None, "who": None})


async def test_the_button_of_a_private_message_belongs_to_the_team_it_came_from(teams: World, heard: Heard) -> None:
    team = Space("teams", f"{TENANT}:{TEAM}", within=TENANT)
    address = Address(teams.service.url, TENANT, "29:sam", "a:29:sam").text()
    parts = (Text("Your group has a new mentor."), Buttons((Button("s.x.", "Look"),)))
    await teams.adapter.send(Outgoing("m" * 22, team, parts, person="oid-sam", address=address))
    [card] = teams.service.cards("a:29:sam")
    look = action(card, "Look")["data"]
    await teams.post(teams.activity(**execute(look)))
    assert heard.got[-1].space == team
    await teams.post(teams.activity("eve", **execute(look)))
    assert heard.got[-1].space == Space("teams", TENANT), "in someone else's hands it says nothing"


async def test_a_private_chat_goes_on_in_the_team_that_was_found_for_it(teams: World, heard: Heard) -> None:
    teams.service.members[TEAM] = [{"id": "29:sam", "objectId": "oid-sam", "name": "Sam"}]
    teams.service.channels[TEAM] = [{"id": TEAM}]
    team = Space("teams", f"{TENANT}:{TEAM}", within=TENANT)
    where = Form("c.setup.1", "Students", (Field("where", "Where?", Pick("place")),), "Keep", "Open")
    heard.reply = Reply((where,), space=team)
    await teams.post(teams.activity(text="setup"))
    assert heard.got[-1].space == Space("teams", TENANT)
    [card] = teams.service.cards("a:29:sam")
    await teams.post(teams.activity(**execute(action(card, "Keep")["data"], where=TEAM)))
    assert heard.got[-1].space == team
    assert heard.act == Filled("c.setup.1", {"where": Picked(TEAM, "General", open_to_all=True)})
