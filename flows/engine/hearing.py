"""What was typed: a command, an answer to what waits, a story that begins a form, or what Erbij does not understand."""

from __future__ import annotations

from flows.engine import aside, everyday, guide
from flows.engine.answering import go_on, show_all, take_values
from flows.engine.chat import Start
from flows.engine.commands import CANCEL, Command
from flows.engine.run import Run
from flows.engine.sentences import NOTHING_TO_STOP, ONLY_TEXT, STOPPED
from flows.engine.turn import Turn
from flows.words import _

STORY = 20
"""Characters from which on a text that was typed is taken for a story; what is shorter may be a question about it."""


def listen(turn: Turn, text: str, *, files: bool) -> None:
    """A message: its text, and that nothing else of it is read."""
    if files:
        turn.say(ONLY_TEXT, "files")
    if text or not files:
        hear(turn, text)
    else:
        show_all(turn)


def hear(turn: Turn, text: str) -> None:
    """Typed text: an answer to what waits, a command, or something Erbij does not understand.

    While a text is asked for, a word is a command behind a slash only; where the whole text is one, it is asked which
    was meant.
    """
    typed, mine = turn.catalogue.words.typed(text), turn.open_conversations()
    if not mine:
        return meant(turn, typed, text)
    run = turn.reopen(mine[0])
    # What must not be written down cannot be asked about: there a word is what it always is.
    asked = None if run is None or run.moved_on or run.holds or not run.may_answer(text) else run.text_asked
    if typed is not None and (text.startswith("/") or asked is None):
        return command(turn, typed)
    if run is not None and asked is not None and (same := turn.catalogue.words.named(text)) is not None:
        return aside.which_was_meant(turn, run, asked, text, same)
    if run is not None and not run.moved_on and answered(turn, run, text):
        return None
    if run is not None and not run.moved_on and begins_story(run, text):
        return put_in(turn, run, text)
    meant(turn, None, text)
    turn.show(run)
    return None


def command(turn: Turn, known: Command | None) -> None:
    """A command; None is a word that Erbij does not know."""
    if known is None:
        return guide.not_understood(turn, "unknown")
    return cancel(turn) if known is CANCEL else turn.start(known.flow)


def cancel(turn: Turn) -> None:
    """Stop what was used last, after asking once something is filled in.

    What must be kept until it is seen, a receipt, is shown instead.
    """
    mine = turn.open_conversations()
    if not mine:
        turn.say(NOTHING_TO_STOP, "idle")
        more = [one for one in turn.catalogue.commands.values() if one.stops]
        return turn.pieces(Start(one.flow, "", one.button, "plain") for one in more)
    run = turn.reopen(mine[0])
    if turn.kept(mine[0]):
        turn.say(NOTHING_TO_STOP, "idle")
        return turn.show(run)
    if run is None or run.moved_on or not run.filled_in:
        turn.finish(mine[0].id, mine[0].turn)
        turn.session.scrub()
        return turn.say(STOPPED, "stopped")
    return aside.whether_to_stop(turn, run)


def meant(turn: Turn, typed: Command | None, text: str) -> None:
    """A command, a greeting, or something that Erbij does not understand."""
    if typed is not None:
        command(turn, typed)
    elif everyday.greets(text) and not turn.heavy:
        guide.greet(turn)
    else:
        guide.not_understood(turn, "not_understood")


def answered(turn: Turn, run: Run, text: str) -> bool:
    """Whether the text answers what waits: a choice's label, or the only line that is open."""
    choices = list(run.choices.values())
    for choice in choices:
        if everyday.chooses(text, choice, alone=len(choices) == 1, language=turn.context.language):
            go_on(turn, run, choice.value)
            return True
    if (asked := run.text_asked) is not None:
        take_values(turn, run, {asked: text})
        return True
    return False


def begins_story(run: Run, text: str) -> bool:
    """Whether a text is one that belongs into the form that waits, or goes on with what was typed there before."""
    asked = run.story_asked
    if asked is None or not text or everyday.greets(text):
        return False
    return len(text) >= STORY or bool(run.drafts.get(asked))


def put_in(turn: Turn, run: Run, text: str) -> None:
    """A story that was typed instead of filled in begins the form; what is typed after it goes on there."""
    asked = run.story_asked
    assert asked is not None and run.pending is not None  # noqa: S101, PT018  the caller looked
    before = str(run.drafts.get(asked) or "")
    run.note_drafts({asked: f"{before}\n{text}" if before else text})
    question = run.pending.data[0].questions[asked].text
    turn.say(_("I have put that under “{question}”. You can still change it.", question=question), "put_in")
    turn.settle(run)
