"""What everyone can always do: get help, choose a language, stop. And Erbij's own tidying up."""

from flows.basics.help import help_
from flows.basics.housekeeping import housekeeping
from flows.basics.language import language
from flows.basics.programme import PURPOSES, ROLES
from flows.engine import Capability, Command, Held, Recurring
from flows.words import NAMES, Msg, _


def messages(known: dict[str, int]) -> Msg | None:
    """How many messages to someone are remembered."""
    waiting = known["waiting"] + known["not_delivered"]
    if not waiting and not known["delivered"]:
        return None
    return _("{sent} sent, {waiting} waiting", sent=known["delivered"], waiting=waiting)


capability = Capability(
    "basics",
    flows=(help_, language),
    jobs=(housekeeping,),
    commands=(
        Command(word=_("help"), about=_("what you can do here"), button=_("More"), flow="help", always=True),
        Command(
            word=_("language"),
            about=_("choose Dutch, English or German"),
            button=_("Choose a language"),
            flow="language",
            always=True,
        ),
    ),
    held=(
        Held("language", _("The language you chose"), NAMES.get),
        Held("conversations", _("Conversations you are in the middle of")),
        Held("messages", _("Messages to you, without their text once sent"), messages),
        Held("timers", _("Reminders for you")),
    ),
    roles=ROLES,
    purposes=PURPOSES,
    recurring=(Recurring(job="housekeeping", cron="30 3 * * *", until_hours=20),),
)
