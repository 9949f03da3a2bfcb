"""The set moments: when cases go to the mentors, and news of answers to students.

Every sentence that names them is made here of the same hours that the clock goes by.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from flows.engine.timers import next_time
from flows.words import Msg, _, listed

HOURS = (9, 13, 17)
"""Everything of a part of the day together, by the community's clock."""
MOMENTS = f"0 {','.join(str(hour) for hour in HOURS)} * * *"


def at_time(hour: int, minute: int = 0) -> Msg:
    """A time of day as a language writes it in a sentence: 9:00."""
    return _("{hour}:{minute}", hour=hour, minute=f"{minute:02}")


def any_of(hours: tuple[int, ...]) -> Msg:
    """Several of them, one of which it will be: 9:00, 13:00 or 17:00."""
    *first, last = (at_time(hour) for hour in hours)
    return _("{before} or {last}", before=listed(first), last=last) if first else last


SET_MOMENTS = any_of(HOURS)
"""What stands as ``{moments}`` in every sentence."""


def next_moment(now: int, time_zone: str, language: str) -> str:
    """The next one, as people say it: Monday 23 November, 13:00."""
    at = datetime.fromtimestamp(next_time(MOMENTS, time_zone, now) / 1000, UTC).astimezone(ZoneInfo(time_zone))
    return str(format_datetime(at, "EEEE d MMMM, HH:mm", locale=language))
