from __future__ import annotations

import asyncio

import pytest
import structlog

from bot import runtime as module
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from bot.tryout import SLUG, SPACE
from flows.catalogue import catalogue
from flows.engine import EVERYONE, Chat, Shown, flow
from flows.seam import (
    Act,
    Buttons,
    Card,
    Command,
    Filled,
    Form,
    Incoming,
    Person,
    Pressed,
    Reply,
    Said,
    Space,
    Text,
)
from flows.words import _
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


async def test_a_refused_act_stands_in_the_log_without_who_did_it(runtime: Runtime) -> None:
    with structlog.testing.capture_logs() as logged:
        await runtime.receive(incoming(Command("cases")))
        await runtime.receive(incoming(Command("help"), "e2"))
    assert logged == [{"event": "turn refused", "platform": SPACE.platform, "log_level": "info"}]


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
        await runtime.receive(incoming(Command("tell"), event=f"n{number}"))
    assert len(runtime._replies) == 3


# ---------------------------------------------------------------- the same event once more, at a shared computer


PAGE = Space("page", SLUG)


class Visitor:
    """Someone without an account, on the case page."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def does(self, act: Act, event: str) -> Reply:
        return await self.runtime.receive(Incoming(event, PAGE, None, act, locale="en"))

    async def told(self) -> tuple[Pressed, Reply]:
        """The press that sends the case, as the event ``send``, and the receipt that it led to."""
        [form] = [part for part in (await self.does(Command("tell"), "tell")).parts if isinstance(part, Form)]
        shown = await self.does(Filled(form.id, {one.name: "CANARY" for one in form.fields}), "fill")
        assert "CANARY" in str(shown)
        send = pressed(shown, "Give it to the mentors")
        return send, await self.does(send, "send")


def pressed(reply: Reply, label: str) -> Pressed:
    buttons = [one for part in reply.parts if isinstance(part, Buttons) for one in part.buttons]
    return Pressed(next(one.id for one in buttons if one.label == label))


def words(reply: Reply) -> str:
    """The six words."""
    return next(part.rows[0][1] for part in reply.parts if isinstance(part, Card) and part.title == "Your six words")


async def test_a_receipt_is_shown_again_while_it_waits(runtime: Runtime) -> None:
    sam = Visitor(runtime)
    send, receipt = await sam.told()
    assert await sam.does(send, "send") is receipt


async def test_a_receipt_is_never_shown_again_once_it_was_kept(runtime: Runtime) -> None:
    sam = Visitor(runtime)
    send, receipt = await sam.told()
    await sam.does(pressed(receipt, "Yes, I have kept them"), "kept")
    again = await sam.does(send, "send")
    assert words(receipt) not in str(again)
    assert texts(again) == "Thank you, this was received. You do not have to send it again."
    assert words(receipt) not in str(runtime._replies)
    assert len(await runtime.database.run(lambda s: s._execute("select id from caseletter", ()).fetchall())) == 1


async def test_thanks_are_said_again_to_who_lost_them_on_the_way(runtime: Runtime, clock: Clock) -> None:
    sam = Visitor(runtime)
    _send, receipt = await sam.told()
    kept = pressed(receipt, "Yes, I have kept them")
    thanks = await sam.does(kept, "kept")
    assert words(receipt) not in str(thanks)
    assert await sam.does(kept, "kept") is thanks
    clock.ahead += 120_000
    assert texts(await sam.does(kept, "kept")) == "Thank you, this was received. You do not have to send it again."


async def test_what_was_shown_at_an_end_is_shown_once(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    @flow("show_it", who=[EVERYONE])
    async def show_it(chat: Chat) -> None:
        chat.show(Shown(_("Your six words"), [("", "CANARY")]))

    monkeypatch.setitem(runtime.catalogue.flows, "show_it", show_it)
    press = Pressed("s.show_it.")
    assert "CANARY" in str(await runtime.receive(incoming(press)))
    assert "CANARY" not in str(await runtime.receive(incoming(press)))
    assert "CANARY" not in str(runtime._replies)


async def test_a_receipt_that_was_kept_through_another_process_is_not_shown_again(
    runtime: Runtime, database: Database, clock: Clock
) -> None:
    sam, other = Visitor(runtime), Visitor(Runtime(database, catalogue(), clock, Metrics()))
    send, receipt = await sam.told()
    await other.does(pressed(receipt, "Yes, I have kept them"), "kept")
    assert words(receipt) not in str(await sam.does(send, "send"))


@pytest.mark.parametrize("account", [True, False])
async def test_a_reply_that_was_lost_is_found_in_another_process(
    database: Database, clock: Clock, *, account: bool
) -> None:
    """Each step in a process of its own, as after a kill: what the lost reply led to is found by what led to it."""

    async def does(act: Act, event: str) -> Reply:
        once = Runtime(database, catalogue(), clock, Metrics())
        if account:
            return await once.receive(incoming(act, event))
        return await once.receive(Incoming(event, PAGE, None, act, locale="en"))

    [form] = [part for part in (await does(Command("tell"), "tell")).parts if isinstance(part, Form)]
    fill = Filled(form.id, {one.name: "CANARY" for one in form.fields})
    send = pressed(await does(fill, "fill"), "Give it to the mentors")
    assert "CANARY" in str(await does(fill, "fill"))
    receipt = words(await does(send, "send"))
    for event in ("send", "send", "pressed once more"):
        again = await does(send, event)
        assert words(again) == receipt
        assert len([part for part in again.parts if isinstance(part, Card) and not part.aside]) == 1
    kept = pressed(again, "Yes, I have kept them")
    await does(kept, "kept")
    for act, event in ((kept, "kept"), (send, "send")):
        again = await does(act, event)
        assert receipt not in str(again)
        assert account or "Thank you, this was received" in texts(again)


async def test_a_story_is_not_shown_again_once_it_was_sent(runtime: Runtime) -> None:
    sam = Visitor(runtime)
    await sam.told()
    again = await sam.does(Filled("c.nothing.1", {}), "fill")
    assert "CANARY" not in str(again)
    assert texts(again) == "Thank you, this was received. You do not have to send it again."


@pytest.mark.parametrize("later", [120_000, -3_600_000])
async def test_replies_are_forgotten_within_minutes(runtime: Runtime, clock: Clock, later: int) -> None:
    sam = Visitor(runtime)
    send, receipt = await sam.told()
    clock.ahead += later
    again = await sam.does(send, "send")
    assert words(again) == words(receipt), "it waits until it is kept"
    await sam.does(pressed(again, "Yes, I have kept them"), "kept")
    for event in ("send", "kept"):
        clock.ahead += later
        again = await sam.does(send, event)
        assert words(receipt) not in str(again)
        assert again.saved


async def test_replies_are_forgotten_though_nothing_happens(runtime: Runtime, clock: Clock) -> None:
    await Visitor(runtime).told()
    bell = runtime._forgetting
    assert bell is not None
    assert bell.when() - asyncio.get_running_loop().time() <= 120
    clock.ahead += 120_000
    runtime._forget_later()
    assert not runtime._replies


async def test_what_waits_is_shown_when_the_reply_is_forgotten(runtime: Runtime, clock: Clock) -> None:
    first = await runtime.receive(incoming(Command("tell")))
    clock.ahead += 120_000
    again = await runtime.receive(incoming(Command("tell")))
    assert again is not first
    assert [part.id for part in again.parts if isinstance(part, Form)] == [
        part.id for part in first.parts if isinstance(part, Form)
    ]
