"""Text, of one line or many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flows import seam
from flows.engine.fields.question import DRAFT, Question, Taken, asked
from flows.engine.typed import clean
from flows.words import Words, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Question):
    """Text of at most ``most`` characters; an ``exact`` one is a code, or words that were given."""

    most: int = 2000
    long: bool = False
    exact: bool = False
    typed: ClassVar[bool] = True

    def take(self, value: object) -> Taken:
        """Text; its own length is known, of which no more than a little beyond a draft is looked at."""
        text = "" if value in (None, (), []) else str(value)
        kept = clean(text[: DRAFT + 1])
        if not kept:
            return self.nothing()
        if len(text) > DRAFT:
            wrong = _(
                "That is far more than the {most} characters that fit here. Its first {kept} are still here: please "
                "make it shorter.",
                most=self.most,
                kept=DRAFT,
            )
            return kept, wrong  # with one too many, so that it is known for what it is when it is shown again
        return self.read(kept)

    def read(self, value: object) -> Taken:
        """Text that is not too long."""
        text = str(value)
        if len(text) <= self.most:
            return text, None
        wrong = _(
            "{most} characters fit here, and this is {more} more. Please make it shorter: all of it is still here.",
            most=self.most,
            more=len(text) - self.most,
        )
        return text, wrong

    def kind(self, language: str, draft: Any) -> seam.Kind:  # noqa: ARG002
        """A box to write in."""
        return seam.Line(self.most, self.long, self.exact)


def line(  # noqa: PLR0913  what a line can be
    question: Words,
    *,
    most: int = 2000,
    long: bool = False,
    required: bool = True,
    exact: bool = False,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """Text of at most ``most`` characters; an ``exact`` one is a code, or words that were given."""
    return asked(Line(text=question, required=required, help=help, most=most, long=long, exact=exact))
