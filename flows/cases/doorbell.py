"""The doorbell: where a community wants no case in its chat, the chat only says where the case page is."""

from flows.engine import Chat
from flows.words import _


def at_the_page(chat: Chat) -> None:
    """Say where cases are told and followed up. Asks nothing, so that nothing about a case enters the chat."""
    if not chat.page:
        chat.say(
            _(
                "Here you tell what happened on Erbij’s page, and not in the chat. That page has no address "
                "yet. The coordinator can see that too."
            )
        )
        return
    chat.say(_("Here you tell what happened on Erbij’s page, and not in the chat: {page}", page=chat.page))
    chat.say(
        _(
            "You read the answer there too. You need no account, and the chat platform does not see what you write "
            "on that page."
        )
    )
