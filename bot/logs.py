"""Logs: one JSON object a line, with names of events, counts and places in the code; nothing of people.

An exception's own message can quote what someone typed, or the row that a database refused, so only its type, its
notes (which the engine writes) and the lines of code it passed are kept. Libraries say more than they should as well:
of theirs the logger, the level and the fixed part of the message are kept.

Whoever can make Erbij write a line could make it write a million: of lines that say the same, the first few of each
minute are written, and then how many were left out.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import TextIO

import structlog
from structlog.typing import EventDict

from storage.database import NotSaved

FRAMES = 30
MOST = 10
"""Lines a minute that say the same."""
KINDS = 1_000
"""Kinds of lines counted apart; what comes beyond them within a minute counts as one more kind."""
LEFT_OUT = "lines left out"
Kind = tuple[tuple[str, str], ...]
"""What lines say alike: names and words."""


def set_up(out: TextIO = sys.stderr, *, level: int = logging.INFO, clock: Callable[[], float] = time.monotonic) -> None:
    """Send our own events and the libraries' warnings to ``out``. ``clock`` gives seconds."""
    structlog.configure(
        processors=[
            Limit(clock),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _fault,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[Libraries()], level=logging.WARNING, force=True)


def tell_left_out() -> None:
    """Write how many lines were left out in minutes that are over, which otherwise waits for the next line."""
    for one in structlog.get_config()["processors"]:
        if isinstance(one, Limit):
            one.tell()


@dataclass(slots=True)
class Minute:
    """Lines of one kind in a minute."""

    until: float
    seen: int = 0


class Limit:
    """Lets the first few lines of each kind pass in a minute, and counts the others.

    Lines are of one kind when all their words are the same: the event, what a library said, the kind of fault.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minutes: dict[Kind, Minute] = {}
        """The oldest first."""
        self._alone = threading.RLock()

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Count one line, as structlog's first processor."""
        if event["event"] == LEFT_OUT:
            return event
        with self._alone:
            self.tell()
            kind = _kind(event)
            if kind not in self._minutes and len(self._minutes) >= KINDS:
                kind = ()
            minute = self._minutes.setdefault(kind, Minute(self._clock() + 60))
            minute.seen += 1
            if minute.seen > MOST:
                raise structlog.DropEvent
        return event

    def tell(self) -> None:
        """Write how many lines of each kind were left out in minutes that are over."""
        with self._alone:
            now = self._clock()
            for kind, minute in list(takewhile(lambda one: one[1].until <= now, self._minutes.items())):
                del self._minutes[kind]
                if minute.seen > MOST:
                    structlog.get_logger().warning(LEFT_OUT, lines=minute.seen - MOST, of=dict(kind))


def _kind(event: EventDict) -> Kind:
    """All the words of a line, and the type of its fault."""
    words = [(name, value) for name, value in event.items() if isinstance(value, str)]
    if fault := _given(event.get("exc_info")):
        words.append(("type", type(fault).__name__))
    return tuple(words)


class Libraries(logging.Handler):
    """What libraries log, without what they filled in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on the fixed part of one record."""
        known = {"logger": record.name}
        if record.args and isinstance(record.msg, str):
            known["said"] = record.msg
        fault = record.exc_info[1] if record.exc_info else None
        log = structlog.get_logger()
        log.log(max(record.levelno, logging.WARNING), "library", exc_info=fault, **known)


def _fault(_logger: object, _method: str, event: EventDict) -> EventDict:
    """An exception as types, notes and lines of code."""
    if fault := _given(event.pop("exc_info", None)):
        event["fault"] = _chain(fault)
    return event


def _given(exc_info: object) -> BaseException | None:
    """The exception that a line was given, in any of the ways of giving it."""
    fault = sys.exc_info()[1] if exc_info is True else exc_info[1] if isinstance(exc_info, tuple) else exc_info
    return fault if isinstance(fault, BaseException) else None


def _chain(fault: BaseException) -> list[dict[str, object]]:
    """The exception and its causes, the latest first."""
    chain: list[dict[str, object]] = []
    seen: BaseException | None = fault
    while seen is not None and len(chain) < 5:
        known: dict[str, object] = {"type": f"{type(seen).__module__}.{type(seen).__qualname__}"}
        if isinstance(seen, NotSaved):
            known["why"] = str(seen)  # the database's own words, which name no values
        if notes := getattr(seen, "__notes__", None):
            known["notes"] = notes
        frames = traceback.extract_tb(seen.__traceback__)[-FRAMES:]
        known["at"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append(known)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return chain


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-3:])
