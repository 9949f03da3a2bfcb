"""Days and moments as people write them within a sentence."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, format_datetime

_DAY = {"de": "d. MMMM y"}
_MOMENT = {"de": "EEEE, d. MMMM, HH:mm"}


def day(when: date, language: str) -> str:
    """``28 November 2026``, in German ``28. November 2026``."""
    return str(format_date(when, _DAY.get(language, "d MMMM y"), locale=language))


def moment(when: datetime, language: str) -> str:
    """``Saturday 28 November, 12:00``, in German ``Samstag, 28. November, 12:00``."""
    return str(format_datetime(when, _MOMENT.get(language, "EEEE d MMMM, HH:mm"), locale=language))
