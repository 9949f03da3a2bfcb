"""Linking: only who asks, only with a code, and never so that a stolen one shows what was not sent."""

from __future__ import annotations

import pytest

from flows.accounts import capability, joining
from flows.engine import wire
from flows.seam import Command, Filled, Pressed, Reply, Space
from storage import check_ins, codes, communities, conversations, delivery, members
from storage.database import Database
from storage.statement import Session
from tests.door import MINUTE, NOW, button, buttons, card, form, labels, text
from tests.scenarios.town import Town, ident


class Two(Town):
    """Two communities, each on two platforms, and people who link their accounts there."""

    def code(self, who: str, **more: str) -> str:
        return shown_code(self.press(who, self.give(who, Command("link"), **more), "Show me a code", **more))

    def entry(self, who: str) -> Reply:
        return self.press(who, self.give(who, Command("link")), "I have a code")

    def enter(self, who: str, code: str) -> Reply:
        return self.give(who, Filled(form(self.entry(who)).id, {"code": code}))

    def link(self, one: str = "sam on discord", other: str = "sam on teams") -> Reply:
        return self.enter(other, self.code(one))

    def waiting(self, platform: str) -> list[tuple[str, str]]:
        """(whom, what) of the messages that wait; they are taken."""
        rows = self.database.run_now(lambda s: delivery.claim(s, platform, self.now, self.now + MINUTE, 9))
        for row in rows:
            self.database.run_now(lambda s, row=row: delivery.sent(s, row.id, "m"))
        return [(row.recipient, text(Reply(wire.unpack(row.payload)[0]))) for row in rows]


@pytest.fixture
def two(database: Database) -> Two:
    return Two(database)


def shown_code(reply: Reply) -> str:
    return card(reply).rows[0][1]


def test_two_accounts_become_one_and_the_other_account_hears_of_it(two: Two) -> None:
    said = two.give("sam on discord", Command("link"))
    assert "both accounts belong to you" in text(said)
    done = two.link()
    assert "are linked now" in text(done)
    assert two.member("sam on discord") == two.member("sam on teams")
    [(whom, what)] = two.waiting("discord")
    assert whom == ident("sam on discord")
    assert what == (
        "Your account on Discord was linked to an account on Microsoft Teams. If that was not you, unlink them now."
    )
    assert two.waiting("teams") == []


def test_erbij_writes_where_someone_chose_and_else_where_it_did(two: Two) -> None:
    done = two.link()
    assert labels(done) == ["Microsoft Teams (here)", "Discord"]
    two.press("sam on teams", done, "Microsoft Teams (here)")
    sam = two.member("sam on teams")
    written = two.database.run_now(lambda s: [one.platform for one in members.accounts(s, two.one, sam)])
    assert written == ["teams", "discord"]


def test_a_round_is_answered_once_on_both(two: Two) -> None:
    round_id = two.database.run_now(lambda s: check_ins.open_round(s, two.one, NOW, NOW + 10**9))
    start = Pressed(f"s.check_in.{round_id}")
    asked = form(two.give("sam on discord", start))
    shown = two.give("sam on discord", Filled(asked.id, dict.fromkeys(check_ins.STATEMENTS, 4) | {"remark": None}))
    two.press("sam on discord", shown, "Send")
    two.link()
    assert "already took part" in text(two.give("sam on teams", start))


def test_the_code_is_the_same_when_it_is_shown_again_and_stands_nowhere_in_clear(two: Two) -> None:
    begun = two.give("sam on discord", Command("link"))
    way = Pressed(button(begun, "Show me a code"))
    code = shown_code(two.give("sam on discord", way, event="shown"))
    assert shown_code(two.give("sam on discord", way, event="shown")) == code
    assert shown_code(two.give("sam on discord", Command("cancel"), event="shown")) == code
    tables = ("code", "conversation", "outbox")
    rows = two.database.run_now(lambda s: repr([s._execute(f"select * from {t}", {}).fetchall() for t in tables]))
    assert code not in rows
    assert codes.tidy(code) not in rows
    assert "are linked now" in text(two.enter("sam on teams", code))


def test_whoever_showed_a_code_can_ask_what_became_of_it(two: Two) -> None:
    first = two.press("sam on discord", two.give("sam on discord", Command("link")), "Show me a code")
    assert "still works" in text(two.press("sam on discord", first, "Yes, it is filled in"))
    again = two.press("sam on discord", two.give("sam on discord", Command("link")), "Show me a code")
    two.enter("sam on teams", shown_code(again))
    assert "are linked now" in text(two.press("sam on discord", again, "Yes, it is filled in"))


def test_a_code_that_was_thrown_away_joins_nothing(two: Two) -> None:
    first = two.press("sam on discord", two.give("sam on discord", Command("link")), "Show me a code")
    two.press("sam on discord", first, "Erase the code")
    assert "no such code" in text(two.enter("sam on teams", shown_code(first)))


def test_the_code_of_the_same_account_is_kept_for_the_other(two: Two) -> None:
    code = two.code("sam on discord")
    assert "this very account" in text(two.enter("sam on discord", code))
    assert "are linked now" in text(two.enter("sam on teams", code))


def test_accounts_that_are_joined_are_not_joined_again(two: Two) -> None:
    two.link()
    assert "linked already" in text(two.link())


def test_a_used_code_joins_nobody_else(two: Two) -> None:
    code = two.code("sam on discord")
    two.enter("sam on teams", code)
    assert "no such code" in text(two.enter("noor on teams", code))
    assert two.member("noor on teams") != two.member("sam on teams")


def test_a_code_ends_after_a_quarter_of_an_hour(two: Two) -> None:
    code = two.code("sam on discord")
    two.now += 15 * MINUTE
    assert "no such code" in text(two.enter("sam on teams", code))


def test_communities_are_kept_apart(two: Two) -> None:
    code = two.code("sam on discord", slug="two")
    assert "another community" in text(two.enter("sam on teams", code))
    assert two.member("sam on discord", "two") != two.member("sam on teams")


def test_after_five_wrong_codes_a_conversation_ends(two: Two) -> None:
    reply = two.entry("sam on teams")
    for number in range(5):
        reply = two.give("sam on teams", Filled(form(reply).id, {"code": f"1111-000{number}"}))
    assert "get a new one" in text(reply)
    assert two.database.run_now(conversations.count) == 0


def test_who_guesses_is_heard_no_more_for_a_while_and_nobody_else_minds(two: Two) -> None:
    code = two.code("sam on discord")
    for _conversation in range(codes.MOST_WRONG // 5):
        reply = two.entry("thief on teams")
        for number in range(5):
            reply = two.give("thief on teams", Filled(form(reply).id, {"code": f"1111-000{number}"}))
    assert "in an hour" in text(two.enter("thief on teams", code))
    assert two.member("sam on discord") != two.member("thief on teams")
    two.enter("sam on teams", code)
    assert two.member("sam on discord") == two.member("sam on teams")


def test_a_stolen_code_shows_nothing_that_was_not_sent(two: Two) -> None:
    told = form(two.give("sam on discord", Command("tell")))
    two.give("sam on discord", Filled(told.id, {name.name: "a secret" for name in told.fields}))
    code = two.code("sam on discord")
    refused = two.enter("thief on teams", code)
    assert "in the middle of something" in text(refused)
    assert two.member("thief on teams") != two.member("sam on discord")
    assert "a secret" not in str(two.give("thief on teams", Command("tell")))
    two.give("sam on discord", Command("cancel"))  # the code
    sure = two.give("sam on discord", Command("cancel"))  # the case
    two.press("sam on discord", sure, "Yes, erase it")
    assert "are linked now" in text(two.enter("sam on teams", code))


def test_a_stolen_code_gives_no_role(two: Two) -> None:
    assert "for the mentors" not in text(two.give("robin on discord", Command("cases")))
    two.link("robin on discord", "thief on teams")
    assert two.member("thief on teams") == two.member("robin on discord")
    assert "for the mentors" in text(two.give("thief on teams", Command("cases")))
    assert "for the mentors" not in text(two.give("robin on discord", Command("cases")))


def test_whom_a_stranger_joined_sends_the_stranger_away_and_keeps_everything(two: Two) -> None:
    two.give("sam on discord", Command("help"))
    sam = two.member("sam on discord")
    two.link("sam on discord", "thief on teams")
    asked = two.give("sam on discord", Command("unlink"))
    assert labels(asked) == ["Discord (here)", "Microsoft Teams", "Leave them linked"]
    assert "unlinked now" in text(two.press("sam on discord", asked, "Microsoft Teams"))
    assert two.member("thief on teams") != two.member("sam on discord")
    assert sam not in (two.member("thief on teams"), "")
    assert [whom for whom, _what in two.waiting("teams")] == [ident("thief on teams")]
    assert "not linked to another" in text(two.give("sam on discord", Command("unlink")))


def test_the_account_that_says_it_can_begin_anew_itself(two: Two) -> None:
    two.link()
    both = two.member("sam on discord")
    two.waiting("discord")
    asked = two.give("sam on teams", Command("unlink"))
    two.press("sam on teams", asked, "Microsoft Teams (here)")
    assert two.member("sam on discord") == both != two.member("sam on teams")
    assert [what for _whom, what in two.waiting("discord")] == [
        "Your account on Discord is no longer linked to your other one."
    ]


def test_separating_twice_at_once_separates_once(two: Two) -> None:
    two.link()
    on_discord = two.give("sam on discord", Command("unlink"))
    conversation = button(on_discord, "Discord (here)")
    # The same member has one such conversation; a second answer is late.
    two.press("sam on discord", on_discord, "Microsoft Teams")
    assert "ended" in text(two.give("sam on discord", Pressed(conversation)))
    assert two.member("sam on discord") != two.member("sam on teams")


def test_they_can_stay_together(two: Two) -> None:
    two.link()
    asked = two.give("sam on teams", Command("unlink"))
    two.press("sam on teams", asked, "Leave them linked")
    assert two.member("sam on discord") == two.member("sam on teams")


def test_joining_and_separating_gives_no_second_answer(two: Two) -> None:
    round_id = two.database.run_now(lambda s: check_ins.open_round(s, two.one, NOW, NOW + 10**9))
    two.give("sam on discord", Command("help"))
    sam = two.member("sam on discord")
    answers = dict.fromkeys(check_ins.STATEMENTS, 3)
    account = two.database.run_now(lambda s: members.accounts(s, two.one, sam)[0].account)
    two.database.run_now(lambda s: check_ins.cast(s, two.one, round_id, sam, account, answers, NOW))
    for _again in range(3):
        two.link()
        asked = two.give("sam on teams", Command("unlink"))
        two.press("sam on teams", asked, "Discord")
    for who in ("sam on discord", "sam on teams"):
        assert "already took part" in text(two.give(who, Pressed(f"s.check_in.{round_id}")))


def test_who_has_no_account_is_told_so(two: Two) -> None:
    two.database.run_now(lambda s: communities.add_space(s, two.one, "page", "one"))
    assert "knows no accounts" in text(two.take(two.event(Space("page", "one"), None, Command("link"))).reply)


def test_where_there_is_one_platform_nothing_is_offered(two: Two) -> None:
    def found(session: Session) -> None:
        three = communities.add_community(session, "three", "Three", "en", "Europe/Brussels")
        for platform in ("teams", "page"):
            communities.add_space(session, three, platform, f"three-{platform}")

    two.database.run_now(found)
    said = two.give("sam on teams", Command("link"), slug="three")
    assert text(said) == "Three is on one platform only, so there is nothing to link."
    for slug, offered in (("one", ["link", "unlink"]), ("three", [])):
        shown = two.give("noor on teams", Command("help"), slug=slug)
        starts = [one.id for one in buttons(shown)]
        assert [word for word in ("link", "unlink") if f"s.{word}." in starts] == offered


def test_only_flows_of_linking_itself_may_be_open() -> None:
    assert {flow.name for flow in capability.flows} == joining.OURS


def test_each_time_there_is_another_code_and_only_the_last_works(two: Two) -> None:
    first = two.code("sam on discord")
    second = two.code("sam on discord")
    assert first != second
    assert "no such code" in text(two.enter("sam on teams", first))
    two.give("sam on teams", Command("cancel"))
    assert "are linked now" in text(two.enter("sam on teams", second))


def test_where_erbij_writes_can_be_changed_later(two: Two) -> None:
    two.press("sam on teams", two.link(), "Microsoft Teams (here)")
    asked = two.press("sam on teams", two.give("sam on teams", Command("link")), "Choose where Erbij writes to me")
    two.press("sam on teams", asked, "Discord")
    sam = two.member("sam on teams")
    written = two.database.run_now(lambda s: [one.platform for one in members.accounts(s, two.one, sam)])
    assert written == ["discord", "teams"]
