"""From what a flow says to what an adapter draws: sentences get their language, buttons their ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, assert_never

from flows import seam
from flows.engine.chat import Piece, Shown, Start, Step, code
from flows.engine.conversation import DRAFTS, WRONG, Journal, drafts_in
from flows.engine.flow import FlowFault
from flows.engine.forms import Questions
from flows.token import BACK, STOP, Answers, AnswersFirst, Starts
from flows.words import Msg, Words, _, said
from flows.words.own import Tongue


def pieces(things: Iterable[Piece], language: str) -> list[seam.Part]:
    """Texts, cards and start buttons."""
    parts: list[seam.Part] = []
    for thing in things:
        match thing:
            case Msg() | str():
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
            case _:
                assert_never(thing)
    return parts


def question(
    step: Step[Any], journal: Journal, token: Answers | AnswersFirst, language: str, *, back: bool
) -> list[seam.Part]:
    """The pending question, answerable through ``token``."""
    ways: tuple[seam.Button, ...] = (_way(token, BACK, _("Back"), language),) if back else ()
    if step.kind == "ask":
        text, choices = step.data
        buttons = tuple(_way(token, code(c), c.label, language, c.kind) for c in choices)
        return [seam.Text(said(text, language)), seam.Buttons(buttons + ways)]
    form: Questions = step.data[0]
    answers = journal.get(step.key) or {}
    drafts = {**step.data[1], **answers, **drafts_in(journal, step.key)}
    wrong, still_open = journal.get(WRONG, {}).get(step.key, ()), form.open_fields(answers)
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
    stop = _way(token, STOP, _("Stop"), language)
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
    form: Questions = step.data[0]
    rows = tuple(
        (said(form.questions[name].text, language), said(form.questions[name].words(one), language))
        for name, one in values.items()
    )
    shown = question(step, {DRAFTS: {step.key: values}}, token, language, back=False)
    return [seam.Card(said(form.title, language), rows), *shown]


@lru_cache(maxsize=1024)
def _untouched(form: Questions, name: str, language: str) -> seam.Field:
    """A field as everyone sees it first."""
    return form.questions[name].drawn(name, language, None, None)


def _way(
    token: Answers | AnswersFirst,
    choice: str,
    label: Words,
    language: str,
    kind: Literal["primary", "plain", "danger"] = "plain",
) -> seam.Button:
    try:
        return seam.Button(token.way(choice), said(label, language), kind)
    except ValueError as fault:
        where = f" of flow {token.flow}" if isinstance(token, AnswersFirst) else ""
        raise FlowFault(f"the button {said(label, 'en')!r}{where}: {fault}") from fault
