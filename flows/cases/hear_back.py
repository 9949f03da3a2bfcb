"""Hearing back: whether Erbij writes to a student when a mentor answers, or the six words alone lead to the answer.

A flow of its own, so that who tells a case or writes more may also leave without choosing: then it is the six words.
"""

from flows.cases.doorbell import at_the_page, rings
from flows.cases.moments import SET_MOMENTS
from flows.cases.six_words import carried_case, on_case
from flows.cases.waiting import how_long
from flows.engine import EVERYONE, Chat, Choice, flow
from flows.words import Msg, _
from storage import case_telling
from storage.case_telling import FULL, GONE
from storage.statement import Session

WORDS, HERE = "words", "here"


@flow("hear_back", who=(EVERYONE,), subject=carried_case)
async def hear_back(chat: Chat, carried: str) -> None:
    """The choice, for the case that a button carries. What was chosen before no longer counts."""
    if rings(chat):
        at_the_page(chat)
        return
    chat.say(
        _(
            "If you like, Erbij sends you a message here when a mentor answers. It does not say what "
            "about: to read the answer you still need your six words."
        )
    )
    chat.say(
        _(
            "For that, Erbij stores how it can reach you in this chat, encrypted, until the mentors close"
            " the case. Mentors cannot see it. The people who run Erbij could open it with their key, and"
            " then see that this story is yours."
        )
    )
    where = await chat.ask("where", _("How would you like to hear of an answer?"), WHERE)
    outcome = await on_case(chat, 0, carried, choose, chat.account if where == HERE else "")
    chat.say(_what_comes(outcome.came, where))
    if where == WORDS and outcome.came not in (GONE, FULL):
        chat.say(await how_long(chat, "usual"))


def _what_comes(came: str, where: str) -> Msg:
    """What follows from the choice."""
    if came == GONE:
        return _("You took this story back, so no answer will come.")
    if came == FULL:
        return _(
            "So much is waiting right now that your choice did not fit. Choose again with “{answer}”, "
            "after the next time it is {moments}.",
            answer=_("answer"),
            moments=SET_MOMENTS,
        )
    if where == HERE:
        return _(
            "Good. When a mentor answers, Erbij sends you a message at {moments}. With "
            "“{answer}” you can choose again.",
            answer=_("answer"),
            moments=SET_MOMENTS,
        )
    return _("Type “{answer}” now and then, to see if there is an answer.", answer=_("answer"))


WHERE = (
    Choice(WORDS, _("Only my six words"), "primary"),
    Choice(HERE, _("Also a message here")),
)


def choose(session: Session, community: str, case: str, _now: int, account: str) -> str:
    """Put the choice on its way."""
    return case_telling.hear_back(session, community, case, account)
