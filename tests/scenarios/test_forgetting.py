"""People are forgotten; then somebody who has the whole database and every key looks for them."""

from __future__ import annotations

import asyncio

import pytest

from flows.catalogue import catalogue
from flows.engine.take import take
from flows.seam import Incoming, Pressed
from storage import accounts, forgetting, role_grants
from storage.database import Database
from storage.days import DAY
from storage.keeping import Person
from storage.keys import Masters
from storage.statement import Session
from storage.tables import keeping, metadata
from tests.door import MINUTE, button, card, text
from tests.raw import rows, tables_with
from tests.scenarios.town import Town, ident, name
from tests.storage.conftest import opened

SAM = ("sam on discord", "sam on teams")


def of_person(*accounts: str) -> tuple[str, ...]:
    return tuple(ident(one) for one in accounts)


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def busy_student(town: Town) -> tuple[str, str]:
    """A student of whom something stands in every table that can name one; (round, six words)."""
    here, there = SAM
    town.press(here, town.ask(here, "language"), "English")
    town.link(here, there)  # posts a notice to the one account, which is then given up
    town.bury(here)
    round_id = town.open_round()
    assert "Your answers are in" in text(town.answer_check_in(there, round_id))
    words = town.tell(here, "They left me out", "Also a message here")
    town.run("release_cases")
    [case] = town.open_cases()
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    asked = town.give("robin on discord", Pressed(f"s.answer_case.{case}"))
    town.fill("robin on discord", asked, {"text": "Good that you tell this."})
    town.now += 2 * MINUTE
    town.run("tell_of_answers")  # a message waits
    town.press(here, town.ask(here, "link"), "Show me a code")  # a code waits, and a conversation
    town.fill(there, town.ask(there, "tell"), {"issue": "half told"})
    guess = town.press(there, town.ask(there, "link"), "I have a code")
    town.fill(there, guess, {"code": "1111-1111"})  # a wrong code is counted
    return round_id, words


def test_of_a_student_nothing_is_left(town: Town) -> None:
    busy_student(town)
    member = town.member(SAM[0])
    assert member == town.member(SAM[1])
    assert tables_with(town.database, member) == {"account", "member", "conversation", "participation"}
    assert tables_with(town.database, *of_person(*SAM)) >= {"account", "outbox", "code"}
    assert len(town.database.run_now(lambda s: rows(s, "codemiss"))) == 1

    assert "I have forgotten you" in text(town.forget(SAM[0]))
    assert tables_with(town.database, member, *of_person(*SAM), "half told") == set()
    assert town.database.run_now(lambda s: rows(s, "codemiss")) == []


def test_what_was_told_stays_and_the_six_words_still_take_it_back(town: Town) -> None:
    _round, words = busy_student(town)
    town.forget(SAM[0])
    assert tables_with(town.database, "They left me out") == {"casemessage"}
    found = town.fill(SAM[0], town.ask(SAM[0], "answer"), {"words": words})
    assert "Good that you tell this." in str(card(found).rows)
    town.press(SAM[0], town.press(SAM[0], found, "Take back and erase"), "Yes")
    town.run("release_cases")
    assert tables_with(town.database, "They left me out") == set()


def test_who_comes_back_is_new(town: Town) -> None:
    busy_student(town)
    before = town.member(SAM[0])
    town.forget(SAM[0])
    assert not town.member(SAM[0])
    known = town.database.run_now(lambda s: {t: rows(s, t) for t in ("member", "account", "conversation")})
    assert "Nothing is stored" in text(town.ask(SAM[0], "my data"))
    assert town.database.run_now(lambda s: {t: rows(s, t) for t in ("member", "account", "conversation")}) == known
    town.ask(SAM[0], "help")
    rows_of = dict(card(town.ask(SAM[0], "my data")).rows)
    assert rows_of == {"Your accounts": "Discord", "About the check-in that is open now": "nothing"}
    assert town.member(SAM[0]) not in ("", before)
    assert town.member(SAM[0]) != town.member(SAM[1])


def test_who_was_only_named_reads_that_and_becomes_no_member(town: Town) -> None:
    assert "mentor" in str(card(town.ask("kim on discord", "my data")).rows)
    assert not town.member("kim on discord")


def test_leaving_in_a_running_round_gives_no_second_vote(town: Town) -> None:
    round_id, _words = busy_student(town)
    town.forget(SAM[1])
    assert town.database.run_now(lambda s: rows(s, "participation")) == []
    for who in SAM:
        assert "You already took part" in text(town.answer_check_in(who, round_id))
    assert "Your answers are in" in text(town.answer_check_in("noor on discord", round_id))
    town.now += 2 * DAY
    town.run("close_check_in", round_id)
    for table in ("participation", "spentvote", "ballot"):
        assert town.database.run_now(lambda s, t=table: rows(s, t)) == [], table  # type: ignore[misc]


def test_who_comes_back_and_links_another_account_gets_no_second_vote(town: Town) -> None:
    """Neither on the account that was not known then, nor when the two part again."""
    round_id = town.open_round()
    assert "Your answers are in" in text(town.answer_check_in(SAM[0], round_id))
    town.forget(SAM[0])
    for who in SAM:
        town.ask(who, "help")
    town.link(*SAM)
    assert "You already took part" in text(town.answer_check_in(SAM[1], round_id))
    member = town.member(SAM[1])
    account = f"teams:{ident(SAM[1])}"
    assert town.database.run_now(lambda s: accounts.split(s, town.one, member, account))
    assert "You already took part" in text(town.answer_check_in(SAM[1], round_id))
    assert len(town.database.run_now(lambda s: rows(s, "ballot"))) == 1


def test_an_address_of_an_account_that_is_gone_is_blanked_at_the_next_release(town: Town) -> None:
    busy_student(town)
    [account] = [
        row for row in town.database.run_now(lambda s: rows(s, "account")) if row["external_id"] == ident(SAM[0])
    ]
    assert tables_with(town.database, account["mark"]) == {"account", "returnpath"}
    town.forget(SAM[1])
    town.ask(SAM[0], "help")  # they come back before that
    assert tables_with(town.database, account["mark"]) == {"returnpath"}
    town.run("release_cases")
    assert tables_with(town.database, account["mark"]) == set()
    assert len(town.database.run_now(lambda s: rows(s, "returnpath"))) == 1


def test_each_thing_that_is_stored_is_told_in_words(town: Town) -> None:
    busy_student(town)
    sam = Person(town.one, town.member(SAM[0]), ())
    stored = town.database.run_now(lambda s: forgetting.export(s, sam))
    told = [one.key for one in catalogue().held]
    assert len(told) == len(set(told))
    assert set(told) == stored.keys()


def test_what_a_master_key_seals_is_declared(town: Town) -> None:
    busy_student(town)
    town.tell("noor on discord", "on its way", "Only my six words")
    declared = {(str(one.table.__tablename__), one.sealed.column) for one in keeping() if one.sealed}

    def sealed(session: Session) -> set[tuple[str, str]]:
        newest = session.keys.masters.newest
        return {
            (table, column)
            for table in metadata.tables
            for row in rows(session, table)
            for column, value in row.items()
            if isinstance(value, bytes | memoryview) and bytes(value).startswith(newest)
        }

    found = town.database.run_now(sealed)
    assert found - declared == {("meta", "value")}, "the database's own key"
    assert {table for table, _column in found} >= {"conversation", "caseletter", "belonging_case"}


def test_my_data_says_what_is_there(town: Town) -> None:
    busy_student(town)
    assert dict(card(town.ask(SAM[1], "my data")).rows) == {
        "Your accounts": "Microsoft Teams, Discord",
        "Codes that link your accounts": "1",
        "The language you chose": "English",
        "Conversations you are in the middle of": "4",
        "Messages to you, without their text once sent": "0 sent, 2 waiting",
        "About the check-in that is open now": "that you took part",
    }


# ------------------------------------------------------------ communities, repeats, strangers


def test_another_community_forgets_nothing(town: Town) -> None:
    for slug in ("one", "two"):
        town.press(SAM[0], town.ask(SAM[0], "language", slug=slug), "English", slug=slug)
    there = town.member(SAM[0], "two")
    before = town.database.run_now(lambda s: [row for row in rows(s, "account") if row["member_id"] == there])
    town.forget(SAM[0])
    assert not town.member(SAM[0])
    assert town.member(SAM[0], "two") == there
    after = town.database.run_now(lambda s: [row for row in rows(s, "account") if row["member_id"] == there])
    assert after == before


def test_the_same_press_again_makes_nobody_new(town: Town) -> None:
    asked = town.ask(SAM[0], "forget me")
    town.press(SAM[0], asked, "Forget me", event="pressed")
    before = town.database.run_now(lambda s: {t: rows(s, t) for t in ("member", "account", "conversation", "erasure")})
    again = town.press(SAM[0], asked, "Forget me", event="pressed")
    assert "this was received" in text(again)
    after = town.database.run_now(lambda s: {t: rows(s, t) for t in ("member", "account", "conversation", "erasure")})
    assert after == before
    assert not town.member(SAM[0])


def test_nobody_forgets_somebody_else(town: Town) -> None:
    asked = town.ask(SAM[0], "forget me")
    before = town.member(SAM[0])
    stolen = Pressed(button(asked, "Forget me"))
    town.give("noor on discord", stolen)
    town.give("noor on discord", stolen, slug="two")
    assert town.member(SAM[0]) == before
    for made_by_hand in (f"s.forget_me.{before}", "s.forget_me.x", "s.my_data.x"):
        town.give("noor on discord", Pressed(made_by_hand))
    assert town.member(SAM[0]) == before
    assert town.member("noor on discord")


def test_a_coordinator_who_has_left_does_not_let_the_last_one_go(town: Town) -> None:
    town.ask("pat on discord", "help")
    alex = next(
        one for one in town.database.run_now(lambda s: role_grants.granted(s, town.one)) if one.name == name("alex")
    )
    town.database.run_now(lambda s: role_grants.set_gone(s, town.one, alex, gone=True))
    assert "You are the last coordinator here" in text(town.ask("pat on discord", "forget me"))


async def test_of_two_coordinators_who_leave_at_once_one_stays(url: str, masters: Masters, town: Town) -> None:
    both = ("alex on discord", "pat on discord")
    pressed = [town.incoming(who, Pressed(button(town.ask(who, "forget me"), "Forget me"))) for who in both]
    with opened(url, masters) as other:
        said = await at_once(town, other, *pressed)
    assert sorted("I have forgotten you" in one for one in said) == [False, True]
    assert sum(bool(town.member(who)) for who in both) == 1


async def at_once(town: Town, other: Database, here: Incoming, there: Incoming) -> list[str]:
    """Two events, each taken by a process of its own."""
    turns = await asyncio.gather(
        town.database.run(lambda s: take(s, catalogue(), here, town.now)),
        other.run(lambda s: take(s, catalogue(), there, town.now)),
    )
    return [text(turn.reply) for turn in turns]


async def test_both_accounts_ask_at_once(url: str, masters: Masters, town: Town) -> None:
    busy_student(town)
    pressed = [town.incoming(who, Pressed(button(town.ask(who, "forget me"), "Forget me"))) for who in SAM]
    with opened(url, masters) as other:
        said = await at_once(town, other, *pressed)
    assert sum("I have forgotten you" in one for one in said) == 1
    assert tables_with(town.database, *of_person(*SAM)) == set()


async def test_one_account_goes_on_while_the_other_asks(url: str, masters: Masters, town: Town) -> None:
    round_id, _words = busy_student(town)
    member = town.member(SAM[0])
    here = town.incoming(SAM[0], Pressed(button(town.ask(SAM[0], "forget me"), "Forget me")))
    there = town.incoming(SAM[1], Pressed(f"s.check_in.{round_id}"))
    with opened(url, masters) as other:
        said = await at_once(town, other, here, there)
    assert "I have forgotten you" in said[0]
    town.run("housekeeping")
    assert tables_with(town.database, member, ident(SAM[0])) == set()


def test_everything_is_over_after_a_year(town: Town) -> None:
    """What housekeeping leaves of a student who never comes back: the account, and that is all."""
    busy_student(town)
    town.now += 400 * DAY
    town.run("housekeeping")
    member = town.member(SAM[0])
    found = tables_with(town.database, member, *of_person(*SAM))
    assert found <= {"account", "member", "outbox", "returnpath", "participation"}
    states = {row["state"] for row in town.database.run_now(lambda s: rows(s, "outbox"))}
    assert states <= {"waiting", "held"}, "nothing was sent: no sender runs here"
    assert town.database.run_now(lambda s: rows(s, "eventseen") + rows(s, "code") + rows(s, "conversation")) == []
