"""Help: what this person can do here, in one look."""

from flows.engine import EVERYONE, NO_ACCOUNT, Chat, Shown, flow
from flows.words import _
from storage import accounts

AT_ANY_TIME = frozenset({"help", "language", "my_data", "forget_me", ""})
"""The flows of what everyone can do at any time, stopping too: it stands last."""


@flow("help", who=(EVERYONE, NO_ACCOUNT))
async def help_(chat: Chat) -> None:
    """The commands that are open to this person."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    chat.say(_("I am Erbij. I ask how it is going for you here, and I bring stories to the mentors without names."))
    here = await chat.do("platforms", accounts.platforms, chat.community)
    rows = [
        (command.word, command.about)
        for command in sorted(catalogue().commands_of(chat.is_one_of), key=lambda one: one.flow in AT_ANY_TIME)
        if command.platforms <= here
    ]
    chat.show(Shown(_("What you can ask me"), rows))
