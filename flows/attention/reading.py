"""What people type for a time zone."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


def zone_in(text: str) -> str:
    """The time zone that a text names, by itself or by a city; empty for none."""
    return _zones().get(_plain(text), "")


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
