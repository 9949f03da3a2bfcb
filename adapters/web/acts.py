"""Reading what a person did from a posted HTML form: one way of writing it, for chat and case page alike.

A form names each of its fields in ``field``, with what it is before it (``scale:name``): so an unanswered
radio group is known to be empty, and the server keeps nothing between two pages.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Any

from multidict import MultiMapping

from flows import token
from flows.seam import Act, Arrived, Command, Filled, Pressed, Said, Value

ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
EVENT = re.compile(r"[A-Za-z0-9_-]{8,64}")
Posted = MultiMapping[Any]
"""A posted form, as aiohttp gives it."""


def act_of(posted: Posted, starts: Collection[str] = ()) -> Act | None:
    """What was done, or None when the post says nothing that could be done.

    ``starts`` are the commands that ``start`` may name.
    """
    button, form = _text(posted, "button"), _text(posted, "form")
    if ID.fullmatch(button):
        return Pressed(button, _values(posted))
    if ID.fullmatch(form):
        return Filled(form, _values(posted))
    if (command := _text(posted, "start")) in starts:
        return Command(command)
    if posted.get("arrived") is not None:
        return Arrived()
    if text := _text(posted, "text").strip():
        return Said(text)
    return None


def event_of(posted: Posted, fallback: str) -> str:
    """The id that the page gave this event; a page that gave none gets ``fallback``."""
    event = _text(posted, "event")
    return event if EVENT.fullmatch(event) else fallback


def conversation_of(posted: Posted) -> str:
    """The conversation in which something was done, by what was pressed or filled in; ``""`` when that names none."""
    return next((one for key in ("button", "form") if (one := token.conversation_of(_text(posted, key)))), "")


def first_answer_of(posted: Posted) -> str:
    """The conversation that would begin with what was done, as far as its id tells; else ``""``."""
    done = next((one for key in ("button", "form") if (one := _text(posted, key))), "")
    return token.conversation_of(done) if token.begins(done) else ""


def page_event(page: str, act: Act) -> str:
    """The event id of an act done on a page with this one: the same button twice is one event.

    Two buttons of one page are two events. Only what was pressed is in it, never what was written.
    """
    target = getattr(act, "button", "") or getattr(act, "form", "") or getattr(act, "name", "")
    return f"{page}.{hashlib.blake2b(f'{type(act).__name__}:{target}'.encode(), digest_size=8).hexdigest()}"


def _values(posted: Posted) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for field in posted.getall("field", []):
        kind, _, name = str(field).partition(":")
        text = _text(posted, f"v.{name}")
        if kind == "several":
            values[name] = tuple(one for one in posted.getall(f"v.{name}", []) if isinstance(one, str) and one) or None
        else:
            values[name] = _number(text) if kind == "scale" else _cleaned(text, kind)
    return values


def _number(text: str) -> int | None:
    """A step of a scale; what is not a small whole number counts as no answer."""
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) else None


def _cleaned(text: str, kind: str) -> str | None:
    """Text with the line ends of a person instead of those of HTTP; None when nothing is there."""
    text = text.replace("\r\n", "\n")
    return (text if kind == "line" and text.strip() else text.strip()) or None


def _text(posted: Posted, key: str) -> str:
    value = posted.get(key, "")
    return value if isinstance(value, str) else ""
