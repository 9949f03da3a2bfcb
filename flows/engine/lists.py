"""Lists of any length, a page at a time.

The buttons to other pages start the same flow again, with the entry that the page ended at: so they work after a
restart and for as long as their message stands, whatever came or went, and who lost the role gets nothing more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.words import Words, _

if TYPE_CHECKING:
    from flows.engine.chat import Start

PAGE = 7
"""Entries of a page: with a button each, and two to other pages, they fit on a phone."""
AFTER, BEFORE = "a", "b"
"""What a cursor begins with; an entry's key follows."""


def anywhere(_session: object, _context: object, _at: str) -> None:
    """The subject of a flow whose argument is a cursor: it says where in the list one is, and opens nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list. Entries stand in the order of their keys: small letters, digits, - and _, 90 at most."""

    key: str
    label: Words
    text: Words
    button: Start | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What of a list is shown. ``before`` and ``after`` are the cursors of other pages; empty where there is none."""

    entries: Sequence[Entry]
    first: int
    """The number of the first entry in the list, from 1 on."""
    count: int
    """Entries in the whole list."""
    before: str = ""
    after: str = ""

    def titled(self, title: Words) -> Words:
        """The title, with where in the list this is; as it is for a list of one page."""
        last = self.first + len(self.entries) - 1
        if len(self.entries) == self.count:
            return title
        return _("{title} ({first} to {last} of {count})", title=title, first=self.first, last=last, count=self.count)


def page(entries: Iterable[Entry], at: str = "", size: int = PAGE) -> Page:
    """The page at a cursor, which an entry's key makes and no place in the list: also when that entry is gone.

    Where nothing follows any more it is the last page, and where too little comes before it is the first.
    """
    rows = sorted(entries, key=lambda one: one.key)
    keys = [one.key for one in rows]
    start = 0
    if at.startswith(AFTER):
        start = bisect_right(keys, at[1:])
        start = max(0, len(rows) - size) if start == len(rows) else start
    elif at.startswith(BEFORE):
        start = max(0, bisect_left(keys, at[1:]) - size)
    shown = rows[start : start + size]
    return Page(
        shown,
        start + 1,
        len(rows),
        BEFORE + shown[0].key if start else "",
        AFTER + shown[-1].key if start + size < len(rows) else "",
    )
