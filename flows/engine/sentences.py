"""The engine's own sentences."""

from collections.abc import Collection

from flows.engine.commands import HELP, SETUP
from flows.words import Msg, _, listed

NOT_UNDERSTOOD = _("I did not understand that. Here is what you can do:")
OVER = _("This was already answered, or it has ended. Type {help} to see what you can do now.", help=HELP)
ANSWERED = _("This was already answered.")
OVER_ON_PAGE = _("This was already answered, or it has ended. You can begin again on this page.")
RECEIVED = _("Thank you, this was received. You do not have to send it again.")
STOPPED = _("Stopped. Nothing of it is stored.")
ONLY_TEXT = _("Pictures and files do not come along: I only read what you type.")
CHANGED = _(
    "What you change or delete in this chat stays with me as you sent it. To change an answer, "
    "choose “Back”. What you told the mentors you can take back and erase: type “{answer}”.",
    answer=_("answer"),
)
NOTHING_TO_STOP = _("There is nothing to stop.")
UNANSWERED = _(
    "I cannot see just now whether you are a member here, so I did nothing. Please try again in a few minutes, or "
    "press one of my buttons in a channel."
)
IN_THE_CHAT = _("That works in the chat only: this page knows no accounts.")
NO_ROOM = _(
    "There is no room for one more on this page right now, so nothing was saved. What you wrote "
    "still stands here: please copy it to a place that only you can get at, and try again later."
)
NOT_HERE = _(
    "Erbij is not set up here yet. Whoever manages this server or team can do that: type {setup}.", setup=SETUP
)
NOT_SET_UP = _("Hello, I am Erbij. I am not set up here yet. You can do that now, in about three minutes.")
HELLO = _(
    "Hello, I am Erbij. I ask students how it is going for them here, and I bring to the mentors what they tell, "
    "without names. I still need to know who is who here: whoever added me sets me up, in about three minutes."
)
CHOOSE_AGAIN = _("My channels here have to be chosen again, by a coordinator. Until then I post nothing here.")
SET_UP = _("Set up Erbij")
WHICH = _(
    "Several communities use Erbij here, and I do not know yet which one is yours. "
    "Press a button of mine in a channel of your community first, and then write to me again."
)


def no_member(community: str) -> Msg:
    """What someone hears in private whom the platform does not count among a community."""
    return _(
        "I do not see you in {community}. Are you in it? Then press one of my buttons in a channel there first.",
        community=community,
    )


def not_for_you(names: Collection[Msg]) -> Msg:
    """What someone hears who presses what is for others: for whom it is, perhaps for nobody who could be named."""
    if not names:
        return _("This is not for you. Here is what you can do:")
    return _("This is for {whom} of this community. Here is what you can do:", whom=listed(names))


def greeting(community: str) -> Msg:
    """What someone hears who opens the private chat."""
    return _("Hello, I am Erbij. I am here for you in {community}. Here is what you can do:", community=community)
