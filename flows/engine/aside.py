"""Asking in between: the question that waits stays as it is, and what somebody wrote stays in it."""

from __future__ import annotations

from dataclasses import replace

from flows import seam
from flows.engine.commands import CANCEL, Command
from flows.engine.run import Run
from flows.engine.taking import Taking
from flows.engine.token import ANSWER, STAY, STOP_NOW, Answers, Starts
from flows.words import Msg, _, said


def whether_to_stop(taking: Taking, conversation: str, turn: int, run: Run) -> None:
    """Something is filled in: it is thrown away only by who says so."""
    ask(taking, conversation, turn, run, _("Shall I stop? What you filled in is erased."), _("Yes, erase it"))


def which_was_meant(  # noqa: PLR0913  a text, and what it may be
    taking: Taking, conversation: str, turn: int, run: Run, field: str, text: str, command: Command
) -> None:
    """A text is the answer that is asked for, or a command: whoever wrote it knows."""
    run.note_drafts({field: text})
    question = _("“{text}” can be your answer, or what you want to do now. What did you mean?", text=text)
    ask(taking, conversation, turn, run, question, _("It is my answer"), command)


def ask(  # noqa: PLR0913  a conversation at a turn, and a question beside its own
    taking: Taking, conversation: str, turn: int, run: Run, question: Msg, label: Msg, command: Command | None = None
) -> None:
    """The question in between, and below it the one that waits."""
    before = len(taking.parts)
    taking.settle(conversation, turn, run)
    token = taking.asks
    if token is None:
        return

    def button(choice: str, label: Msg) -> seam.Button:
        return seam.Button(str(replace(token, choice=choice)), said(label, language))

    language = taking.context.language
    if command is None:
        buttons = [button(STOP_NOW, label)]
        if isinstance(token, Answers):  # of a first question nothing is kept: what stands in it, only the page has
            buttons.append(button(STAY, _("No, go on")))
    elif command is CANCEL:
        buttons = [button(ANSWER, label), button(STOP_NOW, command.word)]
    else:
        start = seam.Button(str(Starts(command.flow)), said(command.word, language))
        buttons = [button(ANSWER, label), start]
    taking.parts[before:before] = [seam.Text(said(question, language)), seam.Buttons(tuple(buttons))]
    taking.kind = taking.kind or "asked"
