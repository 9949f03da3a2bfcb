"""Text on its way into a card: never Markdown by accident, never a mention, never markup."""

from __future__ import annotations

import re
from typing import Any

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!~|>])")
_TAGS = re.compile(r"<(?=/?\w)")


def escaped(text: str) -> str:
    """Text for a place that reads Markdown (a title, a choice): drawn as it was written."""
    return _TAGS.sub("‹", _MARKS.sub(r"\\\1", text))


def plain(text: str) -> str:
    """Text for a place that shows it as it is, without what could become a mention."""
    return _TAGS.sub("‹", text)


def paragraphs(text: str, **looks: Any) -> list[dict[str, Any]]:
    """Text as blocks, one for each paragraph and line.

    Text runs are not read as Markdown on any client, so people's words need no escaping there
    (the clients disagree on how a backslash is drawn).
    """
    blocks: list[dict[str, Any]] = []
    for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
        for at, line in enumerate(paragraph.split("\n")):
            blocks.append(
                {
                    "type": "RichTextBlock",
                    "spacing": "None" if at else "Medium",
                    "inlines": [{"type": "TextRun", "text": plain(line) or " ", **looks}],
                }
            )
    return blocks


def close(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, near what stands above them."""
    blocks[0]["spacing"] = "Small"
    return blocks
