"""Language: Erbij speaks Dutch, English and German, to each person the one they choose."""

from flows.engine import EVERYONE, NO_ACCOUNT, Chat, Choice, flow
from flows.words import NAMES, _
from storage import members


@flow("language", who=(EVERYONE, NO_ACCOUNT))
async def language(chat: Chat) -> None:
    """The language a person wants to be spoken to in."""
    if not chat.member:
        chat.say(_("You can change the language at the top of the page."))
        return
    chosen = await chat.ask(
        "language",
        _("Which language shall we speak?"),
        [Choice(tag, name) for tag, name in NAMES.items()],
    )
    await chat.do("set", members.set_language, chat.community, chat.member, chosen)
    chat.speak(chosen)
    chat.say(_("Good. From now on I speak English with you."))
