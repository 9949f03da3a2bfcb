"""What a button or form of ours carries through Teams and brings back when it is used.

Nothing is kept in memory for a card: what is needed to read the answer travels in the card. All of
it may have been made by hand by whoever sends it, so it decides nothing about who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from adapters.fit import merge
from flows.seam import (
    Act,
    Day,
    Field,
    Filled,
    Form,
    Line,
    Number,
    Opened,
    Options,
    Pick,
    Picked,
    Pressed,
    Scale,
    Several,
    Time,
    Value,
)

DO = "erbij"
"""The key of our own part of a card's data; inputs stand beside it."""
PICKED = ("place", "person", "role")
INPUT = "in."
"""Before each input's id, so that no question's name collides with ours or with Teams' keys."""


MANY = ","
"""Between the values of an input where several can be chosen."""

Carry = Mapping[str, str]
"""What travels with every button of a card: where it came from (see ``carry.py``), and ``card``, the
message that a dialog was opened from."""


def press(button: str, carry: Carry) -> dict[str, Any]:
    """The data of a button."""
    return {DO: {"do": "press", "id": button, **carry}}


def open_dialog(form: str, carry: Carry) -> dict[str, Any]:
    """The data of a button that opens a form as a dialog."""
    return {"msteams": {"type": "task/fetch"}, DO: {"do": "open", "id": form, **carry}}


def fill(form: Form, carry: Carry) -> dict[str, Any]:
    """The data of a form's submit button: which questions it held, so that an empty one is known as empty."""
    return {DO: {"do": "fill", "id": form.id, "fields": {f.name: kind_of(f) for f in form.fields}, **carry}}


def carried(data: Mapping[str, Any], key: str) -> str:
    """What a card brought back under a key of :data:`Carry`; empty when nothing."""
    ours = data.get(DO)
    value = ours.get(key) if isinstance(ours, dict) else None
    return value if isinstance(value, str) else ""


def kind_of(field: Field) -> str:
    """A field's kind in a word."""
    match field.kind:
        case Pick(what, many):
            return what + ("s" if many else "")
        case Scale():
            return "number"
        case Options():
            return "choice"
        case Several():
            return "several"
        case Line() | Number() | Day() | Time():
            return "text"
        case _:
            assert_never(field.kind)


def read(data: Mapping[str, Any], known: Mapping[str, Picked] | None = None) -> Act | None:
    """What was done with a card, or None when the data is not ours.

    ``known`` are the places and people that can really be picked here, by id.
    """
    ours = data.get(DO)
    if not isinstance(ours, dict) or not isinstance(ours.get("id"), str):
        return None
    what, ident = ours.get("do"), ours["id"][:100]
    if what == "press":
        return Pressed(ident)
    if what == "open":
        return Opened(ident)
    fields = ours.get("fields")
    if what != "fill" or not isinstance(fields, dict):
        return None
    known = known or {}
    values = {str(n): _value(str(k), data.get(INPUT + str(n)), known) for n, k in fields.items()}
    return Filled(ident, merge(values))


def picks(data: Mapping[str, Any]) -> bool:
    """True when this submission holds a place or a person: the team's list is needed to read it."""
    ours = data.get(DO)
    fields = ours.get("fields") if isinstance(ours, dict) else None
    return isinstance(fields, dict) and any(str(k).removesuffix("s") in PICKED for k in fields.values())


def _value(kind: str, raw: object, known: Mapping[str, Picked]) -> Value:
    """An input as Teams sends it (always text) as the flow knows it."""
    if not isinstance(raw, (str, int, float)) or not str(raw).strip():
        return None
    text = str(raw)
    if kind == "several":
        return tuple(one for one in text.split(MANY) if one) or None
    if kind == "number":
        return int(text) if text.strip().lstrip("-").isdecimal() and len(text) < 10 else None
    if kind in PICKED:
        return known.get(text)
    if kind.removesuffix("s") in PICKED:
        return tuple(known[one] for one in dict.fromkeys(text.split(MANY)) if one in known) or None
    return text
