"""Every flow and job, every role and no account, each surface's door: what may not open leaves no trace.

The whole database is compared before and after, not the reply. Who may start what is written down here once more, by
hand: a new flow must say here, too, for whom it is.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from adapters.teams.pace import Throttle
from flows.catalogue import catalogue
from flows.engine.declared import names_of
from flows.engine.sentences import IN_THE_CHAT, OVER, not_for_you
from flows.engine.timers import found_community
from flows.seam import Buttons, Incoming, Part, Reply, Text
from flows.words import Msg, said
from storage import case_release, case_telling, case_work, check_ins, communities, due, role_grants, settings
from storage.database import Database
from storage.statement import Session
from storage.tables import metadata
from tests.scenarios.test_stories import Surface, each_surface
from tests.scenarios.world import World
from tests.surfaces.web import WebSurface

PEOPLE = {"Sam": "student", "Robin": "mentor", "Alex": "lead", "Noor": "coordinator", "Kim": "teacher"}
NOBODY = "no account"
ALL = frozenset(PEOPLE.values())
MAY: dict[str, frozenset[str]] = {
    "belonging_case": ALL | {NOBODY},
    "follow_up": ALL | {NOBODY},
    **dict.fromkeys(("write_more", "take_back"), ALL | {NOBODY}),
    "hear_back": ALL,
    "help": ALL | {NOBODY},
    "language": ALL | {NOBODY},
    **dict.fromkeys(("messages", "pause_messages", "fewer_messages", "stop_messages"), ALL),
    **dict.fromkeys(("messages_on", "my_clock", "held_back"), ALL),
    "link": ALL,
    "unlink": ALL,
    "my_data": ALL,
    "forget_me": ALL,
    "check_in": frozenset({"student"}),
    **dict.fromkeys(("case", "claim_case", "answer_case", "note_case", "close_case", "cases"), frozenset({"mentor"})),
    **dict.fromkeys(("give_back_case", "take_over_case"), frozenset({"mentor"})),
    **dict.fromkeys(
        (
            "setup",
            "setup_about",
            "setup_group",
            "setup_help",
            "setup_coordinators",
            "setup_code",
            "setup_join",
            "setup_reminders",
            "setup_roles",
            "setup_settings",
        ),
        frozenset({"coordinator"}),
    ),
}
"""All others are reached by a hand-over, or are jobs: nobody starts them."""
HANDED_OVER = {"keep_receipt", "show_code", "enter_code", "write_to"}
ON_A_CASE = {"write_more", "take_back", "hear_back"}
"""They carry a case, sealed; what does not open asks for six words, so whatever has the right length opens."""
JOBS = {
    "fan_out",
    "open_check_in",
    "close_check_in",
    "release_cases",
    "tell_of_answers",
    "housekeeping",
    "cases_given_back",
    "remind_of_cases",
    "abandon_setup",
    "ask_for_staff",
    "staff_left",
    "welcome",
}
BY_HAND = ("A" * 22, "a.b", "a\0b", "x" * 300)
"""Arguments that nobody was given; tests/engine/test_token.py has more of them."""


def named(who: frozenset[str]) -> list[Msg]:
    """For whom a flow is, as it is said here."""
    return names_of(catalogue().roles, who, {})


REFUSALS = {
    said(one, "en")
    for one in (OVER, IN_THE_CHAT, *(not_for_you(named(flow.who)) for flow in catalogue().flows.values()))
}


class Doors:
    """A community with one person for each role, and another community beside it."""

    def __init__(self, database: Database, world: World) -> None:
        self.database, self.world = database, world
        self.reply, self.heard = Reply(), 0
        self.world.runtime.receive = self._heard  # type: ignore[method-assign]
        self._take = type(world.runtime).receive

    async def _heard(self, incoming: Incoming) -> Reply:
        self.reply = await self._take(self.world.runtime, incoming)
        self.heard += 1
        return self.reply

    async def open(self, surface: object) -> None:
        await self.world.open(surface)
        self.database.run_now(self._cast)

    def _cast(self, session: Session) -> None:
        here = communities.every(session)[0].id
        [surface] = self.world._surfaces
        platform, now = surface.space.platform, self.world.clock.now()
        communities.add_space(session, here, "page", surface.space.id)
        for role in ("mentor", "student"):
            role_grants.revoke(session, here, role, platform)
        for who in ("Sam", "Robin", "Noor", "Kim"):
            role_grants.grant(
                session, here, role_grants.Grant(PEOPLE[who], platform, "person", surface.person_ids[who], who)
            )
        there = found_community(session, catalogue(), "second", "Second", "en", "Europe/Amsterdam", now)
        self.mine, self.theirs = ({"group": "mentors", "carried": "A" * 64}, {"group": "nobody", "carried": "A" * 63})
        for known, community in ((self.mine, here), (self.theirs, there)):
            known["round"] = check_ins.open_round(session, community, now, now + 10**9)
            tag = community.encode().hex().ljust(64, "0")
            known["case"] = case_telling.tell(session, community, tag, {"issue": "x"}, 1)
            case_release.release(session, community)
        self.here = here

    def held_by(self, who: str) -> None:
        """The case is in the hands of this person, who has written to Erbij before."""
        external = self.world._surfaces[0].person_ids[who]
        rows = self.database.run_now(
            lambda s: s._execute(f"select member_id from account where external_id = '{external}'", ()).fetchall()
        )
        self.database.run_now(lambda s: case_work.claim(s, self.here, self.mine["case"], rows[0][0], 1))

    def argument(self, name: str, known: dict[str, str]) -> str:
        if name in ("close_check_in", "check_in"):
            return known["round"]
        if name == "case" or (name.endswith("_case") and name != "belonging_case"):
            return known["case"]
        if name in ON_A_CASE:
            return known["carried"]
        return known["group"] if name == "setup_group" else ""

    def wrong(self, name: str, role: str) -> list[str]:
        """Arguments with which this role must not start a flow of this name."""
        right = self.argument(name, self.mine)
        found = [*BY_HAND, self.argument(name, self.theirs) or "y", *([""] if right else [])]
        return found if role in MAY.get(name, ()) else [*found, right]

    def rows(self) -> dict[str, list[str]]:
        """All that is stored, but which events were seen, and since when SQLite's log is filled."""

        def read(session: Session) -> dict[str, list[str]]:
            tables = [table.name for table in metadata.sorted_tables if table.name != "eventseen"]
            every = {name: map(tuple, session._execute(f"select * from {name}", ()).fetchall()) for name in tables}
            return {name: sorted(repr(row) for row in rows if row[0] != "log") for name, rows in every.items()}

        return self.database.run_now(read)


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is sent here in a second than Teams takes in an hour."""
    for limit in ("message", "request"):
        monkeypatch.setattr(Throttle, limit, _at_once)


async def _at_once(_throttle: Throttle, _whom: str) -> None:
    pass


def names() -> list[str]:
    return sorted([*catalogue().flows, *catalogue().jobs, "no_such_flow"])


def test_each_flow_says_here_for_whom_it_is() -> None:
    assert set(catalogue().flows) == set(MAY) | HANDED_OVER
    assert set(catalogue().jobs) == JOBS


def opens(reply: Reply) -> bool:
    return not any(isinstance(part, Text) and part.text in REFUSALS for part in reply.parts)


@each_surface
async def test_nothing_opens_that_should_stay_shut(surface_type: Surface, sqlite: Database) -> None:
    doors = Doors(sqlite, World(sqlite))
    async with surface_type(doors.world.receive) as surface:
        await doors.open(surface)
        try:
            for who in [*PEOPLE, *PEOPLE]:  # the second time it is known where they can be reached
                await surface.press_by_hand(who, ["s.help."], "students")
            doors.held_by("Robin")
            before = doors.rows()
            for who, role in PEOPLE.items():
                shut = [f"s.{name}.{argument}" for name in names() for argument in doors.wrong(name, role)]
                await surface.press_by_hand(who, shut, "students")
                assert doors.heard > len(shut) // 2, "most of it never arrived"
                assert doors.rows() == before, f"a {role} changed something"
        finally:
            await doors.world.close()


@each_surface
async def test_what_is_for_someone_opens_for_them(surface_type: Surface, sqlite: Database) -> None:
    doors = Doors(sqlite, World(sqlite))
    async with surface_type(doors.world.receive) as surface:
        await doors.open(surface)
        try:
            await surface.press_by_hand("Robin", ["s.help."], "students")
            doors.held_by("Robin")
            for who, role in PEOPLE.items():
                for name in (name for name, roles in MAY.items() if role in roles and name != "close_case"):
                    await surface.press_by_hand(who, [f"s.{name}.{doors.argument(name, doors.mine)}"], "students")
                    assert opens(doors.reply), f"a {role} cannot start {name}"
        finally:
            await doors.world.close()


async def test_without_an_account_nothing_opens_but_what_is_for_everybody(database: Database) -> None:
    doors = Doors(database, World(database))
    async with WebSurface(doors.world.receive) as surface:
        await doors.open(surface)
        try:
            before = doors.rows()
            for name in names():
                mine = doors.argument(name, doors.mine)
                for argument in {*BY_HAND, mine, doors.argument(name, doors.theirs)} - ({""} if name in MAY else set()):
                    for field in ("button", "form"):
                        await surface.on_the_page(**{field: f"s.{name}.{argument}"})
                if NOBODY not in MAY.get(name, ()):
                    await surface.on_the_page(button=f"s.{name}.")
                    await surface.on_the_page(start=name)
            for command in catalogue().commands.values():
                if command.flow and NOBODY not in MAY[command.flow]:
                    await surface.on_the_page(text=command.name)
                    await surface.on_the_page(start=command.name)
            assert doors.rows() == before
            for name in (name for name, roles in MAY.items() if NOBODY in roles):
                await surface.on_the_page(button=f"s.{name}.")
                assert opens(doors.reply), name
        finally:
            await doors.world.close()


READS = {"students": set(PEOPLE), "mentors": {"Robin", "Alex"}}
"""Who can read a channel, and so see the buttons of what is posted there."""
FOR_OTHERS = {("check_in", "mentor"), ("check_in", "lead"), ("check_in", "coordinator"), ("check_in", "teacher")} | {
    (name, "lead") for name in ("case", "claim_case")
}
"""What stands in a channel for some of those who read it: the others hear for whom it is, and what they can do."""


def buttons(parts: Iterable[Part]) -> list[str]:
    """What the buttons start that are shown."""
    every = [one.id for part in parts if isinstance(part, Buttons) for one in part.buttons]
    return [one for one in every if one.startswith("s.")]


async def presses_all(doors: Doors, surface: WebSurface, who: str, shown: Iterable[str]) -> None:
    """Press each button that is shown, and each that is shown then; all of them open."""
    seen: set[str] = set()
    waiting = list(shown)
    while waiting:
        button = waiting.pop()
        if button not in seen:
            seen.add(button)
            await surface.press_by_hand(who, [button], "")
            assert opens(doors.reply), f"{who} was shown {button}, and may not press it"
            waiting += buttons(doors.reply.parts)
    assert seen


async def test_nobody_is_shown_a_button_that_they_may_not_press(sqlite: Database) -> None:
    doors = Doors(sqlite, World(sqlite))
    async with WebSurface(doors.world.receive) as surface:
        await doors.open(surface)
        try:
            for who in PEOPLE:
                for words in ("hoi", "help", "what a strange sentence", "/setup", "/cases", "check-in"):
                    await surface.say(who, words)
                    await presses_all(doors, surface, who, ["s.help.", *buttons(doors.reply.parts)])
        finally:
            await doors.world.close()


async def test_what_is_posted_says_for_whom_it_is(sqlite: Database) -> None:
    doors = Doors(sqlite, World(sqlite))
    async with WebSurface(doors.world.receive) as surface:
        await doors.open(surface)
        try:
            sqlite.run_now(lambda s: settings.choose(s, doors.here, "students.welcome", "yes"))
            for job in ("welcome", "open_check_in"):
                sqlite.run_now(lambda s, name=job: due.add(s, f"now{name}", doors.here, name, "", 0))
            sqlite.run_now(lambda s: case_telling.tell(s, doors.here, "ef" * 32, {"issue": "y"}, 1))
            await doors.world.move_to("2026-11-23 13:00")
            refused = set()
            posted = {
                place: [one for message in await surface._history(place, "") for one in buttons(message.parts)]
                for place in READS
            }
            for place, readers in READS.items():
                for who in readers:
                    for button in posted[place]:
                        await surface.press_by_hand(who, [button], place)
                        if not opens(doors.reply):
                            name = button.split(".")[1]
                            refused.add((name, PEOPLE[who]))
                            words = said(not_for_you(named(catalogue().flows[name].who)), "en")
                            assert Text(words) in doors.reply.parts
                            await presses_all(doors, surface, who, buttons(doors.reply.parts))
            assert refused == FOR_OTHERS
        finally:
            await doors.world.close()
