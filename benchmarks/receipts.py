"""What everybody else notices while 200 people ask for the slow hash of their receipt at once.

    uv run python benchmarks/receipts.py [--people 200]

Erbij's try-out runs as it is, in a process of its own. People without an account have opened the case page and typed
six words, which are nobody's; all of them send at the same moment, and who hears "one moment, please" presses again
after one to three seconds. Meanwhile students write to Erbij and a browser fetches the style sheet, at set moments.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, TCPConnector
from report import report

CROWDS = 5
"""One after the other: those who send at the same moment hold each other up for a moment of their own."""
RATE = 40.0
"""A second, of each kind."""
QUIET = 5.0
"""Seconds before."""
STUDENTS = ("sam", "noor", "emma", "lucas", "yara", "milan", "fien", "daan", "lina", "jonas", "mila", "anouk")
WORDS = "baba baba baba baba baba baba"


@asynccontextmanager
async def erbij(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """The try-out: its address and its process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        cwd=folder,
        env={**os.environ, "ERBIJ_PORT": "0", "ERBIJ_BEHIND_PROXY": "true"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    page = (await process.stdout.readuntil(b"Stop with Ctrl+C.")).decode()
    found = re.search(r"The chat +http://localhost(:\d+)/", page)
    assert found is not None
    try:
        yield f"http://127.0.0.1{found[1]}", process.pid
    finally:
        process.terminate()
        await process.wait()


def memory(pid: int, line: str) -> float:
    """Megabytes: ``VmRSS`` now, ``VmHWM`` at the most."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(one for one in text.splitlines() if one.startswith(line)).split()[1]) / 1024


class Visitor:
    """Someone without an account, with an address of their own as a proxy tells it."""

    def __init__(self, session: ClientSession, url: str, number: int) -> None:
        self.session, self.url, self.patience = session, f"{url}/c/teacher-education-1", 0
        self.headers = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
        self.form: list[tuple[str, str]] = []

    async def post(self, form: list[tuple[str, str]]) -> str:
        async with self.session.post(self.url, data=form, headers=self.headers) as answer:
            return await answer.text()

    async def types(self) -> None:
        self.fill_in(await self.post([("start", "answer")]))

    def fill_in(self, page: str) -> None:
        """The form that a page shows, with six words."""
        names = ("form", "event", "field")
        self.form = [one for one in re.findall(r'name="(\w+)" value="([^"]*)"', page) if one[0] in names]
        self.form.append(("v.words", WORDS))

    async def sends(self) -> float:
        """Seconds until it was looked up."""
        began = time.perf_counter()
        page = await self.post(self.form)
        while "Erbij finds nothing" not in page:
            if "One moment, please" not in page:
                raise AssertionError(page)
            self.patience += 1
            await asyncio.sleep(random.uniform(1, 3))
            self.fill_in(page)
            page = await self.post(self.form)
        return time.perf_counter() - began


class Beside:
    """Others, who go on meanwhile: something at set moments, and how long each took from its moment on."""

    def __init__(self, act: Callable[[int], Awaitable[None]]) -> None:
        self.act, self.took, self.tasks = act, list[float](), set[asyncio.Task[None]]()
        self.running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        began = time.perf_counter()
        for number in itertools.count():
            due = began + number / RATE
            await asyncio.sleep(max(0, due - time.perf_counter()))
            self.tasks.add(asyncio.create_task(self._one(number, due)))

    async def _one(self, number: int, due: float) -> None:
        await self.act(number)
        self.took.append(1000 * (time.perf_counter() - due))

    async def so_far(self) -> list[float]:
        """What was measured since the last time, all of it answered."""
        await asyncio.gather(*self.tasks)
        self.tasks.clear()
        took, self.took = self.took, []
        return took


async def measure(people: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with erbij(Path(folder)) as (url, pid), ClientSession(connector=TCPConnector(limit=0)) as session:

            async def turn(number: int) -> None:
                form = {"text": "/help", "event": f"event-{number:08}"}
                address = {"X-Forwarded-For": f"10.1.0.{number % 250}"}
                who = STUDENTS[number % len(STUDENTS)]
                async with session.post(f"{url}/chat/{who}/act", data=form, headers=address) as answer:
                    assert answer.status == 200
                    await answer.read()

            async def sheet(_number: int) -> None:
                async with session.get(f"{url}/static/erbij.css") as answer:
                    assert answer.status == 200
                    await answer.read()

            beside = {"a turn": Beside(turn), "the style sheet": Beside(sheet)}
            visitors = [Visitor(session, url, number) for number in range(people)]
            await asyncio.sleep(QUIET)
            took = [await so_far(beside)]
            rows, receipts = {"MB before": memory(pid, "VmRSS")}, list[float]()
            for _crowd in range(CROWDS):
                await asyncio.gather(*(one.types() for one in visitors))
                took.append(await so_far(beside))
                receipts += await asyncio.gather(*(one.sends() for one in visitors))
                took.append(await so_far(beside))
            for one in beside.values():
                one.running.cancel()
            rows |= {"MB at the most": memory(pid, "VmHWM"), "people at once": people}
    rows["asked to press again, times a person"] = sum(one.patience for one in visitors) / people / CROWDS
    rows |= {"receipts, p50 s": part(receipts, 0.5), "receipts, the last s": max(receipts)}
    for what in beside:
        quiet, posts, hashes = (
            [one for some in moments for one in some[what]] for moments in (took[:1], took[1::2], took[2::2])
        )
        rows[f"{what}, p99 ms before"] = part(quiet, 0.99)
        rows[f"{what}, p99 ms while so many open the page"] = part(posts, 0.99)
        rows[f"{what}, p50 ms while so many wait for a hash"] = part(hashes, 0.5)
        rows[f"{what}, p99 ms while so many wait for a hash (below 250)"] = part(hashes, 0.99)
        rows[f"{what}, max ms while so many wait for a hash"] = max(hashes)
    return rows


async def so_far(beside: dict[str, Beside]) -> dict[str, list[float]]:
    return {what: await one.so_far() for what, one in beside.items()}


def part(values: list[float], share: float) -> float:
    """A quantile, rounded up to a value that was measured."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--people", type=int, default=200)
    report("receipts", asyncio.run(measure(asked.parse_args().people)))


if __name__ == "__main__":
    main()
