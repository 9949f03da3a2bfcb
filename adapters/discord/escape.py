"""Plain text in Discord: nothing in it becomes markup, a mention or a heading."""

from __future__ import annotations

import re

_LINK = r"https?://[\w.~:/?=&%#+,@-]+"
_MARK = r"[\\*_~`|\[\]<>]"
_START = r"^[ \t]*(?:#{1,3}|-#?|\+)(?=\s)"
_MARKUP = re.compile(f"(?P<link>{_LINK})|(?P<start>{_START})|{_MARK}", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\*_~`|\[\]<>#+-])")


def escape(text: str) -> str:
    """The text with a backslash before all that Discord would read as markup; links stay links."""
    return _MARKUP.sub(_one, text)


def unescape(text: str) -> str:
    """The text that :func:`escape` was given."""
    return _ESCAPED.sub(r"\1", text)


def size(text: str) -> int:
    """How much of a message's room the text takes once escaped, in UTF-16 units (the stricter count)."""
    return len(escape(text).encode("utf-16-le", "surrogatepass")) // 2


def _one(found: re.Match[str]) -> str:
    if found["link"]:
        return found[0]
    if found["start"]:
        mark = found[0].lstrip(" \t")
        return found[0][: -len(mark)] + "\\" + mark
    return "\\" + found[0]
