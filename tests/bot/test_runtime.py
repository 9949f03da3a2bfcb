from __future__ import annotations

import asyncio

import pytest

from bot import runtime as module
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from bot.tryout import SPACE
from flows.catalogue import catalogue
from flows.seam import Buttons, Command, Form, Incoming, Person, Pressed, Reply, Said, Text
from storage.database import Database


@pytest.fixture
def runtime(database: Database, clock: Clock) -> Runtime:
    return Runtime(database, catalogue(), clock, Metrics())


def incoming(act: Said | Command | Pressed, event: str = "e1", who: str = "sam", locale: str = "") -> Incoming:
    return Incoming(event, SPACE, Person(who, who.title(), frozenset({"student"})), act, locale=locale)


def texts(reply: Reply) -> str:
    return "\n".join(part.text for part in reply.parts if isinstance(part, Text))


async def test_an_event_is_answered(runtime: Runtime) -> None:
    reply = await runtime.receive(incoming(Command("help")))
    assert reply.saved
    assert "Erbij" in texts(reply)


async def test_a_repeated_event_hears_the_same(runtime: Runtime) -> None:
    first = await runtime.receive(incoming(Command("tell")))
    assert await runtime.receive(incoming(Command("tell"))) is first
    assert any(isinstance(part, Form) for part in first.parts)


async def test_two_repeats_at_once_take_one_turn(runtime: Runtime) -> None:
    first, second = await asyncio.gather(*(runtime.receive(incoming(Command("tell"))) for _ in range(2)))
    assert first is second


async def test_nobody_hears_another_persons_reply(runtime: Runtime) -> None:
    mine = await runtime.receive(incoming(Command("tell"), who="sam"))
    theirs = await runtime.receive(incoming(Command("help"), who="noor"))
    assert theirs is not mine
    assert not any(isinstance(part, Form) for part in theirs.parts)


async def test_what_was_not_saved_is_said_kindly_and_can_be_tried_again(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def locked(*_args: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(module, "take", locked)
        reply = await runtime.receive(incoming(Command("help"), locale="en"))
    assert not reply.saved
    assert "not saved" in texts(reply)
    assert (await runtime.receive(incoming(Command("help")))).saved
    assert 'erbij_faults_total{type="NotSaved",where="turn"} 1.0' in runtime._metrics.text().decode()


async def test_a_fault_in_a_flow_shows_no_traceback(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(module, "take", broken)
    reply = await runtime.receive(incoming(Command("help")))
    assert not reply.saved
    assert "secret" not in texts(reply)
    assert "Zero" not in texts(reply)


async def test_after_stop_nothing_new_is_taken(runtime: Runtime) -> None:
    turn = asyncio.create_task(runtime.receive(incoming(Command("help"))))
    await asyncio.sleep(0)
    await runtime.stop()
    assert (await turn).saved
    assert not (await runtime.receive(incoming(Command("help"), "e2"))).saved


async def test_a_caller_that_hangs_up_does_not_stop_the_turn(runtime: Runtime) -> None:
    turn = asyncio.create_task(runtime.receive(incoming(Command("tell"))))
    await asyncio.sleep(0)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    reply = await runtime.receive(incoming(Command("tell")))
    assert any(isinstance(part, Form) for part in reply.parts)


async def test_a_button_made_by_hand_does_nothing(runtime: Runtime) -> None:
    for button in ("c.AAAAAAAAAAAAAAAAAAAAAA.1.send", "s.check_in.nothing", "x", "s.open_check_in.", "c..."):
        reply = await runtime.receive(incoming(Pressed(button), event=button))
        assert reply.saved
        assert not any(isinstance(part, Form | Buttons) for part in reply.parts)


async def test_only_so_many_replies_are_remembered(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    for number in range(6):
        await runtime.receive(incoming(Said("hm"), event=f"n{number}"))
    assert len(runtime._replies) <= 3
