"""The engine's own sentences."""

from flows.engine.commands import HELP
from flows.words import Msg, _

NOT_UNDERSTOOD = _("I did not understand that. Type {help} to see what I can do.", help=HELP)
OVER = _("This was already answered, or it has ended. Type {help} to see what you can do now.", help=HELP)
STOPPED = _("Stopped. Nothing of it was kept.")
NOT_FOR_YOU = _("This is for other members of the community. Type {help} to see what you can do.", help=HELP)
NOT_HERE = _("Erbij is not set up here yet. Someone who manages this space can do that.")


def greeting(community: str) -> Msg:
    """What someone hears who opens the private chat."""
    return _(
        "Hello, I am Erbij. I am here for you in {community}. Type {help} to see what you can do.",
        community=community,
        help=HELP,
    )
