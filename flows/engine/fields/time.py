"""A time of the day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from flows import seam
from flows.engine.fields.question import Question, Taken, as_text, asked
from flows.words import Words, _, said

_HOURS = r"(?P<hour>[0-9]{1,2})"
_MINUTES = r"(?P<minute>[0-9]{2})"
_AFTER = r"\s*(?:uur|uhr|h|u|o['’]?clock)?"
_CLOCK = re.compile(rf"{_HOURS}\s*(?:[:.hu]|uhr|uur)\s*{_MINUTES}(?::00)?{_AFTER}", re.IGNORECASE)
"""14:30, 14.30, 14h30, 14u30, 14 Uhr 30."""
_HALVES = re.compile(rf"{_HOURS}(?:[:.]{_MINUTES})?\s*(?P<half>a|p)\.?\s?m\.?", re.IGNORECASE)
"""2 pm, 2:30 p.m."""
_ALONE = re.compile(rf"{_HOURS}{_AFTER}", re.IGNORECASE)
"""14, 14 uur: plain where there is no second hour of that number."""

AFTERNOON = "14:30"


@dataclass(frozen=True, slots=True, kw_only=True)
class Time(Question):
    """Of the wall clock, to the minute; the answer is ``HH:MM``."""

    typed: ClassVar[bool] = True

    def read(self, value: object) -> Taken:
        """What people write for a time; what could be two times is asked again."""
        text = str(value)
        found = parsed(text)
        if found is not None:
            return found, None
        return text, _("Please write the time as on a clock of 24 hours, for example {time}.", time=AFTERNOON)

    def kind(self, language: str, draft: Any) -> seam.Kind:
        """A box for a time; for text while there stands something that is none."""
        if isinstance(draft, str) and parsed(draft) is None:
            return as_text(draft)
        return seam.Time(said(_("For example {time}", time=AFTERNOON), language))

    def understood(self, typed: object, answer: Any) -> Words | None:
        """The time, where it was not written with hours and minutes."""
        plain = isinstance(typed, str) and _CLOCK.fullmatch(typed.strip()) is None
        return str(answer) if plain else None


def parsed(text: str) -> str | None:
    """A time that is typed, as ``HH:MM``; None for what is none, or could be two (``half 3``, ``2 uur``)."""
    text = text.strip()
    if found := _HALVES.fullmatch(text):
        hour, minute = int(found["hour"]), int(found["minute"] or 0)
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    elif found := _CLOCK.fullmatch(text):
        hour, minute = int(found["hour"]), int(found["minute"])
    elif (found := _ALONE.fullmatch(text)) and (int(found["hour"]) > 12 or int(found["hour"]) == 0):
        hour, minute = int(found["hour"]), 0
    else:
        return None
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def time(question: Words, *, required: bool = True, help: Words | None = None) -> Any:  # noqa: A002
    """A time of the day; a form's class may call it ``datetime.time``."""
    return asked(Time(text=question, required=required, help=help))
