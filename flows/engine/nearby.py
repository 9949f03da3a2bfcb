"""What a community says of help: in which country it is, and who is near."""

from flows.danger.lines import COUNTRIES, country_of
from flows.engine.declared import Section, Setting
from flows.engine.fields import line, options
from flows.words import Msg, _

COUNTRY = Setting(
    "help.country",
    country_of,
    options(
        _("In which country are you?"),
        list(COUNTRIES.items()),
        help=_("I show that country's helplines. At first I go by your time zone."),
    ),
)
CONTACT = Setting(
    "help.contact",
    "",
    line(
        _("Who can help students here?"),
        most=200,
        required=False,
        help=_("A desk or a role with its room or number, no name. All students see it."),
    ),
)


def _said(values: dict[str, str]) -> Msg:
    country = COUNTRIES[values["country"]]
    return Msg("{country} · {whom}", {"country": country, "whom": values["contact"] or _("nobody of your own yet")})


HELP = Section("help", _("Whom to turn to"), (COUNTRY, CONTACT), summary=_said)
