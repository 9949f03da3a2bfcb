"""Open windows: what is sent reaches each of them at once, as server-sent events."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from flows.seam import Outgoing

MOST_WAITING = 500

Window = asyncio.Queue[Outgoing | None]
"""What one window still has to be told; None ends it."""


class Windows:
    """The windows that are open now, by account. Nothing is kept for one that is closed."""

    def __init__(self) -> None:
        self._open: dict[str, set[Window]] = defaultdict(set)

    @asynccontextmanager
    async def opened(self, account: str) -> AsyncIterator[Window]:
        """A window of an account, as long as it stays open."""
        window: Window = asyncio.Queue(MOST_WAITING + 1)
        self._open[account].add(window)
        try:
            yield window
        finally:
            self._open[account].discard(window)

    def tell(self, accounts: Iterable[str], message: Outgoing) -> None:
        """Show a message in every window of these accounts.

        One that is too far behind is ended: its browser comes back and gets all that stands there.
        """
        for account in accounts:
            for window in tuple(self._open[account]):
                if window.qsize() < MOST_WAITING:
                    window.put_nowait(message)
                else:
                    self._end(account, window)

    def close(self) -> None:
        """End every window: the program stops."""
        for account, windows in self._open.items():
            for window in tuple(windows):
                self._end(account, window)

    def _end(self, account: str, window: Window) -> None:
        self._open[account].discard(window)
        while not window.empty():
            window.get_nowait()
        window.put_nowait(None)
