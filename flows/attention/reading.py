"""What people type: a day, the name of a city."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from zoneinfo import available_timezones


def day_in(text: str, today: date, most: int) -> date | None:
    """The day that a text says, after today and at most so many days ahead: 31-12-2026, 31.12., 2026-12-31; or None.

    Without a year it is the next such day.
    """
    numbers = [int(one) for one in re.findall(r"\d+", text)]
    if len(numbers) == 2:
        guesses = [_date(year, numbers[1], numbers[0]) for year in (today.year, today.year + 1)]
    elif len(numbers) == 3 and numbers[0] > 31:
        guesses = [_date(*numbers)]
    elif len(numbers) == 3:
        guesses = [_date(numbers[2], numbers[1], numbers[0])]
    else:
        return None
    return next((one for one in guesses if one is not None and 0 < (one - today).days <= most), None)


def zone_in(text: str) -> str:
    """The time zone that a text names, by itself or by a city; empty for none."""
    return _zones().get(_plain(text), "")


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _zones() -> dict[str, str]:
    known: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/")):
            known[_plain(zone)] = zone
            known.setdefault(_plain(zone.rsplit("/", 1)[1]), zone)
    return known | {"utc": "UTC"}


def _plain(text: str) -> str:
    return text.strip().casefold().replace("_", " ")
