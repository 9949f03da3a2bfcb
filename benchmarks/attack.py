"""What others notice while someone tries to hold Erbij up, and what that costs Erbij.

Erbij's try-out is a process of its own with few file handles (HANDLES in the environment), the attacker another;
everything comes from loopback, so Erbij cannot tell them from the visitor by address. The visitor opens the case page
again and again, one request at a time on a connection of its own, while the attacker does each of these:

- half headers: as many connections as stay open, each with a header that never ends
- half bodies: the same with forms of 60 KB of which the last byte never comes
- large headers: the same with 400 KB of header
- a flood: connections opened and left as quickly as it goes
- a lecture hall: 300 people behind one address tell a case at the same time and send it; who hears "one moment, please"
  presses again after one to three seconds
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

from report import report

PAGE = "/c/teacher-education-1"
HANDLES = int(os.environ.get("HANDLES", "1024"))
SECONDS = 5.0
PEOPLE = 300
HEAD = f"GET {PAGE} HTTP/1.1\r\nHost: localhost\r\n".encode()
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
BODY = f"POST {PAGE} HTTP/1.1\r\nHost: localhost\r\n".encode() + FORM + b"Content-Length: 60000\r\n\r\n" + b"a" * 59_999
LARGE = HEAD + b"".join(b"X-%d: " % one + b"a" * 8_000 + b"\r\n" for one in range(48))


@asynccontextmanager
async def erbij(folder: Path) -> AsyncIterator[tuple[Process, int]]:
    process = await asyncio.create_subprocess_exec(
        *("prlimit", f"--nofile={HANDLES}", sys.executable, "-m", "bot"),
        env=os.environ | {"ERBIJ_PORT": "0", "ERBIJ_DATABASE_URL": f"sqlite:///{folder}/erbij.sqlite3"},
        stdout=PIPE,
        stderr=(folder / "log").open("wb"),
    )
    assert process.stdout is not None
    try:
        page = (await process.stdout.readuntil(b"Stop with")).decode()
        yield process, int(re.findall(r"localhost:(\d+)/", page)[0])
    finally:
        process.terminate()
        await process.wait()


async def asked(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()


async def visits(port: int, took: list[float], failed: list[str]) -> None:
    """A visitor who opens the page until cancelled."""
    while True:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(5):
                answer = await asked(port, HEAD + b"Connection: close\r\n\r\n")
        except (OSError, TimeoutError) as fault:
            failed.append(type(fault).__name__)
        else:
            if not answer.startswith(b"HTTP/1.1 200"):
                failed.append(answer[:12].decode())
            took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.02)


async def held(port: int, first: bytes) -> None:
    """Keep 1,000 connections open on which only this was sent; open anew what is dropped."""
    async with asyncio.TaskGroup() as group:
        for _ in range(1_000):
            group.create_task(_held(port, first))


async def _held(port: int, first: bytes) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(first)
            await reader.read()
            writer.close()
        await asyncio.sleep(1)


async def flood(port: int) -> None:
    """Connect and leave as quickly as it goes, eight at a time."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.transport.abort()

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(one())


async def nothing(port: int) -> None:
    await asyncio.Event().wait()


ATTACKS: dict[str, Callable[[int], Coroutine[None, None, None]]] = {
    "alone": nothing,
    "half headers": lambda port: held(port, HEAD),
    "half bodies": lambda port: held(port, BODY),
    "large headers": lambda port: held(port, LARGE),
    "flood": flood,
}


def of(pid: int) -> tuple[float, float]:
    """Memory in MB and processor seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def under(name: str) -> dict[str, float]:
    """A visitor's time for a page while this goes on."""
    with tempfile.TemporaryDirectory() as folder:
        async with erbij(Path(folder)) as (process, port):
            took: list[float] = []
            failed: list[str] = []
            attacker = await asyncio.create_subprocess_exec(sys.executable, __file__, name, str(port))
            await asyncio.sleep(1)
            worked = of(process.pid)[1]
            visitor = asyncio.create_task(visits(port, took, failed))
            await asyncio.sleep(SECONDS)
            memory, work = of(process.pid)
            attacker.kill()
            await attacker.wait()
            visitor.cancel()
            await asyncio.gather(visitor, return_exceptions=True)
        lines = (Path(folder) / "log").read_bytes().count(b"\n")
    slow = statistics.quantiles(took, n=100)[98] if len(took) > 1 else float("nan")
    return {
        f"{name}: page, p50, ms": statistics.median(took) if took else float("nan"),
        f"{name}: page, p99, ms": slow,
        f"{name}: pages not got, of {len(took) + len(failed)}": len(failed),
        f"{name}: Erbij's memory, MB": memory,
        f"{name}: Erbij's processor, % of one": (work - worked) / SECONDS * 100,
        f"{name}: lines in the log": lines,
    }


async def hall() -> dict[str, float]:
    """Everyone at once, each step as soon as the one before is answered."""
    statuses: list[bytes] = []
    took: list[float] = []
    again: list[str] = []

    def buttons(page: str) -> list[str]:
        return [
            one for one in re.findall(r'name="button" value="(c[^"]+)"', page) if not one.endswith((":back", ":stop"))
        ]

    async def step(port: int, body: str) -> str:
        began = time.perf_counter()
        head = f"POST {PAGE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        answer = await asked(port, head.encode() + FORM + b"\r\n" + body.encode())
        took.append((time.perf_counter() - began) * 1000)
        statuses.append(answer[9:12])
        return answer.decode()

    async def tell(port: int) -> None:
        await asked(port, HEAD + b"Connection: close\r\n\r\n")
        page = await step(port, "start=tell")
        form = re.findall(r'name="form" value="([^"]+)"', page)[0]
        fields = "".join(f"&field={one}" for one in re.findall(r'name="field" value="([^"]+)"', page))
        page = await step(port, f"form={form}{fields}&v.issue=words")
        while "Your six words" not in (page := await step(port, f"button={next(iter(buttons(page)))}")):
            if "One moment, please" not in page:
                raise AssertionError(page)
            again.append(page)
            await asyncio.sleep(random.uniform(1, 3))

    with tempfile.TemporaryDirectory() as folder:
        async with erbij(Path(folder)) as (_process, port):
            began = time.perf_counter()
            done = await asyncio.gather(*(tell(port) for _ in range(PEOPLE)), return_exceptions=True)
            seconds = time.perf_counter() - began
    return {
        f"lecture hall: people who did not get through, of {PEOPLE}": sum(one is not None for one in done),
        "lecture hall: steps turned away": len(statuses) - statuses.count(b"200") - len(again),
        "lecture hall: asked to press again, times a person": len(again) / PEOPLE,
        "lecture hall: step, p99, ms": statistics.quantiles(took, n=100)[98],
        "lecture hall: seconds for all": seconds,
    }


async def main() -> None:
    rows: dict[str, float] = {"file handles that Erbij may have": HANDLES}
    for name in ATTACKS:
        rows |= await under(name)
    rows |= await hall()
    report("attack", rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(ATTACKS[sys.argv[1]](int(sys.argv[2])))
    else:
        asyncio.run(main())
