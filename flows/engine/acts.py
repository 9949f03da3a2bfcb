"""What somebody did, each kind of act in its own way."""

from __future__ import annotations

from typing import assert_never

from flows import seam
from flows.engine import guide, hearing
from flows.engine.answering import fill, press, repeated, show, show_all
from flows.engine.fields import DRAFT
from flows.engine.sentences import CHANGED
from flows.engine.turn import Turn
from flows.engine.typed import clean


def dispatch(turn: Turn, act: seam.Act, *, first: bool) -> None:
    """Do what the act asks. One that was taken before shows what waits instead."""
    match act:
        case seam.Opened(form):
            show(turn, form)
        case seam.Pressed(button, values):
            press(turn, button, dict(values), first=first)
        case seam.Filled(form, values):
            fill(turn, form, dict(values), first=first)
        case seam.Command(name):
            hearing.command(turn, turn.catalogue.words.named(name)) if first else repeated(turn)
        case seam.Said(text, files):
            hearing.listen(turn, clean(text[: DRAFT + 1]), files=files) if first else repeated(turn)
        case seam.Changed():
            turn.say(CHANGED, "changed")
        case seam.Arrived():
            arrive(turn)
        case seam.Added() | seam.Removed() | seam.Left():
            raise ValueError(f"{type(act).__name__} is nothing that somebody does in a conversation")
        case _:
            assert_never(act)


def arrive(turn: Turn) -> None:
    """Every question that waits for this person, or a greeting."""
    show_all(turn)
    if not turn.parts:
        guide.greet(turn)
