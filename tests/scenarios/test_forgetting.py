"""People are forgotten; then somebody who has the whole database and every key looks for them."""

from __future__ import annotations

import asyncio

import pytest

from flows.catalogue import catalogue
from flows.engine.turn import take
from flows.seam import Incoming, Picked, Pressed
from flows.staff.left import settle
from flows.staff.rules import Leaving
from storage import accounts, cases, forgetting, members
from storage.database import Database
from storage.keeping import Person
from storage.keys import Masters
from storage.statement import Session
from storage.tables import keeping, metadata
from tests.raw import rows, tables_with
from tests.scenarios.town import DAY, MINUTE, NOW, Town, button, card, ident, name, text
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
    words = town.tell(here, "They left me out", "Also write to me here")
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
    town.press(SAM[0], town.press(SAM[0], found, "Take it back"), "Yes")
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


# ------------------------------------------------------------ staff


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
    assert "received already" in text(again)
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
        one for one in town.database.run_now(lambda s: members.granted(s, town.one)) if one.name == name("alex")
    )
    town.database.run_now(lambda s: members.set_gone(s, town.one, alex, gone=True))
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
    assert states <= {"waiting"}
    assert town.database.run_now(lambda s: rows(s, "eventseen") + rows(s, "code") + rows(s, "conversation")) == []
