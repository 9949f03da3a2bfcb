"""Erbij's clock, the real one, which the try-out can move on; and waiting for a moment or for news."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

DRIFT = 2_000
"""Milliseconds by which the machine's clock may be set in between without more ado."""
DOUBT = 3_600_000
"""Milliseconds that a clock which jumped must stay where it is before Erbij goes by it."""


def _wall() -> int:
    return time.time_ns() // 1_000_000


def _steady() -> int:
    """Milliseconds since some moment, whatever the clock is set to; on Linux while the machine sleeps too."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic_ns() if boot is None else time.clock_gettime_ns(boot)) // 1_000_000


class Jump(NamedTuple):
    """The machine's clock was set: ``by`` how many ms it is ahead of what Erbij goes by, or was until now."""

    by: int
    believed: bool
    """True: it stayed there, and Erbij goes by it from now on. False: not yet; or, where ``by`` is 0, it is back."""


class Clock:
    """Milliseconds since 1970 UTC. ``ahead`` is how far the try-out has moved it, in milliseconds.

    It goes on evenly when the machine's clock jumps: a wrong clock ends no conversation and skips no check-in. Whether
    it jumped is told by :meth:`look`, which wants to be asked every second or so.
    """

    def __init__(self, ahead: int = 0, wall: Callable[[], int] = _wall, steady: Callable[[], int] = _steady) -> None:
        self.ahead = ahead
        self._wall, self._steady = wall, steady
        self._base = wall() - steady()
        self._jumped: tuple[int, int] | None = None
        """By how much the clock is off, and since when by the steady one."""

    def now(self) -> int:
        """Erbij's time now."""
        return self._steady() + self._base + self.ahead

    def look(self) -> Jump | None:
        """What the machine's clock did since the last look, if that is to be told."""
        steady = self._steady()
        off = self._wall() - steady - self._base
        if abs(off) <= DRIFT:
            self._base += off
            if self._jumped is None:
                return None
            self._jumped = None
            return Jump(0, believed=False)
        if self._jumped is None or abs(off - self._jumped[0]) > DRIFT:
            self._jumped = off, steady
            return Jump(off, believed=False)
        if steady - self._jumped[1] < DOUBT:
            return None
        self._base += off
        self._jumped = None
        return Jump(off, believed=True)

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
