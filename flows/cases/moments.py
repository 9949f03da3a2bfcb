"""The set moments: when cases go to the mentors, and news of answers to students."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from flows.engine.timers import next_time

MOMENTS = "0 9,13,17 * * *"
"""Everything of a part of the day together, by the community's clock."""


def next_moment(now: int, time_zone: str, language: str) -> str:
    """The next one, as people say it: Monday 23 November, 13:00."""
    at = datetime.fromtimestamp(next_time(MOMENTS, time_zone, now) / 1000, UTC).astimezone(ZoneInfo(time_zone))
    return str(format_datetime(at, "EEEE d MMMM, HH:mm", locale=language))
