"""What people type for a time zone."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel import Locale

from flows.words import LANGUAGES

_LARGE = {
    "Europe/Amsterdam": ("rotterdam", "den haag", "the hague", "utrecht", "eindhoven", "groningen"),
    "Europe/Berlin": ("hamburg", "münchen", "munich", "köln", "cologne", "keulen", "frankfurt", "stuttgart", "leipzig"),
    "Europe/Brussels": ("antwerpen", "antwerp", "gent", "ghent", "brugge", "leuven", "luik", "liège"),
    "Europe/Vienna": ("graz", "linz", "salzburg", "innsbruck"),
    "Europe/Zurich": ("genf", "geneva", "genève", "basel", "bern"),
}
"""Cities that name no time zone and are named most likely."""


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
    for language in LANGUAGES:
        for zone, names in Locale(language).time_zones.items():
            if "city" in names and zone in known.values():
                known.setdefault(_plain(names["city"]), zone)
    known |= {_plain(city): zone for zone, cities in _LARGE.items() for city in cities}
    return known | {"utc": "UTC"}


def _plain(text: str) -> str:
    return text.strip().casefold().replace("_", " ")
