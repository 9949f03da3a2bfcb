"""Whether the database takes what people write: tried by writing, because reading goes on when a disk is full."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storage import meta, outbox
from storage.database import NotSaved

if TYPE_CHECKING:
    from storage.database import Database
    from storage.statement import Session

WAIT = 2.0
"""Seconds that the database has for one look."""
HOLDS = 1.0
"""Seconds for which one look answers everyone: each is a transaction, and anybody may ask."""
WRITES = 5.0
"""Seconds between two writes, while they succeed."""
WRITTEN = "written"
"""Named value of the database: when it was last tried, in seconds since 1970."""


class Health:
    """Looks at one database, when it is asked and not more often than it must."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds, and never goes back."""
        self._database = database
        self._clock = clock
        self._saved = clock()  # the program has just written, to open it
        self._next = self._saved
        """When it is tried by writing again."""
        self._looked: tuple[float, asyncio.Task[outbox.Depth | None]] | None = None
        self._job: asyncio.Task[outbox.Depth] | None = None

    @property
    def saved(self) -> datetime:
        """When it last took something, as far as was tried; in UTC."""
        return datetime.now(UTC) - timedelta(seconds=self._clock() - self._saved)

    async def look(self) -> outbox.Depth | None:
        """What waits to be sent; None when nothing can be saved now, or the database does not answer in time."""
        now = self._clock()
        if self._looked is None or now - self._looked[0] > HOLDS:
            self._looked = now, asyncio.create_task(self._look())
        return await asyncio.shield(self._looked[1])

    async def _look(self) -> outbox.Depth | None:
        if self._job is None or self._job.done():  # one that hangs is waited for, and no second one put behind it
            self._job = asyncio.create_task(self._tried())
            self._job.add_done_callback(lambda job: job.cancelled() or job.exception())
        try:
            async with asyncio.timeout(WAIT):
                return await asyncio.shield(self._job)
        except (NotSaved, TimeoutError):
            return None

    async def _tried(self) -> outbox.Depth:
        began = self._clock()
        writes = began >= self._next

        def work(session: Session) -> outbox.Depth:
            if writes:
                meta.put(session, WRITTEN, b"%d" % time.time())
            return outbox.depth(session)

        found = await self._database.run(work)
        if writes:
            self._saved, self._next = began, began + WRITES
        return found
