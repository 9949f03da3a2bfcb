"""A whole number between two named ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flows import seam
from flows.engine.fields.question import Question, Taken, asked
from flows.words import Words, _, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Question):
    """Steps from ``low`` to ``high``; the answer is an ``int``."""

    low_label: Words
    high_label: Words
    low: int = 1
    high: int = 5

    def read(self, value: object) -> Taken:
        """A step, as a number or its digits."""
        try:
            number = int(str(value))
        except ValueError:
            number = self.low - 1
        if self.low <= number <= self.high and not isinstance(value, bool):
            return number, None
        return None, _("Please choose a number from {low} to {high}.", low=self.low, high=self.high)

    def kind(self, language: str, draft: Any) -> seam.Kind:  # noqa: ARG002
        """A scale."""
        return seam.Scale(self.low, self.high, said(self.low_label, language), said(self.high_label, language))


def scale(  # noqa: PLR0913  what a scale can be
    question: Words,
    *,
    low_label: Words,
    high_label: Words,
    low: int = 1,
    high: int = 5,
    required: bool = True,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """A whole number between two named ends."""
    return asked(
        Scale(
            text=question, required=required, help=help, low=low, high=high, low_label=low_label, high_label=high_label
        )
    )
