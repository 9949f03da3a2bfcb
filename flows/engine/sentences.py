"""The engine's own sentences."""

from flows.words import _

NOT_UNDERSTOOD = _("I did not understand that. Type help to see what I can do.")
OVER = _("This was already answered, or it has ended. Type help to see what you can do now.")
STOPPED = _("Stopped. Nothing of it was kept.")
NOT_FOR_YOU = _("This is for other members of the community. Type help to see what you can do.")
NOT_HERE = _("Erbij is not set up here yet. Someone who manages this space can do that.")
GREETING = _("Hello, I am Erbij. I am here for you in {community}. Type help to see what you can do.")
