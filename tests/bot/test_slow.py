"""The hash of a receipt: two at once, few in the queue, nobody twice in it, and nothing lost beyond it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from bot import slow
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from bot.tryout import SLUG, SPACE
from flows.cases import receipt
from flows.catalogue import catalogue
from flows.seam import Act, Buttons, Card, Command, Filled, Form, Incoming, Person, Pressed, Reply, Space, Text
from storage import communities, letters
from storage.database import Database

PAGE = Space("page", SLUG)
SEND = "Give it to the mentors"


class Hash:
    """The slow hash, held up until the test lets it go."""

    def __init__(self) -> None:
        self.go, self.lock = threading.Event(), threading.Lock()
        self.now = self.most = 0
        self.words: list[str] = []

    def tag(self, words: str, salt_hex: str) -> str:
        with self.lock:
            self.words.append(words)
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.wait(10)
        with self.lock:
            self.now -= 1
        return words.encode().hex()[:64].ljust(64, "0")


class Someone:
    """A member, or a visitor without an account, at the product's door."""

    def __init__(self, runtime: Runtime, name: str = "", number: int = 0, *, crowded: bool = False) -> None:
        self.runtime, self.name, self.number, self.events, self.crowded = runtime, name, number, 0, crowded

    async def does(self, act: Act, event: str = "") -> Reply:
        self.events += 1
        space, person = (SPACE, Person(self.name, self.name)) if self.name else (PAGE, None)
        event = event or f"{self.name}{self.number}.{self.events}"
        return await self.runtime.receive(Incoming(event, space, person, act, locale="en", crowded=self.crowded))

    async def shows(self, text: str = "CANARY") -> Reply:
        """The case as it is before it is sent."""
        [form] = [part for part in (await self.does(Command("tell"))).parts if isinstance(part, Form)]
        return await self.does(Filled(form.id, {one.name: text for one in form.fields}))

    async def presses(self, reply: Reply, label: str, event: str = "") -> Reply:
        return await self.does(pressed(reply, label), event)


def pressed(reply: Reply, label: str) -> Pressed:
    buttons = [one for part in reply.parts if isinstance(part, Buttons) for one in part.buttons]
    return Pressed(next(one.id for one in buttons if one.label == label))


def words(reply: Reply) -> str:
    """The six words; empty where there are none."""
    cards = [part for part in reply.parts if isinstance(part, Card) and part.title == "Your six words"]
    return cards[0].rows[0][1] if cards else ""


def said(reply: Reply) -> str:
    return " ".join(part.text for part in reply.parts if isinstance(part, Text))


def told(database: Database) -> list[str]:
    """What was told, each with the words whose hash it was stored under."""
    here = database.run_now(lambda s: communities.by_slug(s, SLUG))
    assert here is not None
    waiting, _lost = database.run_now(lambda s: letters._opened(s, s.all(letters._locked, community=here.id)))
    return [one.letter.tag for one in waiting]


@pytest.fixture
def hash_(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hash]:
    made = Hash()
    monkeypatch.setattr(receipt, "tag", made.tag)
    yield made
    made.go.set()


@pytest.fixture
def runtime(database: Database, clock: Clock) -> Runtime:
    return Runtime(database, catalogue(), clock, Metrics())


async def all_wait(runtime: Runtime, many: int) -> None:
    """Until so many people's work is under way."""
    async with asyncio.timeout(10):
        while len(runtime._slow._under_way) < many:
            await asyncio.sleep(0)


async def test_two_at_once_and_other_turns_go_on(runtime: Runtime, hash_: Hash) -> None:
    visitors = [Someone(runtime, number=n) for n in range(8)]
    sends = [asyncio.create_task(one.presses(await one.shows(), SEND)) for one in visitors]
    await all_wait(runtime, 8)
    assert (await Someone(runtime, "noor").does(Command("help"))).saved
    assert await asyncio.to_thread(lambda: "the default threads are free") == "the default threads are free"
    hash_.go.set()
    assert all(words(reply) for reply in await asyncio.gather(*sends))
    assert hash_.most == 2


@pytest.mark.parametrize("same_event", [True, False])
async def test_beyond_the_queue_nothing_is_lost(
    runtime: Runtime, database: Database, hash_: Hash, monkeypatch: pytest.MonkeyPatch, same_event: bool
) -> None:
    monkeypatch.setattr(slow, "WITHOUT_ACCOUNT", 3)
    visitors = [Someone(runtime, number=n) for n in range(3)]
    sends = [asyncio.create_task(one.presses(await one.shows(), SEND)) for one in visitors]
    await all_wait(runtime, 3)
    late = Someone(runtime, number=99)
    shown = await late.shows()
    for _ in range(2):
        busy = await late.presses(shown, SEND, "send")
        assert not busy.saved
        assert said(busy).startswith("One moment, please")
        assert "CANARY" not in str(busy)
    assert len(told(database)) == 0
    hash_.go.set()
    await asyncio.gather(*sends)
    reply = await (late.presses(shown, SEND, "send") if same_event else late.presses(busy, "Try again"))
    assert reply.saved
    assert len(told(database)) == 4
    assert words(reply).encode().hex()[:58] in str(told(database))


@pytest.mark.parametrize("same_event", [True, False])
async def test_who_comes_back_with_six_words_need_not_type_them_again(
    runtime: Runtime, hash_: Hash, monkeypatch: pytest.MonkeyPatch, same_event: bool
) -> None:
    hash_.go.set()
    sam = Someone(runtime)
    six = words(await sam.presses(await sam.shows(), SEND))
    back = Someone(runtime, number=1)
    [form] = [part for part in (await back.does(Command("answer"))).parts if isinstance(part, Form)]
    monkeypatch.setattr(slow, "WITHOUT_ACCOUNT", 0)
    busy = await back.does(Filled(form.id, {"words": six}), "send")
    assert six in str([part for part in busy.parts if isinstance(part, Card)]), "to read, where a form opens empty"
    [again] = [part for part in busy.parts if isinstance(part, Form)]
    assert (again.id, again.fields[0].draft) == (form.id, six)
    monkeypatch.setattr(slow, "WITHOUT_ACCOUNT", 1)
    filled = Filled(again.id, {"words": str(again.fields[0].draft)})
    read = await back.does(filled, "send" if same_event else "")
    assert "CANARY" in str(read)
    twice = await back.does(filled, "send" if same_event else "other")
    assert ("CANARY" in str(twice)) is not same_event


async def test_one_person_is_in_the_queue_once(runtime: Runtime, hash_: Hash) -> None:
    sam = Someone(runtime, "sam")
    shown = await sam.shows()
    send = asyncio.create_task(sam.presses(shown, SEND))
    await all_wait(runtime, 1)
    twice = asyncio.create_task(sam.presses(shown, SEND))
    [form] = [part for part in (await sam.does(Command("answer"))).parts if isinstance(part, Form)]
    other = await sam.does(Filled(form.id, {"words": "baba baba baba baba baba baba"}))
    assert not other.saved
    assert len(runtime._slow._under_way) == 1
    hash_.go.set()
    assert words(await send)
    assert said(await twice).startswith("One moment, please")
    assert len(hash_.words) == 1
    assert "already answered" in said(await sam.presses(await twice, "Try again"))
    [form] = [part for part in other.parts if isinstance(part, Form)]
    assert "finds nothing" in said(await sam.does(Filled(form.id, {"words": str(form.fields[0].draft)})))


async def test_each_answer_is_to_the_words_that_it_was_asked_with(runtime: Runtime, hash_: Hash) -> None:
    hash_.go.set()
    sam = Someone(runtime)
    six = words(await sam.presses(await sam.shows(), SEND))
    hash_.go.clear()
    back = Someone(runtime, number=1)
    [form] = [part for part in (await back.does(Command("answer"))).parts if isinstance(part, Form)]
    first = asyncio.create_task(back.does(Filled(form.id, {"words": six})))
    await all_wait(runtime, 1)
    others = Filled(form.id, {"words": "baba baba baba baba baba baba"})
    busy = await back.does(others)
    assert not busy.saved, "one at a time"
    assert "baba" in str(busy)
    hash_.go.set()
    assert "CANARY" in str(await first)
    other = await back.does(others)
    assert "finds nothing" in said(other)
    assert "CANARY" not in str(other)


async def test_who_has_an_account_has_a_place_whoever_else_waits_and_a_crowd_leaves_room_for_all(
    runtime: Runtime, database: Database, hash_: Hash, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, places in (("CROWDED", 2), ("WITHOUT_ACCOUNT", 4), ("MOST", 5)):
        monkeypatch.setattr(slow, name, places)
    sends = []

    async def waits(who: Someone) -> None:
        sends.append(asyncio.create_task(who.presses(await who.shows(), SEND)))
        await all_wait(runtime, len(sends))

    async def hears(who: Someone) -> Reply:
        return await who.presses(await who.shows(), SEND)

    for number in range(2):
        await waits(Someone(runtime, number=number, crowded=True))
    busy = await hears(late := Someone(runtime, number=10, crowded=True))
    assert said(busy).startswith("One moment, please")
    for number in range(2, 4):
        await waits(Someone(runtime, number=number))
    assert said(await hears(Someone(runtime, number=11))).startswith("One moment, please")
    await waits(Someone(runtime, "noor"))
    assert len(told(database)) == 0
    hash_.go.set()
    assert all(words(reply) for reply in await asyncio.gather(*sends))
    assert words(await late.presses(busy, "Try again"))
    assert len(told(database)) == 6


def test_memory_of_a_hash_goes_back_to_the_system() -> None:
    """19 MiB for each of two threads: in a process of its own, because the first hash decides for all that follow."""
    script = (
        "import threading; from pathlib import Path; from bot.slow import SlowWork; from flows.cases import receipt\n"
        "def memory(): return int(Path('/proc/self/statm').read_text().split()[1]) * 4096 >> 20\n"
        "def hashes(): [receipt.tag('a b c d e f', '00' * 16) for _ in range(3)]\n"
        "work = SlowWork(); before = memory(); threads = [threading.Thread(target=hashes) for _ in range(2)]\n"
        "[one.start() for one in threads]; [one.join() for one in threads]; print(memory() - before)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert int(ran.stdout) < 10
