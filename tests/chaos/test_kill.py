"""SIGKILL at any point of a turn, of a delivery and of what the clock runs: nothing lost, doubled or left half done."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import TypeVar

from bot.metrics import Metrics
from bot.sender import Sender
from bot.time import Clock
from bot.timers import Timers
from flows.cases import receipt
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.engine.wall_clock import next_time
from flows.seam import Arrived, Outgoing, Sent, Text
from storage import audit, case_telling, cases, check_ins, communities, due, outbox, places
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from tests.chaos import worker
from tests.chaos.people import SPACE, Platform, Student
from tests.raw import rows

KILLS = {"sqlite": 100, "postgresql": 24}
LONGEST_MS = {"turn": 80, "clock": 120, "delivery": 250}
"""A process lives up to this long after its first answer, or after its clock began."""
MOST_DELIVERIES = 3
JUMP = 10 * 60_000
"""From one life to the next: leases are over by then, but no conversation has been left alone for too long."""
STUDENTS = 6
QUESTIONS = 6
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["__main__", worker.__name__])  # loaded once, not in each short life
T = TypeVar("T")


@dataclass(frozen=True)
class Death:
    """When a process is killed: so long after its first ``turn`` or its ``clock`` began, or at a ``delivery``.

    At a delivery it dies after the platform has the message, and before it hears so.
    """

    during: str
    seconds: float = 60
    deliveries: int = 0


def test_whatever_is_killed_when_everything_is_done_once(url: str, master_key: str) -> None:
    kills = KILLS[url.split(":", 1)[0]]
    start = Clock().now()
    lives = kills + 2  # and two that end in peace
    community = _found(url, master_key, start, lives)
    numbers = itertools.count()
    students = [Student(f"student{n}", numbers) for n in range(STUDENTS)]
    platform, deaths = Platform(), _deaths(random.Random(20261121))
    for number in range(kills):
        _live(url, master_key, students, platform, next(deaths), number * JUMP)
    for one in students:
        one.last = True
        one.do(Arrived())  # a receipt whose answer was lost with its process waits to be shown
    _live(url, master_key, students, platform, Death("turn"), kills * JUMP)
    assert not any(one.acts for one in students)
    assert platform.repeats, "some delivery was cut off between the platform and the database"

    clock = Clock((kills + 1) * JUMP)
    asyncio.run(_settle(url, master_key, platform, clock))
    told = [text for one in students for text in one.told]
    receipts = set().union(*(one.receipts for one in students))
    assert len(told) > STUDENTS
    _in(url, master_key, lambda s: _check_cases(s, community, told, receipts))
    _in(url, master_key, lambda s: _check_messages(s, community, platform))
    _in(url, master_key, lambda s: _check_timers(s, community, platform, start, clock.now(), lives))


def _deaths(chance: random.Random) -> itertools.cycle[Death] | map[Death]:
    def death(during: str) -> Death:
        if during == "delivery":
            return Death(during, LONGEST_MS[during] / 1000, chance.randint(1, MOST_DELIVERIES))
        return Death(during, chance.uniform(0, LONGEST_MS[during]) / 1000)

    return map(death, itertools.cycle(("turn", "delivery", "clock")))


def _live(url: str, key: str, students: list[Student], platform: Platform, death: Death, ahead: int) -> None:
    """One process's life: it serves until its time has come, or nobody wants anything more."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=worker.serve, args=(theirs, url, key, ahead), daemon=True)
    process.start()
    theirs.close()
    try:
        _talk(ours, students, platform, death)
    finally:
        _kill(process)
        _rest(ours, students, platform)
        ours.close()


def _talk(door: Connection, students: list[Student], platform: Platform, death: Death) -> None:
    sent: set[str] = set()
    until, deliveries = None, 0
    while until is None or time.monotonic() < until:
        for one in students:
            incoming = one.next()
            if incoming is not None and incoming.event not in sent:
                sent.add(incoming.event)
                door.send(incoming)
        if not any(one.acts for one in students):
            return
        if not door.poll(60 if until is None else max(0, until - time.monotonic())):
            continue
        got = door.recv()
        taken = _take(got, students, platform)
        if taken is not None:
            deliveries += 1
            if deliveries == death.deliveries:
                return
            door.send(taken)
        # The time starts with what is to be killed, so that a slow start is not all that is ever killed.
        begins = got == worker.UP if death.during == "clock" else isinstance(got, tuple)
        if begins and until is None:
            until = time.monotonic() + death.seconds


def _take(got: object, students: list[Student], platform: Platform) -> Sent | None:
    """Something that the process said; for a message what the platform says back."""
    match got:
        case Outgoing():
            return platform.take(got)
        case (str() as event, reply):
            for one in students:
                one.hear(event, reply)
    return None


def _kill(process: ForkServerProcess) -> None:
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    process.close()


def _rest(door: Connection, students: list[Student], platform: Platform) -> None:
    """Answers and messages that were on their way when the process died."""
    try:
        while door.poll(0):
            _take(door.recv(), students, platform)
    except (EOFError, ConnectionResetError):
        pass


def _in(url: str, key: str, function: Callable[[Session], T]) -> T:
    """What a function finds or does in the database."""
    database = Database(url, Masters(key))
    database.open()
    try:
        return database.run_now(function)
    finally:
        database.close()


def _found(url: str, key: str, start: int, lives: int) -> str:
    """A community in which a round opens, another closes and cases are released in each life."""

    def found(s: Session) -> str:
        community = found_community(s, catalogue(), "chaos", "Chaos", "en", "UTC", start)
        communities.add_space(s, community, SPACE.platform, SPACE.id)
        for place in ("students", "mentors"):
            places.choose(s, community, places.PlaceSet(place, SPACE.platform, SPACE.id, place, place))
        for life in range(lives):
            at = start + life * JUMP
            due.add(s, f"open {life}", community, "open_check_in", "", at)
            due.add(s, f"close {life}", community, "close_check_in", check_ins.open_round(s, community, at, at), at)
            due.add(s, f"release {life}", community, "release_cases", "", at)
        return community

    return _in(url, key, found)


async def _settle(url: str, key: str, platform: Platform, clock: Clock) -> None:
    """The last process of all, which nobody kills: it runs what is due and delivers what waits."""

    class Last(worker.Adapter):
        async def send(self, message: Outgoing) -> Sent:
            return platform.take(message)

    database = Database(url, Masters(key))
    database.open()
    sender = Sender(database, clock, {"web": Last(None)}, Metrics())  # type: ignore[arg-type]
    sending = asyncio.create_task(sender.run())
    await Timers(database, catalogue(), clock, Metrics(), sender.wake).catch_up()
    async with asyncio.timeout(60):
        while (await database.run(outbox.depth)).waiting:
            await asyncio.sleep(0)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await sender.drain()
    database.close()


def _check_cases(s: Session, community: str, told: list[str], receipts: set[str]) -> None:
    """Every confirmed case is there once and whole, and opens with its receipt."""
    salt = receipt.salt(s)
    opened = [case_telling.by_receipt(s, community, receipt.tag(words, salt)) for words in receipts]
    by_receipt = {view.id: view.text for view in opened if view}
    assert len(by_receipt) == len(receipts) == len(told)
    assert all(len(text) == QUESTIONS for text in by_receipt.values())
    assert sorted(sorted(set(text.values())) for text in by_receipt.values()) == sorted([text] for text in told)
    stored = {line.id: cases.read(s, community, line.id) for line in cases.listing(s, community)}
    assert {case: view and view.text for case, view in stored.items()} == by_receipt


def _check_messages(s: Session, community: str, platform: Platform) -> None:
    """Every message was delivered, and the platform shows each once: one of each case and of each round."""
    depth = outbox.depth(s)
    assert (depth.waiting, depth.dead) == (0, 0)
    assert sorted(platform.buttons("s.claim_case.")) == sorted(line.id for line in cases.listing(s, community))
    opened = [one.id for one in check_ins.rounds(s, community) if one.closes_at > one.opens_at]
    shown = platform.buttons("s.check_in.")
    assert len(set(shown)) == len(shown)
    assert set(shown) <= set(opened)
    # Two posts a week and channel; what else was opened and closed in these days is held back, and none of it lost.
    left = [row["subject"] for row in rows(s, "outbox") if row["state"] == outbox.BACK]
    assert {f"check-in:{one}" for one in opened} <= {*left, *(f"check-in:{one}" for one in shown)}


def _check_timers(s: Session, community: str, platform: Platform, start: int, end: int, lives: int) -> None:
    """Each moment came once: a round opened, a round closed; nothing is left that is due, failed or was skipped."""
    weekly = next(one for one in catalogue().recurring if one.job == "open_check_in").of({})
    at, thursdays = start, -1
    while at <= end:
        at, thursdays = next_time(weekly.cron, "UTC", at), thursdays + 1
    assert len(check_ins.rounds(s, community)) == 2 * lives + thursdays
    said = [part.text for message in platform.shown.values() for part in message.parts if isinstance(part, Text)]
    assert len([text for text in said if "is closed" in text]) <= lives, "no more than the channel takes"
    assert not due.failing(s)
    assert (due.next_at(s) or 0) > end
    assert audit.listing(s, community) == []
