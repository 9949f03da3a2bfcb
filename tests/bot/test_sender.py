from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import sender as module
from bot import tryout
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.sender import Sender, outgoing_id, verdict
from bot.time import Clock
from flows.catalogue import catalogue
from flows.engine import wire
from flows.faults import Blocked, Gone, Outage, TooFast
from flows.pace import Pace
from flows.seam import Command, Incoming, Limits, Outgoing, Person, Receive, Sent, Text
from storage import communities, outbox, undelivered
from storage.database import Database

LIMITS = Limits(4000, 5, 80, 200, 5, 200, 200, 4000, 25, 1000.0)


class Stub:
    """A platform that answers as it is told."""

    platform: ClassVar[str] = "web"
    limits: ClassVar[Limits] = LIMITS

    def __init__(self) -> None:
        self.seen: list[Outgoing] = []
        self.answers: list[Exception] = []
        self.hold: asyncio.Event | None = None

    async def run(self, receive: Receive) -> None:
        del receive

    async def send(self, message: Outgoing) -> Sent:
        if self.hold is not None:
            await self.hold.wait()
        self.seen.append(message)
        if self.answers:
            raise self.answers.pop(0)
        return Sent(f"m{len(self.seen)}")

    def texts(self) -> list[str]:
        return [part.text for one in self.seen for part in one.parts if isinstance(part, Text)]


class Other(Stub):
    platform: ClassVar[str] = "discord"


def queue(database: Database, clock: Clock, *texts: str, lane: str = "students", **named: str) -> None:
    platform = named.get("platform", "web")

    def add(session: module.Session) -> None:
        found = communities.by_slug(session, tryout.SLUG)
        assert found is not None
        for text in texts:
            outbox.add(
                session,
                outbox.Message(
                    f"{lane}:{text}",
                    found.id,
                    platform,
                    tryout.SLUG,
                    lane,
                    private=bool(named.get("private")),
                    subject=named.get("subject", ""),
                    fleeting=bool(named.get("fleeting")),
                    payload=wire.pack((Text(text),), "en"),
                    at=clock.now(),
                ),
            )

    database.run_now(add)


@asynccontextmanager
async def sending(database: Database, clock: Clock, *adapters: Stub) -> AsyncIterator[Sender]:
    sender = Sender(database, clock, {one.platform: one for one in adapters}, Metrics())
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sender.drain()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


def depth(database: Database) -> tuple[int, int]:
    found = database.run_now(outbox.depth)
    return found.waiting, found.dead


def outbox_keys(database: Database) -> list[str]:
    return [
        row[0] for row in database.run_now(lambda s: s._execute("select key from outbox order by id", {}).fetchall())
    ]


async def test_a_conversation_stays_in_order_whatever_fails(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [Outage("down")]
    queue(database, clock, "one", "two", "three")
    async with sending(database, clock, stub):
        await until(lambda: depth(database) == (0, 0))
    assert stub.texts() == ["one", "one", "two", "three"]
    assert stub.seen[0].id == stub.seen[1].id == outgoing_id("students:one")
    assert len(stub.seen[0].id) == 22


async def test_another_conversation_does_not_wait(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [TooFast(3600)]
    queue(database, clock, "one", "two", lane="students")
    queue(database, clock, "three", lane="mentors")
    async with sending(database, clock, stub):
        await until(lambda: "three" in stub.texts())
    assert stub.texts() == ["one", "three"]
    assert depth(database) == (2, 0)


async def test_another_platform_does_not_wait(database: Database, clock: Clock) -> None:
    slow, quick = Stub(), Other()
    slow.hold = asyncio.Event()
    queue(database, clock, *map(str, range(100)), lane="students")
    queue(database, clock, "quick", lane="9", platform="discord")
    async with sending(database, clock, slow, quick):
        await until(lambda: quick.texts() == ["quick"])
        assert slow.texts() == []
        slow.hold.set()
        await until(lambda: depth(database) == (0, 0))
    assert slow.texts() == [str(one) for one in range(100)]


async def test_what_cannot_be_delivered_is_kept_as_a_dead_letter(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [Gone("no such channel")]
    queue(database, clock, "one", "two")
    async with sending(database, clock, stub):
        await until(lambda: depth(database) == (0, 1))
    assert stub.texts() == ["one", "two"]
    assert database.run_now(lambda s: undelivered.rows(s, 9))[0].fault == "Gone"


async def test_a_fault_of_the_adapter_is_tried_again(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [KeyError("text of someone")]
    queue(database, clock, "one")
    async with sending(database, clock, stub):
        await until(lambda: depth(database) == (0, 0))
    assert stub.texts() == ["one", "one"]


async def test_who_cannot_be_reached_is_told_in_the_channel_without_a_name(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [Blocked("closed")]
    queue(database, clock, "for you", lane="sam", private="yes")
    async with sending(database, clock, stub) as sender:
        await until(lambda: depth(database) == (1, 1) or depth(database) == (0, 1))
        sender.wake()
        await until(lambda: depth(database) == (0, 1) and len(stub.seen) == 2)
    note = stub.seen[1]
    assert note.place == "students"
    assert "Something waits here" in stub.texts()[1]
    assert "sam" not in stub.texts()[1].lower()


async def test_of_a_fleeting_message_nothing_stays_whether_it_came_or_not(database: Database, clock: Clock) -> None:
    stub = Other()
    stub.answers = [Blocked("closed"), Outage("down")]
    kept = {"platform": "discord", "private": "yes", "lane": "sam"}
    async with sending(database, clock, stub) as sender:
        queue(database, clock, "closed to it", "comes in the end", **kept, fleeting="yes")
        queue(database, clock, "stays", **kept)
        sender.wake()
        await until(lambda: outbox_keys(database) == ["sam:comes in the end", "sam:stays"])
        await until(lambda: stub.texts()[-1:] == ["stays"] and depth(database) == (0, 0))
    assert stub.texts() == ["closed to it", "comes in the end", "comes in the end", "stays"]
    assert outbox_keys(database) == ["sam:stays"]


async def test_of_a_fleeting_message_that_nobody_can_get_nothing_waits(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [Blocked("closed")]
    async with sending(database, clock, stub):
        queue(database, clock, "you were answered", lane="sam", private="yes", fleeting="yes")
        await until(lambda: outbox_keys(database) == [])
    assert stub.texts() == ["you were answered"]


async def test_who_could_not_be_reached_gets_it_with_their_next_message(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.answers = [Blocked("closed")]
    queue(database, clock, "for you", lane="sam", private="yes")
    async with sending(database, clock, stub) as sender:
        await until(lambda: depth(database) == (0, 1) and len(stub.seen) == 2)
        runtime = Runtime(database, catalogue(), clock, Metrics())
        runtime.posted = sender.wake
        await runtime.receive(Incoming("e1", tryout.SPACE, Person("sam"), Command("help")))
        await until(lambda: depth(database) == (0, 0))
    assert [(one.person, one.place) for one in stub.seen] == [("sam", ""), ("", "students"), ("sam", "")]
    assert stub.seen[0].id == stub.seen[2].id


async def test_a_later_message_of_a_subject_edits_the_earlier(database: Database, clock: Clock) -> None:
    stub = Stub()
    queue(database, clock, "new", "claimed", subject="case:1")
    async with sending(database, clock, stub):
        await until(lambda: depth(database) == (0, 0))
    assert [one.edits for one in stub.seen] == ["", "m1"]


async def test_what_is_on_its_way_is_finished_at_a_stop(database: Database, clock: Clock) -> None:
    stub = Stub()
    stub.hold = asyncio.Event()
    queue(database, clock, "one")
    sender = Sender(database, clock, {"web": stub}, Metrics())
    task = asyncio.create_task(sender.run())
    await until(lambda: bool(sender._going))
    task.cancel()
    stub.hold.set()
    await sender.drain()
    assert depth(database) == (0, 0)


async def test_a_fault_in_the_look_at_the_outbox_ends_nothing(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Stub()

    def broken(*_args: object, **_how: object) -> None:
        raise ZeroDivisionError

    queue(database, clock, "one")
    with monkeypatch.context() as odd:
        odd.setattr(module.claim, "claim", broken)
        sender = Sender(database, clock, {"web": stub}, Metrics())
        task = asyncio.create_task(sender.run())
        faults = sender._metrics.faults.labels("sender", "ZeroDivisionError")._value
        await until(lambda: task.done() or faults.get() == 2)  # the channels' look, and the people's
    assert not task.done()
    sender.wake()
    await until(lambda: depth(database) == (0, 0))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert stub.texts() == ["one"]


async def test_pace_keeps_to_the_platforms_rate() -> None:
    pace, loop = Pace(100), asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*(pace.turn() for _ in range(11)))
    assert loop.time() - began >= 0.099


@given(attempts=st.integers(0, 1000), age=st.integers(0, module.GIVE_UP))
def test_waits_grow_and_stay_bounded(attempts: int, age: int) -> None:
    now = 10 * module.GIVE_UP
    at = verdict(Outage("down"), attempts, now - age, now).at
    assert at is not None
    assert module.FIRST_WAIT / 2 <= at - now <= module.LONGEST_WAIT


@given(seconds=st.floats(0, 7200))
def test_a_platform_that_asks_to_wait_is_obeyed(seconds: float) -> None:
    at = verdict(TooFast(seconds), 3, 0, 1000).at
    assert at is not None
    assert at - 1000 >= int(seconds * 1000)


@pytest.mark.parametrize("fault", [Blocked("x"), Gone("x")])
def test_what_will_never_work_is_not_tried_again(fault: Exception) -> None:
    assert verdict(fault, 0, 0, 0).at is None


def test_after_three_days_it_is_given_up() -> None:
    assert verdict(Outage("x"), 3, 0, module.GIVE_UP + 1).at is None
