"""A pace: so many a second, spread evenly."""

from __future__ import annotations

import asyncio


class Pace:
    """Lets callers through one by one, evenly, at most ``per_second``."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._free = 0.0

    async def turn(self) -> None:
        """Return when it is this caller's turn."""
        now = asyncio.get_running_loop().time()
        at = max(now, self._free)
        self._free = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)
