"""Fitting: the one place that knows how to make parts fit a platform's limits.

Values in, values out. Text is cut between words and goes on in a further piece; a form, a menu or a
row of buttons that is too long goes on in a further one. Only labels and titles are ever shortened.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, assert_never

from flows.seam import (
    Button,
    Buttons,
    Card,
    Field,
    Form,
    Limits,
    Line,
    Options,
    Part,
    Scale,
    Several,
    Text,
    Value,
)
from flows.words import _

ELLIPSIS = "…"
NO_ANSWER = _("No answer")
"""What can be chosen instead of a choice that need not be made: what was chosen can so be taken back."""
PAGE = "~"
"""Between a field's name and the number of its page, for a menu that needs several."""

Size = Callable[[str], int]
"""How long a text is once drawn (escaped, say); never less than its characters."""

_Item = TypeVar("_Item")


# ---------------------------------------------------------------- text


def cut(text: str, most: int, size: Size = len) -> tuple[str, ...]:
    """Pieces of at most ``most``, which joined are the text: between paragraphs, else words.

    A single word longer than ``most`` is the only thing that is cut inside.
    """
    pieces: list[str] = []
    rest = text
    while size(rest) > most:
        at = _break(rest, _reach(rest, most, size))
        pieces.append(rest[:at])
        rest = rest[at:]
    if rest:
        pieces.append(rest)
    return tuple(pieces)


def label(text: str, most: int, size: Size = len) -> str:
    """The text on one line, shortened after a word and ended with an ellipsis when it is too long."""
    line = " ".join(text.split())
    if size(line) <= most:
        return line
    reach = _reach(line, most - size(ELLIPSIS), size)
    space = line.rfind(" ", 0, reach + 1)
    kept = line[:space] if space > reach // 2 else line[: _whole(line, reach)]
    return (kept.rstrip() + ELLIPSIS) if most > size(ELLIPSIS) else ELLIPSIS[:most]


def pages(items: Sequence[_Item], most: int) -> tuple[tuple[_Item, ...], ...]:
    """The items in order, at most ``most`` to a page."""
    return tuple(tuple(items[i : i + most]) for i in range(0, len(items), most))


def _reach(text: str, most: int, size: Size) -> int:
    """How many characters of the text are at most ``most`` long once drawn; at least one."""
    low, high = 1, max(1, min(len(text), most))
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= most:
            low = middle
        else:
            high = middle - 1
    return low


def _break(text: str, reach: int) -> int:
    """Where to cut: after the last paragraph in the second half of what fits, else line, else word."""
    for mark in ("\n\n", "\n"):
        at = text.rfind(mark, reach // 2, reach)
        if at > 0:
            return at + len(mark)
    if reach < len(text) and text[reach].isspace():
        return reach
    for at in range(reach, 0, -1):
        if text[at - 1].isspace():
            return at
    return _whole(text, reach)


def _whole(text: str, at: int) -> int:
    """The nearest place at or before ``at`` that does not part a letter from its accents or joiners."""
    back = at
    while 0 < back < len(text) and (_clings(text[back]) or text[back - 1] == "\u200d"):
        back -= 1
    return back or at


def _clings(char: str) -> bool:
    return char == "\u200d" or unicodedata.category(char).startswith("M")


# ---------------------------------------------------------------- forms


def scale_options(scale: Scale) -> tuple[tuple[str, str], ...]:
    """A scale as ``(value, label)`` pairs, its ends named."""
    ends = {scale.low: scale.low_label, scale.high: scale.high_label}
    return tuple((str(n), f"{n}: {ends[n]}" if ends.get(n) else str(n)) for n in range(scale.low, scale.high + 1))


def only_open(form: Form) -> Form:
    """The form with what is still to be answered, for where it is not seen as a whole."""
    return replace(form, fields=tuple(one for one in form.fields if one.open))


def sheets(form: Form, limits: Limits) -> tuple[tuple[Field, ...], ...]:
    """The form's fields, each made to fit, at most ``limits.fields`` to a sheet.

    A menu with too many values becomes several fields, named ``name~1``, ``name~2``; see :func:`merge`.
    """
    return pages([part for one in form.fields for part in menus(fit_field(one, limits)[0], limits)], limits.fields)


def fit_field(one: Field, limits: Limits) -> tuple[Field, str]:
    """A field whose question and help fit, and what of them is left, to be shown before the form.

    What does not fit in the question moves to its help; an error goes first there.
    """
    question, *more = cut(one.question, limits.question) or ("",)
    words = [one.error, "".join(more), one.help]
    pieces = cut("\n".join(word for word in words if word.strip()), limits.help)
    kind = one.kind
    if isinstance(kind, Line):
        kind = replace(kind, most=max(1, min(kind.most, limits.line)))
    draft = one.draft[: kind.most] if isinstance(kind, Line) and isinstance(one.draft, str) else one.draft
    fitted = replace(one, question=question, help=pieces[0] if pieces else "", kind=kind, draft=draft)
    return fitted, "".join(pieces[1:])


def left_over(fields: Iterable[Field], limits: Limits) -> tuple[str, ...]:
    """For each field whose words do not all fit beside it: its question and all that goes with it."""
    return tuple(
        "\n".join(word for word in (one.question, one.error, one.help) if word.strip())
        for one in fields
        if fit_field(one, limits)[1].strip()
    )


def merge(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values of a sheet by the fields' own names: of a menu's pages, the one that was used, or several together."""
    merged: dict[str, Value] = {}
    for name, value in values.items():
        own = name.split(PAGE)[0]
        before = merged.get(own)
        if isinstance(before, tuple) and isinstance(value, tuple):
            merged[own] = (*before, *value)  # pages of one menu hold one kind of value
        else:
            merged[own] = value if before is None else before
    return merged


def shown_again(sheet: Sequence[Field], following: Sequence[Field]) -> bool:
    """True when a menu that began on the sheet goes on in the following one, so both must be offered."""
    return bool(sheet and following) and _own(sheet[-1]) == _own(following[0])


def _own(one: Field) -> str:
    return one.name.split(PAGE)[0]


def menus(one: Field, limits: Limits) -> Iterator[Field]:
    """The field, or one for each page of a menu with too many values: ``name~1``, ``name~2``; see :func:`merge`."""
    if not isinstance(one.kind, Options | Several | Scale):
        yield one
        return
    options = scale_options(one.kind) if isinstance(one.kind, Scale) else one.kind.options
    if len(options) <= limits.options:
        yield one
        return
    for number, page in enumerate(pages(options, limits.options), 1):
        kind = _part_of_scale(one.kind, page) if isinstance(one.kind, Scale) else replace(one.kind, options=page)
        yield replace(one, name=f"{one.name}{PAGE}{number}", kind=kind, required=False)


def _part_of_scale(scale: Scale, page: Sequence[tuple[str, str]]) -> Scale:
    low, high = int(page[0][0]), int(page[-1][0])
    return Scale(
        low,
        high,
        scale.low_label if low == scale.low else "",
        scale.high_label if high == scale.high else "",
    )


# ---------------------------------------------------------------- messages


def messages(
    parts: Sequence[Part], limits: Limits, *, size: Size = len, together: int = 5
) -> tuple[tuple[Part, ...], ...]:
    """The parts in order, as messages whose text and buttons fit, of at most ``together`` parts each.

    A form counts as its title and its buttons: its questions go where the platform shows them. Buttons stay with the
    question that they answer, as one part more.
    """
    done: list[tuple[Part, ...]] = []
    message: list[Part] = []
    text = buttons = 0
    for part in (piece for whole in parts for piece in pieces(whole, limits, size)):
        more_text, more_buttons = _weight(part, size)
        full = text + more_text > limits.text or buttons + more_buttons > limits.buttons
        answers = isinstance(part, Buttons) and bool(message) and not isinstance(message[-1], Buttons)
        if message and (full or len(message) >= together + answers):
            done.append(tuple(message))
            message, text, buttons = [], 0, 0
        message.append(part)
        text, buttons = text + more_text, buttons + more_buttons
    if message:
        done.append(tuple(message))
    return tuple(done)


def pieces(part: Part, limits: Limits, size: Size = len) -> Iterator[Part]:
    """A part as one or more that fit; what of a form is too much are its buttons, its questions are for sheets."""
    match part:
        case Text(text):
            yield from (Text(piece) for piece in cut(text, limits.text, size) if piece.strip())
        case Buttons(buttons):
            yield from (Buttons(page) for page in pages([_short(b, limits) for b in buttons], limits.buttons))
        case Card():
            yield from _cards(part, limits, size)
        case Form():
            title = label(part.title, min(limits.title, limits.text), size)
            kept = tuple(_short(b, limits) for b in part.buttons)
            room = max(0, limits.buttons - 1)
            yield replace(part, title=title, open=label(part.open, limits.label), buttons=kept[:room])
            yield from (Buttons(page) for page in pages(kept[room:], limits.buttons))
        case _:
            assert_never(part)


def _short(button: Button, limits: Limits) -> Button:
    return replace(button, label=label(button.label, limits.label))


ROW = 8
"""What a row of a card costs beside its words, for marks and line ends."""


def _cards(card: Card, limits: Limits, size: Size) -> Iterator[Card]:
    """A card as one or more that fit; a passage too long for one goes on in the next without its label."""
    title = label(card.title, max(1, limits.text // 2 if card.aside else min(limits.title, limits.text // 2)), size)
    room = max(1, limits.text - size(title) - ROW)
    rows: list[tuple[str, str]] = []
    used = 0
    for row in _rows(card.rows, room, size):
        cost = size(row[0]) + size(row[1]) + ROW
        if rows and used + cost > room:
            yield replace(card, title=title, rows=tuple(rows))
            rows, used = [], 0
        rows.append(row)
        used += cost
    yield replace(card, title=title, rows=tuple(rows))


def _rows(rows: Iterable[tuple[str, str]], room: int, size: Size) -> Iterator[tuple[str, str]]:
    for name, text in rows:
        most = max(1, room - ROW)
        if size(name) + size(text) <= most:
            yield name, text
            continue
        if size(name) > most // 2:
            yield from ((piece, "") for piece in cut(name, most, size))
            yield from (("", piece) for piece in cut(text, most, size))
            continue
        first, *others = cut(text, most - size(name), size)
        yield name, first
        yield from (("", piece) for piece in cut("".join(others), most, size))


def _weight(part: Part, size: Size) -> tuple[int, int]:
    """How much text and how many buttons a part brings."""
    match part:
        case Text(text):
            return size(text), 0
        case Card(title, rows):
            return size(title) + ROW + sum(size(a) + size(b) + ROW for a, b in rows), 0
        case Buttons(buttons):
            return 0, len(buttons)
        case Form():
            return size(part.title), 1 + len(part.buttons)
        case _:
            assert_never(part)
