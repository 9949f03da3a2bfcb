"""Erbij's clock, the real one, which the try-out can move on; and waiting for a moment or for news."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Milliseconds since 1970 UTC. ``ahead`` is how far the try-out has moved it, in milliseconds."""

    def __init__(self, ahead: int = 0) -> None:
        self.ahead = ahead

    def now(self) -> int:
        """Erbij's time now."""
        return time.time_ns() // 1_000_000 + self.ahead

    def date(self) -> datetime:
        """Erbij's time now, in UTC."""
        return datetime.fromtimestamp(self.now() / 1000, UTC)

    def move(self, step: timedelta) -> None:
        """Move on; never back, because what is done cannot be undone."""
        if step < timedelta(0):
            raise ValueError("the clock only moves on")
        self.ahead += int(step.total_seconds() * 1000)


async def rung(bell: asyncio.Event, seconds: float) -> None:
    """Until the bell rings or the time is over."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        pass
