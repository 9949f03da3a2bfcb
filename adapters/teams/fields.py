"""The inputs of a form: one for each question, named for a screen reader and for a thumb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from adapters.fit import NO_ANSWER, scale_options
from adapters.teams.texts import close, paragraphs, plain
from adapters.teams.wire import INPUT, MANY
from flows.seam import Day, Field, Form, Line, Number, Options, Pick, Picked, Scale, Several, Time, Value
from flows.words import Msg, _, said

SHORT, OPEN = 3, 10
"""Menus of up to this many answers show them all, and of up to so many where several can be chosen; longer ones open
when tapped."""
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


def _input(one: Field, view: View) -> dict[str, Any]:  # noqa: PLR0911  one line for each kind
    common: dict[str, Any] = {
        "id": INPUT + one.name,
        "label": plain(one.question),
        "isRequired": one.required,
        "spacing": "Medium",
    }
    draft = _draft(one.draft)
    if draft:
        common["value"] = int(draft) if isinstance(one.kind, Number) else draft
    match one.kind:
        case Line():
            return common | _line(one.kind, view.language) | ({"placeholder": plain(one.help)} if _inside(one) else {})
        case Number(low, high, hint):
            return common | _typed("Number", _("Please write a number here."), hint, view, min=low, max=high)
        case Day(earliest, latest, hint):
            bounds = {name: day for name, day in (("min", earliest), ("max", latest)) if day}
            return common | _typed("Date", _("Please choose a day."), hint, view, **bounds)
        case Time(hint):
            return common | _typed("Time", _("Please choose a time."), hint, view)
        case Scale():
            return common | _menu(one, scale_options(one.kind), view)
        case Options(options):
            return common | _menu(one, options, view, expanded=len(options) <= SHORT)
        case Several(options):
            return common | _menu(one, options, view, expanded=len(options) <= OPEN, many=True)
        case Pick(what, many):
            return common | _menu(one, _known(what, view), view, many=many)
        case _:
            assert_never(one.kind)


def _menu(
    one: Field, options: Sequence[tuple[str, str]], view: View, *, expanded: bool = False, many: bool = False
) -> dict[str, Any]:
    """Choices. One that need not be made can be taken back: Teams itself has nothing that empties a menu."""
    if not one.required and not many:
        options = [*options, ("", said(NO_ANSWER, view.language))]
    menu: dict[str, Any] = {
        "type": "Input.ChoiceSet",
        "style": "expanded" if expanded else "compact",
        "wrap": True,
        "placeholder": said(_("Choose an answer"), view.language),
        "errorMessage": said(_("Please choose an answer."), view.language),
        "choices": [{"title": plain(title) or value, "value": value} for value, title in options],
    }
    return menu | ({"isMultiSelect": True} if many else {})


def _typed(kind: str, error: Msg, hint: str, view: View, **bounds: object) -> dict[str, Any]:
    """A number, a day or a time, in Teams' own input for it."""
    inside = {"type": f"Input.{kind}", "placeholder": plain(hint), "errorMessage": said(error, view.language)}
    return inside | bounds


def _draft(draft: Value) -> str:
    """What stands in an input at first, as cards write it."""
    if isinstance(draft, tuple):
        return MANY.join(one.id if isinstance(one, Picked) else one for one in draft)
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


def _known(what: str, view: View) -> Sequence[tuple[str, str]]:
    """The channels or people that can be picked."""
    known = view.places if what == "place" else view.persons
    if not known:
        nothing = _("Nothing to choose here yet. Start this from a channel of your team.")
        return [("", said(nothing, view.language))]
    return [(p.id, p.name) for p in known]
