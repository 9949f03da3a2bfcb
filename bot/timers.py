"""The clock's hands: due rows run within about a second, and conversations expire; slow work goes on beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from bot.time import rung
from bot.worker import Worker
from flows.engine.timers import Ran, Slow, fail_due, finish_slow, run_alone, run_due
from storage import conversations, due, receipts
from storage.database import NotSaved

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.time import Clock
    from flows.engine import Catalogue
    from storage.database import Database
    from storage.statement import Session

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
        self.worker = Worker()
        self.slow: asyncio.Task[None] | None = None
        """The slow work that is under way: one at a time, and no other timer waits for it."""
        self.posts = 0
        """Timers that posted something, since the start."""

    def wake(self) -> None:
        """A due row was added, or the clock was moved."""
        self._bell.set()

    async def run(self) -> None:
        """Run what is due, until cancelled. What became overdue while Erbij was down runs first, in order."""
        try:
            while True:
                self._bell.clear()
                at = await self.catch_up()
                await rung(self._bell, (at - self._clock.now()) / 1000)
        finally:
            if self.slow is not None:  # its row is tried again when its lease is over
                self.slow.cancel()
                await asyncio.gather(self.slow, return_exceptions=True)

    async def catch_up(self) -> int:
        """Run all that is due by now; gives the time at which to look again."""
        now = self._clock.now
        if self._database.keys is not None:
            self._database.keys.hour.forget(now())  # also where nobody comes to use it
        try:
            await self._database.run(lambda s: receipts.turn(s, now()))
            while await self._some():
                pass
            while await self._database.run(lambda s: conversations.expire(s, now())) == conversations.TOGETHER:
                pass
            at = await self._database.run(lambda s: due.next_at(s, idle=self.slow is None))
        except NotSaved:
            self._metrics.faults.labels("timers", "NotSaved").inc()
            log.warning("timers not read", exc_info=True)
            return now() + TRY_AGAIN
        later = now() + LOOK_AGAIN
        return later if at is None else min(at, later)

    async def finish(self) -> None:
        """Run all that is due by now, and wait for its slow work and all that is due because of it."""
        await self.catch_up()
        while self.slow is not None:
            await asyncio.gather(self.slow)
            await self.catch_up()

    async def _some(self) -> bool:
        """Run what is due first, with others that may share its transaction; False when nothing is due."""
        taken: list[due.Due] = []
        ran = await self._try(taken, partial(run_due, catalogue=self._catalogue, now=self._clock.now(), taken=taken))
        if ran is None and len(taken) > 1:
            for row in taken:
                alone = partial(run_alone, catalogue=self._catalogue, row=row, now=self._clock.now())
                await self._try([row], alone)
        return ran is None or bool(ran)

    async def _try(self, rows: list[due.Due], run: Callable[..., list[Ran]]) -> list[Ran] | None:
        """Let rows run in one transaction; None when that failed, and one that failed by itself is put off."""
        try:
            # No turn shares it: what a timer opens (ballots, letters) must not lie beside whoever sealed it.
            ran = await self._database.run(lambda s: run(s, idle=self.slow is None), alone=True)
        except NotSaved:
            raise
        except Exception as fault:
            if not rows:
                raise
            if len(rows) == 1:
                await self._put_off(rows[0], fault)
            return None
        for one in ran:
            self._tell(one)
        return ran

    async def _put_off(self, row: due.Due, fault: Exception, *, slow: bool = False) -> None:
        await self._database.run(lambda s: fail_due(s, row, self._clock.now(), slow=slow))
        self._metrics.timers.labels(row.job, "failed").inc()
        self._metrics.faults.labels("timers", type(fault).__name__).inc()
        log.error("timer failed", job=row.job, exc_info=fault)

    def _tell(self, ran: Ran) -> None:
        """Let be known what ran, and let its slow work begin."""
        if ran.posted:
            self.posts += 1
            self._ran()
        if ran.slow is not None and self.slow is None:
            self.slow = asyncio.create_task(self._work(ran.slow))
        if not ran.over:
            return
        self._metrics.timers.labels(ran.job, "skipped" if ran.skipped else "ran").inc()
        self._metrics.lag.observe(max(0, ran.lag_ms) / 1000)
        if ran.skipped:
            log.info("timer skipped", job=ran.job, late_ms=ran.lag_ms)

    # ------------------------------------------------------------ slow work

    async def _work(self, slow: Slow) -> None:
        """Do the slow work of a job, until it has none left, and go on with it."""
        going: Slow | None = slow
        try:
            while going is not None:
                going = await self._work_once(going)
        except NotSaved:
            self._metrics.faults.labels("timers", "NotSaved").inc()
            log.warning("slow work not saved", exc_info=True)  # it is tried again when its lease is over
        finally:
            self.slow = None
            self.wake()

    async def _work_once(self, slow: Slow) -> Slow | None:
        try:
            read = () if slow.of is None else (await self._database.run(slow.of, alone=True),)
            result = await self.worker.run(slow.fn, *read, *slow.args)
            ran = await self._database.run(partial(self._finish, slow, result), alone=True)
        except NotSaved:
            raise
        except Exception as fault:
            await self._put_off(slow.row, fault, slow=True)
            return None
        if not ran:
            log.warning("slow work came too late", job=slow.row.job)
            return None
        self._tell(ran[0])
        return ran[0].slow

    def _finish(self, slow: Slow, result: Any, session: Session) -> list[Ran]:
        return finish_slow(session, self._catalogue, slow, result, self._clock.now())
