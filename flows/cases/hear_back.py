"""Hearing back: whether Erbij writes to a student when a mentor answers, or the six words alone lead to the answer.

A flow of its own, so that who tells a case or writes more may also leave without choosing: then it is the six words.
"""

from flows.cases import receipt
from flows.engine import Chat, Choice, flow
from flows.words import _
from storage import cases

WORDS, HERE = "words", "here"


@flow("hear_back")
async def hear_back(chat: Chat, words: str) -> None:
    """The choice, for the case that these six words belong to. What was chosen before no longer counts."""
    chat.say(
        _(
            "If you like, Erbij also writes to you here when a mentor answers. It does not say what about: to read "
            "the answer you still need your six words."
        )
    )
    chat.say(
        _(
            "For that, Erbij keeps your address in this chat, locked, until the case is closed. Mentors cannot see it; "
            "the people who run Erbij could open it with their key, and then see that this case is yours."
        )
    )
    where = await chat.ask("where", _("How would you like to hear of an answer?"), WHERE)
    salt = await chat.do("salt", receipt.salt)
    tag = await chat.work("tag", receipt.tag, words, salt)
    await chat.do("save", cases.hear_back, chat.community, tag, chat.account if where == HERE else "")
    if where == HERE:
        chat.say(
            _(
                "Good. When a mentor answers, Erbij writes to you at 9:00, 13:00 or 17:00. With “{answer}” you can "
                "choose again.",
                answer=_("answer"),
            )
        )
    else:
        chat.say(
            _(
                "Come back in a day or two and type “{answer}”: then you can read what the mentors say.",
                answer=_("answer"),
            )
        )


WHERE = (
    Choice(WORDS, _("Only my six words"), "primary"),
    Choice(HERE, _("Also write to me here")),
)
