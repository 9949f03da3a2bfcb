"""The set moments: when cases go to the mentors, and news of answers to students.

Every sentence that names them is made here of the same hours that the clock goes by.
"""

from datetime import time

from flows.engine.wall_clock import next_time
from flows.words import Msg, _, listed
from flows.words.dates import hour, moment
from storage.days import local

HOURS = (9, 13, 17)
"""Everything of a part of the day together, by the community's clock."""
MOMENTS = f"0 {','.join(str(hour) for hour in HOURS)} * * *"


def any_of(hours: tuple[int, ...]) -> Msg:
    """Several of them, one of which it will be: 9:00, 13:00 or 17:00."""
    *first, last = (hour(time(one)) for one in hours)
    return _("{before} or {last}", before=listed(first), last=last) if first else last


SET_MOMENTS = any_of(HOURS)
"""What stands as ``{moments}`` in every sentence."""


def next_moment(now: int, time_zone: str) -> Msg:
    """The next one, as people say it: Monday 23 November, 13:00."""
    return moment(local(next_time(MOMENTS, time_zone, now), time_zone))
