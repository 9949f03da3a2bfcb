"""What the id of a button or form says, and nothing else does: which flow to start, or which question it answers.

``s.check_in.<round>`` starts a flow; ``c.<conversation>.<turn>.<choice>`` answers, and without a choice it is a form's;
``f.<conversation>.belonging_case..<choice>`` answers the first question of a flow of which nothing is kept yet.
Whoever holds a button can change its id by hand, so what does not have this shape to the letter is no token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 100
"""Characters: what every platform takes as an id."""
BACK, STOP = ":back", ":stop"
"""Choices that every question has beside its own."""
STOP_NOW = ":stop_now"
"""The choice of someone who was asked whether to stop, because something is filled in."""
STAY = ":stay"
"""The choice of who does not want to stop after all: it shows what waits."""
ANSWER = ":answer"
"""The choice of someone whose text is also a command, and was meant as an answer."""
AGAIN = ":again"
"""The choice of someone whose conversation waits for slow work that was not taken."""
CHOICE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_:-]{0,59}")
"""The value of a choice of a flow's own; those that begin with a colon are the engine's."""
_STARTS = re.compile(r"s\.([a-z][a-z0-9_]{0,39})\.([A-Za-z0-9_-]{0,96})")
_CHOICE = r"(?:\.([A-Za-z0-9_:-]{1,60}))?"
_ANSWERS = re.compile(r"c\.([A-Za-z0-9_-]{1,40})\.([0-9]{1,9})" + _CHOICE)
_FIRST = re.compile(r"f\.([A-Za-z0-9_-]{8,16})\.([a-z][a-z0-9_]{0,39})\.([A-Za-z0-9_-]{0,96})" + _CHOICE)


@dataclass(frozen=True, slots=True)
class Starts:
    """A button that starts a flow with an argument, which may be empty."""

    flow: str
    argument: str = ""

    def __str__(self) -> str:
        return _checked(f"s.{self.flow}.{self.argument}", _STARTS)


@dataclass(frozen=True, slots=True)
class Answers:
    """A form (no ``choice``) or button of the question that a conversation asked at a turn."""

    conversation: str
    turn: int
    choice: str = ""

    def way(self, choice: str) -> str:
        """The id of a button of this question."""
        return str(Answers(self.conversation, self.turn, choice))

    def __str__(self) -> str:
        return _checked(f"c.{self.conversation}.{self.turn}" + (f".{self.choice}" if self.choice else ""), _ANSWERS)


@dataclass(frozen=True, slots=True)
class AnswersFirst:
    """A form (no ``choice``) or button of a flow's first question, before there is a conversation.

    ``conversation`` is random and not yet its id: by it the same answer twice begins one conversation.
    """

    conversation: str
    flow: str
    argument: str = ""
    choice: str = ""

    def way(self, choice: str) -> str:
        """The id of a button of this question."""
        return str(AnswersFirst(self.conversation, self.flow, self.argument, choice))

    def __str__(self) -> str:
        text = f"f.{self.conversation}.{self.flow}.{self.argument}"
        return _checked(text + (f".{self.choice}" if self.choice else ""), _FIRST)


Token = Starts | Answers | AnswersFirst


def conversation_of(text: str) -> str:
    """The conversation that a button or form belongs to, or that it would begin; empty for any other text."""
    token = read(text)
    return "" if token is None or isinstance(token, Starts) else token.conversation


def begins(text: str) -> bool:
    """Whether a button or form answers a first question, of whose conversation nothing is kept yet."""
    return isinstance(read(text), AnswersFirst)


def read(text: str) -> Token | None:
    """The token in a button's or form's id; None when it is none."""
    if len(text) > LONGEST:
        return None
    match text[:2]:
        case "s.":
            found = _STARTS.fullmatch(text)
            return Starts(*found.groups()) if found else None
        case "c.":
            found = _ANSWERS.fullmatch(text)
            return Answers(found[1], int(found[2]), found[3] or "") if found else None
        case "f.":
            found = _FIRST.fullmatch(text)
            return AnswersFirst(*found.groups("")) if found else None
    return None


def _checked(text: str, shape: re.Pattern[str]) -> str:
    if len(text) > LONGEST or not shape.fullmatch(text):
        raise ValueError(f"{text!r} cannot be the id of a button")
    return text
