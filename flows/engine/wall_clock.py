"""The wall clock: what recurs is kept as hours of a day in a place, and becomes a moment in UTC as late as can be.

A wall clock is a ``datetime`` without a zone, as it hangs in the community's room. Where the clock is put forward, what
stands in the hour that is left out comes that much later; where it is put back, the hour that comes twice counts once,
the first time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from apscheduler.triggers.cron import CronTrigger

from flows.engine.flow import FlowFault
from storage.days import local
from storage.days import zone as known_zone

_LEFT_OUT = timedelta(days=1)
"""More than any clock was ever put forward."""


def wall_of(moment: int, zone: str) -> datetime:
    """What the clock shows at a moment, in ms since 1970."""
    return local(moment, zone).replace(tzinfo=None, fold=0)


def moment_of(wall: datetime, zone: str) -> int:
    """When the clock shows this, in ms since 1970."""
    return int(wall.replace(tzinfo=known_zone(zone), fold=0).timestamp() * 1000)


def text_of(wall: datetime) -> str:
    """As it is stored: ``2026-11-26T12:00``."""
    return wall.isoformat(timespec="minutes")


def fits(cron: str, wall: datetime) -> bool:
    """Whether a cron line comes round at a wall clock."""
    return _following(cron, wall - timedelta(minutes=1)) == wall


def after_last(cron: str, last: datetime) -> datetime:
    """The time after one that was, not in the same period: a Thursday's check-in moved to Fridays skips tomorrow."""
    found = _following(cron, last)
    while period(cron, found) == period(cron, last):
        found = _following(cron, found)
    return found


def first_in(cron: str, wall: datetime) -> datetime:
    """The first time in the same period as a wall clock; where it comes several times a day, the first from then on."""
    if fits(cron, wall):
        return wall
    if period(cron, wall) == wall:
        return _following(cron, wall)
    start = wall - timedelta(days=40)
    while period(cron, found := _following(cron, start)) != period(cron, wall):
        start = found
    return found


def upcoming(cron: str, zone: str, now: int) -> datetime:
    """The first time that is still to come at a moment."""
    found = _following(cron, wall_of(now, zone) - _LEFT_OUT)
    while moment_of(found, zone) <= now:
        found = _following(cron, found)
    return found


def latest(cron: str, zone: str, first: datetime, now: int) -> datetime:
    """The last time that is past at a moment, of those that begin with ``first``; that one at least."""
    while moment_of(following := _following(cron, first), zone) <= now:
        first = following
    return first


def next_time(cron: str, zone: str, now: int) -> int:
    """When a cron line comes round next in a zone, in ms since 1970."""
    return moment_of(upcoming(cron, zone, now), zone)


def period(cron: str, wall: datetime) -> object:
    """That in which it comes once: a month, a week or a day; a moment where it comes several times a day."""
    minute, hour, day, _month, weekday = cron.split()
    if day.isdigit():
        return wall.year, wall.month
    if re.fullmatch(r"\w+", weekday):
        return wall.isocalendar()[:2]
    if hour.isdigit() and minute.isdigit():
        return wall.date()
    return wall


def _following(cron: str, wall: datetime) -> datetime:
    found: datetime | None = _trigger(cron).get_next_fire_time(None, wall.replace(tzinfo=UTC) + timedelta(seconds=1))
    if found is None:
        raise FlowFault(f"the cron line {cron} never comes round")
    return found.replace(tzinfo=None)


@lru_cache(maxsize=100)
def _trigger(cron: str) -> CronTrigger:
    return CronTrigger.from_crontab(cron, timezone=UTC)
