"""The inputs of a form: one for each question, named for a screen reader and for a thumb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.fit import scale_options
from adapters.teams.texts import close, paragraphs, plain
from adapters.teams.wire import INPUT, MANY
from flows.seam import Field, Form, Line, Options, Pick, Picked, Scale, Value
from flows.words import _, said

SHORT = 3
"""Menus of up to this many answers show them all; longer ones open when tapped."""
INSIDE = 80
"""Characters of a hint that stands inside an empty box of several lines: two lines on a phone."""


@dataclass(frozen=True, slots=True)
class View:
    """For whom and where a card is drawn."""

    language: str
    dialog: bool = False
    places: tuple[Picked, ...] = ()
    """The channels that can be picked."""
    persons: tuple[Picked, ...] = ()
    carry: Mapping[str, str] = field(default_factory=dict)
    """See :data:`adapters.teams.wire.Carry`."""


def inputs(form: Form, view: View) -> list[dict[str, Any]]:
    """All questions of a form, as card elements."""
    return [element for one in form.fields if not _is_role(one) for element in _question(one, view)]


def _is_role(one: Field) -> bool:
    """Teams has no roles to choose: what need not be answered is not asked."""
    return isinstance(one.kind, Pick) and one.kind.what == "role" and not one.required


def _question(one: Field, view: View) -> list[dict[str, Any]]:
    """A question: its input, what is wrong with it, and the hint where Teams' own forms have it: inside or below."""
    shown = [_input(one, view)]
    if one.error:
        mark = said(_("Please look at this again: {error}", error=one.error), view.language)
        shown.extend(close(paragraphs(mark, color="Attention", weight="Bolder")))
    if one.help and not _inside(one):
        shown.extend(close(paragraphs(one.help, isSubtle=True, size="Small")))
    return shown


def _input(one: Field, view: View) -> dict[str, Any]:
    kind = one.kind
    common: dict[str, Any] = {
        "id": INPUT + one.name,
        "label": plain(one.question),
        "isRequired": one.required,
        "spacing": "Medium",
    }
    draft = _draft(one.draft)
    if draft:
        common["value"] = draft
    if isinstance(kind, Line):
        hint = {"placeholder": plain(one.help)} if _inside(one) else {}
        return common | _line(kind, view.language) | hint
    pairs = _pairs(kind, view)
    expanded = isinstance(kind, Options) and len(pairs) <= SHORT
    several = {"isMultiSelect": True} if isinstance(kind, Pick) and kind.many else {}
    return (
        common
        | several
        | {
            "type": "Input.ChoiceSet",
            "style": "expanded" if expanded else "compact",
            "wrap": True,
            "placeholder": said(_("Choose an answer"), view.language),
            "errorMessage": said(_("Please choose an answer."), view.language),
            "choices": [{"title": plain(title) or value, "value": value} for value, title in pairs],
        }
    )


def _draft(draft: Value) -> str:
    """What stands in an input at first, as cards write it."""
    if isinstance(draft, tuple):
        return MANY.join(one.id for one in draft)
    if isinstance(draft, Picked):
        return draft.id
    return "" if draft is None else str(draft)


def _inside(one: Field) -> bool:
    """A short hint is seen, and heard, in the box that it is about."""
    return isinstance(one.kind, Line) and one.kind.long and 0 < len(one.help) <= INSIDE


def _line(kind: Line, language: str) -> dict[str, Any]:
    return {
        "type": "Input.Text",
        "isMultiline": kind.long,
        "errorMessage": said(_("Please write something here."), language),
    }


def _pairs(kind: Scale | Options | Pick, view: View) -> Sequence[tuple[str, str]]:
    if isinstance(kind, Scale):
        return scale_options(kind)
    if isinstance(kind, Options):
        return kind.options
    known = view.places if kind.what == "place" else view.persons
    if not known:
        nothing = _("Nothing to choose here yet. Start this from a channel of your team.")
        return [("", said(nothing, view.language))]
    return [(p.id, p.name) for p in known]
