"""Following up: with the six words of the receipt a student reads the answer, and can write more."""

from flows.cases import receipt
from flows.cases.doorbell import at_the_page
from flows.cases.view import FOR_STUDENT, passages
from flows.engine import EVERYONE, NO_ACCOUNT, Chat, Choice, Form, Shown, flow, line, yes_no
from flows.words import Msg, _
from storage import cases
from storage.cases import CaseView

TRIES = 5
"""Wrong receipts after which this conversation ends. What really stops guessing is 72 random bits and a slow hash."""
DAY = 24 * 60 * 60 * 1000


class Receipt(Form):
    """The words that only the student has."""

    title = _("Your receipt")
    submit = _("Show me")
    words: str = line(_("Which six words did you get?"), most=200, help=_("Capitals and spaces do not matter."))


class More(Form):
    """What else the student wants the mentors to know."""

    title = _("Write more")
    submit = _("Send it to the mentors")
    text: str = line(
        _("What else should the mentors know?"), most=2000, long=True, help=_("Please write roles instead of names.")
    )


@flow("follow_up", who=(EVERYONE, NO_ACCOUNT))
async def follow_up(chat: Chat) -> None:
    """From the receipt to the answer."""
    if chat.doorbell:
        at_the_page(chat)
        return
    salt = await chat.do("salt", receipt.salt)
    view = None
    for number in range(TRIES):
        if number:
            chat.say(_("Erbij knows no case with these words. Please look once more: six words of four letters."))
        typed = await chat.fill(f"receipt.{number}", Receipt)
        words = receipt.tidy(typed.words)
        if receipt.looks_right(words):
            tag = await chat.work(f"tag.{number}", receipt.tag, words, salt)
            view = await chat.do(f"find.{number}", cases.by_receipt, chat.community, tag)
        if view is not None:
            break
    if view is None:
        chat.say(
            _(
                "These words do not fit either. You can come back with “{answer}” when you have found them.",
                answer=_("answer"),
            )
        )
        return

    chat.show(Shown(_("What you told"), passages(view, FOR_STUDENT, chat.language)))
    chat.say(_news(view.status, answered=any(words.author == "mentor" for words in view.messages)))
    choices = IN_A_CHAT if chat.member and view.status != "closed" else MORE_OR_DONE
    way_on = await chat.ask("next", _("Would you like to write more?"), choices)
    if way_on == "done":
        chat.say(_("Good. Keep your six words: they still work."))
    elif way_on == "hear_back":
        await chat.hand_over("hear_back", words)
    elif way_on == "take_back":
        await _take_back(chat, view)
    else:
        await _write_on(chat, view, words)


async def _write_on(chat: Chat, view: CaseView, words: str) -> None:
    """More words for the mentors."""
    more = await chat.fill("more", More)
    now = await chat.now("sent_at")
    if not await chat.do("write", cases.write_on, chat.community, view.id, more.text, now // DAY):
        chat.say(
            _(
                "This case was erased in the meantime, so your words were not added. You can start anew with “{tell}”.",
                tell=_("tell"),
            )
        )
        return
    chat.say(_("Thank you. The mentors get it at 9:00, 13:00 or 17:00, whichever comes first."))
    if chat.member and view.status == "closed":  # its return path went when it was closed
        await chat.hand_over("hear_back", words)


async def _take_back(chat: Chat, view: CaseView) -> None:
    """What was told is erased, at the next set moment as everything."""
    if not await chat.ask("sure", _("Shall I erase what you told, and the answers? It cannot be undone."), yes_no):
        chat.say(_("Nothing is erased. Keep your six words: they still work."))
        return
    now = await chat.now("taken_back_at")
    await chat.do("take_back", cases.take_back, chat.community, view.id, now // DAY)
    chat.say(_("It is erased at 9:00, 13:00 or 17:00, whichever comes first. You can always tell it anew."))


TAKE_BACK = Choice("take_back", _("Take it back"))
MORE_OR_DONE = (Choice("more", _("Write more")), Choice("done", _("Done")), TAKE_BACK)
IN_A_CHAT = (*MORE_OR_DONE[:2], Choice("hear_back", _("How I hear of answers")), TAKE_BACK)


def _news(status: str, *, answered: bool) -> Msg:
    """Where the case stands, for its student."""
    if status == "closed":
        return _("The mentors closed this case. If you write more, they open it again.")
    if answered:
        return _("A mentor answered you.")
    if status == "new":
        return _("No mentor has answered yet. Come back in a day or two.")
    return _("A mentor is looking at it. Come back in a day or two.")
