"""Parts split over as many messages as Teams' size limit asks for; nothing is dropped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.fit import cut, fit_field
from adapters.teams.cards import draw
from adapters.teams.fields import View
from flows.seam import Card, Form, Limits, Line, Options, Part, Pick, Scale, Text, TooLarge

MOST = 80_000
"""Bytes of one message in UTF-16, as Teams counts; it refuses near 100 KB."""

LIMITS = Limits(
    text=8_000,
    buttons=6,
    label=60,
    title=120,
    fields=20,
    question=300,
    help=600,
    line=4_000,
    options=500,
    sends_per_second=47.0,
    kinds=frozenset({Scale, Options, Line, Pick}),
)


def size(card: Mapping[str, Any]) -> int:
    """Bytes that a card takes in a message."""
    return len(json.dumps(card, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def cards_for(parts: Sequence[Part], view: View) -> list[dict[str, Any]]:
    """One card, or several in order when one is too large; TooLarge for a part that cannot be split."""
    pieces = _pieces(parts)
    whole = draw(pieces, view)
    if size(whole) <= MOST:
        return [whole] if pieces else []
    cards: list[dict[str, Any]] = []
    page: list[Part] = []
    for part in pieces:
        if page and size(draw([*page, part], view)) > MOST:
            cards.append(draw(page, view))
            page = []
        page.append(part)
    if page:
        cards.append(draw(page, view))
    if any(size(card) > MOST for card in cards):
        raise TooLarge
    return cards


def _pieces(parts: Sequence[Part]) -> list[Part]:
    pieces: list[Part] = []
    for part in parts:
        if isinstance(part, Text):
            pieces.extend(Text(piece) for piece in cut(part.text, LIMITS.text))
        elif isinstance(part, Card):
            rows = [(label, piece) for label, text in part.rows for piece in cut(text, LIMITS.text) or ("",)]
            total = sum(len(text) for _label, text in rows)
            pieces.extend([part] if total < 4 * LIMITS.text else [Card(part.title, (row,)) for row in rows])
        elif isinstance(part, Form):
            pieces.extend(_fitted(part))
        else:
            pieces.append(part)
    return pieces


def _fitted(form: Form) -> list[Part]:
    """A form whose questions fit beside their inputs, after the words that do not."""
    fitted = [
        (replace(field, error=one.error), more)
        for one in form.fields[: LIMITS.fields]
        for field, more in [fit_field(replace(one, error=""), LIMITS)]
    ]
    before: list[Part] = [Text(more) for _field, more in fitted if more]
    return [*before, replace(form, fields=tuple(field for field, _more in fitted))]
