"""Parts split over as many messages as Teams' size limit asks for; nothing is dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.fit import PAGE, cut, fit_field, label, menus, only_open, pieces
from adapters.teams.cards import draw
from adapters.teams.fields import View
from flows.faults import TooLarge
from flows.seam import Buttons, Card, Field, Form, Limits, Options, Part, Pick, Scale, Several, Text

MOST = 80_000
"""Bytes of one message in UTF-16, as Teams counts; it refuses near 100 KB."""
OPTION = 200
"""Characters of one value's label."""

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
)
CARD = replace(LIMITS, text=4 * LIMITS.text)
"""A card is read as one thing, so it is split later than text."""


def size(card: Mapping[str, Any]) -> int:
    """Bytes that a card takes in a message."""
    return len(json.dumps(card, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def cards_for(parts: Sequence[Part], view: View) -> list[dict[str, Any]]:
    """One card, or several in order when one is too large; TooLarge for a part that cannot be split."""
    ready = list(_pieces(parts))
    whole = draw(ready, view)
    if size(whole) <= MOST:
        return [whole] if ready else []
    cards: list[dict[str, Any]] = []
    page: list[Part] = []
    seen = view
    for part, of in (half for piece in ready for half in _fitting(piece, view)):
        if page and (of is not seen or size(draw([*page, part], of)) > MOST):
            cards.append(draw(page, seen))
            page = []
        page.append(part)
        seen = of
    return [*cards, draw(page, seen)]


def _pieces(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts within Teams' limits; what one of them takes in a message is another matter."""
    for part in parts:
        if isinstance(part, Form):
            yield from _questions(part)
        else:
            yield from pieces(part, CARD if isinstance(part, Card) else LIMITS)


def _questions(form: Form) -> Iterator[Part]:
    """A form whose questions fit beside their inputs, after the words that do not.

    Of very many questions the first are asked: the flow asks the others when these are answered.
    """
    fields: list[Field] = []
    for one in (form if len(form.fields) <= LIMITS.fields else only_open(form)).fields[: LIMITS.fields]:
        field, more = fit_field(replace(one, error=""), LIMITS)
        if more.strip():
            yield Text(more)
        field = replace(field, error=label(one.error, LIMITS.help))
        if isinstance(field.kind, Options | Several):
            short = tuple((value, label(text, OPTION)) for value, text in field.kind.options)
            field = replace(field, kind=replace(field.kind, options=short))
        fields.extend(menus(field, LIMITS))
    yield from pieces(replace(form, fields=tuple(fields), submit=label(form.submit, LIMITS.label)), LIMITS)


def _fitting(part: Part, view: View) -> Iterator[tuple[Part, View]]:
    """The part, in halves for as long as it is too large."""
    if size(draw([part], view)) <= MOST:
        yield part, view
        return
    for half, seen in _halves(part, view):
        yield from _fitting(half, seen)


def _halves(part: Part, view: View) -> list[tuple[Part, View]]:  # noqa: PLR0911 (one line for each part)
    match part:
        case Text(text) if len(text) > 1:
            return [(Text(piece), view) for piece in cut(text, len(text) // 2)]
        case Buttons(buttons) if len(buttons) > 1:
            middle = len(buttons) // 2
            return [(Buttons(buttons[:middle]), view), (Buttons(buttons[middle:]), view)]
        case Card(title, rows) if len(rows) > 1:
            middle = len(rows) // 2
            return [(replace(part, rows=half), view) for half in (rows[:middle], rows[middle:])]
        case Card(title, [(name, text)]) if len(name) > LIMITS.question:
            return [(Card(title, (("", one),)), view) for one in (name, text) if one]
        case Card(title, [(name, text)]) if len(text) > 1:
            first, *others = cut(text, len(text) // 2)
            return [(Card(title, ((name, first),)), view), *((Card(title, (("", one),)), view) for one in others)]
        case Form() if part.buttons:
            return [(replace(part, buttons=()), view), (Buttons(part.buttons), view)]
        case Form() if len(part.fields) > 1:
            return [(one, view) for one in _half_of(part)]
        case Form(fields=(Field(kind=Pick()),)):
            return [(part, seen) for seen in _half_the_lists(view)]
        case Form(fields=(Field() as field,)):
            return [(replace(part, fields=(half,)), view) for half in _half_the_menu(field)]
    raise TooLarge


def _half_of(form: Form) -> list[Form]:
    """The first half of the questions; the others are asked when these are answered.

    The pages of one menu belong together: they become two forms, of which the one with the right value is used.
    """
    if len(still := only_open(form).fields) < len(form.fields):
        return [replace(form, fields=still)]
    fields = form.fields
    own = [one.name.split(PAGE)[0] for one in fields]
    ends = [n for n in range(1, len(fields)) if own[n] != own[n - 1]]
    if ends:
        return [replace(form, fields=fields[: min(ends, key=lambda n: abs(n - len(fields) // 2))])]
    middle = len(fields) // 2
    return [replace(form, fields=fields[:middle]), replace(form, fields=fields[middle:])]


def _half_the_menu(field: Field) -> list[Field]:
    kind = field.kind
    halves: list[Options | Several | Scale]
    if isinstance(kind, Options | Several) and len(kind.options) > 1:
        middle = len(kind.options) // 2
        halves = [replace(kind, options=half) for half in (kind.options[:middle], kind.options[middle:])]
    elif isinstance(kind, Scale) and kind.high > kind.low:
        middle = (kind.low + kind.high) // 2
        halves = [Scale(kind.low, middle, kind.low_label, ""), Scale(middle + 1, kind.high, "", kind.high_label)]
    else:
        raise TooLarge
    return [replace(field, name=f"{field.name}{PAGE}{n}", kind=half, required=False) for n, half in enumerate(halves)]


def _half_the_lists(view: View) -> list[View]:
    """Two views, each with half of the channels and people that can be picked."""
    places, persons = len(view.places) // 2, len(view.persons) // 2
    if not places and not persons:
        raise TooLarge
    return [
        replace(view, places=view.places[:places], persons=view.persons[:persons]),
        replace(view, places=view.places[places:], persons=view.persons[persons:]),
    ]
