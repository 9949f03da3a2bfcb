"""A lane into the database: one thread, one connection, and transactions that many turns share."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from storage.keys import Keys
from storage.log import Log
from storage.statement import Session

if TYPE_CHECKING:
    from storage.ledger import Ledger

GROUP = 64
"""Functions in one transaction at the most: enough to pay a commit once, few enough to answer soon."""

BRIEF = 0.5
"""Seconds. A fault of the database that took longer to come would take as long again for each of a group."""

Outcome = tuple["asyncio.Future[Any] | Future[Any]", Any, BaseException | None]
"""Who hears of a function, its result, and what went wrong instead."""


class NotSaved(Exception):
    """The database did not take it: locked, read-only, full or gone. Nothing was stored; try again later."""


class InDoubt(NotSaved):
    """The database was told to store it and did not answer: it may be stored, or not. Look again later."""


class _Left(Exception):
    """Somebody whose function is in the group waits no longer."""


@dataclass(slots=True)
class Job:
    """A function, who hears of its result, and whether it wants a transaction to itself.

    ``patient``: nobody sits and waits for it, so its statements may take long. Whoever waits may leave until the lane
    keeps the job, just before the commit: so a "not saved" is true.
    """

    function: Callable[[Session], Any]
    future: asyncio.Future[Any] | Future[Any]
    alone: bool = False
    patient: bool = False
    left: bool = False
    kept: bool = False
    _one: threading.Lock = field(default_factory=threading.Lock)

    def leave(self) -> bool:
        """Whoever waits goes; False when it is too late for that."""
        self.left = self._one.acquire(blocking=False)
        return self.left

    def keep(self) -> None:
        """It is going to be stored, unless nobody waits for it any more."""
        self.kept = self.kept or self._one.acquire(blocking=False)


class Lane:
    """Runs jobs in their order. ``connect()`` it first; ``start()`` its thread; ``close()`` finishes what waits."""

    def __init__(self, url: Any, driver: Any, ledger: Ledger) -> None:
        self.connection: Any = None
        self.url = url
        self._driver = driver
        self._ledger = ledger
        self._keys: Keys
        self._session: Any = None
        self._begun = False
        self._under_way: list[Job] = []
        self._patient = True  # what runs before the thread does is the start
        self._log = Log()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def connect(self, keys: Keys) -> None:
        """Connect; these keys seal and open from now on."""
        self._keys = keys
        self._connect()

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name="storage", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job."""
        self._jobs.put(job)

    def end(self) -> None:
        """Finish what waits, then disconnect; returns at once."""
        if self._thread is None:
            self._disconnect()
        else:
            self._jobs.put(None)

    def close(self, seconds: float | None = None) -> None:
        """Like :meth:`end`, and wait for it, so long at the most: a database that hangs ends with the process."""
        self.end()
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None

    def transaction(self, functions: list[Callable[[Session], Any]]) -> list[Any]:
        """Run functions in one transaction; their results once it is durable."""
        self._begun = False
        if self.connection.closed:
            self._connect()
        connection, session = self.connection, self._session
        connection.begin(patient=self._patient)
        self._begun, session.scrubs = True, False
        before = connection.total_changes
        try:
            results = [function(session) for function in functions]
            changed = connection.total_changes != before
            if changed:
                self._log.note(session)
            self._keep()
            connection.commit()
        except BaseException:
            self._roll_back(connection)
            raise
        if changed:
            self._log.changed(scrub=session.scrubs)
        return results

    # ------------------------------------------------------------ on the thread

    def _work(self) -> None:
        jobs = self._jobs
        stopping = False
        while not stopping:
            group: list[Job] = []
            job = self._next()
            while job is not None:
                group.append(job)
                if len(group) == GROUP or jobs.empty():
                    break
                job = jobs.get()
            stopping = job is None
            for jobs_together in _together(group):
                if waited_for := [one for one in jobs_together if not one.left]:
                    self._settle(waited_for)
                if self._log.wait == 0:
                    self._log.empty(self.connection)
        self._disconnect()

    def _next(self) -> Job | None:
        """The next job, or None at the end; while nobody wants anything, the log is emptied when that is due."""
        while True:
            try:
                return self._jobs.get(timeout=self._log.wait)
            except queue.Empty:
                self._log.empty(self.connection)

    def _settle(self, group: list[Job]) -> None:
        began = time.monotonic()
        fault = self._try(group)
        if fault is None:
            return
        # Where no transaction even began, as under a lock, one wait is enough for the whole group; and so is one
        # for a lock or a server that hangs. Twenty turns behind a lock that waits 1.5 s: all hear of it then, and not
        # the last of them after 30 s.
        together = len(group) == 1 or not self._begun or self._takes_long(fault, began)
        while group and not together:
            [first, *group] = group
            fault = self._try([first])
            if fault is not None:
                self._tell_fault([first], fault)
                together = self._takes_long(fault, began)
        if fault is not None:
            self._tell_fault(group, fault)

    def _try(self, group: list[Job]) -> Exception | None:
        """Run it in one transaction and tell the results; or what went wrong, which nobody heard yet."""
        self._under_way, self._patient = group, any(job.patient for job in group)
        try:
            results = self._again([job.function for job in group])
        except _Left:
            rest = [job for job in group if job.kept]
            return self._try(rest) if rest else None
        except Exception as fault:  # whatever it was, its own caller hears it
            return fault
        finally:
            self._under_way = []
        _tell([(job.future, result, None) for job, result in zip(group, results, strict=True)])
        return None

    def _takes_long(self, fault: Exception, began: float) -> bool:
        """Whether the database makes everyone wait who comes to it."""
        down = isinstance(fault, self._driver.FAULTS) and not isinstance(fault, self._driver.AGAIN)
        return down and time.monotonic() - began > BRIEF

    def _tell_fault(self, group: list[Job], fault: Exception) -> None:
        _tell([(job.future, None, self._plain(fault)) for job in group])

    def _again(self, functions: list[Callable[[Session], Any]]) -> list[Any]:
        """Once more after a lost connection; a few times more where two processes met on a row."""
        for attempt in range(3):
            try:
                return self.transaction(functions)
            except self._driver.AGAIN:
                if attempt == 2 or len(functions) > 1:
                    raise
            except self._driver.FAULTS as fault:
                if attempt or not self.connection.closed or isinstance(fault, self._driver.LATE):
                    raise
                try:
                    self._connect()
                except self._driver.FAULTS as gone:
                    raise fault from gone  # it knows whether anything can have been stored
        raise AssertionError("unreachable")

    def _keep(self) -> None:
        """From here on nobody leaves any more; who left already has the group taken without them.

        Sam was told after four seconds that nothing was saved: Sam's function must not be in the commit that follows.
        """
        for job in self._under_way:
            job.keep()
        if not all(job.kept for job in self._under_way):
            raise _Left

    def _roll_back(self, connection: Any) -> None:
        try:
            connection.rollback()
        except Exception:
            # SQLite has rolled back by itself after some faults; a lost connection did so too.
            if self._session.dialect == "postgresql":
                connection.close()

    def _disconnect(self) -> None:
        if self.connection is not None:
            if self._log.wait is not None:
                self._log.empty(self.connection)
            self.connection.close()
            self.connection = None

    def _connect(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = self._driver.connect(self.url)
        self._session = Session(self.connection, self.url.get_backend_name(), self._keys, self._ledger)

    def _plain(self, fault: Exception) -> Exception:
        if not isinstance(fault, self._driver.FAULTS):
            return fault
        kind = InDoubt if isinstance(fault, self._driver.IN_DOUBT) else NotSaved
        saved = kind(type(fault).__name__ + ": " + str(fault).split("\n", maxsplit=1)[0])
        saved.__cause__ = fault
        return saved


def _together(jobs: list[Job]) -> list[list[Job]]:
    """The jobs in their order, cut so that one which wants to be alone is."""
    groups: list[list[Job]] = []
    for job in jobs:
        if groups and not job.alone and not groups[-1][-1].alone:
            groups[-1].append(job)
        else:
            groups.append([job])
    return groups


def _tell(outcomes: list[Outcome]) -> None:
    """Let everyone hear; an event loop is woken once for all who wait in it."""
    loops: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
    for outcome in outcomes:
        if isinstance(outcome[0], asyncio.Future):
            loops.setdefault(outcome[0].get_loop(), []).append(outcome)
        else:
            _settle([outcome])
    for loop, theirs in loops.items():
        # The loop may be gone by now, with whoever waited: what was written stays written.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, theirs)


def _settle(outcomes: list[Outcome]) -> None:
    for future, result, fault in outcomes:
        if future.done():
            continue
        if fault is None:
            future.set_result(result)
        else:
            future.set_exception(fault)
