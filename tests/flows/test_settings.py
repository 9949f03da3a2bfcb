"""Settings: declared by their capability, changed in setup, each kept by itself, and never more than was chosen."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flows.catalogue import catalogue
from flows.engine import Context
from flows.engine.timers import recurring_key
from flows.gate.rules import BUDGET_KEY, budget_of
from flows.seam import Buttons, Form, Picked, Pressed, Reply
from flows.setup.settings import keep
from storage import audit, case_telling, due, places, role_grants, settings
from storage.database import Database
from storage.days import DAY
from storage.keys import Masters
from storage.statement import Session
from tests.door import HOUR, NOW, card, form, labels, text
from tests.raw import rows
from tests.scenarios.town import Town, ident
from tests.storage.conftest import opened as another

ALEX, PAT, KIM, ROBIN = "alex on discord", "pat on discord", "kim on discord", "robin on discord"
CASE_FLOWS = (
    "case",
    "claim_case",
    "answer_case",
    "note_case",
    "close_case",
    "give_back_case",
    "take_over_case",
)


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def opened(town: Town, who: str, section: str, slug: str = "one") -> Reply:
    return town.give(who, Pressed(f"s.setup_settings.{section}"), slug=slug)


def stored(town: Town) -> set[tuple[str, str, str]]:
    return {
        (row["community_id"], row["key"], row["value"]) for row in town.database.run_now(lambda s: rows(s, "setting"))
    }


def choose(town: Town, key: str, value: object) -> None:
    town.database.run_now(lambda s: settings.choose(s, town.one, key, value))


def drafts(reply: Reply) -> dict[str, object]:
    return {one.name: one.draft for one in form(reply).fields}


def buttons(reply: Reply) -> list[str]:
    return [one.id for part in reply.parts if isinstance(part, Buttons) for one in part.buttons]


def test_a_setting_shows_what_holds_and_is_kept_for_its_community_alone(town: Town) -> None:
    listed = town.give(ALEX, Pressed("s.setup_settings."))
    here, under = [], []
    for name, section in catalogue().sections.items():
        (under if section.under else here).append(f"s.setup_settings.{name}")
    assert {*here, "s.setup_settings.words"} <= set(buttons(listed))
    assert set(under) <= set(buttons(town.give(ALEX, Pressed("s.setup_settings.words"))))
    asked = opened(town, ALEX, "reminders")
    assert drafts(asked) == {"mentors": "1", "coordinators": "2"}
    town.fill(ALEX, asked, {"mentors": "2", "coordinators": "5"})
    assert stored(town) == {(town.one, "reminders.mentors", '"2"'), (town.one, "reminders.coordinators", '"5"')}
    assert drafts(opened(town, ALEX, "reminders")) == {"mentors": "2", "coordinators": "5"}
    assert drafts(opened(town, ALEX, "reminders", slug="two")) == {"mentors": "1", "coordinators": "2"}
    [act] = [one for one in town.database.run_now(lambda s: audit.listing(s, town.one)) if one.what == "set up"]
    assert (act.who, act.subject) == (town.member(ALEX), "reminders")


def test_what_was_not_changed_was_not_chosen(town: Town) -> None:
    asked = opened(town, ALEX, "help")
    country = drafts(asked)["country"]
    town.fill(ALEX, asked, {"country": country, "contact": None})
    kept = {(town.one, "help.country", f'"{country}"')}
    assert stored(town) == kept, "a country that somebody saw and saved stays; another default reaches them else"


def test_two_coordinators_at_once_keep_what_each_of_them_changed(town: Town) -> None:
    hers, his = opened(town, ALEX, "reminders"), opened(town, PAT, "reminders")
    town.fill(ALEX, hers, {"mentors": "3", "coordinators": "10"})
    town.fill(PAT, his, {"mentors": "1", "coordinators": "5"})
    assert stored(town) == {(town.one, "reminders.mentors", '"3"'), (town.one, "reminders.coordinators", '"5"')}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_when_it_comes_follows_from_what_two_chose_together(town: Town, url: str, masters: Masters) -> None:
    """The second begins while the first has not ended: it waits, or what comes of it counts as well."""

    def choose_too() -> None:
        with another(url, masters) as other:
            other.run_now(lambda s: keep(s, here, "check_in", {"hour": "9"}, town.now))

    def at_once(session: Session) -> None:
        keep(session, here, "check_in", {"day": "fri"}, town.now)
        second.start()
        while second.is_alive() and not waits(session):
            pass

    def waits(session: Session) -> bool:
        return bool(session._execute("select 1 from pg_locks where not granted", ()).fetchall())

    here = Context(town.one, "One", "Europe/Brussels", "en")
    second = threading.Thread(target=choose_too)
    town.database.run_now(at_once)
    second.join()
    assert next_check_in(town).split()[::2] == ["Fri", "09:00"]


@pytest.mark.parametrize("value", ['"99"', "null", "[1]", "{", "", '"{x}"', "7" * 4000])
def test_garbage_is_as_if_nothing_was_chosen(town: Town, value: str) -> None:
    choose(town, "reminders.mentors", "3")
    choose(town, "a.of_a_later_version", {"x": 1})
    town.database.run_now(
        lambda s: s._execute(f"update setting set value = '{value}' where key = 'reminders.mentors'", ())
    )
    asked = opened(town, ALEX, "reminders")
    assert drafts(asked) == {"mentors": "1", "coordinators": "2"}
    town.fill(ALEX, asked, {"mentors": "4", "coordinators": "4"})
    assert {(key, kept) for _here, key, kept in stored(town)} == {
        ("reminders.mentors", '"4"'),
        ("reminders.coordinators", '"4"'),
        ("a.of_a_later_version", '{"x": 1}'),
    }


def test_what_no_menu_has_is_not_taken(town: Town) -> None:
    again = town.fill(
        ALEX, opened(town, ALEX, "reminders"), {"mentors": "99", "coordinators": "'); drop table setting"}
    )
    assert [bool(one.error) for one in form(again).fields] == [True, True]
    assert stored(town) == set()


@pytest.mark.parametrize("section", ["nothing", "x" * 300, "reminders.mentors", "a\0b"])
def test_a_section_made_by_hand_opens_nothing(town: Town, section: str) -> None:
    assert not any(isinstance(part, Form) for part in opened(town, ALEX, section).parts)


def test_who_may_not_change_it_hears_for_whom_it_is(town: Town) -> None:
    for who in (KIM, "sam on discord"):
        reply = opened(town, who, "reminders")
        assert "This is for the coordinators" in text(reply)
        assert not any(one.startswith("s.setup") for one in buttons(reply))


def test_a_role_lost_while_the_form_is_open_keeps_nothing(town: Town) -> None:
    asked = opened(town, ALEX, "reminders")
    town.database.run_now(lambda s: role_grants.revoke(s, town.one, "coordinator", "discord"))
    town.fill(ALEX, asked, {"mentors": "5", "coordinators": "5"})
    assert stored(town) == set()


def test_the_doorbell_is_one_of_them(town: Town) -> None:
    asked = opened(town, ALEX, "cases")
    sure = town.fill(ALEX, asked, {"where": "page", "who": "mentors"})
    assert "no address yet" in text(sure)
    assert stored(town) == set(), "asked before it is kept"
    town.press(ALEX, sure, "Save it")
    assert stored(town) == {(town.one, "cases.where", '"page"')}
    assert "not in the chat" in text(town.ask("sam on discord", "tell"))
    assert any(isinstance(part, Form) for part in town.ask("sam on discord", "tell", slug="two").parts)


# ---------------------------------------------------------------- when the check-in comes


def next_check_in(town: Town) -> str:
    at = town.database.run_now(lambda s: due.when(s, recurring_key(town.one, "open_check_in")))
    assert at is not None
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo("Europe/Brussels")).strftime("%a %d %H:%M")


def test_the_check_in_moves_within_its_week_and_setup_says_when_it_comes(town: Town) -> None:
    town.database.run_now(
        lambda s: places.choose(s, town.one, places.PlaceSet("students", "discord", "one-discord", "c1", "students"))
    )
    before = next_check_in(town)
    assert re.fullmatch(r"Thu \d\d 12:00", before)
    menu = town.fill(ALEX, opened(town, ALEX, "check_in"), {"day": "fri", "hour": "9"})
    day = int(before.split()[1])
    assert next_check_in(town) == f"Fri {day + 1} 09:00"
    assert f"Friday {day + 1} November, 9:00" in text(menu) or f"Friday {day + 1} November, 09:00" in text(menu)
    due_rows = town.database.run_now(lambda s: rows(s, "due"))
    assert sum(row["flow"] == "open_check_in" for row in due_rows) == 2, "one in each community"


def test_a_check_in_that_came_does_not_come_again_in_that_week(town: Town) -> None:
    town.now = town.database.run_now(lambda s: due.when(s, recurring_key(town.one, "open_check_in"))) or 0
    day = int(next_check_in(town).split()[1])
    town.run_waiting()
    town.fill(ALEX, opened(town, ALEX, "check_in"), {"day": "fri", "hour": "9"})
    assert next_check_in(town) == f"Fri {day + 8:02} 09:00" or int(next_check_in(town).split()[1]) < day
    assert town.now + 7 * 24 * HOUR < (
        town.database.run_now(lambda s: due.when(s, recurring_key(town.one, "open_check_in"))) or 0
    )


# ---------------------------------------------------------------- who reads cases


def narrow(town: Town, *readers: str) -> None:
    """Only these read cases, in a channel of their own."""

    def keep(session: Session) -> None:
        settings.choose(session, town.one, "cases.who", "some")
        places.choose(session, town.one, places.PlaceSet("cases", "discord", "one-discord", "one-cases", "cases"))
        for who in readers:
            role_grants.grant(session, town.one, role_grants.Grant("case_reader", "discord", "person", ident(who), who))

    town.database.run_now(keep)


def test_a_mentor_reads_cases_until_that_is_narrowed(town: Town) -> None:
    town.tell("sam on discord", "They laughed at my accent.", "Only my six words")
    town.run("release_cases")
    [case] = town.open_cases()
    assert "accent" in str(town.give(KIM, Pressed(f"s.case.{case}")).parts)
    narrow(town, ROBIN)
    for name in CASE_FLOWS:
        reply = town.give(KIM, Pressed(f"s.{name}.{case}"))
        assert "This is for those who read cases" in text(reply), name
        assert "accent" not in str(reply.parts)
        assert not any(isinstance(part, Form) for part in reply.parts), name
    assert "This is for those who read cases" in text(town.ask(KIM, "cases"))
    assert not any("case" in one for one in buttons(town.ask(KIM, "help")) if one != "s.belonging_case.")
    assert "accent" in str(town.give(ROBIN, Pressed(f"s.case.{case}")).parts)


def test_a_form_that_was_open_then_answers_nobody(town: Town) -> None:
    town.tell("sam on discord", "They laughed at my accent.", "Only my six words")
    town.run("release_cases")
    [case] = town.open_cases()
    town.give(KIM, Pressed(f"s.claim_case.{case}"))
    asked = town.give(KIM, Pressed(f"s.answer_case.{case}"))
    before = len(town.database.run_now(lambda s: rows(s, "casemessage")))
    narrow(town, ROBIN)
    reply = town.fill(KIM, asked, {"text": "Good that you tell this."})
    assert "accent" not in str(reply.parts)
    assert len(town.database.run_now(lambda s: rows(s, "casemessage"))) == before


def test_news_of_cases_goes_to_their_readers_channel_and_to_no_other(town: Town) -> None:
    narrow(town, ROBIN)
    town.tell("sam on discord", "They laughed at my accent.", "Only my six words")
    town.run("release_cases")
    [case] = town.open_cases()
    town.give(ROBIN, Pressed(f"s.claim_case.{case}"))
    town.now = NOW + 5 * 24 * HOUR
    town.run("remind_of_cases")
    lanes = {row["lane"] for row in town.database.run_now(lambda s: rows(s, "outbox")) if not row["private"]}
    assert lanes == {"one-cases"}
    private = {row["lane"] for row in town.database.run_now(lambda s: rows(s, "outbox")) if row["private"]}
    assert ident(KIM) not in private


def test_a_reader_need_be_no_mentor_and_reads_nothing_else(town: Town) -> None:
    adviser = "yara on discord"
    town.database.run_now(
        lambda s: role_grants.grant(
            s, town.one, role_grants.Grant("case_reader", "discord", "person", ident(adviser), "Y")
        )
    )
    assert "This is for the mentors" in text(town.ask(adviser, "cases")), "the right comes with mentors alone here"
    narrow(town, adviser)
    assert "This is for" not in text(town.ask(adviser, "cases"))
    assert "This is for" in text(town.ask(adviser, "setup"))


def test_who_reads_cases_no_more_gets_no_news_of_them(town: Town) -> None:
    town.tell("sam on discord", "They laughed at my accent.", "Only my six words")
    town.run("release_cases")
    [case] = town.open_cases()
    town.give(ROBIN, Pressed(f"s.claim_case.{case}"))

    def news() -> tuple[bool, bool]:
        """Whether its holder hears that the student wrote more, and that somebody waits for an answer."""
        before = len(to_robin())
        town.database.run_now(lambda s: case_telling.write_on(s, town.one, case, "And again.", town.now // DAY))
        town.now += DAY
        town.run("release_cases")
        between = len(to_robin())
        for _ in range(5):
            town.now += DAY
            town.run("remind_of_cases")
        return between > before, len(to_robin()) > between

    def to_robin() -> list[object]:
        found = town.database.run_now(lambda s: rows(s, "outbox"))
        return [row for row in found if row["private"] and row["lane"] == ident(ROBIN)]

    assert news() == (True, True)
    town.fill(ALEX, opened(town, ALEX, "cases"), {"where": "chat", "who": "some"})
    narrow(town, KIM)
    assert news() == (False, False)
    town.ask(ROBIN, "help")
    assert news() == (False, False)
    narrow(town, ROBIN)
    town.ask(ROBIN, "help")
    assert news() == (True, True)


def test_a_groups_form_keeps_only_what_was_changed_in_it(town: Town) -> None:
    place = places.PlaceSet("students", "discord", "one-discord", "chan", "students")
    town.database.run_now(lambda s: places.choose(s, town.one, place))
    choose(town, "students.welcome", "yes")
    hers, his = (town.give(who, Pressed("s.setup_group.students")) for who in (ALEX, PAT))
    for who, asked, change in ((ALEX, hers, {"welcome": "no"}), (PAT, his, {})):
        values = drafts(asked) | {"channel": Picked("chan", "students")} | change
        reply = town.fill(who, asked, values)
        if any(label.startswith("Save it") for label in labels(reply)):
            town.press(who, reply, "Save it like this")
    assert stored(town) == {(town.one, "students.welcome", '"no"')}


def test_setup_asks_for_the_readers_only_where_they_are_wanted(town: Town) -> None:
    assert "s.setup_group.cases" not in buttons(town.give(ALEX, Pressed("s.setup.")))
    menu = town.fill(ALEX, opened(town, ALEX, "cases"), {"where": "chat", "who": "some"})
    assert "s.setup_group.cases" in buttons(menu)
    assert "Readers of cases" in dict(card(menu).rows)
    assert town.database.run_now(lambda s: rows(s, "roster")), "who holds cases and reads them no more is looked for"


def test_a_community_may_want_up_to_three_messages_a_week(town: Town) -> None:
    asked = opened(town, ALEX, "attention")
    assert drafts(asked) == {"a_week": "1"}
    town.fill(ALEX, asked, {"a_week": "3"})
    chosen = town.database.run_now(lambda s: settings.chosen(s, town.one))
    assert budget_of(chosen) == 3
    assert "at most 3 messages a week" in text(town.ask("sam on discord", "messages"))
    assert "at most one message a week" in text(town.ask("sam on discord", "messages", slug="two"))
    for odd in ("4", 2, None, "", "-1"):
        assert budget_of({BUDGET_KEY: odd}) == 1
