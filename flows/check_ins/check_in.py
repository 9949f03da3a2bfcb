"""The check-in: five statements and one open line, private, once per round.

Four statements are the parts of a sense of belonging: accepted, appreciated, included, supported (after Goodenow &
Grady 1993). The fifth is its shadow side: someone can belong by hiding who they are.
"""

from collections.abc import Iterator

from flows.engine import Chat, Choice, Context, Form, Shown, Start, flow, line, panel, scale
from flows.words import Msg, _
from storage import check_ins
from storage.communities import FEWEST
from storage.statement import Session

LOW = 2
"""An answer this low makes Erbij offer that a mentor hears about it, and say whom else one can turn to."""
NOT_TRUE, TRUE = _("not at all"), _("completely")


class CheckIn(Form):
    """One student's answers about the past week; each 1 (not at all) to 5 (completely)."""

    title = _("Check-in: how was your week?")
    submit = _("Look at my answers")

    accepted: int = scale(_("I felt accepted here this week."), low_label=NOT_TRUE, high_label=TRUE)
    appreciated: int = scale(_("I felt appreciated."), low_label=NOT_TRUE, high_label=TRUE)
    included: int = scale(_("I felt included."), low_label=NOT_TRUE, high_label=TRUE)
    supported: int = scale(_("I felt supported."), low_label=NOT_TRUE, high_label=TRUE)
    myself: int = scale(_("I could be myself."), low_label=NOT_TRUE, high_label=TRUE)
    remark: str | None = line(
        _("Anything you want to add?"),
        most=500,
        long=True,
        required=False,
        help=_("Please use no names."),
    )


CLOSED = _("This check-in is closed. A new one comes soon.")


def known_round(session: Session, context: Context, round_id: str) -> Msg | None:
    """A round of this community; not one of another, nor an id made by hand."""
    return None if check_ins.get_round(session, context.community, round_id) else CLOSED


@flow("check_in", who=("student",), subject=known_round)
async def check_in(chat: Chat, round_id: str) -> None:
    """A student answers one round."""
    now = await chat.now("now")
    this = await chat.do("round", check_ins.get_round, chat.community, round_id)
    if this is None or this.pool or now >= this.closes_at:
        chat.say(CLOSED)
        return
    if await chat.do("took_part", check_ins.took_part, chat.community, round_id, chat.member, chat.account):
        chat.say(_("You already took part in this check-in. Thank you!"))
        return

    for sentence in WHAT_BECOMES_OF_IT:
        chat.say(sentence)
    answers = await chat.fill("answers", CheckIn)
    chat.show(Shown(_("Your answers"), _rows(answers)))
    await chat.ask("confirm", _("Shall I send these answers? To change them, choose “Back”."), SEND)

    now = await chat.now("sent_at")
    outcome = await chat.do(
        "cast", check_ins.cast, chat.community, round_id, chat.member, chat.account, answers.model_dump(), now
    )
    chat.say(THANKS[outcome])
    if outcome != "saved":
        return
    if _lowest(answers) > LOW:
        chat.say(_next_step(answers))
        return
    # A button and no question: a conversation that waits would say, to who reads the table, who answered low. And no
    # idea of what they could do themselves: that a week was like this is not for them to mend.
    chat.say(_("A week like that is hard, and it is not your fault."))
    chat.say(_("Would you like to tell a mentor what happened, without your name?"))
    chat.show(Start("belonging_case", "", _("Tell a mentor")))
    chat.show(panel.whole(chat.context) if _lowest(answers) == 1 else panel.beside(chat.context))


WHAT_BECOMES_OF_IT = (
    _(
        "Your answers are stored encrypted, without your name. That you took part is remembered until this check-in "
        "closes."
    ),
    _(
        "After that, answers are opened only together: at least {few} filled-in check-ins at a time, if need be from "
        "several weeks. What stays is how often each answer was given and, apart from that, what people wrote.",
        few=FEWEST,
    ),
)
SEND = (Choice("send", _("Send"), "primary"),)
THANKS = {
    "saved": _("Thank you. Your answers are in."),
    "twice": _("You already took part in this check-in, so these answers were not added. Thank you!"),
    "closed": _("This check-in closed while you were answering, so these answers were not added."),
}
NEXT_STEPS = {
    "accepted": _("One thing that can help: say hello to one person you do not know yet, before or after a class."),
    "appreciated": _(
        "One thing that can help: tell someone what you value in them. Often you hear something kind in return."
    ),
    "included": _("One thing that can help: ask one person to have a coffee or to study together this week."),
    "supported": _("One thing that can help: choose one question you have, and put it to a mentor or a teacher."),
    "myself": _("One thing that can help: find one person with whom you dare to say how you see it."),
}
KEEP_GOING = _("One idea: who could use a kind word from you this week?")


def open_now(session: Session, context: Context) -> Iterator[Start]:
    """The check-in that a student can answer now, and has not yet."""
    me = (context.member, context.account)
    for one in check_ins.rounds(session, context.community) if "student" in context.roles else ():
        if not one.pool and not (me[0] and check_ins.took_part(session, context.community, one.id, *me)):
            yield Start("check_in", one.id, _("Start the check-in"))


def _rows(answers: CheckIn) -> list[tuple[Msg | str, Msg | str]]:
    """The answers as the student reads them back."""
    rows: list[tuple[Msg | str, Msg | str]] = [
        (CheckIn.questions[name].text, _("{n} of 5 (5 = completely)", n=getattr(answers, name))) for name in NEXT_STEPS
    ]
    if answers.remark:
        rows.append((CheckIn.questions["remark"].text, answers.remark))
    return rows


def _lowest(answers: CheckIn) -> int:
    return min(int(getattr(answers, name)) for name in NEXT_STEPS)


def _next_step(answers: CheckIn) -> Msg:
    """One idea, after a week without low answers: for the statement that scored lowest, the first when several did."""
    lowest = _lowest(answers)
    if lowest > LOW + 1:
        return KEEP_GOING
    return next(step for name, step in NEXT_STEPS.items() if getattr(answers, name) == lowest)
