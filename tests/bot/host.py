"""A host on a real port, and what is said to it byte by byte."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.web import WebAdapter
from bot import tryout
from bot.http import Host
from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.settings import Settings
from bot.time import Clock
from flows.catalogue import catalogue
from storage import communities
from storage.database import Database

PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """What came back on a connection."""

    raw: bytes

    @property
    def status(self) -> int:
        """0 when nothing came."""
        return int(self.raw[9:12]) if self.raw else 0

    @property
    def headers(self) -> dict[str, str]:
        head = self.raw.partition(b"\r\n\r\n")[0].decode()
        return dict(line.split(": ", 1) for line in head.split("\r\n")[1:])

    @property
    def text(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[2].decode()


async def said(port: int, request: bytes) -> Answer:
    """All that is answered until the host hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE):
            return Answer(await reader.read())
    finally:
        writer.close()


async def got(port: int, path: str = "/c/teacher-education-1", **headers: str) -> Answer:
    """The answer to an ordinary GET."""
    told = {"Host": "localhost", "Connection": "close"} | {k.replace("_", "-"): v for k, v in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return await said(port, f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())


async def posted(port: int, body: bytes, path: str = "/c/teacher-education-1", **headers: str) -> Answer:
    """The answer to a POST, by default of a form; where that leads to another address, the page there."""
    told = {
        "Host": "localhost",
        "Connection": "close",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
    }
    told |= {k.replace("_", "-"): v for k, v in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value)
    answer = await said(port, f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
    return await got(port, answer.headers["Location"]) if answer.status == 303 else answer


@asynccontextmanager
async def host(database: Database, clock: Clock, **settings: Any) -> AsyncIterator[Host]:
    """The host of a program whose only platform is the web, on the try-out's community."""
    chosen = Settings(port=0, **settings)
    metrics = Metrics()

    async def community(slug: str) -> str | None:
        found = await database.run(lambda s: communities.by_slug(s, slug))
        return None if found is None else found.name

    async def moved() -> bool:
        return False

    shown = tryout.tryout(database, catalogue(), clock, moved) if chosen.is_tryout else None
    pages = WebAdapter(tryout=shown, community=community, key=bytes(16))
    teams = None
    if chosen.is_tryout:
        from adapters.teams import TeamsAdapter

        teams = TeamsAdapter().messages
    made = Host(chosen, pages, teams, database, clock, metrics)
    running = asyncio.create_task(pages.run(Runtime(database, catalogue(), clock, metrics).receive))
    try:
        await made.start()
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await made.stop()


def ids(page: str, name: str) -> list[str]:
    """The values of the buttons or fields of a page with this name."""
    return re.findall(rf'name="{name}" value="([^"]+)"', page)
