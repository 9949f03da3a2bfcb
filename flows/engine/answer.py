"""What each kind of act does within a turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from flows import seam
from flows.engine import aside, earlier, everyday, guide
from flows.engine.chat import Start, Step, code
from flows.engine.commands import CANCEL, Command
from flows.engine.fields import DRAFT
from flows.engine.flow import EVERYONE, NO_ACCOUNT, Flow
from flows.engine.forms import Questions
from flows.engine.run import Run
from flows.engine.sentences import (
    ANSWERED,
    CHANGED,
    NOTHING_TO_STOP,
    ONLY_TEXT,
    RECEIVED,
    STOPPED,
)
from flows.engine.taking import Taking
from flows.engine.token import ANSWER, BACK, STOP, STOP_NOW, Answers, Starts, Token, read
from flows.engine.typed import clean
from flows.words import _

STORY = 20
"""Characters from which on a text that was typed is taken for a story; what is shorter may be a question about it."""
NOT_STAFF = frozenset({EVERYONE, NO_ACCOUNT, "student"})


def dispatch(taking: Taking, act: seam.Act, *, first: bool) -> None:
    """Do what the act asks. One that was taken before shows what waits instead."""
    match act:
        case seam.Opened(form):
            show(taking, form)
        case seam.Pressed(button, values):
            press(taking, button, dict(values), first=first)
        case seam.Filled(form, values):
            fill(taking, form, dict(values), first=first)
        case seam.Command(name):
            command(taking, taking.catalogue.words.named(name)) if first else repeated(taking)
        case seam.Said(text, files):
            said_to(taking, clean(text[: DRAFT + 1]), files=files) if first else repeated(taking)
        case seam.Changed():
            taking.say(CHANGED, "changed")
        case seam.Arrived():
            arrive(taking)
        case seam.Added() | seam.Removed() | seam.Left():
            raise ValueError(f"{type(act).__name__} is nothing that somebody does in a conversation")
        case _:
            assert_never(act)


def arrive(taking: Taking) -> None:
    """Every question that waits for this person, or a greeting."""
    show_all(taking)
    if not taking.parts:
        guide.greet(taking)


def repeated(taking: Taking) -> None:
    """The same event once more, which changes nothing: what waits by now, or that it was received."""
    show_all(taking)
    if not taking.parts:
        taking.say(RECEIVED, "repeated")


def show_all(taking: Taking, *, kept_only: bool = False) -> None:
    """Every question that waits for this person; or only what must not be missed, a receipt."""
    for conversation, turn, journal, _until in reversed(taking.open_conversations()):
        if taking.kept(journal) or not kept_only:
            taking.show(conversation, turn, taking.reopen(journal))


def show(taking: Taking, form: str) -> None:
    """The conversation a button or form belongs to, as it waits now."""
    found = taking.find(read(form))
    if found is None:
        if not taking.parts:
            taking.say_over()
        return
    conversation, turn, journal, current = found
    run, token = taking.reopen(journal), read(form)
    if run is not None and not current and not run.moved_on:
        if earlier.show(taking, token, conversation, run):
            return
        taking.say(ANSWERED)
    taking.show(conversation, turn, run)


def press(taking: Taking, button: str, values: dict[str, object], *, first: bool) -> None:
    """A choice, a way back or out, or a post's button that starts a flow."""
    token = read(button)
    if isinstance(token, Starts):
        return taking.start(token.flow, token.argument) if first else repeated(taking)
    waits = waiting(taking, token, first=first)
    if token is None or waits is None:
        return None
    conversation, turn, run, step = waits
    if not isinstance(token, Answers) or token.turn == turn:
        run.note_drafts(values)
    choose(taking, conversation, turn, run, step, token.choice)
    return None


def choose(taking: Taking, conversation: str, turn: int, run: Run, step: Step[Any], choice: str) -> None:  # noqa: PLR0913
    """One of the ways that stand below a question; anything else shows it again."""
    if choice == STOP_NOW or (choice == STOP and not run.filled_in):
        stop(taking, conversation, turn, run)
    elif choice == STOP:
        aside.whether_to_stop(taking, conversation, turn, run)
    elif choice == BACK and run.back_to:
        run.close()
        before = taking.run(run.flow, run.without(run.back_to))
        before.go()
        taking.settle(conversation, turn, before)
    elif choice == ANSWER and step.kind == "fill":
        take_values(taking, conversation, turn, run, run.drafts)
    else:
        values = {code(one): one.value for one in step.data[1]} if step.kind == "ask" else {}
        if choice in values:
            go_on(taking, conversation, turn, run, values[choice])
        else:
            taking.settle(conversation, turn, run)


def stop(taking: Taking, conversation: str, turn: int, run: Run) -> None:
    """The conversation is over, and nothing of it is kept."""
    run.close()
    taking.over(conversation, turn, run)
    taking.session.scrub()
    taking.say(STOPPED, "stopped")


Waits = tuple[str, int, Run, Step[Any]]
"""A conversation, its turn, and its flow at the step that waits."""


def waiting(
    taking: Taking, token: Token | None, *, first: bool, values: dict[str, object] | None = None
) -> Waits | None:
    """The conversation that a button or form answers; None after saying or showing what is so.

    A form of an earlier turn counts as going back to it, as long as nothing came of it for others; else its words are
    handed back.
    """
    found = taking.find(token)
    if found is None or not (found[1] or first):
        # The same event again, after it ended the conversation: what it led to may wait, a receipt say.
        if first and taking.parts:
            return None
        if first:
            taking.say_over()
            earlier.hand_back(taking, values)
            show_all(taking, kept_only=True)
        else:
            repeated(taking)
        return None
    conversation, turn, journal, current = found
    run = taking.reopen(journal)
    if first and run is not None and run.pending is not None and not (turn and run.moved_on):
        stops = isinstance(token, Answers) and token.choice in (STOP, STOP_NOW) and token.conversation == conversation
        if current or stops:
            return conversation, turn, run, run.pending
        before = earlier.refill(taking, token, run, values or {})
        if before is not None and before.pending is not None:
            return conversation, turn, before, before.pending
    if not current:
        taking.say(ANSWERED, "late")
        if first:
            earlier.hand_back(taking, values)
    taking.show(conversation, turn, run)
    return None


def fill(taking: Taking, form: str, values: dict[str, object], *, first: bool) -> None:
    """Answers to some or all questions of the form that waits."""
    waits = waiting(taking, read(form), first=first, values=values)
    if waits is None:
        return None
    conversation, turn, run, step = waits
    if step.kind != "fill":
        earlier.hand_back(taking, values)
        return taking.draw(conversation, turn, run)
    return take_values(taking, conversation, turn, run, values)


def take_values(taking: Taking, conversation: str, turn: int, run: Run, values: dict[str, object]) -> None:
    """Good answers are kept, wrong ones shown again with what is wrong; on when none is open."""
    step = run.pending
    assert step is not None  # noqa: S101  the callers looked
    taking.by_staff = isinstance(run.flow, Flow) and bool(run.flow.who) and not run.flow.who & NOT_STAFF
    form: Questions = step.data[0]
    good, drafts, wrong = form.take(values)
    tell_back(taking, form, values, good)
    notes = run.notes
    known = {name: value for name, value in {**(notes.get(step.key) or {}), **good}.items() if name not in wrong}
    kept = {**notes.get("@drafts", {}).get(step.key, {}), **drafts}
    notes["@drafts"] = {
        **notes.get("@drafts", {}),
        step.key: {k: v for k, v in kept.items() if k not in good},
    }
    notes["@wrong"] = {step.key: list(wrong)}
    if form.open_fields(known):
        notes[step.key] = known
        run.close()
        run.chat.shown.clear()  # what came before the questions has been read
        if wrong:
            taking.say(_("Almost there. Please look at what is marked here."))
        return taking.settle(conversation, turn, run)
    return go_on(taking, conversation, turn, run, known)


def tell_back(taking: Taking, form: Questions, values: Mapping[str, object], good: Mapping[str, object]) -> None:
    """What was made of a day or a number that somebody typed, where that is not plain to see."""
    for name, answer in good.items():
        typed = values[name]
        if answer is not None and (understood := form.questions[name].understood(typed, answer)) is not None:
            taking.say(_("I read “{typed}” as {understood}.", typed=clean(str(typed)), understood=understood))


def go_on(taking: Taking, conversation: str, turn: int, run: Run, value: object) -> None:
    """The pending question has its answer."""
    run.answer(value)
    taking.settle(conversation, turn, run)
    taking.kind = taking.kind or "answered"


def command(taking: Taking, known: Command | None) -> None:
    """A command; None is a word that Erbij does not know."""
    if known is None:
        return guide.not_understood(taking, "unknown")
    return cancel(taking) if known is CANCEL else taking.start(known.flow)


def cancel(taking: Taking) -> None:
    """Stop what was used last, after asking once something is filled in.

    What must be kept until it is seen, a receipt, is shown instead.
    """
    mine = taking.open_conversations()
    if not mine:
        taking.say(NOTHING_TO_STOP, "idle")
        more = [one for one in taking.catalogue.commands.values() if one.stops]
        return taking.pieces(Start(one.flow, "", one.button, "plain") for one in more)
    conversation, turn, journal, _until = mine[0]
    run = taking.reopen(journal)
    if taking.kept(journal):
        taking.say(NOTHING_TO_STOP, "idle")
        return taking.show(conversation, turn, run)
    if run is None or run.moved_on or not run.filled_in:
        taking.finish(conversation, turn)
        taking.session.scrub()
        return taking.say(STOPPED, "stopped")
    return aside.whether_to_stop(taking, conversation, turn, run)


def said_to(taking: Taking, text: str, *, files: bool) -> None:
    """A message: its text, and that nothing else of it is read."""
    if files:
        taking.say(ONLY_TEXT, "files")
    if text or not files:
        hear(taking, text)
    else:
        show_all(taking)


def hear(taking: Taking, text: str) -> None:
    """Typed text: an answer to what waits, a command, or something Erbij does not understand.

    While a text is asked for, a word is a command behind a slash only; where the whole text is one, it is asked which
    was meant.
    """
    typed, mine = taking.catalogue.words.typed(text), taking.open_conversations()
    if not mine:
        return meant(taking, typed, text)
    conversation, turn, journal, _until = mine[0]
    run = taking.reopen(journal)
    # What must not be written down cannot be asked about: there a word is what it always is.
    asked = None if run is None or run.moved_on or run.holds else run.text_asked
    if typed is not None and (text.startswith("/") or asked is None):
        return command(taking, typed)
    if run is not None and asked is not None and (same := taking.catalogue.words.named(text)) is not None:
        return aside.which_was_meant(taking, conversation, turn, run, asked, text, same)
    if run is not None and not run.moved_on and answered(taking, conversation, turn, run, text):
        return None
    if run is not None and not run.moved_on and begins_story(run, text):
        return put_in(taking, conversation, turn, run, text)
    meant(taking, None, text)
    taking.show(conversation, turn, run)
    return None


def begins_story(run: Run, text: str) -> bool:
    """Whether a text is one that belongs into the form that waits, or goes on with what was typed there before."""
    asked = run.story_asked
    if asked is None or not text or everyday.greets(text):
        return False
    return len(text) >= STORY or bool(run.drafts.get(asked))


def put_in(taking: Taking, conversation: str, turn: int, run: Run, text: str) -> None:
    """A story that was typed instead of filled in begins the form; what is typed after it goes on there."""
    asked = run.story_asked
    assert asked is not None and run.pending is not None  # noqa: S101, PT018  the caller looked
    before = str(run.drafts.get(asked) or "")
    run.note_drafts({asked: f"{before}\n{text}" if before else text})
    question = run.pending.data[0].questions[asked].text
    taking.say(_("I have put that under “{question}”. You can still change it.", question=question), "put_in")
    taking.settle(conversation, turn, run)


def meant(taking: Taking, typed: Command | None, text: str) -> None:
    """A command, a greeting, or something that Erbij does not understand."""
    if typed is not None:
        command(taking, typed)
    elif everyday.greets(text) and not taking.heavy:
        guide.greet(taking)
    else:
        guide.not_understood(taking, "not_understood")


def answered(taking: Taking, conversation: str, turn: int, run: Run, text: str) -> bool:
    """Whether the text answers what waits: a choice's label, or the only line that is open."""
    step: Step[object] | None = run.pending
    if step is None:
        return False
    if step.kind == "ask":
        for choice in step.data[1]:
            if everyday.chooses(text, choice, alone=len(step.data[1]) == 1, language=taking.context.language):
                go_on(taking, conversation, turn, run, choice.value)
                return True
    if (asked := run.text_asked) is not None:
        take_values(taking, conversation, turn, run, {asked: text})
        return True
    return False
