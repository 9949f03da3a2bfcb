"""Cards: the parts of a reply as one Adaptive Card 1.5, a plain dict.

Every button is an Action.Execute with an Action.Submit for clients that do not know it; in a dialog
there is only Action.Submit. Kinds of buttons differ in place and words as well as in colour.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, assert_never

from adapters.fit import pages
from adapters.teams import wire
from adapters.teams.fields import View, inputs
from adapters.teams.texts import escaped, paragraphs, plain
from flows.seam import Button, Buttons, Card, Form, Line, Part, Text
from flows.words import _, said

ROW = 6
"""Buttons side by side: Teams shows at most six actions of a set."""
SPOKEN = 2000
SHORT, SEVERAL = 16, 3
"""A card with this many passages of so few characters is a table: each such passage stands beside its label."""
BESIDE = 40
"""Characters of a label and a passage that fit beside each other on a phone."""
ALONE = 60
"""Characters of a card's only words that are drawn large."""
LONG = 500
"""Characters beyond which an answer is easier to write in a window of its own."""

WINDOW = _("Write in a window")
_EXACT: dict[str, Any] = {"fontType": "Monospace", "size": "Medium", "weight": "Bolder"}
_STYLES = {"primary": "positive", "danger": "destructive"}


def draw(parts: Sequence[Part], view: View) -> dict[str, Any]:
    """One card with these parts in order."""
    body = [block for part in parts for block in _part(part, view)]
    spoken = _spoken(parts)
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "lang": view.language,
        "fallbackText": said(_("This needs a newer version of Teams. Please update the app."), view.language),
        "speak": html.escape(spoken, quote=False),
        "body": body,
    }


def _part(part: Part, view: View) -> list[dict[str, Any]]:
    match part:
        case Text(text):
            return paragraphs(text, linked=True)
        case Card(aside=aside):
            return _aside(part) if aside else [_passages(part)]
        case Buttons(buttons):
            return _buttons(buttons, view)
        case Form():
            return _form(part, view)
        case _:
            assert_never(part)


def _title(text: str) -> dict[str, Any]:
    return {
        "type": "TextBlock",
        "text": escaped(text),
        "style": "heading",
        "weight": "Bolder",
        "size": "Medium",
        "wrap": True,
    }


def _passages(card: Card) -> dict[str, Any]:
    items = [_title(card.title)] if card.title else []
    if card.exact:  # a block of their own, of letters that stand apart
        items.extend(block for _label, text in card.rows for block in paragraphs(text, linked=False, **_EXACT))
    elif len(card.rows) == 1 and not card.rows[0][0] and len(card.rows[0][1]) <= ALONE:
        items.extend(paragraphs(card.rows[0][1], size="Medium", weight="Bolder"))
    else:
        table = sum(bool(label) and len(text) <= SHORT for label, text in card.rows) >= SEVERAL
        items.extend(block for label, text in card.rows for block in _passage(label, text, table=table))
    return {"type": "Container", "style": "emphasis", "spacing": "Medium", "items": items or paragraphs(" ")}


def _aside(card: Card) -> list[dict[str, Any]]:
    """What the message is not about: small lines, without a box around them."""
    lines = [card.title, *(": ".join(part for part in row if part) for row in card.rows)]
    blocks = [block for line in lines for block in paragraphs(line, size="Small")]
    for block in blocks[1:]:
        block["spacing"] = "Small"
    return blocks


def _passage(label: str, text: str, *, table: bool) -> list[dict[str, Any]]:
    """A label and what belongs to it: side by side in a table, if that fits; else one above the other."""
    if not label:
        return paragraphs(text)
    if table and "\n" not in text and (len(text) <= SHORT or len(label) + len(text) <= BESIDE):
        return [_pair(label, text or " ")]
    lines = paragraphs(text)
    if lines:
        lines[0]["spacing"] = "None"
    return [*paragraphs(label, weight="Bolder", isSubtle=True, size="Small"), *lines]


def _pair(label: str, text: str) -> dict[str, Any]:
    """Side by side. The shorter keeps its room, so that on a phone no word of it is cut; the longer wraps."""
    wide = ("auto", "stretch") if len(label) < len(text) else ("stretch", "auto")
    value = [block | {"horizontalAlignment": "Right"} for block in paragraphs(text, weight="Bolder")]
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {"type": "Column", "width": wide[0], "items": paragraphs(label)},
            {"type": "Column", "width": wide[1], "items": value},
        ],
    }


def _buttons(buttons: Sequence[Button], view: View) -> list[dict[str, Any]]:
    return _sets([_press(button, view) for button in buttons], "Medium")


def _sets(actions: Sequence[dict[str, Any]], spacing: str) -> list[dict[str, Any]]:
    return [
        {"type": "ActionSet", "spacing": "Small" if at else spacing, "actions": list(row)}
        for at, row in enumerate(pages(actions, ROW))
    ]


def _press(button: Button, view: View) -> dict[str, Any]:
    return _action(button.label, wire.press(button.id, view.carry), view, style=button.kind, inputs_too=False)


def _form(form: Form, view: View) -> list[dict[str, Any]]:
    body = [] if view.dialog or not form.title else [_title(form.title) | {"spacing": "Large"}]
    body.extend(inputs(form, view))
    actions = [_action(form.submit, wire.fill(form, view.carry), view, style="primary", inputs_too=True)]
    if not view.dialog and any(isinstance(f.kind, Line) and f.kind.most > LONG for f in form.fields):
        window = said(WINDOW, view.language)
        actions.append(_submit(window, wire.open_dialog(form.id, view.carry), inputs_too=False))
    actions.extend(_press(button, view) for button in form.buttons)
    return body + _sets(actions, "Large")


def _submit(label: str, data: dict[str, Any], *, inputs_too: bool) -> dict[str, Any]:
    return {
        "type": "Action.Submit",
        "title": plain(label),
        "data": data,
        "associatedInputs": "auto" if inputs_too else "none",
    }


def _action(label: str, data: dict[str, Any], view: View, *, style: str, inputs_too: bool) -> dict[str, Any]:
    submit = _submit(label, data, inputs_too=inputs_too)
    if style in _STYLES:
        submit["style"] = _STYLES[style]
    if view.dialog:
        return submit
    return submit | {"type": "Action.Execute", "verb": "erbij", "fallback": submit}


def spoken_text(part: Part) -> str:
    """What a part says, in plain text."""
    match part:
        case Text(text):
            return text
        case Card(title, rows):
            return "\n".join([title, *(f"{label}: {text}" if label else text for label, text in rows)])
        case Form(title=title):
            return title
        case Buttons():
            return ""
        case _:
            assert_never(part)


def _spoken(parts: Sequence[Part]) -> str:
    text = "\n".join(filter(None, map(spoken_text, parts)))
    return plain(text)[:SPOKEN]
