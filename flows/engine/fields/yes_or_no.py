"""Yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flows import seam
from flows.engine.fields.question import ONE_OF_THESE, Question, Taken, asked
from flows.words import Words, _, said

YES, NO = _("Yes"), _("No")


@dataclass(frozen=True, slots=True, kw_only=True)
class YesOrNo(Question):
    """Drawn as two choices, of which none is chosen at first: a switch would say no for who never touched it."""

    def read(self, value: object) -> Taken:
        """A truth, or ``yes`` and ``no`` as they are drawn."""
        answer = value if isinstance(value, bool) else {"yes": True, "no": False}.get(str(value))
        return answer, None if answer is not None else ONE_OF_THESE

    def kind(self, language: str, draft: Any) -> seam.Kind:  # noqa: ARG002
        """Two choices."""
        return seam.Options((("yes", said(YES, language)), ("no", said(NO, language))))

    def shown(self, draft: Any) -> seam.Value:
        """The choice that a truth is."""
        return {True: "yes", False: "no"}.get(draft)

    def words(self, answer: Any) -> Words:
        """Yes, no, or nothing."""
        return "" if answer is None else YES if answer else NO


def yes_or_no(question: Words, *, required: bool = True, help: Words | None = None) -> Any:  # noqa: A002
    """Yes or no; None where it may stay empty."""
    return asked(YesOrNo(text=question, required=required, help=help))
