"""How long a case may wait before somebody hears of it: what a community chooses, and at which hour."""

from datetime import time

from flows.engine import Section, Setting, options
from flows.words import Msg, _, n_
from flows.words.dates import hour

AT = "5 13 * * mon-fri"
LATEST = 6
"""Hours until which it still makes sense that day."""
DAYS = (1, 2, 3, 4, 5, 10)
"""What can be chosen."""


def in_words(n: int) -> Msg:
    """So many working days."""
    return n_("one working day", "{n} working days", n)


_CHOICES = [(str(n), in_words(n)) for n in DAYS]
_MINUTE, _HOUR = (int(part) for part in AT.split()[:2])
WRITES_AT = hour(time(_HOUR, _MINUTE))
MENTORS = Setting(
    "reminders.mentors",
    "1",
    options(
        _("After how long shall I remind the mentors?"),
        _CHOICES,
        help=_("In their channel, of cases that nobody takes and of answers that students wait for."),
    ),
)
"""Working days that a case waits before the mentors are reminded."""
COORDINATORS = Setting(
    "reminders.coordinators",
    "2",
    options(
        _("After how long shall I tell the coordinators?"),
        _CHOICES,
        help=_("Privately, and only how many wait. I write at {time}, from Monday to Friday.", time=WRITES_AT),
    ),
)
"""The same, before the coordinators are told how many wait."""


def _early(values: dict[str, str]) -> Msg | None:
    if int(values["coordinators"]) >= int(values["mentors"]):
        return None
    return _("Then the coordinators hear of it before the mentors are reminded.")


def _said(values: dict[str, str]) -> Msg:
    return _(
        "mentors are reminded: {mentors}; coordinators are told: {coordinators}",
        mentors=in_words(int(values["mentors"])),
        coordinators=in_words(int(values["coordinators"])),
    )


REMINDERS = Section("reminders", _("When a case waits"), (MENTORS, COORDINATORS), summary=_said, doubts=_early)
