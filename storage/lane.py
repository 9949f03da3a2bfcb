"""A lane into the database: one thread, one connection, and transactions that many turns share."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

from storage.keys import Keys
from storage.log import Log
from storage.statement import Session

if TYPE_CHECKING:
    from storage.ledger import Ledger

GROUP = 64
"""Functions in one transaction at the most: enough to pay a commit once, few enough to answer soon."""

Outcome = tuple["asyncio.Future[Any] | Future[Any]", Any, BaseException | None]
"""Who hears of a function, its result, and what went wrong instead."""


class NotSaved(Exception):
    """The database did not take it: locked, read-only, full or gone. Nothing was stored; try again later."""


class Job(NamedTuple):
    """A function, who hears of its result, and whether it wants a transaction to itself."""

    function: Callable[[Session], Any]
    future: asyncio.Future[Any] | Future[Any]
    alone: bool = False


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

    def close(self) -> None:
        """Finish what waits, then disconnect."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        if self.connection is not None:
            if self._log.wait is not None:
                self._log.empty(self.connection)
            self.connection.close()
            self.connection = None

    def transaction(self, functions: list[Callable[[Session], Any]]) -> list[Any]:
        """Run functions in one transaction; their results once it is durable."""
        self._begun = False
        if self.connection.closed:
            self._connect()
        connection, session = self.connection, self._session
        connection.begin()
        self._begun, session.scrubs = True, False
        before = connection.total_changes
        try:
            results = [function(session) for function in functions]
            changed = connection.total_changes != before
            if changed:
                self._log.note(session)
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
                self._settle(jobs_together)
                if self._log.wait == 0:
                    self._log.empty(self.connection)

    def _next(self) -> Job | None:
        """The next job, or None at the end; while nobody wants anything, the log is emptied when that is due."""
        while True:
            try:
                return self._jobs.get(timeout=self._log.wait)
            except queue.Empty:
                self._log.empty(self.connection)

    def _settle(self, group: list[Job]) -> None:
        try:
            results = self._again([job.function for job in group])
        except Exception as fault:  # whatever it was, its own caller hears it
            if len(group) > 1 and self._begun:
                for job in group:
                    self._settle([job])
            else:
                # Where no transaction even began, as under a lock, one wait is enough for the whole group.
                _tell([(job.future, None, self._plain(fault)) for job in group])
        else:
            _tell([(job.future, result, None) for job, result in zip(group, results, strict=True)])

    def _again(self, functions: list[Callable[[Session], Any]]) -> list[Any]:
        """Once more after a lost connection; a few times more where two processes met on a row."""
        for attempt in range(3):
            try:
                return self.transaction(functions)
            except self._driver.AGAIN:
                if attempt == 2 or len(functions) > 1:
                    raise
            except self._driver.FAULTS:
                if attempt or not self.connection.closed:
                    raise
                self._connect()
        raise AssertionError("unreachable")

    def _roll_back(self, connection: Any) -> None:
        try:
            connection.rollback()
        except Exception:
            # SQLite has rolled back by itself after some faults; a lost connection did so too.
            if self._session.dialect == "postgresql":
                connection.close()

    def _connect(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = self._driver.connect(self.url)
        self._session = Session(self.connection, self.url.get_backend_name(), self._keys, self._ledger)

    def _plain(self, fault: Exception) -> Exception:
        if not isinstance(fault, self._driver.FAULTS):
            return fault
        saved = NotSaved(type(fault).__name__ + ": " + str(fault).split("\n", maxsplit=1)[0])
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
