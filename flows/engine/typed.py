"""What people type, and what platforms call them, as it is kept: every text from outside passes here."""

from __future__ import annotations

import re
import unicodedata

_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
"""What other programs end a line or a page with, where a line feed is meant."""
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
"""A flag of a nation without a country code (Wales, say): a black flag, and its name in characters of its own."""
_KEPT = frozenset("\n\t\u200c\u200d\u200e\u200f\u061c")
"""Joiners belong to Persian script and to emoji, and direction marks to texts that mix directions."""
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
"""Letters and signs that show nothing, though Unicode does not say so of their kind."""
_DROPPED = ("Cc", "Cf", "Cs", "Co")
"""Control, format, broken and private characters."""
_NOTHING_ALONE = ("Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me")
"""Kinds of characters that show nothing by themselves: spaces, marks, and marks over nothing."""


def clean(text: str) -> str:
    """Text in one Unicode form, with line feeds for line ends, without control or broken characters.

    Empty when nothing in it can be seen.
    """
    lines = _LINE_END.sub("\n", unicodedata.normalize("NFC", text))
    if lines.replace("\n", "").isprintable() and _UNSEEN.isdisjoint(lines):  # as nearly all texts are
        found = lines.strip()
        return found if any(_shows(one) for one in found) else ""
    kept: list[str] = []
    at = 0
    for flag in _FLAG.finditer(lines):
        kept += [*_plain(lines[at : flag.start()]), flag.group()]
        at = flag.end()
    found = "".join([*kept, *_plain(lines[at:])]).strip()
    return found if any(_shows(one) for one in found) else ""


def _plain(text: str) -> list[str]:
    return [one for one in text if one in _KEPT or unicodedata.category(one) not in _DROPPED]


def _shows(one: str) -> bool:
    return one not in _UNSEEN and unicodedata.category(one) not in _NOTHING_ALONE
