"""What the sides of peers.py share: five questions, a durable storage, and runs on request. Standard library only."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

QUESTIONS = ("accepted", "appreciated", "included", "supported", "myself")
TEXTS = ("hello", *"44444")
"""What a student says: six turns, the last of which ends the check-in."""
THANKS = "Thank you."

Walk = Callable[[str], Awaitable[int]]
"""One student from the first word to the last; how many turns it took."""


class Rows:
    """One row a conversation, durable before a write returns.

    Each write has its own commit, as a storage of these libraries is written; or, ``together``, those that come at once
    share one, as Erbij's turns do: a peer's turn runs on the loop, so its writes are gathered there, and a single one
    waits for nobody.
    """

    def __init__(self, path: Path, *, together: bool = True) -> None:
        self._together = together
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):  # as Erbij's
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("create table state (key text primary key, value blob) without rowid")
        self._changes: dict[str, bytes] = {}
        self._written: asyncio.Future[None] | None = None

    def read(self, keys: list[str], decode: Callable[[bytes], Any]) -> dict[str, Any]:
        """What is there under some keys."""
        rows = [self._db.execute("select key, value from state where key = ?", [key]).fetchone() for key in keys]
        return {row[0]: decode(row[1]) for row in rows if row is not None}

    async def write(self, changes: Mapping[str, bytes]) -> None:
        self._changes.update(changes)
        if not self._together:
            self._commit()
            return
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_soon(self._commit)
        await self._written

    async def delete(self, keys: list[str]) -> None:
        for key in keys:
            self._db.execute("delete from state where key = ?", [key])

    def _commit(self) -> None:
        changes, written = self._changes, self._written
        self._changes, self._written = {}, None
        self._db.execute("begin immediate")
        self._db.executemany(
            "insert into state values (?, ?) on conflict (key) do update set value = excluded.value", changes.items()
        )
        self._db.execute("commit")
        if written is not None:
            written.set_result(None)


class Nowhere:
    """The way out of a bot: answers are made and dropped, but for the last words to each student."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, str] = {}

    async def send_activities(self, context: Any, activities: list[Any]) -> list[Any]:
        self.last[context.activity.conversation.id] = activities[-1].text
        return [self.sent(id="x") for _ in activities]  # type: ignore[attr-defined]

    async def update_activity(self, context: Any, activity: Any) -> None: ...

    async def delete_activity(self, context: Any, reference: Any) -> None: ...


def waterfall(text: Callable[[str], Any], options: Callable[..., Any]) -> list[Callable[[Any], Awaitable[Any]]]:
    """The steps: each question, then thanks; the answers are kept among the dialog's values."""

    def ask(number: int) -> Callable[[Any], Awaitable[Any]]:
        async def step(context: Any) -> Any:
            if number:
                context.values[QUESTIONS[number - 1]] = int(context.result)
            return await context.prompt("number", options(prompt=text(QUESTIONS[number])))

        return step

    async def last(context: Any) -> Any:
        context.values[QUESTIONS[-1]] = int(context.result)
        await context.context.send_activity(text(THANKS))
        return await context.end_dialog()

    return [*(ask(number) for number in range(len(QUESTIONS))), last]


def walk(adapter: Any, logic: Callable[[Any], Awaitable[None]], turn: Callable[..., Any], kinds: Any) -> Walk:
    """A student who says the texts; ``turn`` makes a turn's context, ``kinds`` has the library's own values."""

    async def student(name: str) -> int:
        for number, text in enumerate(TEXTS):
            activity = kinds.Activity(
                type="message",
                id=f"{name}.{number}",
                text=text,
                locale="en-us",
                channel_id="bench",
                service_url="https://bench.invalid",
                conversation=kinds.ConversationAccount(id=name),
                from_property=kinds.ChannelAccount(id=name),
                recipient=kinds.ChannelAccount(id="bot"),
            )
            await adapter.run_pipeline(turn(adapter, activity), logic)
        if adapter.last.pop(name) != THANKS:
            raise AssertionError("the questions did not come to their end")
        return len(TEXTS)

    return student


def walks(folder: Path, one: Callable[[Rows], Walk]) -> dict[str, Walk]:
    """A peer's questions on either kind of storage."""
    return {
        "questions": one(Rows(folder / "together.sqlite3")),
        "questions, each write its own commit": one(Rows(folder / "apart.sqlite3", together=False)),
    }


def serve(start: Callable[[Path], Mapping[str, Walk]]) -> None:
    """Run what each line of the input asks for, and write one line with the turns and seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_serve(start(Path(folder))))


async def _serve(walks: Mapping[str, Walk]) -> None:
    names = itertools.count()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        gate = asyncio.Semaphore(asked["at_once"])

        async def one(walk: Walk = walks[asked["walk"]], gate: asyncio.Semaphore = gate) -> int:
            async with gate:
                return await walk(f"student{next(names)}")

        began, worked = time.perf_counter(), time.process_time()
        turns = sum(await asyncio.gather(*(one() for _ in range(asked["students"]))))
        took, worked = time.perf_counter() - began, time.process_time() - worked
        print(json.dumps({"turns": turns, "seconds": took, "processor": worked}), flush=True)
