"""Following up: with the six words of the receipt a student reads the answer, writes more, or takes it back.

Reading asks nothing but the six words, and ends: what was shown, and to whom, stands nowhere. Each button under the
case starts one act, and carries the case for an hour.
"""

from itertools import count

from flows.cases.doorbell import at_the_page, rings
from flows.cases.moments import SET_MOMENTS, next_moment
from flows.cases.six_words import TOO_MUCH, Receipt, carried_case, find, not_known, on_case, tag_of
from flows.cases.view import FOR_STUDENT, passages
from flows.cases.waiting import how_long
from flows.engine import EVERYONE, NO_ACCOUNT, Chat, Form, Shown, Start, flow, line, panel, yes_no
from flows.words import Msg, _
from storage import case_telling, cases, communities
from storage.case_telling import DONE, FULL, GONE
from storage.cases import CaseView
from storage.statement import Session

OPENED_AGAIN = "opened again"
"""What came of writing more: as DONE, about a case that was closed."""


@flow("follow_up", who=(EVERYONE, NO_ACCOUNT))
async def follow_up(chat: Chat) -> None:
    """From the receipt to the answer."""
    if rings(chat):
        at_the_page(chat)
        return
    tag, typed = await tag_of(chat, Receipt)
    now = await chat.now("looked_at")
    case = await chat.do("find", find, chat.community, chat.member, tag, now) if tag else None
    if case is None:
        chat.say(not_known(typed))
        chat.show(Start("follow_up", "", _("Try again")))
        return
    view = case.view
    if view.taken_back:
        moment = next_moment(now, chat.time_zone)
        chat.say(_("You took this story back. It is erased on {moment}.", moment=moment))
        chat.say(_("You can always tell it again, with “{tell}”.", tell=_("tell")))
        return
    chat.show(Shown(_("What you told"), passages(view, FOR_STUDENT)))
    chat.say(_news(view))
    if view.owed and view.status != cases.CLOSED:
        chat.say(await how_long(chat, "usual"))
    chat.show(Start("write_more", case.carried, _("Write more")))
    if chat.member and view.status != cases.CLOSED:
        chat.show(Start("hear_back", case.carried, _("Messages about answers"), "plain"))
    chat.show(Start("take_back", case.carried, _("Take back and erase"), "plain"))
    chat.show(panel.beside(chat.context))


class More(Form):
    """What else the student wants the mentors to know."""

    title = _("Write more")
    submit = _("Send it to the mentors")
    text: str = line(
        _("What else should the mentors know?"), most=2000, long=True, help=_("Please write “a teacher”, not a name.")
    )


@flow("write_more", who=(EVERYONE, NO_ACCOUNT), subject=carried_case)
async def write_more(chat: Chat, carried: str) -> None:
    """More words for the mentors. They are kept here until they are on their way, and no longer."""
    if rings(chat):
        at_the_page(chat)
        return
    text = ""
    for number in count():
        text = (await chat.fill(f"more.{number}", More, {"text": text} if text else None)).text
        outcome = await on_case(chat, number, carried, write, text, chat.member, chat.context.crowded)
        if outcome.came != FULL:
            break
        chat.say(TOO_MUCH)
    if outcome.came == GONE:
        chat.say(
            _(
                "This was taken back, so your words were not added. You can start again with “{tell}”.",
                tell=_("tell"),
            )
        )
        chat.show(Shown(_("What you wrote"), [("", text)]))
        return
    chat.say(_("Thank you. The mentors get it the next time it is {moments}.", moments=SET_MOMENTS))
    if chat.member and outcome.came == OPENED_AGAIN:  # its return path went when it was closed
        await chat.hand_over("hear_back", outcome.carried)


@flow("take_back", who=(EVERYONE, NO_ACCOUNT), subject=carried_case)
async def take_back(chat: Chat, carried: str) -> None:
    """What was told is erased, at the next set moment as everything."""
    if rings(chat):
        at_the_page(chat)
        return
    if not await chat.ask(
        "sure", _("Shall I take back and erase what you told, and the answers? It cannot be undone."), yes_no
    ):
        chat.say(_("Nothing is erased. Keep your six words: they still work."))
        return
    await on_case(chat, 0, carried, erase)
    chat.say(_("It is erased the next time it is {moments}. You can always tell it again.", moments=SET_MOMENTS))


def write(  # noqa: PLR0913  what is written, by whom
    session: Session,
    community: str,
    case: str,
    now: int,
    text: str,
    member: str,
    crowded: bool,  # noqa: FBT001
) -> str:
    """Put more words on their way."""
    closed = cases.status(session, community, case) == cases.CLOSED
    mine = {"account": bool(member), "crowded": crowded}
    came = case_telling.write_on(session, community, case, text, communities.day(session, community, now), **mine)
    return OPENED_AGAIN if came == DONE and closed else came


def erase(session: Session, community: str, case: str, now: int) -> str:
    """Ask for a case to be erased."""
    return case_telling.take_back(session, community, case, communities.day(session, community, now))


def _news(view: CaseView) -> Msg:
    """Where the case stands, for its student."""
    if view.status == cases.CLOSED:
        return _("The mentors closed this. If you write more, it opens again.")
    if view.answered:
        if view.owed:
            return _("A mentor answered you, and then you wrote more. To that there is no answer yet.")
        return _("A mentor answered you.")
    if view.status == cases.NEW:
        return _("No mentor has answered yet.")
    return _("A mentor takes care of it, and has not answered yet.")
