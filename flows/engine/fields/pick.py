"""A channel, role or person of the space."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from flows import seam
from flows.engine.fields.question import ONE_OF_THESE, Question, Taken, asked
from flows.engine.typed import clean
from flows.words import Words, listed

What = Literal["place", "role", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick(Question):
    """The answer is the data of a :class:`flows.seam.Picked`; with ``many`` a list of them."""

    what: What
    many: bool = False

    def read(self, value: object) -> Taken:
        """What was picked, or its data."""
        each = value if isinstance(value, list | tuple) else [value]
        chosen = [asdict(replace(one, name=clean(one.name))) if isinstance(one, seam.Picked) else one for one in each]
        if not all(isinstance(one, dict) for one in chosen) or (len(chosen) != 1 and not self.many):
            return None, ONE_OF_THESE
        return (chosen if self.many else chosen[0]), None

    def kind(self, language: str, draft: Any) -> seam.Kind:  # noqa: ARG002
        """The platform's own picker."""
        return seam.Pick(self.what, self.many)

    def shown(self, draft: Any) -> seam.Value:
        """What was picked, from its data."""
        if isinstance(draft, list):
            return tuple(seam.Picked(**one) for one in draft)
        return seam.Picked(**draft) if isinstance(draft, dict) else None

    def words(self, answer: Any) -> Words:
        """Their names."""
        each = answer if isinstance(answer, list) else [answer] if answer else []
        return listed(one["name"] for one in each)


def pick(
    question: Words,
    what: What,
    *,
    required: bool = True,
    many: bool = False,
    help: Words | None = None,  # noqa: A002
) -> Any:
    """A channel, role or person of the space, as :class:`flows.seam.Picked`; with ``many`` a list of them."""
    return asked(Pick(text=question, required=required, help=help, what=what, many=many))
