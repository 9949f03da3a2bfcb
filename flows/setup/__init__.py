"""Setup: a coordinator tells Erbij who is who, from the chat itself, and changes it later in the same place."""

from flows.engine import SETUP, Capability, Command, Held, Recurring
from flows.setup.abandoned import abandon_setup
from flows.setup.about import setup_about
from flows.setup.groups import setup_coordinators, setup_group
from flows.setup.menu import setup
from flows.setup.platforms import setup_code, setup_join
from flows.setup.reminders import setup_reminders
from flows.setup.turn_to import setup_help
from flows.setup.welcome import WELCOME, welcome
from flows.words import _, listed

ROLE = {
    "student": _("student"),
    "mentor": _("mentor"),
    "lead": _("team lead"),
    "coordinator": _("coordinator"),
    "teacher": _("teacher"),
}
"""One person with a role."""

capability = Capability(
    "setup",
    jobs=(abandon_setup, welcome),
    flows=(
        setup,
        setup_about,
        setup_group,
        setup_help,
        setup_coordinators,
        setup_reminders,
        setup_code,
        setup_join,
    ),
    recurring=(Recurring(job=WELCOME, cron="15 6 * * *", until_hours=12),),
    commands=(
        Command(
            word=_("setup"),
            about=_("say which channels and people Erbij works with"),
            button=_("Change the setup"),
            flow=SETUP,
        ),
    ),
    held=(
        Held("name", _("Your name"), lambda name: name or None),
        Held(
            "roles",
            _("Roles you have by name"),
            lambda held: listed(ROLE[one["role"]] for one in held) if held else None,
        ),
        Held("acts", _("Changes to the setup that you made")),
    ),
)
