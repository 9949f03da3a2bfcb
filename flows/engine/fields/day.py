"""A day of the calendar, which has no time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, ClassVar

from babel.dates import get_day_names, get_month_names

from flows import seam
from flows.engine.fields.question import Question, Taken, as_text, asked
from flows.engine.flow import FlowFault
from flows.words import LANGUAGES, Words, _, dates, said

_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})")
_DAY_FIRST = re.compile(
    r"(?P<day>[0-9]{1,2})(?:[-/]|\.\s?)(?P<month>[0-9]{1,2})(?:\.|(?:[-/]|\.\s?)(?P<year>[0-9]{4}|[0-9]{2}))?"
)
"""12-3, 12/3, 12.3., 12. 3. 2027: the day comes first, as it does wherever Dutch and German are written."""
_NUMBER = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|de|ste|e|\.)?"
_NAME, _WITH_YEAR = r"(?P<name>[^\W\d_]{3,})\.?", r"(?:,?\s+(?P<year>[0-9]{4}))?"
_NAMED = re.compile(rf"(?:the\s+)?{_NUMBER}\s*(?:of\s+)?{_NAME}{_WITH_YEAR}")
_NAME_FIRST = re.compile(rf"{_NAME}\s+(?:the\s+)?{_NUMBER}{_WITH_YEAR}")
_WEEKDAY = re.compile(r"(?P<weekday>[^\W\d_]{2,})\.?,?\s+(?:(?:den|the)\s+)?(?P<rest>.*[0-9].*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Question):
    """From ``earliest`` to ``latest``, each an ISO date or empty; the answer is an ISO date.

    A day without a year is the first from ``earliest`` on, else the last until ``latest``, else it is asked again:
    the same words must be the same day whenever they are read.
    """

    earliest: str = ""
    latest: str = ""
    typed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Complain now about bounds that are no days, or have nothing between them."""
        for bound in filter(None, (self.earliest, self.latest)):
            try:
                date.fromisoformat(bound)
            except ValueError as fault:
                raise FlowFault(f"{bound!r} is no day") from fault
        if self.earliest and self.latest and self.latest < self.earliest:
            raise FlowFault(f"no day is from {self.earliest} to {self.latest}")

    def read(self, value: object) -> Taken:
        """What people write for a day, in any of our languages."""
        text = str(value)
        found = parsed(text)
        if found is None:
            return text, _(
                "Please write a day with its year, for example {day}.", day=dates.day(self._example, year=True)
            )
        year, month, day = found
        when = _date(year, month, day) if year else self._next(month, day)
        if when is None or not _agrees(text, when):
            return text, _(
                "Please write a day with its year, for example {day}.", day=dates.day(self._example, year=True)
            )
        return when.isoformat(), self._outside(when)

    def kind(self, language: str, draft: Any) -> seam.Kind:
        """A calendar; a box for text while there stands something that is no day."""
        if isinstance(draft, str) and not _is_iso(draft):
            return as_text(draft)
        hint = said(_("For example {day}", day=dates.day(self._example, year=True)), language)
        return seam.Day(self.earliest, self.latest, hint)

    def words(self, answer: Any) -> Words:
        """The day as people write it."""
        return "" if answer is None else dates.day(date.fromisoformat(answer), year=True)

    def understood(self, typed: object, answer: Any) -> Words | None:
        """The day, unless a calendar named it."""
        return None if typed == answer else self.words(answer)

    @property
    def _example(self) -> date:
        return date.fromisoformat(self.earliest or self.latest or "2027-03-12")

    def _next(self, month: int, day: int) -> date | None:
        """The day in the one year that the bounds mean; None where they mean none."""
        if self.earliest:
            first = date.fromisoformat(self.earliest)
            years = (first.year + n for n in range(9))  # a leap day may be eight years away
            return next((d for y in years if (d := _date(y, month, day)) and d >= first), None)
        if self.latest:
            last = date.fromisoformat(self.latest)
            years = (last.year - n for n in range(9))
            return next((d for y in years if (d := _date(y, month, day)) and d <= last), None)
        return None

    def _outside(self, when: date) -> Words | None:
        if self.earliest and when.isoformat() < self.earliest:
            return _("Please choose a day from {day} on.", day=dates.day(date.fromisoformat(self.earliest), year=True))
        if self.latest and when.isoformat() > self.latest:
            return _("Please choose a day until {day}.", day=dates.day(date.fromisoformat(self.latest), year=True))
        return None


def parsed(text: str) -> tuple[int, int, int] | None:
    """(year or 0, month, day) of a day that is typed; None when it is none. A weekday that is wrong is none either."""
    text = " ".join(text.casefold().split())
    weekday = None
    if (found := _WEEKDAY.fullmatch(text)) and found["weekday"] in _weekdays():
        weekday, text = _weekdays()[found["weekday"]], found["rest"]
    for shape in (_YEAR_FIRST, _DAY_FIRST, _NAMED, _NAME_FIRST):
        if found := shape.fullmatch(text):
            break
    else:
        return None
    parts = found.groupdict()
    month = _months().get(parts["name"], 0) if "name" in parts else int(parts["month"])
    year, day = int(parts["year"] or 0), int(parts["day"])
    year += 2000 if 0 < year < 100 else 0
    when = _date(year or 2000, month, day)  # a leap year, so that a leap day is a day
    if when is None or (weekday is not None and year and when.weekday() != weekday):
        return None
    return year, month, day


def _agrees(text: str, when: date) -> bool:
    """Whether a day is the weekday that was typed with it, where one was."""
    found = _WEEKDAY.fullmatch(" ".join(text.casefold().split()))
    weekday = _weekdays().get(found["weekday"]) if found else None
    return weekday is None or weekday == when.weekday()


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_iso(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@cache
def _months() -> dict[str, int]:
    """The names of months, whole and short, in all our languages: none of them means two months."""
    found = {"sept": 9}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            found |= {n.casefold().rstrip("."): m for m, n in get_month_names(width, locale=language).items()}
    return found


@cache
def _weekdays() -> dict[str, int]:
    """The same for days of the week, of which Monday is 0."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            found |= {n.casefold().rstrip("."): d for d, n in get_day_names(width, locale=language).items()}
    return found


def day(
    question: Words,
    *,
    earliest: str = "",
    latest: str = "",
    required: bool = True,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """A day; a form's class may call it ``datetime.date``."""
    return asked(Day(text=question, required=required, help=help, earliest=earliest, latest=latest))
