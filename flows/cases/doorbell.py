"""The doorbell: where a community wants no case in its chat, the chat only says where the case page is."""

from flows.engine import Chat, Context, Setting, options
from flows.words import Msg, _

CHAT, PAGE = "chat", "page"


def no_page(value: str | int, context: Context) -> Msg | None:
    """The page alone is of no use where nobody can open it."""
    if value != PAGE or context.page:
        return None
    return _("My page has no address yet that people can open: whoever runs me can give it one.")


DOORBELL = Setting(
    "cases.where",
    CHAT,
    options(
        _("Where do students tell what happened?"),
        [(CHAT, _("In the chat, or on Erbij’s page")), (PAGE, _("Only on Erbij’s page"))],
        help=_("On the page the chat platform does not see what they write."),
    ),
    doubt=no_page,
)


def rings(chat: Chat) -> bool:
    """Whether this is a chat of a community where cases are told and followed up on the page only."""
    return bool(chat.account) and chat.setting(DOORBELL) == PAGE


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
