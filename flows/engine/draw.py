"""From what a flow says to what an adapter draws: sentences get their language, buttons their ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from flows import seam
from flows.engine.chat import Choice, Piece, Shown, Start, Step
from flows.engine.forms import Form
from flows.engine.token import BACK, STOP, Answers, AnswersFirst, Starts
from flows.words import Msg, _, said
from flows.words.own import Tongue


def pieces(things: Iterable[Piece], language: str) -> list[seam.Part]:
    """Texts, cards and start buttons."""
    parts: list[seam.Part] = []
    for thing in things:
        match thing:
            case Msg():
                parts.append(seam.Text(said(thing, language)))
            case Shown(title, rows, aside, exact):
                drawn = tuple((said(label, language), said(text, language)) for label, text in rows)
                parts.append(seam.Card(said(title, language), drawn, aside, exact))
            case Start(flow, argument, label, kind):
                button = seam.Button(str(Starts(flow, argument)), said(label, language), kind)
                before = parts[-1] if parts else None
                if isinstance(before, seam.Buttons):
                    parts[-1] = seam.Buttons((*before.buttons, button))
                else:
                    parts.append(seam.Buttons((button,)))
    return parts


def question(
    step: Step[Any], journal: dict[str, Any], token: Answers | AnswersFirst, language: str, *, back: bool
) -> list[seam.Part]:
    """The pending question, answerable through ``token``."""
    ways: tuple[seam.Button, ...] = ()
    if back:
        ways = (seam.Button(_way(token, BACK), said(_("Back"), language)),)
    if step.kind == "ask":
        text, choices = step.data
        buttons = tuple(seam.Button(_way(token, code(c)), said(c.label, language), c.kind) for c in choices)
        return [seam.Text(said(text, language)), seam.Buttons(buttons + ways)]
    form = step.data[0]
    answers = journal.get(step.key) or {}
    drafts = {**step.data[1], **answers, **journal.get("@drafts", {}).get(step.key, {})}
    wrong, still_open = journal.get("@wrong", {}).get(step.key, {}), form.open_fields(answers)
    fields = tuple(
        _untouched(form, name, language)
        if name not in drafts and name not in wrong and name in still_open and not isinstance(language, Tongue)
        else form.questions[name].drawn(
            name,
            language,
            drafts.get(name),
            form.questions[name].take(drafts.get(name))[1] if name in wrong else None,
            still_open=name in still_open,
        )
        for name in form.questions
    )
    stop = seam.Button(_way(token, STOP), said(_("Stop"), language))
    return [
        seam.Form(
            str(token),
            said(form.title, language),
            fields,
            said(form.submit, language),
            said(_("Fill in"), language),
            (*ways, stop),
        )
    ]


def given_back(
    step: Step[Any], values: dict[str, Any], token: Answers | AnswersFirst, language: str
) -> list[seam.Part]:
    """A form with what was filled in, also to read: where a form is opened, it comes empty."""
    form: type[Form] = step.data[0]
    rows = tuple((said(form.questions[name].text, language), str(value)) for name, value in values.items())
    shown = question(step, {"@drafts": {step.key: values}}, token, language, back=False)
    return [seam.Card(said(form.title, language), rows), *shown]


@cache
def _untouched(form: type[Form], name: str, language: str) -> seam.Field:
    """A field as everyone sees it first."""
    return form.questions[name].drawn(name, language, None, None)


def _way(token: Answers | AnswersFirst, choice: str) -> str:
    return str(replace(token, choice=choice))


def code(choice: Choice[Any]) -> str:
    """How a choice's value stands in a button's id."""
    return {True: "yes", False: "no"}[choice.value] if isinstance(choice.value, bool) else str(choice.value)
