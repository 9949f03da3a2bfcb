"""Parts as bytes, for the outbox, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache

from pydantic import TypeAdapter

from flows.gate.rules import NAMES, Asked, Duty, Rank, Unasked, Why
from flows.seam import Buttons, Card, Form, Part, Text

_TYPES: dict[str, type[Part]] = {
    "text": Text,
    "card": Card,
    "buttons": Buttons,
    "form": Form,
}
_NAMES = {kind: name for name, kind in _TYPES.items()}


@cache
def _adapter(name: str) -> TypeAdapter[Part]:
    return TypeAdapter(_TYPES[name])


def pack(parts: list[Part] | tuple[Part, ...], language: str) -> bytes:
    """A message as it waits in the outbox."""
    rows = [[_NAMES[type(part)], _adapter(_NAMES[type(part)]).dump_python(part, mode="json")] for part in parts]
    return json.dumps({"language": language, "parts": rows}, ensure_ascii=False).encode()


def unpack(payload: bytes) -> tuple[tuple[Part, ...], str]:
    """(parts, language) of a waiting message."""
    data = json.loads(payload)
    return tuple(_adapter(name).validate_python(part) for name, part in data["parts"]), data["language"]


def why_as_text(why: Why) -> str:
    """Why a message may come, as it waits with one to an audience."""
    return json.dumps([NAMES[type(why)], asdict(why)])


def why_of(text: str) -> Why:
    """What :func:`why_as_text` wrote."""
    name, values = json.loads(text)
    match name:
        case "asked":
            return Asked(**values)
        case "duty":
            return Duty(**values)
    return Unasked(Rank(values["rank"]), values["until"])
