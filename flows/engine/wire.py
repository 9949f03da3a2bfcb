"""Parts as bytes, for the outbox, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import assert_never

from pydantic import TypeAdapter

from flows.engine.flow import FlowFault
from flows.gate.rules import NAMES, Asked, Duty, Rank, Unasked, Why
from flows.seam import Buttons, Card, Form, Part, Text

Waiting = Text | Card | Buttons
"""What a message can hold that waits to be sent: nothing that is filled in."""
_TYPES: dict[str, type[Waiting]] = {"text": Text, "card": Card, "buttons": Buttons}


@cache
def _adapter(name: str) -> TypeAdapter[Waiting]:
    return TypeAdapter(_TYPES[name])


def _named(part: Part) -> str:
    match part:
        case Text():
            return "text"
        case Card():
            return "card"
        case Buttons():
            return "buttons"
        case Form():
            raise FlowFault(f"a message that is sent later holds the form {part.title!r}, which nobody waits for")
        case _:
            assert_never(part)


def pack(parts: list[Part] | tuple[Part, ...], language: str) -> bytes:
    """A message as it waits in the outbox."""
    named = [(_named(part), part) for part in parts]
    rows = [[name, _adapter(name).dump_python(part, mode="json")] for name, part in named]  # type: ignore[arg-type]  # no form
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
