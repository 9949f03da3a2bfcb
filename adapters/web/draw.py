"""Drawing: parts of a message as HTML, always escaped, from the same templates everywhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, assert_never
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from multidict import MultiMapping

from adapters.web.words import chrome
from flows import token
from flows.seam import (
    Buttons,
    Card,
    Day,
    Form,
    Kind,
    Line,
    Number,
    Options,
    Outgoing,
    Part,
    Pick,
    Reply,
    Scale,
    Several,
    Text,
    Time,
)
from flows.words import NAMES, language_of

STATIC = Path(__file__).parent / "static"
OPEN = 7
"""Choices of which one is made that stand open; more are a menu."""
_WITHIN_NUMBER = re.compile(r"(?<=\d) (?=\d)")


@lru_cache(maxsize=1)
def _templates() -> Environment:
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["macro"] = macro
    env.filters["field_macro"] = field_macro
    env.filters["paragraphs"] = paragraphs
    env.filters["picture"] = picture
    env.filters["conversation"] = token.conversation_of
    env.filters["unbroken"] = lambda text: _WITHIN_NUMBER.sub("\u00a0", text)
    env.globals["languages"] = NAMES
    return env


def macro(part: Part) -> str:
    """The macro of parts.html that draws a part."""
    match part:
        case Text():
            return "text"
        case Card(aside=aside):
            return "aside" if aside else "card"
        case Buttons():
            return "buttons"
        case Form():
            return "form"
        case _:
            assert_never(part)


def field_macro(kind: Kind) -> str:  # noqa: PLR0911  one line for each kind
    """The macro of parts.html that draws a question of this kind."""
    match kind:
        case Scale():
            return "scale"
        case Options(options):
            return "menu" if len(options) > OPEN else "options"
        case Several():
            return "several"
        case Line():
            return "line"
        case Number():
            return "number"
        case Day():
            return "day"
        case Time():
            return "time"
        case Pick():
            return "elsewhere"
        case _:
            assert_never(kind)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: what empty lines separate."""
    return [one.strip("\n") for one in text.replace("\r\n", "\n").split("\n\n") if one.strip()]


def picture(card: Card) -> str:
    """The words of a card as a picture, in its address: a page without scripts can offer it to be saved."""
    drawn = (
        _templates().get_template("picture.svg").render(words=[word for _, text in card.rows for word in text.split()])
    )
    return f"data:image/svg+xml,{quote(drawn)}"


def html(template: str, language: str, **values: Any) -> str:
    """A template, filled in."""
    return _templates().get_template(template).render(t=chrome(language), language=language, **values)


def page(template: str, language: str, *, status: int = 200, **values: Any) -> web.Response:
    """A whole page as a response."""
    return web.Response(
        text=html(template, language, **values),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Language": language, "Vary": "Accept-Language"},
    )


@dataclass(frozen=True, slots=True)
class Again:
    """A post that was not taken: all that it said, and of that the words that somebody wrote."""

    fields: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


def again(posted: MultiMapping[Any]) -> Again | None:
    """What to send once more; None where nothing was posted."""
    fields = tuple((name, value) for name, value in posted.items() if isinstance(value, str))
    written = {f"v.{one.partition(':')[2]}" for one in posted.getall("field", []) if str(one).startswith("line:")}
    return (
        Again(fields, tuple(value for name, value in fields if name in written and value.strip())) if fields else None
    )


def problem(request: web.BaseRequest, status: int, posted: MultiMapping[Any] | None = None) -> web.Response:
    """A kind page for what went wrong; never what exactly went wrong inside.

    What was ``posted`` and can simply be sent once more stands on it.
    """
    key = f"problem_{status}" if status in {403, 404, 408, 413, 421, 429, 500, 503} else "problem_other"
    return page(
        "problem.html",
        language(request),
        status=status,
        key=key,
        again=again(posted) if posted else None,
        action=request.path_qs,
        wide=False,
    )


def language(request: web.BaseRequest) -> str:
    """The language asked for: ``?lang=`` first, then the browser's."""
    return language_of(request.query.get("lang", ""), request.headers.get("Accept-Language", ""))


def standing(message: Outgoing, action: str) -> str:
    """A message of a channel or private chat, as a fragment that knows its own key."""
    key = message.edits or message.id
    return html("message.html", message.language, parts=message.parts, action=action, uid=key, key=key, saved=True)


def reply(answer: Reply, action: str) -> str:
    """An answer in the private chat, as a fragment."""
    uid = secrets.token_hex(4)
    return html(
        "message.html",
        answer.language,
        parts=answer.parts,
        action=action,
        uid=uid,
        key="",
        saved=answer.saved,
        ended=answer.ended,
    )


def has_errors(parts: Iterable[Part]) -> bool:
    """True when a form among these parts shows an error at one of its fields."""
    return any(isinstance(part, Form) and any(one.error for one in part.fields) for part in parts)
