"""One of several values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flows import seam
from flows.engine.fields.question import ONE_OF_THESE, Choices, Question, Taken, asked, checked, drawn_choices
from flows.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(Question):
    """One choice; the answer is its value."""

    choices: Choices

    def __post_init__(self) -> None:
        """Complain now about choices that cannot be drawn."""
        checked(self.choices)

    def read(self, value: object) -> Taken:
        """The value of a choice."""
        known = isinstance(value, str) and value in dict(self.choices)
        return value, None if known else ONE_OF_THESE

    def kind(self, language: str, draft: Any) -> seam.Kind:  # noqa: ARG002
        """The choices."""
        return seam.Options(drawn_choices(self.choices, language))

    def words(self, answer: Any) -> Words:
        """The choice's label."""
        return dict(self.choices).get(answer, "")


def options(
    question: Words,
    choices: Sequence[tuple[str, Words]],
    *,
    required: bool = True,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """One of several values."""
    return asked(Options(text=question, required=required, help=help, choices=tuple(choices)))
