"""When the check-in comes: once a week, on a day and at an hour that a community chooses."""

from datetime import time

from flows.engine import Section, Setting, options
from flows.words import Msg, _
from flows.words.dates import hour as hour_said

DAY = Setting(
    "check_in.day",
    "thu",
    options(
        _("On which day shall I post the check-in?"),
        [
            ("mon", _("Monday")),
            ("tue", _("Tuesday")),
            ("wed", _("Wednesday")),
            ("thu", _("Thursday")),
            ("fri", _("Friday")),
        ],
        help=_("It comes once a week, also in the week in which you change this."),
    ),
)
HOUR = Setting(
    "check_in.hour",
    "12",
    options(_("At what time?"), [(str(hour), hour_said(time(hour))) for hour in range(8, 21)]),
)


def _said(values: dict[str, str]) -> Msg:
    return Msg("{day}, {hour}", {"day": DAY.shown(values["day"]), "hour": HOUR.shown(values["hour"])})


CHECK_IN = Section("check_in", _("Check-in"), (DAY, HOUR), summary=_said)
