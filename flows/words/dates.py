"""Days, moments and times of day as values in a sentence: they become text when its reader's language is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from babel.dates import format_date, format_datetime

from flows.words import Msg, Value, _

_DAY = {"de": "d. MMMM"}
_DAY_OF_YEAR = {"de": "d. MMMM y"}
_MOMENT = {"de": "EEEE, d. MMMM, H:mm", "nl": "EEEE d MMMM, H.mm"}


@dataclass(frozen=True, slots=True)
class _When(Value):
    at: date | datetime
    year: bool = False

    def said(self, language: str) -> str:
        if isinstance(self.at, datetime):
            return str(format_datetime(self.at, _MOMENT.get(language, "EEEE d MMMM, H:mm"), locale=language))
        patterns, other = (_DAY_OF_YEAR, "d MMMM y") if self.year else (_DAY, "d MMMM")
        return str(format_date(self.at, patterns.get(language, other), locale=language))


def day(on: date, *, year: bool = False) -> Msg:
    """``28 November``, in German ``28. November``; with its year where it may be long ago or ahead."""
    return Msg("{when}", {"when": _When(on, year)})


def moment(at: datetime) -> Msg:
    """A day and a time, by the clock that ``at`` has: ``Saturday 28 November, 9:00``, in Dutch ``..., 9.00``."""
    return Msg("{when}", {"when": _When(at)})


def hour(at: time) -> Msg:
    """A time of day: ``9:00``, in Dutch ``9.00``."""
    return _("{hour}:{minute}", hour=at.hour, minute=f"{at.minute:02}")
