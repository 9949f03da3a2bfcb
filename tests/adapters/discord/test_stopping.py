"""The adapter stops when it is told to, whatever discord.py is doing."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

import pytest

from adapters.discord import DiscordAdapter, adapter
from flows.seam import Incoming, Reply


class Reconnecting:
    """Like the real client while a shard reconnects: a cancellation is swallowed, then it waits for what is next."""

    def __init__(self, *_settings: Any) -> None:
        self.started = asyncio.Event()
        self._closed = asyncio.Event()

    async def start(self, _token: str) -> None:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await self._closed.wait()

    async def close(self) -> None:
        self._closed.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()


async def nothing(_incoming: Incoming) -> Reply:
    return Reply()


async def test_it_stops_while_it_reconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Reconnecting] = []

    def client(*settings: Any) -> Reconnecting:
        made.append(Reconnecting(*settings))
        return made[-1]

    monkeypatch.setattr(adapter, "Client", client)
    running = asyncio.create_task(DiscordAdapter("token").run(nothing))
    while not made:
        await asyncio.sleep(0)
    await made[0].started.wait()
    running.cancel()
    done, _pending = await asyncio.wait({running}, timeout=5)
    assert done == {running}
    assert running.cancelled()
