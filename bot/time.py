"""Erbij's clock: the real one, which the try-out can move on."""

from __future__ import annotations

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

    def real(self, at: int) -> datetime:
        """The wall clock's time at which Erbij's clock will say ``at``."""
        return datetime.fromtimestamp((at - self.ahead) / 1000, UTC)

    def move(self, step: timedelta) -> None:
        """Move on; never back, because what is done cannot be undone."""
        if step < timedelta(0):
            raise ValueError("the clock only moves on")
        self.ahead += int(step.total_seconds() * 1000)
