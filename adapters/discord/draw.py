"""Parts as Discord shows them: messages of components, and forms in a modal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

import discord
from discord import ui

from adapters import fit
from adapters.discord.escape import escape, size
from adapters.discord.limits import BOXES, HINT, LIMITS, MOST_PICKED, OPTION, RADIO
from adapters.fit import only_open
from flows.seam import (
    Button,
    Buttons,
    Card,
    Day,
    Field,
    Form,
    Kind,
    Line,
    Number,
    Options,
    Part,
    Pick,
    Picked,
    Reply,
    Scale,
    Several,
    Text,
    Time,
)
from flows.words import _, said

ACCENT = discord.Colour(0x2F6F6A)
STYLES = {
    "primary": discord.ButtonStyle.primary,
    "plain": discord.ButtonStyle.secondary,
    "danger": discord.ButtonStyle.danger,
}
OPEN = "="
"""Starts the id of a button that opens a form; ids of the flows never hold this sign."""
IN_THE_SERVER = _("Channels and roles can only be chosen in the server itself. Please ask for this in a channel there.")
NOTHING = OPEN
"""The value of 'no answer' among others: a flow's own values never begin with this sign."""
DAY, TIME, DIGITS = 40, 20, 15
"""Characters of a day, a time and a number that are typed, with a weekday or spaces."""


def open_id(form: str, sheet: int = 0) -> str:
    """The id of the button that opens a sheet of a form."""
    return f"{OPEN}{sheet}{OPEN}{form}"


def opened(button: str) -> tuple[int, str] | None:
    """The sheet and the form that a button opens; None when it is a flow's own button."""
    _, sheet, form = [*button.split(OPEN, 2), "", ""][:3]
    return (int(sheet), form) if button.startswith(OPEN) and sheet.isdecimal() and form else None


# ---------------------------------------------------------------- messages


def views(parts: Sequence[Part]) -> list[ui.LayoutView]:
    """The parts as one message or more."""
    ready = [one for part in parts for one in _with_words(part)]
    return [_view(message) for message in fit.messages(ready, LIMITS, size=size)]


def without_pickers(reply: Reply) -> tuple[Part, ...]:
    """The parts for a private chat, where Discord lets nobody choose a channel or a role."""
    return tuple(
        Text(said(IN_THE_SERVER, reply.language)) if isinstance(part, Form) and _picks(part) else part
        for part in reply.parts
    )


def _picks(form: Form) -> bool:
    return any(isinstance(one.kind, Pick) for one in form.fields)


def _with_words(part: Part) -> Iterator[Part]:
    """A form with what it says outside its modal: errors, words that do not fit, further pages of a menu."""
    if not isinstance(part, Form):
        yield part
        return
    part = only_open(part)
    for words in fit.left_over(part.fields, LIMITS):
        yield Text(words)
    left = {one.name for one in part.fields if fit.fit_field(one, LIMITS)[1].strip()}
    for one in part.fields:
        if one.error and one.name not in left:
            yield Text(f"{one.question}\n{one.error}")
    yield part
    sheets = fit.sheets(part, LIMITS)
    more = []
    for number in range(1, len(sheets)):
        if not fit.shown_again(sheets[number - 1], sheets[number]):
            break
        more.append(Button(open_id(part.id, number), f"{part.open} ({number + 1})"))
    if more:
        yield Buttons(tuple(more))


def _view(message: Sequence[Part]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    box: ui.Container[ui.LayoutView] | None = None
    for part in message:
        match part:
            case Text(text):
                view.add_item(ui.TextDisplay(escape(text.strip())))
                box = None
            case Card(aside=True):
                view.add_item(ui.TextDisplay("\n".join(_small(part))))
                box = None
            case Card():
                box = ui.Container(*_card(part), accent_colour=ACCENT)
                view.add_item(box)
            case Buttons(buttons):
                for row in _rows(buttons):
                    (box or view).add_item(row)
            case Form():
                title = escape(part.title)
                if title:
                    view.add_item(ui.TextDisplay(f"**{title}**"))
                opener = Button(open_id(part.id), part.open, "primary")
                for row in _rows((opener, *part.buttons)):
                    view.add_item(row)
                box = None
            case _:
                assert_never(part)
    return unheard(view)


def unheard(view: ui.LayoutView) -> ui.LayoutView:
    """The view, stopped, so that discord.py keeps none in memory: ids alone say what a press means."""
    view.stop()
    return view


def _card(card: Card) -> Iterator[ui.TextDisplay[ui.LayoutView]]:
    if card.title:
        yield ui.TextDisplay(f"### {escape(card.title)}")
    rows = [_block(text) if card.exact else _row(name, text) for name, text in card.rows]
    if any(rows):
        yield ui.TextDisplay("\n\n".join(row for row in rows if row))


def _small(card: Card) -> Iterator[str]:
    """A card that is not what the message is about, as Discord's small lines: each of them needs its own mark."""
    for text in (card.title, *(": ".join(part for part in row if part) for row in card.rows)):
        yield from (f"-# {escape(line.strip())}" for line in text.splitlines() if line.strip())


def _block(text: str) -> str:
    """A code block, which Discord lets people copy with one press."""
    return f"```\n{text.replace('`', '').strip()}\n```"


def _row(name: str, text: str) -> str:
    bold = f"**{escape(name.strip())}**" if name.strip() else ""
    return "\n".join(part for part in (bold, escape(text.strip())) if part)


def _rows(buttons: Sequence[Button]) -> Iterator[ui.ActionRow[ui.LayoutView]]:
    for five in fit.pages(buttons, 5):
        row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
        for one in five:
            row.add_item(ui.Button(style=STYLES[one.kind], label=one.label or "…", custom_id=one.id))
        yield row


def without_buttons(message: discord.Message, pressed: str) -> ui.LayoutView:
    """An earlier message without its buttons; one that was buttons only says which was pressed."""
    view = ui.LayoutView.from_message(message, timeout=None)
    label = ""
    for item in list(view.walk_children()):
        if isinstance(item, ui.Button) and item.custom_id == pressed:
            label = item.label or ""
    for item in list(view.children):
        if isinstance(item, ui.ActionRow):
            view.remove_item(item)
        elif isinstance(item, ui.Container):
            for inner in [i for i in item.children if isinstance(i, ui.ActionRow)]:
                item.remove_item(inner)
            if not item.children:
                view.remove_item(item)
    if not view.children:
        view.add_item(ui.TextDisplay(escape(label) or "…"))
    return unheard(view)


# ---------------------------------------------------------------- modals


def modal(form: Form, sheet: int, language: str) -> ui.Modal:
    """One sheet of a form; the first that there is when the sheet is gone by now."""
    sheets = fit.sheets(only_open(form), LIMITS)
    fields = sheets[sheet if sheet < len(sheets) else 0]
    drawn = ui.Modal(title=fit.label(form.title, LIMITS.title) or "…", custom_id=form.id, timeout=None)
    for one in fields:
        question = one.question.strip() or fit.label(form.title, LIMITS.question) or "…"
        drawn.add_item(ui.Label(text=question, description=one.help.strip() or None, component=_input(one, language)))
    drawn.stop()
    return drawn


def mark(kind: Kind) -> str:
    """What an input of a modal is, written into its id: a submission is read without the form at hand."""
    match kind:
        case Scale():
            return "scale"
        case Options():
            return "options"
        case Several():
            return "several"
        case Line() | Number() | Day() | Time():
            return "line"
        case Pick(many=many):
            return "picks" if many else "pick"
        case _:
            assert_never(kind)


def _input(one: Field, language: str) -> ui.Item[Any]:  # noqa: PLR0911  one line for each kind
    key = f"{mark(one.kind)}{OPEN}{one.name}"
    match one.kind:
        case Line(most, long):
            return _box(one, key, most, long=long)
        case Number(hint=hint):
            return _box(one, key, DIGITS, hint)
        case Day(hint=hint):
            return _box(one, key, DAY, hint)
        case Time(hint):
            return _box(one, key, TIME, hint)
        case Scale():
            return _choice(one, key, fit.scale_options(one.kind), language)
        case Options(options):
            return _choice(one, key, options, language)
        case Several(options):
            return _choices(one, key, options)
        case Pick(what, many):
            return _picker(one, key, what, most=MOST_PICKED if many else 1)
        case _:
            assert_never(one.kind)


def _box(one: Field, key: str, most: int, hint: str = "", *, long: bool = False) -> ui.TextInput[Any]:
    """Where something is typed; Discord has no calendar and no clock."""
    draft = None if one.draft in (None, "") else str(one.draft)
    return ui.TextInput(
        custom_id=key,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        required=one.required,
        max_length=most,
        placeholder=fit.label(hint, HINT) or None,
        default=draft,
    )


def _choices(one: Field, key: str, options: Sequence[tuple[str, str]]) -> ui.Item[Any]:
    """Boxes to tick, or a menu in which several can be chosen; emptied by taking back each of them."""
    chosen = one.draft if isinstance(one.draft, tuple) else ()
    short = [(value, fit.label(label, OPTION) or value) for value, label in options]
    if len(short) in BOXES:
        boxes: ui.CheckboxGroup[Any] = ui.CheckboxGroup(
            custom_id=key, required=one.required, min_values=int(one.required), max_values=len(short)
        )
        for value, label in short:
            boxes.add_option(label=label, value=value, default=value in chosen)
        return boxes
    menu = [discord.SelectOption(label=label, value=v, default=v in chosen) for v, label in short]
    least = int(one.required)
    return ui.Select(custom_id=key, required=one.required, min_values=least, max_values=len(menu), options=menu)


def _choice(one: Field, key: str, options: Sequence[tuple[str, str]], language: str) -> ui.Item[Any]:
    draft = None if one.draft is None else str(one.draft)
    short = [(value, fit.label(label, OPTION) or value) for value, label in options]
    if not one.required and len(short) + 1 in RADIO:  # a menu can be emptied, a radio group cannot
        short.append((NOTHING, said(fit.NO_ANSWER, language)))
    if len(short) in RADIO:
        radio: ui.RadioGroup[Any] = ui.RadioGroup(custom_id=key, required=one.required)
        for value, label in short:
            radio.add_option(label=label, value=value, default=value == draft)
        return radio
    choices = [discord.SelectOption(label=label, value=v, default=v == draft) for v, label in short]
    return ui.Select(custom_id=key, required=one.required, min_values=int(one.required), options=choices)


def _picker(one: Field, key: str, what: str, most: int) -> ui.Item[Any]:
    drafts = one.draft if isinstance(one.draft, tuple) else (one.draft,)
    draft = [discord.Object(int(d.id)) for d in drafts if isinstance(d, Picked) and d.id.isdecimal()][:most]
    least = int(one.required)
    match what:
        case "place":
            chosen = [discord.SelectDefaultValue(id=o.id, type=discord.SelectDefaultValueType.channel) for o in draft]
            types = [discord.ChannelType.text, discord.ChannelType.news]
            return ui.ChannelSelect(
                custom_id=key, required=one.required, min_values=least, channel_types=types, default_values=chosen
            )
        case "role":
            chosen = [discord.SelectDefaultValue(id=o.id, type=discord.SelectDefaultValueType.role) for o in draft]
            return ui.RoleSelect(custom_id=key, required=one.required, min_values=least, default_values=chosen)
        case _:
            chosen = [discord.SelectDefaultValue(id=o.id, type=discord.SelectDefaultValueType.user) for o in draft]
            return ui.UserSelect(
                custom_id=key, required=one.required, min_values=least, max_values=most, default_values=chosen
            )
