"""A whole number that is typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from flows import seam
from flows.engine.fields.question import Question, Taken, as_text, asked
from flows.words import Words, _, said

_PLAIN = re.compile(r"([+-]?[0-9]{1,12})(?:[.,]0{1,2})?")
_IN_THREES = re.compile(r"[+-]?[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3}){0,2}")
"""1.000 and 1,000 are a thousand to whoever writes whole numbers; what was understood is told back."""
_SPACES = re.compile(r"[\s\u202f\u00a0]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Question):
    """From ``low`` to ``high``; the answer is an ``int``."""

    low: int = 0
    high: int = 999_999
    typed: ClassVar[bool] = True

    def read(self, value: object) -> Taken:
        """A number, or its digits as people write them."""
        number = value if isinstance(value, int) and not isinstance(value, bool) else parsed(str(value))
        if number is None:
            return value if isinstance(value, str) else None, _(
                "Please write a whole number in digits, from {low} to {high}.", low=self.low, high=self.high
            )
        wrong = _("Please choose a number from {low} to {high}.", low=self.low, high=self.high)
        return number, None if self.low <= number <= self.high else wrong

    def kind(self, language: str, draft: Any) -> seam.Kind:
        """A box for a number; for text while there stands something that is none."""
        if isinstance(draft, str):
            return as_text(draft)
        hint = _("A number from {low} to {high}", low=self.low, high=self.high)
        return seam.Number(self.low, self.high, said(hint, language))

    def understood(self, typed: object, answer: Any) -> Words | None:
        """The number, where other signs than digits stood between."""
        return str(answer) if isinstance(typed, str) and typed.strip().lstrip("+") != str(answer) else None


def parsed(text: str) -> int | None:
    """``12``, ``1.000``, ``1 000``, ``12,0`` as a whole number; None when it is none."""
    text = _SPACES.sub(" ", text.strip())
    if found := _PLAIN.fullmatch(text):
        return int(found[1])
    return int(re.sub(r"[.,' ]", "", text)) if _IN_THREES.fullmatch(text) else None


def number(
    question: Words,
    *,
    low: int = 0,
    high: int = 999_999,
    required: bool = True,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """A whole number from ``low`` to ``high``."""
    return asked(Number(text=question, required=required, help=help, low=low, high=high))
