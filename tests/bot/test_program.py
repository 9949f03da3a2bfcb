"""The whole program, in a process of its own: started, used, stopped, killed, started again."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

PATIENCE = 60
ANY = 0
"""The port that the system finds free."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def erbij(
    folder: Path, port: int, *, handles: int = 0, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program; ``handles`` are the file handles that it may have, if that is to be few."""
    limited = ["prlimit", f"--nofile={handles}"] if handles else []
    process = await asyncio.create_subprocess_exec(
        *limited,
        sys.executable,
        "-m",
        "bot",
        cwd=folder,
        env={**os.environ, "ERBIJ_PORT": str(port), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ready(process: asyncio.subprocess.Process) -> str:
    """What it prints until it is ready."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        return (await process.stdout.readuntil(b"Stop with Ctrl+C.")).decode()


def chat(page: str) -> str:
    """The address of the chat, as the printed page gives it."""
    found = re.search(r"The chat +(http://localhost:\d+)/", page)
    assert found is not None
    return found[1]


async def act(session: aiohttp.ClientSession, url: str, who: str, form: list[tuple[str, str]]) -> str:
    async with session.post(f"{url}/chat/{who}/act", data=form) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_it_starts_serves_survives_a_kill_and_stops(tmp_path: Path) -> None:
    metrics = free_port()
    async with aiohttp.ClientSession() as session, erbij(tmp_path, ANY, ERBIJ_METRICS_PORT=str(metrics)) as process:
        page = await ready(process)
        url = chat(page)
        assert f"{url}/c/teacher-education-1" in page
        assert "needs ERBIJ_DISCORD_TOKEN" in page
        async with session.get(f"{url}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"database": "ok"})
        assert f"http://127.0.0.1:{metrics}/metrics" in page
        async with session.get(f"http://127.0.0.1:{metrics}/metrics") as answer:
            assert "erbij_turns" in await answer.text()
        async with session.get(f"{url}/metrics") as answer:
            assert answer.status == 404
        asked = await act(session, url, "sam", [("text", "/tell"), ("event", "canary-event-1")])
        form = re.search(r'name="form" value="([^"]+)"', asked)
        assert form is not None
        fields = [("field", one) for one in re.findall(r'name="field" value="([^"]+)"', asked)]
        told = [("form", form[1]), ("event", "canary-event-2"), ("v.issue", "canary-8301-text"), *fields]
        shown = await act(session, url, "sam", told)
        send = re.search(r'value="([^"]+\.send)"', shown)
        process.send_signal(signal.SIGKILL)
        _out, log = await process.communicate()
        assert b"canary-8301" not in log
    assert send is not None
    async with aiohttp.ClientSession() as session, erbij(tmp_path, ANY) as process:
        url = chat(await ready(process))
        receipt = await act(session, url, "sam", [("button", send[1]), ("event", "canary-event-3")])
        assert "Your six words" in receipt
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _out, log = await process.communicate()
        assert process.returncode == 0
        assert time.monotonic() - began < 10
        events = [json.loads(line)["event"] for line in log.splitlines()]
        assert events == ["ready", "stopping", "stopped"]
        assert b"canary" not in log
    found = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"canary-8301-text" not in found


async def test_beside_real_credentials_the_try_out_does_not_start(tmp_path: Path) -> None:
    async with erbij(tmp_path, ANY, ERBIJ_TRYOUT="1", ERBIJ_DISCORD_TOKEN="x") as process:
        _out, said = await process.communicate()
    assert process.returncode == 1
    assert b"does not start beside real credentials" in said
    assert not (tmp_path / "data").exists()


async def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        async with erbij(tmp_path, port) as process:
            _out, said = await process.communicate()
    assert process.returncode == 1
    assert f"ERBIJ_PORT: something listens on 127.0.0.1:{port} already.".encode() in said
    assert b"Stop it, or set ERBIJ_PORT to another port." in said
    assert b"Traceback" not in said
