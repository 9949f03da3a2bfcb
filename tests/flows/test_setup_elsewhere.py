"""A community on several platforms, several communities in one tenant, and what never crosses over."""

from __future__ import annotations

import pytest

from flows.seam import (
    Arrived,
    Card,
    Command,
    Filled,
    Picked,
    Pressed,
    Reply,
    Said,
    Space,
)
from storage import people
from storage.database import Database
from tests.door import button, form, labels
from tests.flows.doors import MENTORS, OTHER_TEAM, SERVER, STUDENTS, TEAM, TENANT, Doors, said


@pytest.fixture
def doors(database: Database) -> Doors:
    return Doors(database)


# ---------------------------------------------------------------- another platform


def code_of(doors: Doors) -> str:
    shown = doors.give(Pressed("s.setup_code."))
    return next(part.rows[0][1] for part in shown.parts if isinstance(part, Card))


def come(doors: Doors, code: str, space: Space = TEAM) -> Reply:
    asked = doors.give(Command("setup"), "kim", space, manages=True)
    sheet = form(doors.give(Pressed(button(asked, "Ik heb een code")), "kim", space))
    return doors.give(Filled(sheet.id, {"code": code.lower().replace("-", " ")}), "kim", space)


def test_a_community_comes_to_another_platform_with_a_code(doors: Doors) -> None:
    doors.found()
    doors.group("students", STUDENTS)
    code = code_of(doors)
    assert "is vanaf nu ook hier" in said(come(doors, code))
    assert len(doors.known()) == 1, "nothing is left of what was begun there"
    assert "Lerarenopleiding" in said(doors.give(Command("setup"), "kim", TEAM))
    doors.group("students", {"channel": Picked("t9", "General"), "role": None, "welcome": "yes"}, "kim", TEAM)
    assert {(p.platform, p.name) for p in doors.as_set_up().places} == {("discord", "students"), ("teams", "General")}
    assert "werkt niet" in said(come(doors, code, OTHER_TEAM)), "once"


def test_a_code_moves_no_community_that_has_its_name(doors: Doors) -> None:
    doors.found()
    code = code_of(doors)
    doors.found("kim", TEAM, name="Andere")
    sheet = form(doors.give(Pressed("s.setup_join."), "kim", TEAM))
    assert "werkt niet" in said(doors.give(Filled(sheet.id, {"code": code}), "kim", TEAM))
    assert len(doors.known()) == 2


@pytest.mark.parametrize("code", ["AAAA-AAAA", "", "x" * 40])
def test_a_wrong_code_changes_nothing(doors: Doors, code: str) -> None:
    doors.found()
    reply = come(doors, code)
    assert "werkt niet" in said(reply) or form(reply)
    assert len(doors.known()) == 2


# ---------------------------------------------------------------- private chats that several communities share


def member_in(doors: Doors, who: str, space: Space) -> tuple[str, str]:
    found = doors.database.run_now(lambda s: people.who(s, space.platform, space.id, who))
    return ("", "") if found is None else (found.community_name, found.member)


def test_a_stranger_in_a_tenant_with_one_community_belongs_there(doors: Doors) -> None:
    assert "nog niet ingesteld" in said(doors.give(Said("hallo"), "sam", TENANT))
    doors.found("alex", TEAM, name="Een")
    assert "Een" in said(doors.give(Arrived(), "sam", TENANT))


def test_setup_goes_on_in_a_private_chat_in_the_team_it_belongs_to(doors: Doors) -> None:
    doors.found("alex", TEAM)
    reply = doors.give(Said("instellen"), "alex", TENANT)
    assert reply.space == TEAM
    doors.group("students", {"channel": Picked("t9", "General"), "role": None, "welcome": "yes"}, "alex", TENANT)
    assert [(place.space, place.name) for place in doors.as_set_up().places] == [(TEAM.id, "General")]


def test_of_several_communities_in_a_tenant_it_is_the_one_of_the_last_press(doors: Doors) -> None:
    doors.found("alex", TEAM, name="Een")
    doors.found("kim", OTHER_TEAM, name="Twee")
    assert "Meerdere communities" in said(doors.give(Said("hallo"), "sam", TENANT))
    assert member_in(doors, "sam", TENANT) == ("", ""), "nobody is put into a community by guessing"
    for space, name in ((TEAM, "Een"), (OTHER_TEAM, "Twee"), (TEAM, "Een")):
        doors.give(Command("help"), "sam", space)
        assert name in said(doors.give(Arrived(), "sam", TENANT))
    one = member_in(doors, "sam", TEAM)
    assert one[1] != member_in(doors, "sam", OTHER_TEAM)[1], "a member in each, without anything in common"


def test_a_private_chat_that_names_no_space_is_of_the_only_community_someone_is_in(doors: Doors) -> None:
    nowhere = Space("discord", "")
    doors.found("alex", SERVER, name="Een")
    doors.found("kim", Space("discord", "1002"), name="Twee")
    assert "nog niet ingesteld" in said(doors.give(Arrived(), "sam", nowhere))
    doors.give(Command("help"), "sam", SERVER)
    assert "Een" in said(doors.give(Arrived(), "sam", nowhere))
    doors.give(Command("help"), "sam", Space("discord", "1002"))
    assert "Meerdere communities" in said(doors.give(Arrived(), "sam", nowhere))


def test_another_tenant_is_another_world(doors: Doors) -> None:
    doors.found("alex", TEAM, name="Een")
    doors.give(Command("help"), "sam", TEAM)
    assert "nog niet ingesteld" in said(doors.give(Arrived(), "sam", Space("teams", "t2")))


def test_managing_a_space_of_ones_own_opens_no_other_community(doors: Doors) -> None:
    doors.found()
    doors.give(Command("help"), "eve")
    asked = doors.give(Command("setup"), "eve", Space("discord", "6666"), manages=True)
    assert "Een nieuwe community" in labels(asked), "a setup of their own, and not that of the community they are in"


def test_a_setup_that_was_only_begun_does_not_claim_private_chats(doors: Doors) -> None:
    doors.found("alex", TEAM, name="Een")
    doors.give(Command("help"), "kim", TEAM)
    doors.give(Command("setup"), "kim", OTHER_TEAM, manages=True)
    assert "Een" in said(doors.give(Arrived(), "kim", TENANT))
    assert "Een" in said(doors.give(Arrived(), "sam", TENANT))


def test_one_setup_shows_and_changes_nothing_of_another(doors: Doors) -> None:
    doors.found("alex", TEAM, name="Een")
    doors.group("mentors", MENTORS, "alex", TEAM)
    doors.found("kim", OTHER_TEAM, name="Twee")
    assert "Robin" not in said(doors.give(Command("setup"), "kim", OTHER_TEAM))
    sheet = form(doors.give(Pressed("s.setup_group.mentors"), "kim", OTHER_TEAM))
    assert all(field.draft is None for field in sheet.fields)
    theirs = MENTORS | {"channel": Picked("c8", "theirs"), "people": (Picked("joris", "Joris"),)}
    doors.give(Filled(sheet.id, theirs), "kim", OTHER_TEAM)
    mine = said(doors.give(Command("setup"), "alex", TEAM))
    assert "Kim, Robin" in mine
    assert "Joris" not in mine
