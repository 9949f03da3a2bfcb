"""A case goes from one mentor to another: given back to all of them, or taken over by one who says why."""

from flows.cases.case_work import GONE, my_case, post_now
from flows.cases.post import case_name, read_button
from flows.cases.readers import READERS
from flows.engine import Chat, Context, Duty, Form, Shown, flow, line
from flows.words import Msg, _
from storage import case_events, case_work, cases, staff_cases
from storage.staff_cases import GIVEN_BACK
from storage.statement import Session

NOTE = _("The other mentors read it as a note. The student never sees it.")


class GiveBack(Form):
    """What whoever takes it next should know."""

    title = _("Give the case back")
    submit = _("Give it back")
    text: str | None = line(_("What should the next mentor know?"), most=2000, long=True, required=False, help=NOTE)


@flow("give_back_case", who=READERS, subject=my_case)
async def give_back_case(chat: Chat, case_id: str) -> None:
    """Nobody takes care of it any more; all mentors hear so."""
    text = (await chat.fill("note", GiveBack)).text or ""
    now = await chat.now("now")
    name = case_name(case_id)
    if not await chat.do("give", staff_cases.give_up, chat.community, case_id, chat.member, text, now):
        chat.say(_("Case {case} was not yours any more, so nothing changed.", case=name))
        if text:
            chat.show(Shown(_("What you wrote"), [("", text)]))
        return
    await chat.later("tell", GIVEN_BACK, case_id, at=now)
    chat.say(_("Case {case} is free again, and the mentors are told. Thank you for saying so.", case=name))


class TakeOver(Form):
    """Why a mentor takes a case that another one has."""

    title = _("Take the case over")
    submit = _("Take it over")
    text: str = line(_("Why do you take it over?"), most=2000, long=True, help=NOTE)


NOBODY_ELSES = _("No other mentor takes care of this case now, so there is nothing to take over.")


def others_case(session: Session, context: Context, case_id: str) -> Msg | None:
    """A case of this community that another mentor takes care of, and that is not closed."""
    held_by = cases.holder(session, context.community, case_id)
    if held_by is None:
        return GONE
    closed = cases.status(session, context.community, case_id) == cases.CLOSED
    return NOBODY_ELSES if closed or held_by in ("", context.member) else None


@flow("take_over_case", who=READERS, subject=others_case)
async def take_over_case(chat: Chat, case_id: str) -> None:
    """From the mentor who has it, who is told. Should somebody else have it by now, what was written stays a note."""
    handed = await chat.do("handed", case_events.handed, case_id)
    why = (await chat.fill("why", TakeOver)).text
    now = await chat.now("now")
    before = await chat.do("take", staff_cases.take_over, chat.community, case_id, chat.member, handed, why, now)
    if before:
        await post_now(chat, case_id)
        # It names nobody: a message about one mentor must not lie with another one.
        name = case_name(case_id)
        told = _("Another mentor has taken over case {case} from you. The reason is in a note.", case=name)
        await chat.post("tell", told, read_button(case_id), member=before, why=Duty())
    elif await chat.do("note", case_work.note, chat.community, case_id, chat.member, why, now):
        chat.say(_("In the meantime somebody else changed this case. What you wrote is saved as a note."))
    else:
        chat.say(GONE)
        chat.show(Shown(_("What you wrote"), [("", why)]))
        return
    await chat.hand_over("case", case_id)
