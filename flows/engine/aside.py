"""Asking in between: the question that waits stays as it is, and what somebody wrote stays in it."""

from __future__ import annotations

from flows import seam
from flows.engine.commands import CANCEL, Command
from flows.engine.run import Run
from flows.engine.turn import Turn
from flows.token import ANSWER, STAY, STOP_NOW, Answers, Starts
from flows.words import Msg, _, said


def whether_to_stop(turn: Turn, run: Run) -> None:
    """Something is filled in: it is thrown away only by who says so."""
    ask(turn, run, _("Shall I stop? What you filled in is erased."), _("Yes, erase it"))


def which_was_meant(turn: Turn, run: Run, field: str, text: str, command: Command) -> None:
    """A text is the answer that is asked for, or a command: whoever wrote it knows."""
    run.note_drafts({field: text})
    question = _("“{text}” can be your answer, or what you want to do now. What did you mean?", text=text)
    ask(turn, run, question, _("It is my answer"), command)


def ask(turn: Turn, run: Run, question: Msg, label: Msg, command: Command | None = None) -> None:
    """The question in between, and below it the one that waits."""
    before = len(turn.parts)
    turn.settle(run)
    token = turn.question
    if token is None:
        return

    def button(choice: str, label: Msg) -> seam.Button:
        return seam.Button(token.way(choice), said(label, language))

    language = turn.context.language
    if command is None:
        buttons = [button(STOP_NOW, label)]
        if isinstance(token, Answers):  # of a first question nothing is kept: what stands in it, only the page has
            buttons.append(button(STAY, _("No, go on")))
    elif command is CANCEL:
        buttons = [button(ANSWER, label), button(STOP_NOW, command.word)]
    else:
        start = seam.Button(str(Starts(command.flow)), said(command.word, language))
        buttons = [button(ANSWER, label), start]
    turn.parts[before:before] = [seam.Text(said(question, language)), seam.Buttons(tuple(buttons))]
    turn.kind = turn.kind or "asked"
