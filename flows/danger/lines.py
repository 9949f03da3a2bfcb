"""Helplines: whom somebody in danger can turn to, by country. Before a release each is looked at, and the date set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flows.words import Msg, _

CHECKED = date(2026, 9, 22)
"""When the numbers and pages below were last compared with what the lines themselves say."""
DAYS = 90
"""After so many days ``erbij check`` asks for it to be done again."""
EMERGENCY = "112"
ALWAYS, LATER_IN_THE_DAY = _("day and night"), _("in the afternoon and evening")
_OR = _("or")


@dataclass(frozen=True, slots=True)
class HelpLine:
    """Someone to call. ``numbers`` are as people there write them; ``page`` has a chat; empty where not known."""

    name: str
    about: Msg
    numbers: tuple[str, ...]
    hours: Msg | None = None
    page: str = ""


_SUICIDE, _LISTENS = _("thoughts of suicide"), _("someone who listens")
_YOUNG = _("young people")

LINES: dict[str, tuple[HelpLine, ...]] = {
    "NL": (
        HelpLine("113 Zelfmoordpreventie", _SUICIDE, ("113", "0800-0113"), ALWAYS, "113.nl"),
        HelpLine("De Luisterlijn", _LISTENS, ("088 0767 000",), ALWAYS),
    ),
    "BE": (
        HelpLine("Zelfmoordlijn", _SUICIDE, ("1813",), ALWAYS, "zelfmoord1813.be"),
        HelpLine("Tele-Onthaal", _LISTENS, ("106",), ALWAYS),
        HelpLine("Awel", _YOUNG, ("102",), LATER_IN_THE_DAY),
        HelpLine("Centre de prévention du suicide", _SUICIDE, ("0800 32 123",), ALWAYS),
        HelpLine("Télé-Accueil", _LISTENS, ("107",), ALWAYS),
    ),
    "DE": (
        HelpLine("TelefonSeelsorge", _LISTENS, ("0800 111 0 111", "0800 111 0 222", "116 123"), ALWAYS),
        HelpLine("Nummer gegen Kummer", _YOUNG, ("116 111",), LATER_IN_THE_DAY),
    ),
    "AT": (HelpLine("TelefonSeelsorge", _LISTENS, ("142",), ALWAYS),),
    "CH": (HelpLine("Die Dargebotene Hand", _LISTENS, ("143",), ALWAYS),),
    "EU": (HelpLine("116 123", _("someone who listens, where this number exists"), ("116 123",)),),
}
"""By country; ``EU`` is any other of the European Union."""
COUNTRIES: dict[str, Msg] = {
    "NL": _("the Netherlands"),
    "BE": _("Belgium"),
    "DE": _("Germany"),
    "AT": _("Austria"),
    "CH": _("Switzerland"),
    "EU": _("another country of the European Union"),
    "elsewhere": _("another country"),
}
"""What can be chosen."""
_BY_ZONE = {
    "Europe/Amsterdam": "NL",
    "Europe/Brussels": "BE",
    "Europe/Berlin": "DE",
    "Europe/Vienna": "AT",
    "Europe/Zurich": "CH",
} | dict.fromkeys(
    (
        "Europe/Athens",
        "Europe/Bucharest",
        "Europe/Budapest",
        "Europe/Copenhagen",
        "Europe/Dublin",
        "Europe/Helsinki",
        "Europe/Lisbon",
        "Europe/Luxembourg",
        "Europe/Madrid",
        "Europe/Paris",
        "Europe/Prague",
        "Europe/Rome",
        "Europe/Stockholm",
        "Europe/Warsaw",
    ),
    "EU",
)


def country_of(time_zone: str) -> str:
    """A key of COUNTRIES, by the clock that a community lives by."""
    return _BY_ZONE.get(time_zone, "elsewhere")


def lines_of(country: str) -> tuple[HelpLine, ...]:
    """The lines of a country, the one that fits most people first."""
    return LINES.get(country, ())


def numbers(line: HelpLine) -> Msg | str:
    """The numbers of a line, as one says them."""
    *before, last = line.numbers
    if not before:
        return last
    return Msg("{before} {word} {last}", {"before": ", ".join(before), "word": _OR, "last": last})
