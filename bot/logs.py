"""Logs: one JSON object a line, with names of events, counts and places in the code; nothing of people.

An exception's own message can quote what someone typed, or the row that a database refused, so only its type, its
notes (which the engine writes) and the lines of code it passed are kept. Libraries say more than they should as well:
of theirs the logger, the level and the fixed part of the message are kept.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import EventDict

from storage.database import NotSaved

FRAMES = 30


def set_up(out: TextIO = sys.stderr, *, level: int = logging.INFO) -> None:
    """Send our own events and the libraries' warnings to ``out``."""
    structlog.configure(
        processors=[
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
    given = event.pop("exc_info", None)
    fault = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(fault, BaseException):
        event["fault"] = _chain(fault)
    return event


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
