"""Once in each period: when something comes whose time is a community's to choose. Values in, values out.

A check-in comes once a week. Who moves it from Thursday to Monday, on a Wednesday, has it this Thursday once more and
then on Mondays; who moves it to Friday has it this Friday.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.engine.flow import Period

Next = Callable[[int], int]
"""The next moment of the time that is chosen now, after a moment; all in ms since 1970 UTC."""


def moved(planned: int, following_time: Next, period: Period, time_zone: str, now: int) -> int:
    """When it comes next, after its time was changed while it was ``planned`` for a moment of the earlier time.

    The period of that moment has one occurrence, as it would have had: at the new time; where that has passed already,
    once more at the earlier one. No period before it gets one more.
    """
    if planned <= now:
        return planned  # it is about to come
    owed = start_of(planned, period, time_zone)
    at = following_time(max(now, owed - 1000))
    return at if start_of(at, period, time_zone) == owed else planned


def following(planned: int, following_time: Next, period: Period, time_zone: str, now: int) -> int:
    """When it comes next, after the one that was ``planned`` for a moment: in a later period, whatever its time was."""
    at = following_time(now)
    while start_of(at, period, time_zone) <= start_of(planned, period, time_zone):
        at = following_time(at)
    return at


def start_of(at: int, period: Period, time_zone: str) -> int:
    """The first moment of the day or week (from Monday on) of a moment, where a community lives."""
    day = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(time_zone)).date()
    if period == "week":
        day -= timedelta(days=day.weekday())
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).timestamp() * 1000)
