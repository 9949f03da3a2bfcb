"""A real process that takes turns, for the chaos test to kill."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from flows.catalogue import catalogue
from flows.seam import Incoming
from storage.database import Database
from storage.keys import Masters


def serve(door: Connection, url: str, key: str) -> None:
    """Answer the events that come through the door, many at once, until killed."""
    database = Database(url, Masters(key))
    database.open()
    asyncio.run(_serve(door, Runtime(database, catalogue(), Clock(), Metrics())))


async def _serve(door: Connection, runtime: Runtime) -> None:
    async def answer(incoming: Incoming) -> None:
        door.send((incoming.event, await runtime.receive(incoming)))

    async with asyncio.TaskGroup() as turns:
        while True:
            turns.create_task(answer(await asyncio.to_thread(door.recv)))
