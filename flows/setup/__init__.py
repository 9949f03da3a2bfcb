"""Setup: a coordinator tells Erbij who is who, from the chat itself, and changes it later in the same place."""

from flows.engine import SETUP, Capability, Command, Held
from flows.setup.abandoned import abandon_setup
from flows.setup.about import setup_about
from flows.setup.groups import setup_coordinators, setup_group
from flows.setup.menu import setup
from flows.setup.platforms import setup_code, setup_join
from flows.setup.reminders import setup_reminders
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
    jobs=(abandon_setup,),
    flows=(setup, setup_about, setup_group, setup_coordinators, setup_reminders, setup_code, setup_join),
    commands=(Command(word=_("setup"), about=_("say which channels and people Erbij works with"), flow=SETUP),),
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
