"""The clock's hands: due rows run within about a second, one after the other, and conversations expire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from bot.time import rung
from flows.engine.timers import fail_due, run_due
from storage import conversations, due, receipts
from storage.database import NotSaved

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.metrics import Metrics
    from bot.time import Clock
    from flows.engine import Catalogue
    from storage.database import Database

LOOK_AGAIN = 30_000
"""Milliseconds after which due rows are looked at in any case, for those of a process that died."""
TRY_AGAIN = 2_000
"""Milliseconds until the next look when the database did not answer."""

log = structlog.get_logger()


class Timers:
    """Runs what is due. ``ran`` is called after a timer that filled the outbox."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        clock: Clock,
        metrics: Metrics,
        ran: Callable[[], None],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._clock = clock
        self._metrics = metrics
        self._ran = ran
        self._bell = asyncio.Event()
        self.posts = 0
        """Timers that posted something, since the start."""

    def wake(self) -> None:
        """A due row was added, or the clock was moved."""
        self._bell.set()

    async def run(self) -> None:
        """Run what is due, until cancelled. What became overdue while Erbij was down runs first, in order."""
        while True:
            self._bell.clear()
            at = await self.catch_up()
            await rung(self._bell, (at - self._clock.now()) / 1000)

    async def catch_up(self) -> int:
        """Run all that is due by now; gives the time at which to look again."""
        now = self._clock.now
        if self._database.keys is not None:
            self._database.keys.hour.forget(now())  # also where nobody comes to use it
        try:
            await self._database.run(lambda s: receipts.turn(s, now()))
            while await self._one():
                pass
            while await self._database.run(lambda s: conversations.expire(s, now())) == conversations.TOGETHER:
                pass
            at = await self._database.run(due.next_at)
        except NotSaved:
            self._metrics.faults.labels("timers", "NotSaved").inc()
            log.warning("timers not read", exc_info=True)
            return now() + TRY_AGAIN
        later = now() + LOOK_AGAIN
        return later if at is None else min(at, later)

    async def _one(self) -> bool:
        """Run the first due row; False when none is due."""
        now = self._clock.now
        try:
            # Alone: what a timer opens (ballots, letters) must share no transaction with whoever sealed it.
            ran = await self._database.run(lambda s: run_due(s, self._catalogue, now()), alone=True)
        except NotSaved:
            raise
        except Exception as fault:
            job = await self._database.run(lambda s: fail_due(s, now()))
            self._metrics.timers.labels(job, "failed").inc()
            self._metrics.faults.labels("timers", type(fault).__name__).inc()
            log.exception("timer failed", job=job)
            return True
        if ran is None:
            return False
        result = "skipped" if ran.skipped else "ran"
        self._metrics.timers.labels(ran.job, result).inc()
        self._metrics.lag.observe(max(0, ran.lag_ms) / 1000)
        if ran.skipped:
            log.info("timer skipped", job=ran.job, late_ms=ran.lag_ms)
        if ran.posted:
            self.posts += 1
            self._ran()
        return True
