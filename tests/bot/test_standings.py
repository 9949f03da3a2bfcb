"""What a platform said of somebody is remembered for five minutes; who waits for it does not wait long."""

from __future__ import annotations

import asyncio

import pytest

from bot import standings as module
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.standings import FRESH, Standings
from bot.time import Clock
from flows.catalogue import catalogue
from flows.faults import Gone, Outage, TooFast
from flows.seam import Command, Incoming, Left, Outgoing, Person, Receive, Removed, Reply, Sent, Space, Standing, Text
from storage import communities, role_grants
from storage.database import Database
from storage.statement import Session

SERVER, OTHER = Space("discord", "1"), Space("discord", "2")
HERE, GONE = Standing(True, frozenset({"r"})), Standing(False)


class Platform:
    """Says what it is told to say, after ``opened``."""

    platform = "discord"

    def __init__(self) -> None:
        self.says: Standing | Exception = HERE
        self.asked: list[tuple[Space, str]] = []
        self.opened = asyncio.Event()
        self.opened.set()

    async def run(self, _receive: Receive) -> None: ...

    async def send(self, _message: Outgoing) -> Sent:
        raise Gone

    async def known(self, space: Space, person: str) -> Standing:
        self.asked.append((space, person))
        await self.opened.wait()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def standings(platform: Platform, time: Time) -> Standings:
    return Standings({"discord": platform}, time)  # type: ignore[dict-item]


async def test_an_answer_is_used_for_five_minutes_and_no_longer(
    standings: Standings, platform: Platform, time: Time
) -> None:
    assert FRESH == 300
    assert await standings.of(SERVER, "robin") == HERE
    platform.says = GONE
    time.now += FRESH - 0.001
    assert await standings.of(SERVER, "robin") == HERE
    assert len(platform.asked) == 1
    time.now += 0.001
    assert await standings.of(SERVER, "robin") == GONE
    assert len(platform.asked) == 2


async def test_each_person_and_each_space_is_asked_for(standings: Standings, platform: Platform) -> None:
    for space, who in ((SERVER, "robin"), (SERVER, "kim"), (OTHER, "robin"), (SERVER, "robin")):
        await standings.of(space, who)
    assert platform.asked == [(SERVER, "robin"), (SERVER, "kim"), (OTHER, "robin")]


@pytest.mark.parametrize("fault", [Outage("down"), TooFast(3), Gone("not there"), ValueError("a fault of our own")])
async def test_no_answer_is_not_remembered(standings: Standings, platform: Platform, fault: Exception) -> None:
    platform.says = fault
    assert not isinstance(await standings.of(SERVER, "robin"), Standing)
    platform.says = HERE
    assert await standings.of(SERVER, "robin") == HERE


async def test_a_platform_that_is_not_there_gives_no_answer(standings: Standings) -> None:
    assert isinstance(await standings.of(Space("teams", "t"), "robin"), Gone)


async def test_who_waits_hears_in_time_and_a_late_answer_is_remembered(
    standings: Standings, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.01)
    platform.opened.clear()
    assert isinstance(await standings.of(SERVER, "robin"), Outage)
    assert isinstance(await standings.of(SERVER, "robin"), Outage)
    assert len(platform.asked) == 1, "one question at a time"
    platform.opened.set()
    await asyncio.gather(*standings._asking.values())
    assert await standings.of(SERVER, "robin") == HERE
    assert len(platform.asked) == 1


async def test_a_platform_that_never_answers_is_given_up(
    standings: Standings, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    platform.opened.clear()
    assert isinstance(await standings.of(SERVER, "robin"), Outage)
    assert not standings._asking


async def test_what_is_newer_takes_the_place_of_what_was_said(standings: Standings, platform: Platform) -> None:
    await standings.of(SERVER, "robin")
    await standings.of(OTHER, "robin")
    standings.forget(SERVER, "kim")
    standings.forget(SERVER, "robin")
    await standings.of(SERVER, "robin")
    standings.forget(SERVER)
    await standings.of(SERVER, "robin")
    await standings.of(OTHER, "robin")
    assert platform.asked == [(SERVER, "robin"), (OTHER, "robin"), (SERVER, "robin"), (SERVER, "robin")]


async def test_what_is_being_said_when_somebody_leaves_is_not_remembered(
    standings: Standings, platform: Platform
) -> None:
    platform.opened.clear()
    asking = asyncio.create_task(standings.of(SERVER, "robin"))
    await asyncio.sleep(0)
    standings.forget(SERVER)
    platform.opened.set()
    assert await asking == HERE
    platform.says = GONE
    assert await standings.of(SERVER, "robin") == GONE


async def test_only_so_many_answers_are_remembered(
    standings: Standings, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    for number in range(6):
        await standings.of(SERVER, str(number))
    assert [key[2] for key in standings._known] == ["3", "4", "5"]


# ---------------------------------------------------------------- at the product's door


@pytest.fixture
def runtime(database: Database, clock: Clock, standings: Standings) -> Runtime:
    def found(session: Session) -> None:
        here = communities.add_community(session, "year-1", "Year 1", "en", "Europe/Brussels")
        communities.add_space(session, here, "discord", SERVER.id)
        role_grants.grant(session, here, role_grants.Grant("mentor", "discord", "person", "robin", "Robin"))

    database.run_now(found)
    made = Runtime(database, catalogue(), clock, Metrics())
    made.standings = standings
    return made


def in_private(event: str, who: str = "robin") -> Incoming:
    return Incoming(event, SERVER, Person(who, who, None), Command("cases"))


def shown(reply: Reply) -> str:
    return "\n".join(part.text for part in reply.parts if isinstance(part, Text))


async def test_a_turn_asks_once_in_five_minutes(runtime: Runtime, platform: Platform) -> None:
    for number in range(3):
        assert "No case is waiting" in shown(await runtime.receive(in_private(f"e{number}")))
    assert platform.asked == [(SERVER, "robin")]


async def test_an_act_in_a_channel_says_what_is_newer(runtime: Runtime, platform: Platform) -> None:
    platform.says = GONE
    assert "do not see you" in shown(await runtime.receive(in_private("e1")))
    platform.says = HERE
    assert "do not see you" in shown(await runtime.receive(in_private("e2"))), "it was remembered"
    person = Person("robin", "Robin", frozenset())
    await runtime.receive(Incoming("e3", SERVER, person, Command("help"), place="c"))
    assert "No case is waiting" in shown(await runtime.receive(in_private("e4")))


@pytest.mark.parametrize("act", [Left(), Removed()])
async def test_that_somebody_left_ends_what_is_remembered(
    runtime: Runtime, platform: Platform, act: Left | Removed
) -> None:
    rung: list[bool] = []
    runtime.doubted = lambda: rung.append(True)
    await runtime.receive(in_private("e1"))
    platform.says = GONE
    await runtime.receive(Incoming("e2", SERVER, None, act))
    assert rung == ([True] if isinstance(act, Left) else [])
    assert "do not see you" in shown(await runtime.receive(in_private("e3")))


async def test_in_an_outage_nothing_is_saved_and_the_same_event_can_come_again(
    runtime: Runtime, platform: Platform
) -> None:
    platform.says = Outage("down")
    reply = await runtime.receive(in_private("e1"))
    assert not reply.saved
    assert "cannot see just now" in shown(reply)
    platform.says = HERE
    assert "No case is waiting" in shown(await runtime.receive(in_private("e1")))


async def test_a_students_second_press_asks_nothing(runtime: Runtime, platform: Platform, time: Time) -> None:
    await runtime.receive(in_private("e1", "sam"))
    time.now += 2 * FRESH
    await runtime.receive(in_private("e2", "sam"))
    assert platform.asked == [(SERVER, "sam")]
