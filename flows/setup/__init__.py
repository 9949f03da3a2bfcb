"""Setup: a coordinator tells Erbij who is who, from the chat itself, and changes it later in the same place."""

from flows.engine import SETUP, Capability, Command, Held, Recurring
from flows.engine.nearby import HELP
from flows.setup.abandoned import abandon_setup
from flows.setup.about import setup_about
from flows.setup.groups import setup_coordinators, setup_group, setup_roles
from flows.setup.menu import setup
from flows.setup.own_words import OWN_WORDS
from flows.setup.platforms import setup_code, setup_join
from flows.setup.settings import EARLIER, offers, setup_settings
from flows.setup.welcome import WELCOME, welcome
from flows.words import Msg, _, listed


def roles(held: list[dict[str, str]]) -> Msg | None:
    """The roles that somebody has."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this capability

    known = catalogue().roles
    return listed(known[one["role"]].one for one in held if one["role"] in known) if held else None


capability = Capability(
    "setup",
    jobs=(abandon_setup, welcome),
    flows=(
        setup,
        setup_about,
        setup_group,
        setup_coordinators,
        setup_roles,
        setup_settings,
        *EARLIER,
        setup_code,
        setup_join,
    ),
    offers=(offers,),
    settings=(HELP, *OWN_WORDS),
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
        Held("roles", _("Roles you have by name"), roles),
        Held("acts", _("Changes to the setup that you made")),
    ),
)
