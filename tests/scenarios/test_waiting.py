"""What becomes of cases that nobody takes, or nobody answers: as stories, and in the database."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.catalogue import catalogue
from flows.engine import wire
from flows.engine.timers import recurring_key, wind
from flows.seam import Pressed, Reply
from storage import cases, communities, due, role_grants, settings, undelivered
from storage.communities import CommunityInfo
from storage.database import Database
from storage.days import DAY, day_of
from storage.statement import Session
from tests.door import HOUR, MINUTE, card, text
from tests.raw import rows, tables_with
from tests.scenarios.runner import Player, Story
from tests.scenarios.test_stories import RECORD, Surface, each_surface
from tests.scenarios.town import Town, ident, name
from tests.scenarios.world import World, local
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.web import WebSurface

HERE = Path(__file__).parent / "waiting"


@each_surface
async def test_reminders(surface_type: Surface, database: Database) -> None:
    """The same on every surface, with somebody who coordinates."""
    world = World(database)
    async with surface_type(world.receive) as surface:
        await world.open(surface)

        def coordinates(session: Session) -> None:
            here = communities.every(session)[0].id
            role_grants.grant(
                session,
                here,
                role_grants.Grant("coordinator", surface.name, "person", surface.person_ids["Alex"], "Alex"),
            )

        database.run_now(coordinates)
        await surface.command("Alex", "help")
        player, path = Player(world, surface), HERE / "reminders.txt"
        try:
            if RECORD and surface_type is WebSurface:
                (await player.record(Story.read(path))).write(path)
            else:
                await player.play(Story.read(path))
        finally:
            await world.close()


# ---------------------------------------------------------------- a post that somebody deleted


async def test_a_deleted_post_is_posted_anew_and_known_under_its_new_id(sqlite: Database) -> None:
    world = World(sqlite)
    async with DiscordSurface(world.receive) as surface:
        await world.open(surface)
        try:
            await Player(world, surface).record(Story([], Story.read(HERE / "reminders.txt").acts[:5]))
            await world.move_to("2026-11-23 13:00")
            channel = surface.channels["mentors"]
            [post] = surface._messages("", "mentors")
            surface.env.backend.delete_message(channel.id, post.id)
            await surface.command("Robin", "cases")
            [button] = [one for one in await surface.seen("Robin") if one.startswith("[Read ")]
            await surface.press("Robin", button[1:-1])
            [take] = [one for one in await surface.seen("Robin") if one.startswith("[Take case ")]
            await surface.press("Robin", take[1:-1])
            await world.settle()
            assert re.fullmatch(r"Case ....: Robin takes care of it\.", (await surface.posts("mentors"))[0])
            await surface.press("Robin", "Give it back")
            await surface.fill("Robin", {"What should the next mentor know?": "Nothing."})
            await world.catch_up()
            stands = [one for one in await surface.posts("mentors") if "takes care of it" in one]
            assert len(stands) == 2, "one post of the case, and the news of it"
            assert sqlite.run_now(lambda s: undelivered.rows(s, 9)) == []
        finally:
            await world.close()


# ---------------------------------------------------------------- what stands in the database


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def told(town: Town, zone: str = "") -> str:
    """A case that mentors can read."""
    if zone:
        town.database.run_now(lambda s: communities.change(s, CommunityInfo(town.one, "one", "One", "en", zone)))
    town.tell("sam on discord", "a story", "Only my six words")
    town.run("release_cases")
    [case] = town.open_cases()
    return case


def table(town: Town, name: str) -> list[dict[str, object]]:
    return town.database.run_now(lambda s: rows(s, name))


def in_private(town: Town, who: str) -> list[str]:
    """What waits for somebody, by itself."""

    def read(session: Session) -> list[str]:
        waiting = [one for one in rows(session, "outbox") if one["private"] and one["lane"] == ident(who)]
        opened = (session.keys.open("outbox", one["key"], bytes(one["payload"])) for one in waiting)
        return [text(Reply(wire.unpack(payload)[0])) for payload in opened]

    return town.database.run_now(read)


def act(town: Town, who: str, flow: str, case: str, words: str) -> Reply:
    asked = town.give(f"{who} on discord", Pressed(f"s.{flow}.{case}"))
    return town.fill(f"{who} on discord", asked, {"text": words})


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        ("Europe/Amsterdam", "2026-11-24 00:30", "2026-11-24 12:00"),
        ("America/Paramaribo", "2026-11-24 01:30", "2026-11-23 12:00"),  # it is 21:30 there
    ],
)
def test_every_day_is_the_communitys(town: Town, zone: str, now: str, day: str) -> None:
    town.now = local(now)
    case = told(town, zone)
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    act(town, "robin", "answer_case", case, "I hear you.")
    act(town, "kim", "note_case", case, "I know that course.")
    right = day_of(local(day), "Europe/Amsterdam")
    assert [row["received_day"] for row in table(town, "belonging_case")] == [right]
    assert {row["day"] for row in table(town, "casemessage")} == {right}
    by_student = [row["at"] for row in table(town, "caseevent") if not row["who"]]
    assert by_student == [right * DAY]


def test_words_that_come_later_and_taking_back_have_the_communitys_day(town: Town) -> None:
    town.now = local("2026-11-24 00:30")
    words = town.tell("sam on discord", "a story", "Only my six words")
    town.run("release_cases")
    for label, form in (("Write more", {"text": "And then."}), ("Take back and erase", None)):
        shown = town.fill("sam on discord", town.ask("sam on discord", "answer"), {"words": words})
        asked = town.press("sam on discord", shown, label)
        town.fill("sam on discord", asked, form) if form else town.press("sam on discord", asked, "Yes")
        town.run("release_cases")
        right = day_of(local("2026-11-24 12:00"), "Europe/Brussels")
        assert {row["day"] for row in table(town, "casemessage")} <= {right}
    assert [row["at"] for row in table(town, "caseevent")] == [right * DAY] * 3


def test_since_when_a_case_waits_is_a_day_and_the_same_for_all_of_a_moment(town: Town) -> None:
    town.now = local("2026-11-23 18:11")
    for hour in range(3):
        town.now += HOUR + 7 * MINUTE * hour
        town.tell("sam on discord", "a story", "Only my six words")
    town.now = local("2026-11-24 09:00") + 1234
    town.run("release_cases")
    monday = day_of(local("2026-11-23 12:00"), "Europe/Brussels")
    assert [row["waits_since"] for row in table(town, "belonging_case")] == [monday + 1] * 3
    assert {row["at"] for row in table(town, "caseevent")} == {monday * DAY}


def test_what_was_answered_waits_no_more_until_there_is_something_new(town: Town) -> None:
    case = told(town)

    def stands() -> tuple[object, bool]:
        [row] = table(town, "belonging_case")
        return row["status"], row["waits_since"] is not None

    assert stands() == ("new", True)
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    assert stands() == ("claimed", True)
    act(town, "robin", "answer_case", case, "I hear you.")
    assert stands() == ("answered", False)
    act(town, "robin", "give_back_case", case, "I am away.")
    assert stands() == ("new", True)
    town.give("kim on discord", Pressed(f"s.claim_case.{case}"))
    assert stands() == ("answered", False), "nothing is owed to the student"
    town.press("kim on discord", town.give("kim on discord", Pressed(f"s.close_case.{case}")), "Yes")
    assert stands() == ("closed", False)


def test_only_who_has_a_case_gives_it_back_and_nobody_takes_it_over_unseen(town: Town) -> None:
    case = told(town)
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    assert "Only the mentor" in text(town.give("kim on discord", Pressed(f"s.give_back_case.{case}")))
    asked = town.give("kim on discord", Pressed(f"s.take_over_case.{case}"))
    act(town, "robin", "give_back_case", case, "I am away.")
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    shown = town.fill("kim on discord", asked, {"text": "Robin is away."})
    assert "saved as a note" in text(shown)
    view = town.database.run_now(lambda s: cases.read(s, town.one, case))
    assert view is not None
    assert view.holder == town.member("robin on discord")
    assert [(one.author, one.text, one.name) for one in view.messages] == [
        ("note", "I am away.", name("robin")),
        ("note", "Robin is away.", name("kim")),
    ]
    assert in_private(town, "robin on discord") == []


def test_a_student_reads_no_mentors_name(town: Town) -> None:
    words = town.tell("sam on discord", "a story", "Only my six words")
    town.run("release_cases")
    [case] = town.open_cases()
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    act(town, "robin", "answer_case", case, "I hear you.")
    act(town, "kim", "take_over_case", case, "Robin is away.")
    shown = town.fill("sam on discord", town.ask("sam on discord", "answer"), {"words": words})
    assert "I hear you." in str(card(shown))
    assert not [one for one in ("Robin", "Kim", name("robin")) if one in str(shown)]


def test_of_who_gave_a_case_back_or_lost_it_nothing_is_left_when_they_are_forgotten(town: Town) -> None:
    town.tell("sam on discord", "one story", "Only my six words")
    town.tell("noor on discord", "another", "Only my six words")
    town.run("release_cases")
    back, over = town.open_cases()
    robin = "robin on discord"
    for case in (back, over):
        town.give(robin, Pressed(f"s.claim_case.{case}"))
    act(town, "robin", "note_case", over, "I know that course.")
    act(town, "robin", "give_back_case", back, "I am away.")
    act(town, "kim", "take_over_case", over, "The student waits.")
    town.run_waiting()
    town.give("kim on discord", Pressed(f"s.claim_case.{back}"))
    member = town.member(robin)
    town.forget(robin)
    assert tables_with(town.database, member, ident(robin), name("robin")) == {"rolegrant"}, "of the other community"
    view = town.database.run_now(lambda s: cases.read(s, town.one, over))
    assert view is not None
    assert [(one.text, one.name) for one in view.messages] == [
        ("I know that course.", ""),
        ("The student waits.", name("kim")),
    ]


def test_a_take_over_under_way_names_nobody(town: Town) -> None:
    case = told(town)
    town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
    town.give("kim on discord", Pressed(f"s.take_over_case.{case}"))
    member = town.member("robin on discord")
    assert "conversation" not in tables_with(town.database, member, name("robin"), ident("robin on discord"))


def test_coordinators_are_told_how_many_privately_and_mentors_in_their_channel(town: Town) -> None:
    for who in ("alex on discord", "pat on discord", "kim on discord"):
        town.ask(who, "help")
    case = told(town)
    town.now = local("2026-11-18 13:05")
    for _day in range(5):
        town.now += DAY
        town.run("remind_of_cases")
    posts = [one for one in town.posted() if "working day" in one]
    assert len(posts) == 2, "on Thursday and Friday, not at the weekend, and not on each day"
    for who in ("alex on discord", "pat on discord"):
        [said] = in_private(town, who)
        assert said.startswith("In One students wait for the mentors, the longest for 2 working days. One case")
        assert town.database.run_now(lambda s: str(cases.listing(s, town.one)[0].id)) == case
        assert case not in said
    assert in_private(town, "kim on discord") == []


def test_of_eight_cases_of_eight_days_each_mentor_hears_of_their_own_alone(town: Town) -> None:
    for who in ("alex on discord", "robin on discord", "kim on discord"):
        town.ask(who, "help")
    town.now = local("2026-11-23 08:00")
    heard: dict[str, list[int]] = {"alex": [], "robin": [], "kim": []}
    before = dict.fromkeys(heard, 0)
    for day in range(12):
        if day < 8:
            town.tell("sam on discord", f"story {day}", "Only my six words")
            town.run("release_cases")
            if day in (0, 1):
                [free] = [x.id for x in town.database.run_now(lambda s: cases.listing(s, town.one)) if not x.holder]
                town.give(f"{('robin', 'kim')[day]} on discord", Pressed(f"s.claim_case.{free}"))
        town.run("remind_of_cases")
        for who, days in heard.items():
            if (now := len(in_private(town, f"{who} on discord"))) > before[who]:
                days.append(day)
            before[who] = now
        town.now += DAY
    assert heard == {"alex": [2, 4, 7], "robin": [1, 2, 7], "kim": [2, 3, 8]}


def test_reminders_come_by_the_communitys_clock_on_working_days(town: Town) -> None:
    def due_at(zone: str, now: str) -> int | None:
        def set_anew(session: Session) -> int | None:
            wind(session, catalogue(), town.one, zone, local(now))
            return due.when(session, recurring_key(town.one, "remind_of_cases"))

        return town.database.run_now(set_anew)

    assert due_at("Europe/Brussels", "2026-11-23 13:04") == local("2026-11-23 13:05")
    assert due_at("Europe/Brussels", "2026-11-27 13:06") == local("2026-11-30 13:05")
    assert due_at("America/Paramaribo", "2026-11-23 13:04") == local("2026-11-23 17:05")


def test_times_are_a_setting(town: Town) -> None:
    town.ask("alex on discord", "help")
    asked = town.give("alex on discord", Pressed("s.setup_reminders."))
    sure = town.fill("alex on discord", asked, {"mentors": "3", "coordinators": "2"})
    assert "before the mentors" in text(sure)
    town.press("alex on discord", sure, "Save it")
    assert town.database.run_now(lambda s: settings.chosen(s, town.one)) == {"reminders.mentors": "3"}
    assert town.database.run_now(lambda s: settings.chosen(s, town.two)) == {}
    told(town)
    town.now = local("2026-11-18 13:05") + DAY
    town.run("remind_of_cases")
    assert not [one for one in town.posted() if "working day" in one]
    words = town.tell("noor on discord", "another", "Only my six words")
    shown = town.fill("noor on discord", town.ask("noor on discord", "answer"), {"words": words})
    assert "If nobody has answered after 3 working days, Erbij reminds the mentors." in text(shown)


def test_a_student_is_told_how_long_it_really_took_where_five_cases_say_so(town: Town) -> None:
    town.now = local("2026-11-02 10:00")
    for number in range(5):
        words = town.tell("sam on discord", f"story {number}", "Only my six words")
        town.run("release_cases")
        [case] = [line.id for line in town.database.run_now(lambda s: cases.listing(s, town.one)) if not line.holder]
        town.give("robin on discord", Pressed(f"s.claim_case.{case}"))
        town.now += 3 * DAY
        if number == 4:
            break
        act(town, "robin", "answer_case", case, "I hear you.")

    def shown() -> str:
        return text(town.fill("sam on discord", town.ask("sam on discord", "answer"), {"words": words}))

    assert "reminds the mentors" in shown(), "four of four, and one waits: not one of them is to be told from the rest"
    for _night in range(5):
        town.now += DAY
        assert "reminds the mentors" in shown(), "the night after one came must not say so: the figure is Monday's"
    town.now += DAY
    assert "Over the last weeks most answers came within 3 days." in shown()


def test_what_was_taken_back_takes_no_words_and_no_choice(town: Town) -> None:
    words = town.tell("sam on discord", "a story", "Only my six words")
    shown = town.fill("sam on discord", town.ask("sam on discord", "answer"), {"words": words})
    town.press("sam on discord", town.press("sam on discord", shown, "Take back and erase"), "Yes")
    more = town.fill("sam on discord", town.press("sam on discord", shown, "Write more"), {"text": "And then."})
    assert "was taken back" in text(more)
    assert card(more).rows[0][1] == "And then.", "the words are handed back"
    heard = town.press("sam on discord", shown, "Messages about answers")
    assert "no answer will come" in text(town.press("sam on discord", heard, "Also a message here"))
    again = town.fill("sam on discord", town.ask("sam on discord", "answer"), {"words": words})
    assert "You took this story back. It is erased on" in text(again)
    assert not [part for part in again.parts if type(part).__name__ in ("Card", "Buttons")]
