"""A mentor's work on a case: read it, answer the student, leave a note for other mentors, close it."""

from datetime import timedelta

from flows.cases.post import case_name, post_of, subject
from flows.cases.view import FOR_MENTORS, passages
from flows.engine import Chat, Choice, Form, Shown, flow, line, yes_no
from flows.words import Msg, _
from storage import cases
from storage.cases import CaseView


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


class Note(Form):
    """What only mentors read."""

    title = _("A note")
    submit = _("Keep the note")
    text: str = line(_("What should other mentors know?"), most=2000, long=True, help=_("The student never sees it."))


@flow("case", expires_after=timedelta(hours=12), roles=("mentor",))
async def case(chat: Chat, case_id: str) -> None:
    """Read a case, and work on it for as long as it takes."""
    for step in range(100):
        view = await chat.do(f"read.{step}", cases.read, chat.community, case_id)
        if view is None:
            chat.say(_("This case is no longer there."))
            return
        chat.show(Shown(_("Case {case}", case=case_name(case_id)), passages(view, FOR_MENTORS, chat.language)))
        chat.say(_status(view, chat.member))
        act = await chat.ask(f"next.{step}", _("What would you like to do?"), _ways_on(view, chat.member))
        if act == "done":
            chat.say(_("Fine. “cases” shows what waits."))
            return
        if act == "claim":
            await chat.hand_over("claim_case", case_id)
        chat.say(await _do(chat, act, step, case_id))


async def _do(chat: Chat, act: str, step: int, case_id: str) -> Msg:
    """One act of the mentor who takes care of the case; what to say about it."""
    mine = (chat.community, case_id, chat.member)
    if act == "answer":
        answer = await chat.fill(f"answer.{step}", Answer)
        now = await chat.now(f"now.{step}")
        done = await chat.do(f"answered.{step}", cases.answer, *mine, answer.text, now)
        said = _("Your answer is ready for the student, who reads it with the receipt.")
    elif act == "note":
        note = await chat.fill(f"note.{step}", Note)
        now = await chat.now(f"now.{step}")
        done = await chat.do(f"noted.{step}", cases.note, *mine, note.text, now)
        return _("The note is kept.") if done else GONE
    else:
        if not await chat.ask(f"sure.{step}", _("Close this case? The student can still write more."), yes_no):
            return _("The case stays open.")
        now = await chat.now(f"now.{step}")
        done = await chat.do(f"closed.{step}", cases.close, *mine, now)
        said = _("The case is closed.")
    if not done:
        return GONE
    news = "answered" if act == "answer" else "closed"
    await chat.post(f"post.{step}", *post_of(case_id, news, chat.name), place="mentors", subject=subject(case_id))
    return said


GONE = _("That was not possible any more: someone else changed this case.")


def _status(view: CaseView, member: str) -> Msg:
    """Where the case stands, for the mentor who reads it."""
    if view.status == "closed":
        return _("This case is closed.")
    if not view.holder:
        return _("Nobody takes care of this case yet.")
    if view.holder == member:
        return _("This case is in your hands.")
    return _("{name} takes care of this case.", name=view.holder_name)


def _ways_on(view: CaseView, member: str) -> list[Choice[str]]:
    """What this mentor can do with the case now: who takes care of it answers and closes, everyone can leave a note."""
    ways = []
    if view.status == "new":
        ways.append(Choice("claim", _("Take it"), "primary"))
    elif view.status != "closed":
        if view.holder == member:
            ways.append(Choice("answer", _("Answer"), "primary"))
        ways.append(Choice("note", _("Leave a note")))
        if view.holder == member:
            ways.append(Choice("close", _("Close the case")))
    return [*ways, Choice("done", _("Done for now"))]
