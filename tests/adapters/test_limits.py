"""Whatever people and flows say, what is drawn keeps to each platform's published limits, and nothing is lost."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.discord import draw as discord_draw
from adapters.discord.escape import unescape
from adapters.fit import PAGE, sheets
from adapters.teams.fields import View, _is_role
from adapters.teams.messages import LIMITS, cards_for, size
from adapters.web import draw as web_draw
from flows.seam import (
    Button,
    Buttons,
    Card,
    Day,
    Field,
    Form,
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
from tests.adapters.teams.schema import check_card, elements

ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
nasty = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\x00")
    | st.sampled_from('*_`~|<>[]()#"\\&\n @\u0301\u200d👩😀\u202e\x01'),
    max_size=30,
)
texts = st.builds(lambda text, times: text * times, nasty, st.sampled_from([1, 1, 1, 3, 40, 400]))
words = nasty.map(lambda text: f"a{text}")
ids = st.from_regex(ID, fullmatch=True)
buttons = st.lists(st.builds(Button, id=ids, label=texts), max_size=60).map(tuple)
picked = st.lists(st.builds(Picked, id=ids, name=texts), max_size=3)
kinds = (
    st.builds(Line, most=st.integers(1, 9000), long=st.booleans())
    | st.builds(
        lambda n, text: Options(tuple((f"value-{i}", f"{i} {text}") for i in range(n))), st.integers(1, 900), texts
    )
    | st.builds(lambda n, low: Scale(1, n, low, "high"), st.integers(2, 60), texts)
    | st.builds(
        lambda n, text: Several(tuple((f"value-{i}", f"{i} {text}") for i in range(n))), st.integers(1, 900), texts
    )
    | st.builds(Number, st.just(0), st.just(99), texts)
    | st.builds(Day, st.sampled_from(["", "2026-12-01"]), st.just(""), texts)
    | st.builds(Time, texts)
    | st.builds(Pick, st.sampled_from(["place", "role", "person"]))
)


@st.composite
def forms(draw: st.DrawFn) -> Form:
    some = [
        Field(f"field{n}", draw(words), draw(kinds), draw(texts), draw(st.booleans()), error=draw(nasty))
        for n in range(draw(st.integers(1, 9)) * draw(st.sampled_from([1, 1, 3])))
    ]
    form = draw(ids.filter(lambda one: len(one) < 90))
    return Form(form, draw(texts), tuple(some), draw(words), draw(words), draw(buttons))


cards = st.builds(Card, title=texts, rows=st.lists(st.tuples(texts, texts), max_size=12).map(tuple))
plain = st.lists(st.builds(Text, texts) | cards | st.builds(Buttons, buttons), max_size=3)
parts = st.builds(lambda before, form, after: [*before, *form, *after], plain, st.lists(forms(), max_size=1), plain)
many = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # finding a smaller example takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def told(some: list[Part]) -> list[str]:
    """What must be readable: the letters of texts and cards, in order."""
    return [
        "".join(re.findall(r"\w", text))
        for part in some
        for text in (
            [part.text]
            if isinstance(part, Text)
            else [w for row in part.rows for w in row]
            if isinstance(part, Card)
            else []
        )
    ]


def pressable(some: list[Part]) -> list[str]:
    return [b.id for part in some if isinstance(part, Buttons | Form) for b in part.buttons]


# ---------------------------------------------------------------- Teams


@many
@given(parts, st.integers(0, 700), texts)
def test_teams(some: list[Part], people: int, name: str) -> None:
    persons = tuple(Picked(f"person-{n}-{'x' * 30}", f"{n} {name}") for n in range(people))
    drawn = cards_for(some, View("en", persons=persons, carry={"team": "t" * 60, "seal": "s" * 32}))
    for card in drawn:
        check_card(card)
        assert size(card) <= 80_000
    found = [one for card in drawn for one in elements(card["body"])]
    read = "".join(re.findall(r"\w", "".join(one["text"] for one in found if one.get("type") == "TextRun")))
    at = 0
    for text in told(some):
        at = read.find(text, at)
        assert at >= 0
        at += len(text)
    pressed = [
        one["data"]["erbij"]["id"] for one in found if one.get("type") == "Action.Execute" and _do(one) == "press"
    ]
    assert pressed == pressable(some)
    for form in (part for part in some if isinstance(part, Form)):
        first = next((one for one in form.fields if not _is_role(one)), None)  # Teams has no roles to choose
        if first is None:
            continue
        inputs = [one for one in found if str(one.get("id", "")).removeprefix("in.").split(PAGE)[0] == first.name]
        assert inputs
        if isinstance(first.kind, Options | Several):
            values = [choice["value"] for one in inputs for choice in one["choices"]]
            assert {value for value, _label in first.kind.options} <= set(values)


def _do(action: dict[str, Any]) -> str:
    return str(action["data"]["erbij"]["do"])


def test_a_team_of_hundreds_can_be_picked_from() -> None:
    persons = tuple(Picked(f"{n:08}-aaaa-bbbb-cccc-123456789012", "Firstname 👩 " * 8 + str(n)) for n in range(500))
    form = Form("f", "Who?", (Field("who", "Who is a mentor?", Pick("person")),), "Send", "Open")
    drawn = cards_for([form], View("en", persons=persons))
    offered = [c["value"] for card in drawn for one in elements(card) for c in one.get("choices", ())]
    assert offered == [one.id for one in persons]
    assert len(drawn) > 1


def test_many_questions_are_asked_in_turn() -> None:
    fields = tuple(Field(f"q{n}", f"Question {n}", Line(100)) for n in range(50))
    [card] = cards_for([Form("f", "All", fields, "Send", "Open")], View("en"))
    asked = [one["id"] for one in elements(card) if str(one.get("type")).startswith("Input.")]
    assert asked == [f"in.q{n}" for n in range(LIMITS.fields)]


# ---------------------------------------------------------------- Discord


@many
@given(parts)
def test_discord(some: list[Part]) -> None:
    read, pressed = "", []
    for view in discord_draw.views(some):
        payload = view.to_components()
        flat = [one for one in elements(payload) if "type" in one]
        assert 0 < len(flat) <= 40
        shown = [one["content"] for one in flat if one["type"] == 10]
        assert all(shown)
        assert sum(map(len, shown)) <= 4000
        # A title stands again over each part of a long card.
        read += "".join(unescape(one) for one in shown if not one.startswith("### "))
        for row in (one for one in flat if one["type"] == 1):
            assert 0 < len(row["components"]) <= 5
        for button in (one for one in flat if one["type"] == 2):
            assert 0 < len(button["label"]) <= 80
            assert 0 < len(button["custom_id"]) <= 100
            pressed.append(button["custom_id"])
    letters = "".join(re.findall(r"\w", read))
    at = 0
    for text in told(some):
        at = letters.find(text, at)
        assert at >= 0
        at += len(text)
    assert [one for one in pressed if not one.startswith(discord_draw.OPEN)] == pressable(some)


@many
@given(forms())
def test_discord_modals(form: Form) -> None:
    from adapters.discord.limits import LIMITS as DISCORD

    for number in range(len(sheets(form, DISCORD))):
        modal = discord_draw.modal(form, number, "en").to_dict()
        assert 0 < len(modal["title"]) <= 45
        assert 0 < len(modal["custom_id"]) <= 100
        assert 0 < len(modal["components"]) <= 5
        for label in modal["components"]:
            assert 0 < len(label["label"]) <= 45
            assert len(label.get("description") or "") <= 100
            inner = label["component"]
            assert len(inner["custom_id"]) <= 100
            assert inner.get("max_length", 1) <= 4000
            assert len(inner.get("options", ())) <= (25 if inner["type"] in (3, 5, 6, 8) else 10)
            assert len(inner.get("placeholder") or "") <= 100
            assert inner.get("max_values", 1) <= 25
            for option in inner.get("options", ()):
                assert 0 < len(option["label"]) <= 100
                assert 0 < len(option["value"]) <= 100


# ---------------------------------------------------------------- the web


@many
@given(parts)
def test_the_web(some: list[Part]) -> None:
    from selectolax.lexbor import LexborHTMLParser

    shown = some
    page = LexborHTMLParser(web_draw.reply(Reply(tuple(shown)), "/act"))
    assert len(page.css(".field")) == sum(len(part.fields) for part in some if isinstance(part, Form))
    for one in page.css("[aria-describedby]"):
        assert all(page.css_first(f"#{name}") for name in str(one.attributes["aria-describedby"]).split())
    assert [one.attributes["value"] for one in page.css("button[name=button]")] == pressable(shown)
    names = [one.attributes["value"] for one in page.css("input[name=field]")]
    fields = [field for part in shown if isinstance(part, Form) for field in part.fields]
    assert [str(name).split(":", 1)[1] for name in names] == [field.name for field in fields]
    assert page.css("script, img") == []
