"""Text on its way into a card: never Markdown by accident, never a mention, never markup."""

from __future__ import annotations

import re
from typing import Any

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!~|>])")
_ADDRESS = re.compile(r"(https://[^\s<>\"']*[\w/])")
_TAGS = re.compile(r"<(?=/?\w)")


def escaped(text: str) -> str:
    """Text for a place that reads Markdown (a title, a choice): drawn as it was written."""
    return _TAGS.sub("‹", _MARKS.sub(r"\\\1", text))


def plain(text: str) -> str:
    """Text for a place that shows it as it is, without what could become a mention."""
    return _TAGS.sub("‹", text)


def paragraphs(text: str, *, linked: bool = False, **looks: Any) -> list[dict[str, Any]]:
    """Text as blocks, one for each paragraph and line; ``linked`` makes addresses in it links to themselves.

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
                    "inlines": _linked(line) if linked else [_run(line, **looks)],
                }
            )
    return blocks


def _run(text: str, **looks: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": plain(text) or " ", **looks}


def _linked(line: str) -> list[dict[str, Any]]:
    """A line as runs of text and of addresses, which Teams does not make links of by itself."""
    runs = [
        _run(piece, selectAction={"type": "Action.OpenUrl", "url": piece, "title": piece}) if at % 2 else _run(piece)
        for at, piece in enumerate(_ADDRESS.split(line))
        if piece
    ]
    return runs or [_run(line)]


def close(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks, near what stands above them."""
    blocks[0]["spacing"] = "Small"
    return blocks
