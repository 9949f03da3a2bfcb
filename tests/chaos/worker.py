"""A real process that takes turns, runs what is due and delivers what waits, for the chaos test to kill."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from typing import ClassVar

import apscheduler.triggers.cron  # noqa: F401  what a short life needs is loaded before it begins

from adapters.web import WebAdapter
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.sender import Sender
from bot.time import Clock
from bot.timers import Timers
from flows.catalogue import catalogue
from flows.seam import Incoming, Limits, Outgoing, Receive, Sent
from storage.database import Database
from storage.keys import Masters

catalogue()
UP = "up"
"""What the process says when its clock and its sender begin."""


class Adapter:
    """Gives each message to the platform behind the door, and waits until it says that it has it."""

    platform: ClassVar[str] = "web"
    limits: ClassVar[Limits] = WebAdapter.limits

    def __init__(self, door: Connection) -> None:
        self._door = door
        self._on_the_way: dict[str, asyncio.Future[Sent]] = {}

    async def run(self, receive: Receive) -> None:
        """Events come through the door."""

    async def send(self, message: Outgoing) -> Sent:
        taken = self._on_the_way[message.id] = asyncio.get_running_loop().create_future()
        self._door.send(message)
        return await taken

    def taken(self, sent: Sent) -> None:
        self._on_the_way.pop(sent.message).set_result(sent)


def serve(door: Connection, url: str, key: str, ahead: int) -> None:
    """Be Erbij, many turns at once, until killed. ``ahead`` moves the clock on, in ms."""
    database = Database(url, Masters(key))
    database.open()
    asyncio.run(_serve(door, database, Clock(ahead)))


async def _serve(door: Connection, database: Database, clock: Clock) -> None:
    metrics, adapter = Metrics(), Adapter(door)
    runtime = Runtime(database, catalogue(), clock, metrics)
    sender = Sender(database, clock, {adapter.platform: adapter}, metrics)
    timers = Timers(database, catalogue(), clock, metrics, sender.wake)
    runtime.posted, runtime.timed = sender.wake, timers.wake

    async def answer(incoming: Incoming) -> None:
        door.send((incoming.event, await runtime.receive(incoming)))

    async with asyncio.TaskGroup() as tasks:
        door.send(UP)
        tasks.create_task(timers.run())
        tasks.create_task(sender.run())
        while True:
            got = await asyncio.to_thread(door.recv)
            if isinstance(got, Sent):
                adapter.taken(got)
            else:
                tasks.create_task(answer(got))
