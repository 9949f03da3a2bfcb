"""Whatever its size, what is drawn keeps to a platform's limits, and nothing of it is lost."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from adapters import fit
from adapters.discord.limits import LIMITS
from flows.seam import Button, Buttons, Card, Field, Form, Limits, Line, Number, Options, Part, Scale, Several, Text

texts = st.text(alphabet=string.ascii_letters + " \n.*_é\u0301👩\u200d", max_size=400)
limits = st.builds(
    Limits,
    text=st.integers(60, 300),
    buttons=st.integers(1, 6),
    label=st.integers(2, 20),
    title=st.integers(2, 20),
    fields=st.integers(1, 5),
    question=st.integers(2, 20),
    help=st.integers(2, 20),
    line=st.integers(1, 50),
    options=st.integers(1, 6),
    sends_per_second=st.just(1.0),
)
buttons = st.lists(
    st.builds(Button, id=st.text(string.ascii_lowercase, min_size=1, max_size=9), label=texts), max_size=20
).map(tuple)
kinds = (
    st.builds(Line, most=st.integers(1, 9000))
    | st.builds(lambda n: Options(tuple((str(i), f"label {i}") for i in range(n))), st.integers(1, 40))
    | st.builds(lambda n: Several(tuple((str(i), f"label {i}") for i in range(n))), st.integers(1, 40))
    | st.builds(Number, st.just(1), st.just(9), texts)
    | st.builds(lambda n: Scale(1, n, "low", "high"), st.integers(1, 40))
)
fields = st.lists(
    st.builds(Field, name=st.text(string.ascii_lowercase, min_size=1), question=texts, kind=kinds, help=texts),
    max_size=9,
    unique_by=lambda f: f.name,
).map(tuple)
forms = st.builds(Form, id=st.just("f"), title=texts, fields=fields, submit=texts, open=texts, buttons=buttons)
cards = st.builds(Card, title=texts, rows=st.lists(st.tuples(texts, texts), max_size=5).map(tuple))
parts = st.lists(st.builds(Text, texts) | cards | st.builds(Buttons, buttons) | forms, max_size=6)


def escaped(text: str) -> int:
    return len(text) + text.count("*") + text.count("_")


def words(*texts_: str) -> str:
    return "".join("".join(texts_).split())


@given(texts, st.integers(1, 50))
def test_cut_pieces_fit_and_join_to_the_text(text: str, most: int) -> None:
    pieces = fit.cut(text, most)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= most for piece in pieces)


@given(texts, st.integers(2, 50))
def test_cut_measures_what_is_drawn(text: str, most: int) -> None:
    assert all(escaped(piece) <= most for piece in fit.cut(text, most, escaped))


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=12)))
def test_cut_never_parts_a_word(several: list[str]) -> None:
    pieces = fit.cut(" ".join(several), 12)
    assert [word for piece in pieces for word in piece.split()] == several


def test_cut_prefers_paragraphs() -> None:
    assert fit.cut("One two.\n\nThree four five.", 18) == ("One two.\n\n", "Three four five.")


def test_cut_keeps_a_letter_with_its_accent_and_a_family_together() -> None:
    assert fit.cut("aaae\u0301b", 4) == ("aaa", "e\u0301b")
    assert fit.cut("aa👩\u200d👧b", 4) == ("aa", "👩\u200d👧b")


@given(texts, st.integers(1, 30))
def test_label_fits_on_one_line(text: str, most: int) -> None:
    short = fit.label(text, most)
    assert len(short) <= most
    assert "\n" not in short
    assert short.endswith(fit.ELLIPSIS) or short == " ".join(text.split())


@given(forms, limits)
def test_sheets_keep_every_field_option_and_character(form: Form, limit: Limits) -> None:
    sheets = fit.sheets(form, limit)
    drawn = [one for sheet in sheets for one in sheet]
    assert all(len(sheet) <= limit.fields for sheet in sheets)
    for one in drawn:
        assert len(one.question) <= limit.question
        assert len(one.help) <= limit.help
        if isinstance(one.kind, Line):
            assert one.kind.most <= limit.line
    for whole in form.fields:
        mine = [one for one in drawn if one.name.split(fit.PAGE)[0] == whole.name]
        assert _values(whole) == [value for one in mine for value in _values(one)]
        assert all(len(_values(one)) <= limit.options for one in mine)
        assert (len(mine) == 1) == (mine[0].name == whole.name) or fit.PAGE in mine[0].name
        fitted, rest = fit.fit_field(whole, limit)
        assert words(fitted.question, fitted.help, rest) == words(whole.question, whole.help)
        if rest.strip():
            assert any(words(whole.question) in words(left) for left in fit.left_over((whole,), limit))


def _values(one: Field) -> list[str]:
    match one.kind:
        case Options(options) | Several(options):
            return [value for value, _ in options]
        case Scale():
            return [value for value, _ in fit.scale_options(one.kind)]
        case _:
            return []


@given(parts, limits)
def test_messages_fit_and_keep_all_text_and_buttons(several: list[Part], limit: Limits) -> None:
    messages = fit.messages(several, limit, size=escaped)
    flat = [part for message in messages for part in message]
    for message in messages:
        assert len(message) <= 5 + isinstance(message[-1], Buttons)  # which stay with what they answer
        assert sum(_weight(part)[0] for part in message) <= limit.text
        assert sum(_weight(part)[1] for part in message) <= limit.buttons
    assert _text(flat) == _text(several)
    assert _ids(flat) == _ids(several)
    assert [p.fields for p in flat if isinstance(p, Form)] == [p.fields for p in several if isinstance(p, Form)]


def _weight(part: Part) -> tuple[int, int]:
    match part:
        case Text(text):
            return escaped(text), 0
        case Card(title, rows):
            return escaped(title) + sum(escaped(a) + escaped(b) for a, b in rows), 0
        case Buttons(several):
            return 0, len(several)
        case Form():
            return escaped(part.title), 1 + len(part.buttons)


def _text(several: list[Part]) -> str:
    found = [p.text if isinstance(p, Text) else "" for p in several]
    found += [words(*row) for p in several if isinstance(p, Card) for row in p.rows]
    return words(*found)


def _ids(several: list[Part]) -> list[str]:
    return [b.id for p in several if isinstance(p, Buttons | Form) for b in p.buttons]


def test_merge_puts_together_what_was_ticked_on_several_pages() -> None:
    assert fit.merge({"food~1": ("a",), "food~2": ("b", "c"), "food~3": None}) == {"food": ("a", "b", "c")}


def test_merge_takes_the_page_that_was_used() -> None:
    assert fit.merge({"zone~1": None, "zone~2": "b", "name": "x", "other": None}) == {
        "zone": "b",
        "name": "x",
        "other": None,
    }


SMALL = Limits(
    text=200, buttons=5, label=20, title=45, fields=5, question=45, help=100, line=50, options=5, sends_per_second=1.0
)


def test_what_a_message_is_not_about_stays_so_in_pieces() -> None:
    card = Card(
        "In danger: 112. To talk to someone: 0800 111 0 111, day and night.", (("A", "x" * 60),) * 9, aside=True
    )
    made = [part for message in fit.messages((card,), SMALL) for part in message]
    assert len(made) > 1
    assert all(isinstance(part, Card) and part.aside and part.title == card.title for part in made)


def test_where_a_form_is_not_seen_as_a_whole_what_is_answered_is_left_out() -> None:
    fields = tuple(Field(name, name, Line(9), open=name == "b") for name in "abc")
    assert [one.name for one in fit.only_open(Form("f", "t", fields, "s", "o")).fields] == ["b"]


def test_buttons_stay_with_their_question_when_a_message_is_full() -> None:
    words = [Text(f"word {number}") for number in range(5)]
    row = Buttons((Button("a", "A"),))
    assert [len(one) for one in fit.messages([*words, row], LIMITS)] == [6]
    assert [len(one) for one in fit.messages([*words, row, row], LIMITS)] == [6, 1]
    assert [len(one) for one in fit.messages([*words, Text("more"), row], LIMITS)] == [5, 2]
