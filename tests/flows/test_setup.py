"""Setting a community up: who may, what is asked twice, what is left behind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.catalogue import catalogue
from flows.engine.take import take
from flows.engine.timers import wind_new
from flows.seam import (
    Added,
    Arrived,
    Command,
    Filled,
    Incoming,
    Person,
    Picked,
    Pressed,
    Removed,
    Said,
    Space,
)
from flows.setup import rules
from storage import communities, due
from storage.database import Database
from storage.statement import Session
from tests.door import NOW, button, form, labels
from tests.due import run_due
from tests.flows.doors import ABOUT, LEADS, MENTORS, STUDENTS, TEAM, Doors, said
from tests.raw import rows


@pytest.fixture
def doors(database: Database) -> Doors:
    return Doors(database)


def test_from_nothing_to_everything_set(doors: Doors) -> None:
    asked = doors.give(Command("setup"), manages=True, locale="nl-BE")
    about = form(doors.give(Pressed(button(asked, "Een nieuwe community"))))
    drafts = {field.name: field.draft for field in about.fields}
    assert drafts == {"name": "", "language": "nl", "time_zone": "Europe/Brussels"}
    menu = doors.give(Filled(about.id, ABOUT))
    assert "Lerarenopleiding, jaar 1" in said(menu)
    for kind, values in (("students", STUDENTS), ("mentors", MENTORS), ("leads", LEADS)):
        menu = doors.group(kind, values)
    now = doors.as_set_up()
    assert {(p.kind, p.name) for p in now.places} == {
        ("students", "students"),
        ("mentors", "mentors"),
        ("leads", "leads"),
    }
    assert {(g.role, g.kind, g.name) for g in now.grants} == {
        ("coordinator", "person", "Alex"),
        ("mentor", "person", "Robin"),
        ("mentor", "person", "Kim"),
        ("lead", "role", "Lead"),
    }
    assert now.slug == "lerarenopleiding-jaar-1"
    assert not rules.missing(now, catalogue())
    assert "donderdag 19 november, 12.00" in said(menu), "the reader's language, the community's clock"
    [community] = [one.id for one in doors.known()]
    assert doors.database.run_now(lambda s: communities.at(s, "page", now.slug)) == community
    assert doors.database.run_now(due.next_at) is not None


def test_only_who_manages_a_space_begins_there(doors: Doors) -> None:
    for act in (Command("setup"), Said("setup"), Pressed("s.setup."), Command("help"), Arrived()):
        assert "nog niet ingesteld" in said(doors.give(act, "sam"))
    assert "jij nu doen" in said(doors.give(Said("hallo"), manages=True))
    assert doors.known() == [], "asking leaves nothing behind"
    for act in (Command("setup"), Said("Instellen"), Said("/setup"), Pressed("s.setup.")):
        assert "Een nieuwe community" in labels(doors.give(act, manages=True, space=Space("discord", str(act))))


def test_the_one_who_added_erbij_needs_to_manage_nothing_afterwards(doors: Doors) -> None:
    hello = doors.give(Added(), space=TEAM, added=True, event="added")
    assert labels(hello) == ["Erbij instellen"]
    assert doors.give(Added(), space=TEAM, added=True, event="added").parts == (), "told twice, said once"
    assert "Een nieuwe community" in labels(doors.give(Command("setup"), space=TEAM))
    assert "Een nieuwe community" in labels(doors.give(Command("setup"), "kim", TEAM, added=True))
    assert "nog niet ingesteld" in said(doors.give(Command("setup"), "sam", TEAM))


def test_who_added_erbij_without_a_name_is_a_coordinator_by_name(doors: Doors) -> None:
    """Teams' word that Erbij was added holds no name of who did it; what they press afterwards does."""
    nameless = Incoming("added", TEAM, Person("alex", "", added=True), Added(), locale="nl")
    doors.database.run_now(lambda s: take(s, catalogue(), nameless, NOW))
    doors.found("alex", TEAM)
    assert [(g.role, g.name) for g in doors.as_set_up().grants] == [("coordinator", "Alex")]
    assert "Coördinatoren: Alex" in said(doors.give(Command("setup"), "alex", TEAM))


def test_adding_erbij_again_gives_nobody_a_community_that_has_its_name(doors: Doors) -> None:
    doors.found("alex", TEAM)
    doors.give(Removed(), "sam", TEAM)
    doors.give(Added(), "sam", TEAM, added=True)
    assert "voor de coördinatoren" in said(doors.give(Command("setup"), "sam", TEAM, added=True))


def test_an_abandoned_setup_is_gone_on_with(doors: Doors) -> None:
    doors.give(Command("setup"), manages=True)
    for act in (Command("help"), Command("tell"), Said("tell"), Pressed("s.belonging_case."), Arrived()):
        assert "nog niet ingesteld" in said(doors.give(act, "sam")), "to all others nothing is there yet"
    assert "Erbij instellen" in labels(doors.give(Command("help"))), "and before its name it can do nothing else"
    asked = doors.give(Command("setup"), "kim", manages=True)
    sheet = form(doors.give(Pressed(button(asked, "Een nieuwe community")), "kim", manages=True))
    doors.give(Filled(sheet.id, ABOUT), "kim", manages=True)
    assert len(doors.known()) == 1
    assert {g.name for g in doors.as_set_up().grants} == {"Alex", "Kim"}


def test_before_its_name_there_is_nothing_to_hang_on_a_community(doors: Doors) -> None:
    doors.give(Command("setup"), manages=True)
    for flow in ("setup_group.students", "setup_coordinators.", "setup_code."):
        assert "Een nieuwe community" in labels(doors.give(Pressed(f"s.{flow}")))
    doors.give(Removed())
    assert doors.known() == []


def test_erbij_taken_out_before_its_name_leaves_nothing(doors: Doors) -> None:
    doors.give(Command("setup"), manages=True)
    doors.give(Removed())
    assert doors.known() == []
    assert "nog niet ingesteld" in said(doors.give(Said("hallo"), "sam"))


def test_a_setup_that_nobody_names_is_forgotten_after_a_month_and_who_began_it_too(doors: Doors) -> None:
    doors.give(Command("setup"), manages=True)
    doors.found("kim", TEAM)

    def everything(session: Session) -> str:
        return repr([rows(session, table) for table in ("rolegrant", "member", "account", "communityspace")])

    def wait(until: int) -> None:
        doors.database.run_now(lambda s: wind_new(s, catalogue(), NOW + 5))  # a later start changes nothing
        while doors.database.run_now(lambda s: run_due(s, catalogue(), until)) is not None:
            pass

    month = 30 * 86_400_000
    wait(NOW + month - 1)
    assert len(doors.known()) == 2
    wait(NOW + month)
    assert [one.name for one in doors.known()] == [ABOUT["name"]]
    left = doors.database.run_now(everything)
    assert "'alex'" not in left
    assert "'kim'" in left
    assert "nog niet ingesteld" in said(doors.give(Said("hallo"), "sam"))


def test_a_setup_from_before_is_given_a_month_too(doors: Doors) -> None:
    here = doors.database.run_now(lambda s: communities.add_community(s, "x", "", "nl", "Europe/Amsterdam"))
    doors.database.run_now(lambda s: wind_new(s, catalogue(), NOW))
    assert doors.database.run_now(lambda s: due.when(s, f"{here}:abandon_setup")) == NOW + 30 * 86_400_000


def test_erbij_taken_out_and_added_again_is_the_same_community(doors: Doors) -> None:
    doors.found()
    doors.group("students", STUDENTS)
    doors.give(Removed())
    assert doors.as_set_up().places == ()
    assert "opnieuw gekozen" in said(again := doors.give(Added()))
    assert "Lerarenopleiding" in said(again)
    assert labels(again) == ["Erbij instellen"]
    assert "nog geen kanaal" in said(doors.give(Command("setup")))
    assert len(doors.known()) == 1


def test_a_lead_or_a_mentor_does_not_run_setup(doors: Doors) -> None:
    doors.found()
    doors.group("mentors", MENTORS)
    doors.group("leads", LEADS)
    lead = frozenset({"r1"})
    for act in (Command("setup"), Pressed("s.setup_group.mentors"), Pressed("s.setup_coordinators."), Said("setup")):
        assert "voor de coördinatoren" in said(doors.give(act, "fatima", roles=lead))
        assert "voor de coördinatoren" in said(doors.give(act, "robin"))
    assert "instellen" not in said(doors.give(Command("help"), "robin"))


def test_a_coordinator_who_is_none_any_more_submits_nothing(doors: Doors) -> None:
    doors.found()
    sheet = form(doors.give(Pressed("s.setup_group.mentors"), "kim", manages=True))
    doors.give(Filled(sheet.id, MENTORS), "kim")
    assert doors.as_set_up().places == ()


def test_doubts_are_asked_and_back_keeps_what_was_chosen(doors: Doors) -> None:
    doors.found()
    doors.group("students", STUDENTS)
    asked = doors.group("mentors", {"channel": STUDENTS["channel"], "role": None, "people": None})
    for doubt in ("ook studenten", "al het kanaal", "nog geen mentor"):
        assert doubt in said(asked)
    again = form(doors.give(Pressed(button(asked, "Terug"))))
    assert again.fields[0].draft == STUDENTS["channel"]
    closed = Picked("c2", "mentors", can_post=False)
    asked = doors.give(Filled(again.id, MENTORS | {"channel": closed}))
    assert "nog niet schrijven in mentors" in said(asked)
    doors.give(Pressed(button(asked, "Zo opslaan")))
    assert [p.external_id for p in doors.as_set_up().places if p.kind == "mentors"] == ["c2"]


def test_a_role_that_everyone_has_is_left_out(doors: Doors) -> None:
    doors.found()
    asked = doors.group("leads", LEADS | {"role": Picked("1001", "@everyone", open_to_all=True)})
    assert "Iedereen heeft de rol" in said(asked)
    doors.give(Pressed(button(asked, "Zo opslaan")))
    assert [g for g in doors.as_set_up().grants if g.role == "lead"] == []


def test_changing_one_thing_shows_today_and_replaces_it(doors: Doors) -> None:
    doors.found()
    doors.group("mentors", MENTORS)
    sheet = form(doors.give(Pressed("s.setup_group.mentors")))
    drafts = {field.name: field.draft for field in sheet.fields}
    assert drafts["channel"] == Picked("c2", "mentors")
    assert drafts["people"] == (Picked("kim", "Kim"), Picked("robin", "Robin"))
    doors.give(Filled(sheet.id, MENTORS | {"people": (Picked("kim", "Kim"), Picked("joris", "Joris"))}))
    assert {g.name for g in doors.as_set_up().grants if g.role == "mentor"} == {"Kim", "Joris"}


def test_the_last_coordinator_stays(doors: Doors) -> None:
    doors.found()
    sheet = form(doors.give(Pressed("s.setup_coordinators.")))
    assert sheet.fields[-1].draft == (Picked("alex", "Alex"),)
    again = form(doors.give(Filled(sheet.id, {"people": None, "role": Picked("r9", "Empty")})))
    assert again.fields[-1].error
    asked = doors.give(Filled(again.id, {"people": (Picked("kim", "Kim"),), "role": None}))
    assert "Jij staat niet" in said(asked)
    assert labels(asked) == ["Zo opslaan", "Terug"]
    doors.give(Pressed(button(asked, "Zo opslaan")))
    assert "voor de coördinatoren" in said(doors.give(Command("setup")))
    assert "Lerarenopleiding" in said(doors.give(Command("setup"), "kim"))


def test_another_time_zone_moves_what_recurs(doors: Doors) -> None:
    doors.found()
    [community] = [one.id for one in doors.known()]
    key = f"{community}:open_check_in"
    before = doors.database.run_now(lambda s: due.when(s, key))
    sheet = form(doors.give(Pressed("s.setup_about.")))
    told = doors.give(Filled(sheet.id, ABOUT | {"name": "Anders", "time_zone": "Europe/London"}))
    assert "De check-in: tot nu toe donderdag" in said(told), "it is told before anything is saved"
    assert "Alle tijden blijven zoals ze zijn. Vanaf nu gelden ze in Europe/London." in said(told)
    assert doors.database.run_now(lambda s: due.when(s, key)) == before
    assert doors.as_set_up().time_zone == "Europe/Amsterdam"
    doors.give(Pressed(button(told, "Zo opslaan")))
    after = doors.database.run_now(lambda s: due.when(s, key))
    assert before is not None
    assert after == before + 3_600_000
    assert doors.as_set_up().slug == "lerarenopleiding-jaar-1", "the address of the case page stays"


def test_two_communities_of_one_name_have_an_address_each(doors: Doors) -> None:
    doors.found()
    doors.found("kim", Space("discord", "1002"))
    assert sorted(one.slug for one in doors.known()) == ["lerarenopleiding-jaar-1", "lerarenopleiding-jaar-1-2"]


# ---------------------------------------------------------------- rules


@given(st.text(), st.lists(st.text(), max_size=5))
def test_an_address_is_free_and_fits_a_link(name: str, others: list[str]) -> None:
    taken = [rules.slug_of(other) for other in others]
    slug = rules.free_slug(name, taken)
    assert slug not in taken
    assert 0 < len(slug) <= 50
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_whom_to_turn_to_is_guessed_shown_and_changed(doors: Doors) -> None:
    doors.found()
    assert "Nederland · nog niemand van jullie zelf" in said(doors.give(Command("setup")))
    asked = form(doors.give(Pressed("s.setup_help.")))
    assert [field.draft for field in asked.fields] == ["NL", ""]
    assert asked.fields[1].required is False
    shown = doors.give(Filled(asked.id, {"country": "BE", "contact": "Marit, 020 123 45 67"}))
    assert "Marit, 020 123 45 67" in said(shown)
    assert "1813" in said(shown), "they see what people will see"
    assert "België · Marit, 020 123 45 67" in said(doors.give(Command("setup")))
    student = said(doors.give(Said("ik wil dood"), "sam"))
    assert "1813" in student
    assert "Marit" in student
    assert "coördinatoren" in said(doors.give(Pressed("s.setup_help."), "sam"))
