"""Connections that never end, too many of them, and no file handle left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import resource
import signal
import socket
import weakref
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import door, logs
from bot.door import Door
from bot.http import Host
from bot.time import Clock
from storage.database import Database
from tests.bot.host import PATIENCE, got, host, posted, said
from tests.bot.test_program import chat, erbij, ready

HALF = b"GET /c/teacher-education-1 HTTP/1.1\r\nHost: localhost\r\nX: "
HALF_BODY = (
    b"POST /c/teacher-education-1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nstart=te"
)
Open = tuple[StreamReader, StreamWriter]


@pytest.fixture
async def small(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """A host with room for eight connections, in which nobody has a grace and nobody sweeps but the test."""
    monkeypatch.setattr(door, "SWEEP", 3600.0)
    monkeypatch.setattr(door, "most_connections", lambda: 8)
    monkeypatch.setattr(door, "GRACE", 0.0)
    async with host(database, clock, behind_proxy=True) as made:
        yield made


class Clients:
    """Whoever connects in a test, and is gone after it."""

    def __init__(self) -> None:
        self._open: list[StreamWriter] = []

    async def began(self, port: int, first: bytes) -> Open:
        """A connection on which only this is sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._open.append(writer)
        writer.write(first)
        return reader, writer

    async def gone(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        for writer in self._open:
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    made = Clients()
    yield made
    await made.gone()


async def all_in(here: Door, number: int) -> None:
    """Wait until so many connections are known to the host."""
    async with asyncio.timeout(PATIENCE):
        while len(here) < number:
            await asyncio.sleep(0)


async def ended(one: Open) -> bool:
    """Wait until the host hangs up; False when it said something first."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await one[0].read() == b""
        except ConnectionError:
            return True


def since(here: Door) -> float:
    return max(one.since for one in here._open)


async def test_who_does_not_end_a_header_is_dropped(small: Host, clients: Clients) -> None:
    here = small._door
    silent, half = await clients.began(small.port, b""), await clients.began(small.port, HALF)
    await all_in(here, 2)
    here.sweep(since(here) + door.HEAD_TIME - 0.5)
    assert len(here) == 2
    half[1].write(b"more")  # a byte now and then gives no more time
    await half[1].drain()
    here.sweep(since(here) + door.HEAD_TIME + 0.5)
    assert await ended(silent)
    assert await ended(half)
    assert len(here) == 0


async def test_an_idle_connection_has_longer_and_its_next_header_does_not(small: Host, clients: Clients) -> None:
    here = small._door
    reader, writer = await clients.began(small.port, HALF + b"\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    await reader.readuntil(b"</html>")
    here.sweep(since(here) + door.HEAD_TIME + 0.5)
    assert len(here) == 1
    writer.write(HALF)
    async with asyncio.timeout(PATIENCE):
        while not next(iter(here._open))._begun:
            await asyncio.sleep(0)
    here.sweep(since(here) + door.HEAD_TIME + 0.5)
    assert await ended((reader, writer))


async def test_an_idle_connection_ends_too(small: Host, clients: Clients) -> None:
    here = small._door
    reader, writer = await clients.began(small.port, HALF + b"\r\n\r\n")
    await reader.readuntil(b"</html>")
    here.sweep(since(here) + door.IDLE_TIME + 0.5)
    assert await ended((reader, writer))


async def test_a_body_that_does_not_end_is_answered_and_dropped(
    small: Host, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapters.web import guard

    monkeypatch.setattr(guard, "BODY_TIME", 0.05)
    monkeypatch.setattr(door, "LINGERING", 0.05)
    with capture_logs() as lines:
        answer = await said(small.port, HALF_BODY)
    assert answer.status == 408
    assert "did not arrive completely" in answer.text
    assert lines == []


async def test_who_hangs_up_in_the_middle_is_nothing_for_the_log(small: Host, clients: Clients) -> None:
    with capture_logs() as lines:
        for cut in (HALF, HALF_BODY):
            _reader, writer = await clients.began(small.port, cut)
            await all_in(small._door, 1)
            writer.transport.abort()
            async with asyncio.timeout(PATIENCE):
                while len(small._door):
                    await asyncio.sleep(0)
        assert (await got(small.port)).status == 200
    assert lines == []


async def test_a_body_that_was_cut_off_leaves_the_memory_at_once(small: Host, clients: Clients) -> None:
    gc.disable()  # which would find it too, some hundred bodies later
    try:
        _reader, writer = await clients.began(small.port, HALF_BODY)
        await all_in(small._door, 1)
        (connection,) = small._door._open
        async with asyncio.timeout(PATIENCE):
            while connection.request is None:
                await asyncio.sleep(0)
        request = weakref.ref(connection.request)
        del connection
        writer.transport.abort()
        async with asyncio.timeout(PATIENCE):
            while request() is not None:
                await asyncio.sleep(0)
    finally:
        gc.enable()


@pytest.mark.parametrize("waiting", [b"", HALF, HALF_BODY])
async def test_a_full_table_has_room_for_who_comes_next(small: Host, clients: Clients, waiting: bytes) -> None:
    held = [await clients.began(small.port, waiting) for _ in range(8)]
    await all_in(small._door, 8)
    for _ in range(12):
        assert (await got(small.port)).status == 200
    assert len(small._door) <= 8
    assert await ended(held[0])


async def test_the_streams_of_open_windows_outlive_an_attack(small: Host, clients: Clients) -> None:
    here = small._door
    stream, _writer = await clients.began(small.port, b"GET /chat/sam/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await stream.readuntil(b"caught-up")
    this = next(iter(here._open))
    held = [await clients.began(small.port, HALF) for _ in range(20)]
    assert (await got(small.port)).status == 200
    here.sweep(since(here) + 10 * door.IDLE_TIME)
    assert await ended(held[-1])
    assert here._open == {this}


async def test_when_all_are_being_answered_the_next_waits_its_turn(
    small: Host, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FULL", 0.001)
    live = b"GET /chat/sam/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    streams = [await clients.began(small.port, live) for _ in range(8)]
    for stream, _writer in streams:
        await stream.readuntil(b"caught-up")
    with capture_logs() as lines:
        asking = asyncio.create_task(got(small.port))
        async with asyncio.timeout(PATIENCE):
            while not lines:
                await asyncio.sleep(0)
        assert not asking.done()
        streams[0][1].close()
        assert (await asking).status == 200
    assert {one["event"] for one in lines} == {"http.full"}


async def test_whoever_just_came_is_not_dropped_for_the_next(
    small: Host, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hall full of people who connect in the same moment: none of them has had time to ask."""
    monkeypatch.setattr(door, "GRACE", 3600.0)
    monkeypatch.setattr(door, "FULL", 0.001)
    came = [await clients.began(small.port, b"") for _ in range(20)]
    await all_in(small._door, 8)
    for reader, writer in came:
        writer.write(HALF + b"\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_header_without_end_takes_no_memory(small: Host, clients: Clients) -> None:
    reader, writer = await clients.began(small.port, HALF)
    with contextlib.suppress(ConnectionError):
        for number in range(50):
            writer.write(b"a" * 1_000 + b"\r\nX-%d: " % number)
            await writer.drain()
    assert await ended((reader, writer))


async def test_who_sends_far_too_much_gets_to_read_why(small: Host, clients: Clients) -> None:
    head = HALF_BODY.partition(b"\r\n\r\n")[0].replace(b"Length: 100", b"Length: 900000")
    reader, writer = await clients.began(small.port, head + b"\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    for _ in range(9):
        writer.write(b"a" * 100_000)
        await writer.drain()
    await reader.readuntil(b"</html>")


async def test_the_length_of_a_body_is_not_that_of_its_header(small: Host) -> None:
    body = b"text=" + b"a" * 400_000
    assert (await posted(small.port, body)).status == 200


async def test_one_address_has_three_quarters_of_the_places(
    database: Database, clock: Clock, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "most_connections", lambda: 8)
    monkeypatch.setattr(door, "GRACE", 0.0)
    async with host(database, clock) as made:
        held = [await clients.began(made.port, HALF) for _ in range(8)]
        assert await ended(held[0])
        assert await ended(held[1])
        assert len(made._door) == 6
        assert (await got(made.port)).status == 200


def test_half_of_the_file_handles_are_for_connections() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert door.most_connections() <= max(1, before[0] // 2) or before[0] == resource.RLIM_INFINITY
    assert door.most_connections() <= door.MOST


async def test_without_a_file_handle_it_rests_and_goes_on(
    small: Host, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REST", 0.05)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    loop = asyncio.get_running_loop()
    with socket.socket() as arriving, capture_logs() as lines:
        arriving.setblocking(False)
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
        try:
            began = loop.time()
            await loop.sock_connect(arriving, ("127.0.0.1", small.port))
            async with asyncio.timeout(PATIENCE):
                while len(lines) < 3:
                    await asyncio.sleep(0)
            assert loop.time() - began > (len(lines) - 1) * 0.05 * 0.9  # no try before it has rested
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        await loop.sock_sendall(arriving, HALF + b"\r\n\r\n")
        assert (await loop.sock_recv(arriving, 12)) == b"HTTP/1.1 200"
    assert {one["event"] for one in lines} == {"http.no_connection"}


async def test_the_whole_program_stays_reachable_and_quiet_with_256_file_handles(
    tmp_path: Path, clients: Clients
) -> None:
    """260 half requests, as they once shut everybody out and wrote 655,838 lines."""
    async with erbij(tmp_path, 0, handles=256) as process:
        port = int(chat(await ready(process)).rpartition(":")[2])
        for _ in range(260):
            await clients.began(port, HALF)
        for _ in range(3):
            assert (await got(port)).status == 200
        process.send_signal(signal.SIGTERM)
        _out, log = await process.communicate()
        assert process.returncode == 0
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert {"ready", "stopping", "stopped"} <= set(events) <= {"ready", "stopping", "stopped", "http.full"}
    assert events.count("http.full") <= logs.MOST
