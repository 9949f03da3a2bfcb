"""Words: every sentence that a person reads, in Dutch, English and German.

A sentence stands beside its question in the code, in English, as ``_("Thank you, {name}.", name=n)``.
It becomes text only when it is drawn, because only then the reader's language is known.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from flows.words.own import put_in

SOURCE = "en"
LANGUAGES = ("nl", "en", "de")
NAMES = {"nl": "Nederlands", "en": "English", "de": "Deutsch"}
LOCALE = Path(__file__).parent / "locale"


class Value:
    """Something in a sentence that is written otherwise in each language, a day say."""

    __slots__ = ()

    def said(self, language: str) -> str:
        """As it is written in a language."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Msg:
    """A sentence before it has a language.

    ``args`` fill its ``{placeholders}``; a Msg in them is translated too, and a day or a moment
    (``flows/words/dates.py``) is written as its reader writes it.
    """

    text: str
    args: dict[str, Any] = field(default_factory=dict)
    many: str = ""
    """The plural source sentence, chosen by ``args["n"]``; empty when there is none."""


Words = Msg | str
"""A sentence of ours, which is translated, or somebody's own words, which never are: 'Back' that a coordinator typed
stays 'Back'. Who has a ``str`` has such words, so none is ever made a :class:`Msg`."""


def _(text: str, /, **args: Any) -> Msg:
    """A sentence with its values."""
    return Msg(text, args)


def n_(one: str, many: str, /, n: int, **args: Any) -> Msg:
    """A sentence that depends on a count ``n``."""
    return Msg(one, {"n": n, **args}, many)


def listed(msgs: Iterable[Words]) -> Msg:
    """Several words or names, with commas between."""
    args = {f"x{number}": msg for number, msg in enumerate(msgs)}
    return Msg(", ".join(f"{{{name}}}" for name in args), args)


def said(msg: Words, language: str) -> str:
    """The sentence in a language; a plain ``str`` (someone's own words) stays as it is."""
    if isinstance(msg, str):
        return msg
    if not msg.args:
        return put_in(_plain(msg.text, language), language)
    n = msg.args.get("n", 1)
    text = _catalogue(language).ngettext(msg.text, msg.many, n) if msg.many else _plain(msg.text, language)
    return put_in(text, language).format_map({name: _filled(value, language) for name, value in msg.args.items()})


def _filled(value: object, language: str) -> object:
    if isinstance(value, Msg):
        return said(value, language)
    return value.said(language) if isinstance(value, Value) else value


@lru_cache(maxsize=4096)
def _plain(text: str, language: str) -> str:
    return _catalogue(language).gettext(text)


@lru_cache(maxsize=256)
def language_of(*tags: str) -> str:
    """The first of these (``de-AT``, a header ``Accept-Language``, or empty) that Erbij speaks; English otherwise.

    In a header the highest weight comes first, and what has the weight 0 is not wanted (RFC 9110, 12.5.4).
    """
    unwanted: set[str] = set()
    for tag in tags:
        wanted = _weighed(tag)
        unwanted |= {short for short, weight in wanted if not weight}
        for short, weight in wanted:
            if weight and short in LANGUAGES:
                return short
    return next((one for one in (SOURCE, *LANGUAGES) if one not in unwanted), SOURCE)


def _weighed(header: str) -> list[tuple[str, float]]:
    """(language, weight) of each, the highest weight first; what cannot be read as a weight counts as 0."""
    found = []
    for one in header.split(","):
        tag, *parameters = (part.strip().lower() for part in one.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        readable = re.fullmatch(r"[01](?:\.\d{0,3})?", weight) is not None
        found.append((tag.replace("_", "-").split("-")[0], float(weight) if readable else 0.0))
    return sorted(found, key=lambda pair: -pair[1])


@lru_cache(maxsize=len(LANGUAGES) + 1)
def _catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language, compiled in memory from its .po file at first use."""
    path = LOCALE / language / "LC_MESSAGES" / "erbij.po"
    if language == SOURCE or not path.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as f:
        catalogue = read_po(f, locale=language)
    binary = BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return gettext.GNUTranslations(binary)
