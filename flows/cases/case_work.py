"""A mentor's work on a case: read it, take it, answer the student, leave a note for other mentors, close it.

Reading asks nothing: it shows the case as it is now, with buttons that start one act each and come back to reading.
So nobody acts on what they saw yesterday, and no journal holds what a student wrote.
"""

from flows.cases.post import case_name, post_of, take_button
from flows.cases.readers import READERS, place
from flows.cases.view import FOR_MENTORS, passages
from flows.danger import signs
from flows.engine import Chat, Context, Duty, Form, Shown, Start, flow, line, panel, yes_no
from flows.words import Msg, _
from storage import case_work, cases
from storage.cases import CaseView
from storage.staff_cases import post_subject
from storage.statement import Session

GONE = _("This case is no longer there.")
TOO_LATE = _("This case was closed before, or is no longer yours.")
NOT_YOURS = _("Only the mentor who takes care of a case answers and closes it.")


def known_case(session: Session, context: Context, case_id: str) -> Msg | None:
    """A case of this community that mentors can read."""
    return None if cases.holder(session, context.community, case_id) is not None else GONE


def my_case(session: Session, context: Context, case_id: str) -> Msg | None:
    """A case of this community that this very mentor takes care of, and that is not closed."""
    held_by = cases.holder(session, context.community, case_id)
    if held_by is None:
        return GONE
    if held_by != context.member:
        return NOT_YOURS
    return TOO_LATE if cases.status(session, context.community, case_id) == cases.CLOSED else None


HEAVY = _(
    "In this story are words that sound like danger. You do not have to carry that alone: talk to someone today, and "
    "name these lines in your answer."
)


@flow("case", who=READERS, subject=known_case)
async def case(chat: Chat, case_id: str) -> None:
    """Read a case, with what can be done about it now."""
    view = await chat.do("read", cases.read, chat.community, case_id)
    if view is None:
        chat.say(GONE)
        return
    chat.show(Shown(_("Case {case}", case=case_name(case_id)), passages(view, FOR_MENTORS)))
    if any(signs.is_sign(text) for text in view.words):
        chat.say(HEAVY)
        chat.show(panel.whole(chat.context))
    chat.say(_status(view, chat.member))
    for way in _ways_on(view, chat.member):
        chat.show(way)


@flow("claim_case", who=READERS, subject=known_case)
async def claim_case(chat: Chat, case_id: str) -> None:
    """Take care of a case from now on. Of two mentors at once, one gets it and the other is told who has it."""
    now = await chat.now("now")
    claim = await chat.do("claim", case_work.claim, chat.community, case_id, chat.member, now)
    name = case_name(case_id)
    if claim is None:
        chat.say(GONE)
    elif not claim.won:
        held = _("{name} already takes care of case {case}.", name=claim.holder_name, case=name)
        chat.say(held if claim.holder else _("Case {case} is closed.", case=name))
    else:
        await post_now(chat, case_id)
        await chat.hand_over("case", case_id)


class Answer(Form):
    """What the student will read."""

    title = _("Your answer")
    submit = _("Send the answer")
    text: str = line(
        _("What would you like to say?"),
        most=2000,
        long=True,
        help=_("Start with their side: “Good that you tell this. How was it for you?”"),
    )


@flow("answer_case", who=READERS, subject=my_case)
async def answer_case(chat: Chat, case_id: str) -> None:
    """Write to the student, who reads it with their six words."""
    answer = await chat.fill("answer", Answer)
    now = await chat.now("now")
    if not await chat.do("save", case_work.answer, chat.community, case_id, chat.member, answer.text, now):
        chat.say(TOO_LATE)
        chat.show(Shown(_("What you wrote"), [("", answer.text)]))
        return
    await post_now(chat, case_id)
    chat.say(_("Your answer is there for the student, who reads it with their six words."))
    await chat.hand_over("case", case_id)


class Note(Form):
    """What only mentors read."""

    title = _("A note")
    submit = _("Save the note")
    text: str = line(_("What should other mentors know?"), most=2000, long=True, help=_("The student never sees it."))


@flow("note_case", who=READERS, subject=known_case)
async def note_case(chat: Chat, case_id: str) -> None:
    """Leave a note for the other mentors."""
    note = await chat.fill("note", Note)
    now = await chat.now("now")
    if not await chat.do("save", case_work.note, chat.community, case_id, chat.member, note.text, now):
        chat.say(GONE)
        chat.show(Shown(_("What you wrote"), [("", note.text)]))
        return
    chat.say(_("The note is saved."))
    await chat.hand_over("case", case_id)


@flow("close_case", who=READERS, subject=my_case)
async def close_case(chat: Chat, case_id: str) -> None:
    """Be done with a case; the student can still open it again by writing more."""
    name = case_name(case_id)
    if not await chat.ask(
        "sure", _("Close case {case}? The student can still read it, and write more.", case=name), yes_no
    ):
        chat.say(_("Case {case} stays open.", case=name))
        return
    now = await chat.now("now")
    if await chat.do("save", case_work.close, chat.community, case_id, chat.member, now):
        await post_now(chat, case_id)
        chat.say(_("Case {case} is closed.", case=name))
    else:
        chat.say(TOO_LATE)


async def post_now(chat: Chat, case_id: str) -> None:
    """Let the post in the mentors' channel say how the case stands now."""
    view = await chat.do("stands", cases.read, chat.community, case_id)
    if view is not None:
        said = post_of(case_id, view.status, view.holder_name)
        await chat.post("post", *said, place=place(chat), subject=post_subject(case_id), why=Duty())


def _status(view: CaseView, member: str) -> Msg:
    """Where the case stands, for the mentor who reads it."""
    if view.status == "closed":
        return _("This case is closed.")
    if not view.holder:
        return _("Nobody takes care of this case yet.")
    if view.holder == member:
        if view.owed:
            return _("This case is in your hands. The student waits for your answer.")
        return _("This case is in your hands.")
    if view.owed:
        return _("{name} takes care of this case. The student waits for an answer.", name=view.holder_name)
    return _("{name} takes care of this case.", name=view.holder_name)


def _ways_on(view: CaseView, member: str) -> list[Start]:
    """What this mentor can do now: who takes care of it answers, closes or gives it back; others take it over."""
    if view.status == "closed":
        return []
    ways = [Start("note_case", view.id, _("Write a note"), "plain")]
    if not view.holder:
        ways.insert(0, take_button(view.id))
    elif view.holder == member:
        ways.insert(0, Start("answer_case", view.id, _("Write an answer")))
        ways.append(Start("close_case", view.id, _("Close the case"), "plain"))
        ways.append(Start("give_back_case", view.id, _("Give it back"), "plain"))
    else:
        ways.append(Start("take_over_case", view.id, _("Take it over"), "plain"))
    return ways
