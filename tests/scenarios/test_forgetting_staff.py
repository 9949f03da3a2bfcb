"""Forgetting somebody of the staff: their cases go back, what they did stays without a name."""

from __future__ import annotations

import pytest

from flows.seam import Picked, Pressed
from flows.staff.left import settle
from flows.staff.rules import Leaving
from storage import accounts, cases
from storage.database import Database
from storage.days import DAY
from tests.door import NOW, text
from tests.raw import rows, tables_with
from tests.scenarios.town import Town, ident, name


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def busy_mentor(town: Town) -> tuple[str, str]:
    """A mentor with a case in hand and one that is closed; a coordinator has the setup with their name before them."""
    for story in ("first story", "second story"):
        town.tell("noor on discord", story, "Only my six words")
    town.run("release_cases")
    held, closed = town.open_cases()
    for case in (held, closed):
        town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
        asked = town.give("robin on discord", Pressed(f"s.answer_case.{case}"))
        town.fill("robin on discord", asked, {"text": "I hear you."})
    town.press("robin on discord", town.give("robin on discord", Pressed(f"s.close_case.{closed}")), "Yes")
    town.give("pat on discord", Pressed("s.setup_group.mentors"))
    return held, closed


def test_of_a_mentor_nothing_is_left_and_their_case_goes_back(town: Town) -> None:
    held, closed = busy_mentor(town)
    member, robin = town.member("robin on discord"), "robin on discord"
    assert tables_with(town.database, member) == {"account", "member", "belonging_case", "caseevent"}
    assert tables_with(town.database, ident(robin), name("robin")) >= {"account", "rolegrant", "outbox", "conversation"}

    assert "go back to the mentors" in text(town.ask(robin, "forget me"))
    town.forget(robin)
    assert tables_with(town.database, member, ident(robin), name("robin")) == {"rolegrant"}, "of the other community"
    of_two = [row["community_id"] for row in town.database.run_now(lambda s: rows(s, "rolegrant"))]
    assert of_two.count(town.one) == 3
    assert of_two.count(town.two) == 4

    view = town.database.run_now(lambda s: cases.read(s, town.one, held))
    assert view is not None
    assert (view.status, view.holder) == ("new", "")
    assert [words.text for words in view.messages] == ["I hear you."]
    history = town.database.run_now(lambda s: cases.record(s, town.one, held))
    assert [(one.who, one.what) for one in history] == [
        ("", "received"),
        ("", "claimed"),
        ("", "answered"),
        ("", "given back"),
    ]
    assert town.run_waiting() == ["cases_given_back"]
    posts = town.posted()
    assert sum("Who takes it?" in post for post in posts) == 1
    assert sum("nobody who takes care of it any more" in post for post in posts) == 1
    town.give("kim on discord", Pressed(f"s.claim_case.{held}"))
    again = town.database.run_now(lambda s: cases.read(s, town.one, held))
    assert again is not None
    assert again.holder == town.member("kim on discord")
    assert town.database.run_now(lambda s: cases.holder(s, town.one, closed)) == ""


def left(town: Town, who: str, *tell: str) -> None:
    """The platform says that somebody has left; the coordinators hear of it tomorrow."""
    gone = Leaving(
        town.member(who),
        name(who.split(maxsplit=1)[0]),
        (f"discord:{ident(who)}",),
        cases=True,
        staff=False,
        tell=tuple(town.member(one) for one in tell),
    )
    town.database.run_now(lambda s: settle(s, town.one, gone, NOW, NOW + DAY))


def test_what_is_told_of_somebody_who_left_goes_when_they_are_forgotten(town: Town) -> None:
    town.tell("noor on discord", "a story", "Only my six words")
    town.run("release_cases")
    town.give("robin on discord", Pressed(f"s.claim_case.{town.open_cases()[0]}"))
    town.give("pat on discord", Pressed("s.setup_group.mentors"))
    town.ask("alex on discord", "help")
    member = town.member("robin on discord")
    left(town, "robin on discord", "alex on discord")
    about = (name("robin"), ident("robin on discord"), member)
    assert "due" in tables_with(town.database, name("robin")), "sealed"
    in_clear = str(town.database.run_now(lambda s: rows(s, "due")))
    assert not [one for one in about if one in in_clear]
    town.forget("robin on discord")
    assert tables_with(town.database, *about) == {"rolegrant"}, "of the other community"
    assert "staff_left" not in str(town.database.run_now(lambda s: rows(s, "due")))


def test_who_was_to_be_told_of_it_is_forgotten_and_the_others_hear_of_it(town: Town) -> None:
    busy_mentor(town)
    for who in ("alex on discord", "pat on discord"):
        town.ask(who, "help")
    alex = town.member("alex on discord")
    left(town, "robin on discord", "alex on discord", "pat on discord")
    town.forget("alex on discord")
    assert tables_with(town.database, alex, ident("alex on discord"), name("alex")) == {"rolegrant"}
    town.now += DAY
    town.run_waiting()
    private = town.database.run_now(lambda s: [row["lane"] for row in rows(s, "outbox") if row["private"]])
    assert ident("pat on discord") in private
    assert ident("alex on discord") not in private


def test_two_accounts_that_become_one_take_the_timers_along(town: Town) -> None:
    """One of somebody who left, one that tells somebody; both are of the account that goes."""
    for who in ("robin on discord", "robin on teams", "alex on discord", "alex on teams"):
        town.ask(who, "help")
    left(town, "robin on discord", "alex on discord")
    for who in ("robin", "alex"):
        stays, goes = (town.member(f"{who} on {platform}") for platform in ("teams", "discord"))
        assert town.database.run_now(lambda s, one=stays, other=goes: accounts.merge(s, town.one, one, other))  # type: ignore[misc]
    [row] = [one for one in town.database.run_now(lambda s: rows(s, "due")) if one["flow"] == "staff_left"]
    assert town.member("alex on discord") in row["argument"]
    town.forget("robin on teams")
    assert "staff_left" not in str(town.database.run_now(lambda s: rows(s, "due")))


def test_a_case_that_was_taken_in_the_meantime_is_not_offered_again(town: Town) -> None:
    held, _closed = busy_mentor(town)
    town.forget("robin on discord")
    town.give("kim on discord", Pressed(f"s.claim_case.{held}"))
    before = town.posted()
    town.run_waiting()
    assert town.posted() == before


def test_what_a_coordinator_did_stays_on_record_without_their_name(town: Town) -> None:
    asked = town.give("alex on discord", Pressed("s.setup_coordinators."))

    people = tuple(Picked(ident(f"{who} on discord"), name(who)) for who in ("alex", "pat"))
    town.fill("alex on discord", asked, {"people": people, "role": None})
    member = town.member("alex on discord")
    assert tables_with(town.database, member) >= {"audit", "member"}
    town.forget("alex on discord")
    assert tables_with(town.database, member, name("alex")) == {"rolegrant"}, "of the other community"
    assert [(row["who"], row["what"]) for row in town.database.run_now(lambda s: rows(s, "audit"))] == [("", "set up")]


def test_the_last_coordinator_names_another_first(town: Town) -> None:
    town.forget("alex on discord")
    told = text(town.ask("pat on discord", "forget me"))
    assert "You are the last coordinator here" in told
    assert "setup" in told
    assert town.member("pat on discord")


def test_of_two_coordinators_who_leave_one_after_the_other_one_stays(town: Town) -> None:
    """Both were asked while the other was still there."""
    asked = {who: town.ask(who, "forget me") for who in ("alex on discord", "pat on discord")}
    done = [text(town.press(who, reply, "Forget me")) for who, reply in asked.items()]
    assert ["I have forgotten you" in one for one in done] == [True, False]
    assert "You are the last coordinator here" in done[1]
