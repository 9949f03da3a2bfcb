"""Open windows: what is sent reaches each of them at once, as server-sent events."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from flows.seam import Outgoing

MOST_WAITING = 500

Window = asyncio.Queue[tuple[str, Outgoing] | None]
"""What still has to be told, each with the account that it is for; None ends it."""


class Windows:
    """The windows that are open now, by account. Nothing is kept for one that is closed."""

    def __init__(self) -> None:
        self._open: dict[str, set[Window]] = defaultdict(set)

    @asynccontextmanager
    async def opened(self, accounts: Iterable[str]) -> AsyncIterator[Window]:
        """Windows of some accounts that are told together, as long as they stay open.

        A browser has six connections for all its tabs: who opens a board must not use up three of them.
        """
        window: Window = asyncio.Queue(MOST_WAITING + 1)
        for account in accounts:
            self._open[account].add(window)
        try:
            yield window
        finally:
            self._forget(window)

    def tell(self, accounts: Iterable[str], message: Outgoing) -> None:
        """Show a message in every window of these accounts.

        One that is too far behind is ended: its browser comes back and gets all that stands there.
        """
        for account in accounts:
            for window in tuple(self._open[account]):
                if window.qsize() < MOST_WAITING:
                    window.put_nowait((account, message))
                else:
                    self._end(window)

    def close(self) -> None:
        """End every window: the program stops."""
        for window in {window for windows in self._open.values() for window in windows}:
            self._end(window)

    def _forget(self, window: Window) -> None:
        for windows in self._open.values():
            windows.discard(window)

    def _end(self, window: Window) -> None:
        self._forget(window)
        while not window.empty():
            window.get_nowait()
        window.put_nowait(None)
