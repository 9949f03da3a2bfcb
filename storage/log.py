"""SQLite's write-ahead log, emptied in time: what was erased lies there until it is.

Each commit appends the pages it changed to the log, whole, and SQLite's own checkpoints leave their bytes where they
are. So the log shows what stood in a row before it was erased, and which rows were written together: the letter and the
conversation of one student, say. A transaction for which that matters says so (``Session.scrub``) and the log is cut to
nothing right after it, and in any case a minute after the first change. Beside someone who reads that fails, and is
tried again until it works. PostgreSQL's connections never say that they changed anything.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from storage import meta
from storage.statement import Session

LATEST = 60.0
"""Seconds after which what was changed leaves the log, though no transaction asked for it."""
BETWEEN = 1.0
"""Seconds between two tries: so often it costs nothing that can be measured."""
OVERDUE = 5 * 60_000
"""Milliseconds after which someone must look why it does not go."""
_ROW = "log"


@dataclass(frozen=True, slots=True)
class Filled:
    """What the database itself knows of its log. Times in ms since 1970, 0 for never."""

    since: int
    """When the first change was written after the log had last been emptied."""
    emptied: int
    """When that was."""


def filled(session: Session) -> Filled:
    """What was last noted."""
    return Filled(*map(int, (meta.get(session, _ROW) or b"0 0").split()))


class Log:
    """When a lane's log is due to be emptied. Nothing here waits for anybody."""

    def __init__(self) -> None:
        self._due: float | None = time.monotonic()  # a process that was killed may have left something
        self._tried = float("-inf")
        self._noted: bool | None = None
        """Whether the database says since when the log is filled; None until it was asked."""
        self._emptied = 0

    @property
    def wait(self) -> float | None:
        """Seconds until it is due; None when nothing is in it."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def note(self, session: Session) -> None:
        """Before the commit of a change: write down since when the log is filled, so that `erbij check` can tell."""
        if self._noted is None:
            before = filled(session)
            self._noted, self._emptied = before.since > 0, self._emptied or before.emptied
        if not self._noted:
            meta.put(session, _ROW, b"%d %d" % (_now(), self._emptied))

    def changed(self, *, scrub: bool) -> None:
        """After the commit of a change."""
        self._noted = True
        now = time.monotonic()
        due = max(now, self._tried + BETWEEN) if scrub else now + LATEST
        self._due = due if self._due is None else min(self._due, due)

    def empty(self, connection: Any) -> None:
        """Empty it, or put it off when someone is in the way."""
        self._tried = time.monotonic()
        if connection.empty_log():
            self._due, self._noted, self._emptied = None, False, _now()
        else:
            self._due = self._tried + BETWEEN


def _now() -> int:
    return time.time_ns() // 1_000_000
