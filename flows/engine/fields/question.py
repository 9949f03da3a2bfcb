"""What every kind of question has: its words, whether it must be answered, and how an answer is taken and drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field as PydanticField

from flows import seam
from flows.engine.flow import FlowFault
from flows.engine.typed import clean
from flows.words import Words, _, said

MAY_STAY_EMPTY = _("You can leave this empty.")
NEEDED = _("Please answer this one too.")
ONE_OF_THESE = _("Please choose one of these.")
DRAFT = 20_000
"""Characters of a refused answer that are kept to be shown again."""
LONGEST_VALUE = 100
"""Characters of a choice's value: what every platform takes."""
Taken = tuple[Any, Words | None]
"""(the answer as data for the journal, what is wrong with it or None); with something wrong the data is a draft."""
Choices = tuple[tuple[str, Words], ...]
"""(value, label) each; the value is journalled, the label never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(ABC):
    """One question of a form. A ``str`` in it is somebody's own words, a ``Msg`` a sentence of ours."""

    text: Words
    required: bool = True
    help: Words | None = None
    typed: ClassVar[bool] = False
    """Whether a text can answer it."""

    def take(self, value: object) -> Taken:
        """What came from outside; nothing at all is an answer where it may stay empty."""
        if isinstance(value, str):
            value = clean(value[: DRAFT + 1])
        return self.nothing() if value is None or value in ("", (), []) else self.read(value)

    def nothing(self) -> Taken:
        """What no answer is."""
        return None, NEEDED if self.required else None

    @abstractmethod
    def read(self, value: object) -> Taken:
        """What came from outside and is something."""

    @abstractmethod
    def kind(self, language: str, draft: Any) -> seam.Kind:
        """What an adapter draws for it, with this in it."""

    def shown(self, draft: Any) -> seam.Value:
        """Data of ours as an adapter draws it."""
        return tuple(draft) if isinstance(draft, list) else draft

    def words(self, answer: Any) -> Words:
        """An answer as people read it; empty for none."""
        return "" if answer is None else str(answer)

    def understood(self, typed: object, answer: Any) -> Words | None:  # noqa: ARG002  for kinds that read more
        """What was made of something typed, where that is not plain to see; else None."""
        return None

    def drawn(
        self, name: str, language: str, draft: Any, error: Words | None, *, still_open: bool = True
    ) -> seam.Field:
        """The field as adapters draw it."""
        wrong = "" if error is None else said(error, language)
        return seam.Field(
            name,
            said(self.text, language),
            self.kind(language, draft),
            self.about(language),
            self.required,
            self.shown(draft),
            wrong,
            still_open,
        )

    def about(self, language: str) -> str:
        """What stands beside the question, the same everywhere: whether it must be answered, and the help."""
        sentences = (None if self.required else MAY_STAY_EMPTY, self.help)
        return " ".join(said(one, language) for one in sentences if one is not None)


def asked(question: Question) -> Any:
    """A field of a form's class that asks this."""
    default: Any = ... if question.required else None
    return PydanticField(default, json_schema_extra={"question": question})  # type: ignore[dict-item]


def as_text(draft: str) -> seam.Kind:
    """A box for what somebody wrote that is not what was asked, so that it can be seen and changed."""
    return seam.Line(max(len(draft), 100))


def checked(choices: Sequence[tuple[str, Words]], *, several: bool = False) -> Choices:
    """Choices that every platform can draw and bring back."""
    values = [value for value, _label in choices]
    if not values or len(set(values)) < len(values):
        raise FlowFault("choices are none at all, or two of the same value")
    for value, label in choices:
        if not 0 < len(value) <= LONGEST_VALUE or value.startswith("=") or (several and "," in value):
            raise FlowFault(f"the choice {value!r} cannot be one: too long, empty, or with a sign that has a meaning")
        if not label:
            raise FlowFault(f"the choice {value!r} says nothing")
    return tuple((value, label) for value, label in choices)


def drawn_choices(choices: Choices, language: str) -> tuple[tuple[str, str], ...]:
    """The choices in a language."""
    return tuple((value, said(label, language)) for value, label in choices)
