"""What was pressed or filled in: an answer to the question that waits, a way beside it, or one that comes too late."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flows.engine import aside, earlier
from flows.engine.conversation import DRAFTS, WRONG, drafts_in, with_drafts
from flows.engine.flow import EVERYONE, NO_ACCOUNT, Flow
from flows.engine.forms import Questions
from flows.engine.run import Run
from flows.engine.sentences import ANSWERED, RECEIVED, STOPPED
from flows.engine.turn import Turn
from flows.engine.typed import clean
from flows.token import ANSWER, BACK, STOP, STOP_NOW, Answers, Starts, Token, read
from flows.words import _

NOT_STAFF = frozenset({EVERYONE, NO_ACCOUNT, "student"})


def repeated(turn: Turn) -> None:
    """The same event once more, which changes nothing: what waits by now, or that it was received."""
    show_all(turn)
    if not turn.parts:
        turn.say(RECEIVED, "repeated")


def show_all(turn: Turn, *, kept_only: bool = False) -> None:
    """Every question that waits for this person; or only what must not be missed, a receipt."""
    for one in reversed(turn.open_conversations()):
        if turn.kept(one) or not kept_only:
            turn.show(turn.reopen(one))


def show(turn: Turn, form: str) -> None:
    """The conversation a button or form belongs to, as it waits now."""
    token = read(form)
    found = turn.find(token)
    if found is None:
        if not turn.parts:
            turn.say_over()
        return
    run = turn.reopen(found)
    if run is not None and not found.current and not run.moved_on:
        if earlier.show(turn, token, run):
            return
        turn.say(ANSWERED)
    turn.show(run)


def press(turn: Turn, button: str, values: dict[str, object], *, first: bool) -> None:
    """A choice, a way back or out, or a post's button that starts a flow."""
    token = read(button)
    if isinstance(token, Starts):
        return turn.start(token.flow, token.argument) if first else repeated(turn)
    run = waiting(turn, token, first=first)
    if token is None or run is None:
        return None
    if not isinstance(token, Answers) or token.turn == run.turn:
        run.note_drafts(values)
    return choose(turn, run, token.choice)


def choose(turn: Turn, run: Run, choice: str) -> None:
    """One of the ways that stand below a question; anything else shows it again."""
    if choice == STOP_NOW or (choice == STOP and not run.filled_in):
        stop(turn, run)
    elif choice == STOP:
        aside.whether_to_stop(turn, run)
    elif choice == BACK and run.back_to:
        run.close()
        turn.settle(run.anew(run.without(run.back_to)))
    elif choice == ANSWER and run.asks("fill"):
        take_values(turn, run, run.drafts)
    elif choice in run.choices:
        go_on(turn, run, run.choices[choice].value)
    else:
        turn.settle(run)


def stop(turn: Turn, run: Run) -> None:
    """The conversation is over, and nothing of it is kept."""
    run.close()
    turn.over(run)
    turn.session.scrub()
    turn.say(STOPPED, "stopped")


def waiting(
    turn: Turn, token: Token | None, *, first: bool, values: Mapping[str, object] = MappingProxyType({})
) -> Run | None:
    """The conversation that a button or form answers, where it waits; None after saying or showing what is so.

    A form of an earlier turn counts as going back to it, as long as nothing came of it for others; else its words are
    handed back.
    """
    found = turn.find(token)
    if found is None or not (found.turn or first):
        waits_no_more(turn, values, first=first)
        return None
    run = turn.reopen(found)
    if first and run is not None and run.pending is not None and not (found.turn and run.moved_on):
        stops = isinstance(token, Answers) and token.choice in (STOP, STOP_NOW) and token.conversation == found.id
        if found.current or stops:
            return run
        if (before := earlier.refill(token, run, values)) is not None:
            return before
    if not found.current:
        turn.say(ANSWERED, "late")
        if first:
            earlier.hand_back(turn, values)
    turn.show(run)
    return None


def waits_no_more(turn: Turn, values: Mapping[str, object], *, first: bool) -> None:
    """The conversation has ended: what was written comes back, and what must not be missed is shown."""
    if not first:
        repeated(turn)
    elif not turn.parts:
        # Else the same event comes again after it ended the conversation: what it led to may wait, a receipt say.
        turn.say_over()
        earlier.hand_back(turn, values)
        show_all(turn, kept_only=True)


def fill(turn: Turn, form: str, values: dict[str, object], *, first: bool) -> None:
    """Answers to some or all questions of the form that waits."""
    run = waiting(turn, read(form), first=first, values=values)
    if run is None:
        return None
    if not run.asks("fill"):
        earlier.hand_back(turn, values)
        return turn.draw(run)
    return take_values(turn, run, values)


def take_values(turn: Turn, run: Run, values: Mapping[str, object]) -> None:
    """Good answers are kept, wrong ones shown again with what is wrong; on when none is open."""
    step = run.pending
    assert step is not None  # noqa: S101  the callers looked
    turn.by_staff = isinstance(run.flow, Flow) and bool(run.flow.who) and not run.flow.who & NOT_STAFF
    form: Questions = step.data[0]
    good, drafts, wrong = form.take(values)
    tell_back(turn, form, values, good)
    notes = run.notes
    known = {name: value for name, value in {**(notes.get(step.key) or {}), **good}.items() if name not in wrong}
    kept = {**drafts_in(notes, step.key), **drafts}
    notes[DRAFTS] = with_drafts(notes, step.key, {name: one for name, one in kept.items() if name not in good})
    notes[WRONG] = {step.key: list(wrong)}
    if form.open_fields(known):
        notes[step.key] = known
        run.close()
        run.chat.shown.clear()  # what came before the questions has been read
        if wrong:
            turn.say(_("Almost there. Please look at what is marked here."))
        return turn.settle(run)
    return go_on(turn, run, known)


def tell_back(turn: Turn, form: Questions, values: Mapping[str, object], good: Mapping[str, object]) -> None:
    """What was made of a day or a number that somebody typed, where that is not plain to see."""
    for name, answer in good.items():
        typed = values[name]
        if answer is not None and (understood := form.questions[name].understood(typed, answer)) is not None:
            turn.say(_("I read “{typed}” as {understood}.", typed=clean(str(typed)), understood=understood))


def go_on(turn: Turn, run: Run, value: object) -> None:
    """The pending question has its answer."""
    run.answer(value)
    turn.settle(run)
    turn.kind = turn.kind or "answered"
