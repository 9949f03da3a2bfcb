"""Days as people count them: by the clock of where they live, as days since 1970."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = 86_400_000
"""A day in ms."""
_FIRST = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """A time zone; UTC for one that this machine does not know: one odd row must hold up nobody else."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(at: int, time_zone: str) -> datetime:
    """A moment (ms since 1970) by a time zone's clock."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone(time_zone))


def day_of(at: int, time_zone: str) -> int:
    """The day on which a moment falls by a time zone's clock: half past midnight is the new day."""
    return local(at, time_zone).date().toordinal() - _FIRST


def date_of(day: int) -> date:
    """The date of a day."""
    return date.fromordinal(day + _FIRST)
