"""Any number of several values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flows import seam
from flows.engine.fields.question import ONE_OF_THESE, Choices, Question, Taken, asked, checked, drawn_choices
from flows.words import Words, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Several(Question):
    """Choices that do not exclude each other; the answer is a list of values, in the order in which they stand."""

    choices: Choices

    def __post_init__(self) -> None:
        """Complain now about choices that cannot be drawn."""
        checked(self.choices, several=True)

    def read(self, value: object) -> Taken:
        """Values of choices; one alone may stand by itself."""
        chosen = list(value) if isinstance(value, list | tuple) else [value]
        known = [one for one, _label in self.choices]
        if any(one not in known for one in chosen):
            return [one for one in known if one in chosen], ONE_OF_THESE
        return [one for one in known if one in chosen], None

    def kind(self, language: str, draft: Any) -> seam.Kind:  # noqa: ARG002
        """The choices."""
        return seam.Several(drawn_choices(self.choices, language))

    def words(self, answer: Any) -> Words:
        """The choices' labels, with commas between."""
        return listed(label for value, label in self.choices if value in (answer or ()))


def several(
    question: Words,
    choices: Sequence[tuple[str, Words]],
    *,
    required: bool = True,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """Any number of several values; at least one where it is ``required``. Without, the answer is None."""
    return asked(Several(text=question, required=required, help=help, choices=tuple(choices)))
