"""A belonging case: a student tells what happened. Nothing in it, and nothing stored beside it, says who told it."""

from itertools import count

from flows.cases import receipt
from flows.cases.doorbell import at_the_page, rings
from flows.cases.moments import SET_MOMENTS
from flows.cases.six_questions import SixQuestions, rows
from flows.cases.six_words import TOO_MUCH, looks_carried
from flows.cases.waiting import how_long
from flows.engine import EVERYONE, NO_ACCOUNT, Chat, Choice, Shown, flow, panel
from flows.words import Msg, _
from storage import case_telling, communities, receipts
from storage.statement import Session

AND = "|"
"""Between the six words, sealed, and the case that they lead to, in what keep_receipt is given."""


@flow("belonging_case", who=(EVERYONE, NO_ACCOUNT))
async def belonging_case(chat: Chat) -> None:
    """From 'who can know what' to the receipt."""
    if rings(chat):
        at_the_page(chat)
        chat.show(panel.beside(chat.context))
        return
    for sentence in _who_can_know(chat):
        chat.say(sentence)
    if chat.page:
        chat.say(
            _("You can also tell it outside the chat, without an account, on Erbij’s page: {page}", page=chat.page)
        )
    chat.show(panel.beside(chat.context))
    answers = await chat.fill("six_questions", SixQuestions)

    chat.say(_("This is what the mentors will see, and the day you send it. Nothing else."))
    chat.show(Shown(_("Your story"), rows(answers.model_dump())))
    await chat.ask("confirm", _("Shall I give it to the mentors? To change it, choose “Back”."), SEND)
    await _room(chat, answers)

    salt = await chat.do("salt", receipt.salt)
    # From here on nothing is written down but the letter: the words and their tag never stand beside what was told.
    random = await chat.random("receipt", receipt.BYTES, kept=False)
    words = await chat.do("words", receipt.draw, random, chat.language)  # and no others if the language changes now
    tag = await chat.work("tag", receipt.tag, words, salt)
    now = await chat.now("sent_at")
    carried = await chat.do("save", save, chat.community, chat.member, tag, answers.model_dump(), now)

    hidden = await chat.do("hide", receipts.hide, chat.community, chat.member, words, now)

    chat.say(_("Your story is saved. The mentors get it the next time it is {moments}.", moments=SET_MOMENTS))
    await chat.hand_over("keep_receipt", f"{hidden}{AND}{carried or ''}")


async def _room(chat: Chat, answers: SixQuestions) -> None:
    """Wait until there is room for one more letter: what was written is shown, and can be sent once more."""
    for number in count():
        mine = {"account": bool(chat.member), "crowded": chat.context.crowded}
        if await chat.do(f"room.{number}", case_telling.room, chat.community, **mine):
            return
        chat.say(TOO_MUCH)
        if not chat.member:
            chat.say(
                _("Please leave this page open until then, or copy what you wrote to a place that only you can get at.")
            )
        chat.show(Shown(_("Your story"), rows(answers.model_dump())))
        await chat.ask(f"again.{number}", _("Shall I try once more to give it to the mentors?"), SEND)


@flow("keep_receipt", keep=True)
async def keep_receipt(chat: Chat, given: str) -> None:
    """The receipt, until it is kept. A flow of its own, so that what was told is forgotten here by now.

    The six words can be shown again for an hour, so that they are not lost with an answer that never arrived.
    """
    hidden, _and, carried = given.partition(AND)
    words = hidden  # as in conversations of the first version
    if not receipt.is_old(hidden):
        words = await chat.look("words", receipts.shown, chat.community, chat.member, hidden)
    if not words:
        chat.say(NO_MORE)
        return
    chat.show(Shown(_("Your six words"), [("", words)], exact=True))
    chat.say(
        _(
            "With these six words you can read the answer later, and write more. Erbij cannot find them "
            "again for you: keep them where only you can get at them. Here they are erased within an "
            "hour."
        )
    )
    chat.show(panel.beside(chat.context))
    await chat.ask("kept", _("Did you keep the six words?"), KEPT)
    chat.say(_("Thank you for telling it: now something can be done."))
    chat.show(panel.beside(chat.context))
    if chat.member and looks_carried(carried):
        await chat.hand_over("hear_back", carried)
    chat.say(_("Look again on this page with your six words, to see if there is an answer."))
    chat.say(await how_long(chat, "usual"))


SEND = (Choice("send", _("Give it to the mentors"), "primary"),)
NO_MORE = _(
    "Your story is on its way to the mentors. The hour in which I could show your six words has passed, so they are "
    "erased here. If you wrote them down, they still work: type “{answer}”.",
    answer=_("answer"),
)
KEPT = (Choice("kept", _("Yes, I have kept them"), "primary"),)


def _who_can_know(chat: Chat) -> tuple[Msg, Msg, Msg]:
    """Three things, before the first question: who reads it, what else can be seen, and what may give one away."""
    seen_by_others = (
        _(
            "I store it encrypted, without your name or account. The chat app passes on what you type. It and the "
            "people who run me can see that you talk to me. If they watch, they could see more."
        )
        if chat.member
        else _(
            "It is stored encrypted, without a name. The people who run this page can see that someone opens it. If "
            "they watch, they could see more."
        )
    )
    return (
        _("The mentors of {community} read your story. They do not see your name.", community=chat.community_name),
        seen_by_others,
        _("A detail can show who you are. So write “a teacher”, not a name."),
    )


def save(  # noqa: PLR0913
    session: Session, community: str, member: str, tag: str, answers: dict[str, str | None], now: int
) -> str | None:
    """Store the case. Its id is given back sealed for an hour: it must not stand beside the person who told it."""
    day = communities.day(session, community, now)
    case = case_telling.tell(session, community, tag, answers, day, account=bool(member))
    return case_telling.carry(session, community, member, case, now)
