"""What everyone can always do: get help, choose a language, stop. And Erbij's own tidying up."""

from flows.basics.help import help_
from flows.basics.housekeeping import housekeeping
from flows.basics.language import language
from flows.engine import Capability, Command, Recurring
from flows.words import _

capability = Capability(
    "basics",
    flows=(help_, language),
    jobs=(housekeeping,),
    commands=(
        Command(word=_("help"), about=_("what you can do here"), flow="help"),
        Command(word=_("language"), about=_("choose Dutch, English or German"), flow="language"),
    ),
    recurring=(Recurring(job="housekeeping", cron="30 3 * * *", until_hours=20),),
)
