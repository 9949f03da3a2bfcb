"""Every kind of question: what people write, what is kept of it, and what they hear when it is something else."""

from __future__ import annotations

import ast
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import seam
from flows.engine import Chat, Choice, Completed, Context, Conversation, Form, Run, Shown, Start, draw, flow
from flows.engine import day as a_day
from flows.engine import time as a_time
from flows.engine.fields import (
    DRAFT,
    KINDS,
    Day,
    Line,
    Number,
    Options,
    Pick,
    Question,
    Scale,
    Several,
    Time,
    YesOrNo,
)
from flows.engine.flow import FlowFault
from flows.engine.forms import Questions
from flows.seam import Picked
from flows.token import Answers
from flows.words import LANGUAGES, _, said

CHOICES = (("walk", _("Yes")), ("talk", "Back"))
SPRING = Day(text="When?", earliest="2026-12-01", latest="2027-11-30")
EACH: dict[str, Question] = {
    "scale": Scale(text="How is it?", low_label="low", high_label="high", required=False),
    "options": Options(text="Which?", choices=CHOICES, required=False),
    "several": Several(text="Which of them?", choices=CHOICES, required=False),
    "yes_or_no": YesOrNo(text="Will you?", required=False),
    "line": Line(text="What?", most=20, required=False),
    "number": Number(text="How many?", low=1, high=2000, required=False),
    "day": Day(text="When?", earliest="2026-12-01", required=False),
    "time": Time(text="At what time?", required=False),
    "pick": Pick(text="Where?", what="place", required=False),
}
GOOD: dict[str, tuple[object, object]] = {
    "scale": ("4", 4),
    "options": ("talk", "talk"),
    "several": (("talk", "walk", "talk"), ["walk", "talk"]),
    "yes_or_no": ("no", False),
    "line": (" some\u200b words ", "some words"),
    "number": ("1.500", 1500),
    "day": ("zaterdag 12 december", "2026-12-12"),
    "time": ("2 pm", "14:00"),
    "pick": (Picked("1", "here"), {"id": "1", "name": "here", "can_post": True, "open_to_all": False}),
}
BAD: dict[str, object] = {
    "scale": "6",
    "options": "run",
    "several": ("walk", "run"),
    "yes_or_no": "perhaps",
    "line": "x" * 21,
    "number": "many",
    "day": "soon",
    "time": "half 3",
    "pick": "here",
}


def test_there_is_an_example_of_every_kind() -> None:
    assert set(EACH) == set(GOOD) == set(BAD) == set(KINDS)
    assert [type(EACH[name]) for name in KINDS] == list(KINDS.values())


@pytest.mark.parametrize("name", KINDS)
def test_a_good_answer_is_kept_as_data_and_taken_again_as_it_is(name: str) -> None:
    typed, kept = GOOD[name]
    assert EACH[name].take(typed) == (kept, None)
    assert json.loads(json.dumps(kept)) == kept
    assert EACH[name].take(kept) == (kept, None)
    assert EACH[name].words(kept)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("nothing", [None, "", "  ", "\u200b", ()])
def test_what_need_not_be_answered_can_be_emptied_and_what_must_cannot(name: str, nothing: object) -> None:
    assert EACH[name].take(nothing) == (None, None)
    needed = replace(EACH[name], required=True)
    assert needed.take(nothing)[1] is not None
    assert needed.drawn("q", "en", None, None).required
    assert said(EACH[name].words(None), "en") == ""


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_answer_is_kept_as_a_draft_and_said_in_every_language(name: str, language: str) -> None:
    draft, wrong = EACH[name].take(BAD[name])
    assert wrong is not None
    assert said(wrong, language)
    json.dumps(draft)
    field = EACH[name].drawn("q", language, draft, wrong)
    assert field.error == said(wrong, language)
    if isinstance(BAD[name], str) and EACH[name].typed:
        assert field.draft == BAD[name]
        assert isinstance(field.kind, seam.Line)  # else no calendar and no clock would show it


@given(st.text(max_size=40) | st.integers() | st.booleans() | st.lists(st.text(max_size=3)).map(tuple), st.data())
def test_whatever_comes_is_answered(value: object, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(KINDS)))
    draft, wrong = EACH[name].take(value)
    json.dumps(draft)
    if wrong is None:
        assert EACH[name].take(draft) == (draft, None)


@pytest.mark.parametrize("name", KINDS)
def test_a_text_of_any_length_is_looked_at_for_a_moment_only(name: str) -> None:
    draft, wrong = EACH[name].take("9" * 3_000_000)
    assert wrong is not None
    assert len(str(draft)) <= DRAFT + 1


# ---------------------------------------------------------------- days, times, numbers


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("2027-03-12", "2027-03-12"),
        ("12 maart", "2027-03-12"),
        ("vrijdag 12 maart 2027", "2027-03-12"),
        ("12 mrt", "2027-03-12"),
        ("12-3", "2027-03-12"),
        ("12/3", "2027-03-12"),
        ("3/12", "2026-12-03"),
        ("12.3.", "2027-03-12"),
        ("12. 3. 2027", "2027-03-12"),
        ("12-03-27", "2027-03-12"),
        ("12. März 2027", "2027-03-12"),
        ("Freitag, den 12. März", "2027-03-12"),
        ("March 12, 2027", "2027-03-12"),
        ("the 12th of March", "2027-03-12"),
        ("Fri 12 Mar", "2027-03-12"),
        ("1 MEI", "2027-05-01"),
        ("1. Mai", "2027-05-01"),
        ("1e mei", "2027-05-01"),
    ],
)
def test_a_day_as_people_write_it(typed: str, iso: str) -> None:
    assert SPRING.take(typed) == (iso, None)
    assert (SPRING.understood(typed, iso) is None) == (typed == iso)


@pytest.mark.parametrize(
    "typed",
    ["soon", "31-2-2027", "12-13-2027", "maandag 12 maart 2027", "12 foo", "12", "3 12 2027 x", "0-1", "29-2-27"],
)
def test_what_is_no_day_is_asked_again(typed: str) -> None:
    draft, wrong = SPRING.take(typed)
    assert draft == typed
    assert "1 December 2026" in said(wrong or "", "en")
    assert "1. Dezember 2026" in said(wrong or "", "de")


def test_a_day_without_a_year_is_the_one_that_can_be_meant() -> None:
    assert Day(text="When?", latest="2026-11-28").take("24-12") == ("2025-12-24", None)
    assert Day(text="When?", earliest="2026-11-28").take("28-11") == ("2026-11-28", None)
    assert Day(text="When?", earliest="2026-11-28").take("29 februari") == ("2028-02-29", None)
    assert Day(text="When?").take("24-12")[1] is not None
    assert Day(text="When?").take("24-12-2026") == ("2026-12-24", None)


@pytest.mark.parametrize(("iso", "says"), [("2026-11-30", "from 1 December 2026"), ("2027-12-01", "until 30 November")])
def test_a_day_out_of_bounds_is_named(iso: str, says: str) -> None:
    draft, wrong = SPRING.take(iso)
    assert draft == iso
    assert says in said(wrong or "", "en")
    assert isinstance(SPRING.drawn("q", "en", draft, wrong).kind, seam.Day)


@pytest.mark.parametrize(
    ("typed", "time"),
    [
        *(("14:30", "14:30"), ("14.30", "14:30"), ("9:05", "09:05"), ("14u30", "14:30"), ("14 Uhr 30", "14:30")),
        *(("14h30", "14:30"), ("14:30 uur", "14:30"), ("2 pm", "14:00"), ("2:30 p.m.", "14:30"), ("12 am", "00:00")),
        *(("12pm", "12:00"), ("14", "14:00"), ("15 uur", "15:00"), ("0 Uhr", "00:00"), ("14:30:00", "14:30")),
    ],
)
def test_a_time_as_people_write_it(typed: str, time: str) -> None:
    assert Time(text="When?").take(typed) == (time, None)


@pytest.mark.parametrize("typed", ["half 3", "2", "2 uur", "25:00", "14:60", "13 pm", "0 am", "noonish", "14:3"])
def test_what_could_be_two_times_or_none_is_asked_again(typed: str) -> None:
    draft, wrong = Time(text="When?").take(typed)
    assert (draft, wrong is None) == (typed, False)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("12", 12), ("1.000", 1000), ("1,000", 1000), ("1 000", 1000), ("1\u202f000", 1000), ("12.0", 12), (7, 7)],
)
def test_a_number_as_people_write_it(typed: object, number: int) -> None:
    asked = Number(text="How many?")
    assert asked.take(typed) == (number, None)
    assert (asked.understood(typed, number) is None) == (str(typed) == str(number))


@pytest.mark.parametrize("typed", ["3,5", "3.5", "1.00.000", "1.0000", "ten", "1e5", "\u0661", True, "1,000.000"])
def test_what_is_no_whole_number_is_asked_again(typed: object) -> None:
    assert Number(text="How many?").take(typed)[1] is not None


def test_a_class_may_have_days_and_times_of_the_standard_library() -> None:
    class Plan(Form):
        title = _("When?")
        when: dt.date = a_day(_("When?"))
        at: dt.time | None = a_time(_("At what time?"), required=False)

    plan = Plan.model_validate({"when": "2027-03-12", "at": "14:30"})
    assert (plan.when, plan.at) == (dt.date(2027, 3, 12), dt.time(14, 30))


# ---------------------------------------------------------------- somebody's own words


OWN = Questions("Back", {"q": Options(text="Stop", help="Send", choices=(("a", "Yes"), ("b", "Back")))}, submit="Help")


@flow("own_words")
async def own_words(chat: Chat) -> None:
    chat.say("Back")
    chat.show(Shown("Stop", [("Yes", "No")]))
    chat.show(Start("own_words", "", "Back"))
    await chat.ask("ask", "Help", [Choice("a", "Back"), Choice("b", _("Back"))])
    await chat.fill("fill", OWN)


def drawn(run: Run, language: str) -> list[seam.Part]:
    assert run.pending is not None
    shown = draw.pieces(run.chat.shown, language)
    return [*shown, *draw.question(run.pending, run.journal, Answers("c", 1), language, back=True)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_own_words_stay_as_they_are_typed_and_ours_are_translated(language: str) -> None:
    run = Run(own_words, Context(), Conversation({}))
    run.go()
    text, card, start, ask, buttons = drawn(run, language)
    ours = said(_("Back"), language)
    assert (language == "en") == (ours == "Back")
    assert text == seam.Text("Back")
    assert card == seam.Card("Stop", (("Yes", "No"),))
    assert isinstance(start, seam.Buttons)
    assert isinstance(buttons, seam.Buttons)
    assert start.buttons[0].label == "Back"
    assert ask == seam.Text("Help")
    assert [one.label for one in buttons.buttons] == ["Back", ours, ours]
    run.answer("a")
    [form] = drawn(run, language)
    assert isinstance(form, seam.Form)
    field = form.fields[0]
    assert (form.title, form.submit, field.question, field.help) == ("Back", "Help", "Stop", "Send")
    assert field.kind == seam.Options((("a", "Yes"), ("b", "Back")))
    assert [one.label for one in form.buttons] == [ours, said(_("Stop"), language)]


def test_only_sentences_that_stand_in_the_code_are_made_to_be_translated() -> None:
    """``_(name)`` would look somebody's own words up in the catalogue: what is given to it stands there in full."""
    root, found = Path(__file__).parents[2], []
    for path in (one for room in ("flows", "adapters", "bot") for one in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "n_", "Msg"}:
                first = node.args[0] if node.args else None
                again = (
                    isinstance(first, ast.Attribute) and first.attr == "text"
                )  # a sentence once more, with its values
                if not again and not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                    found.append(f"{path.relative_to(root)}: {ast.unparse(node)}")
    assert sorted(found) == [
        "adapters/discord/commands.py: Msg(name)",  # a command's name, which stands in the code as its word
        "flows/engine/panel.py: Msg(', '.join((f'{{{name}}}' for name in there)), dict(there))",  # holds no words
        "flows/setup/own_words.py: Msg(' · '.join((f'{{{name}}}' for name in own)), dict(own))",  # nor this
        "flows/words/__init__.py: Msg(', '.join((f'{{{name}}}' for name in args)), args)",  # nor this
        "flows/words/__init__.py: Msg(one, {'n': n, **args}, many)",
        "flows/words/__init__.py: Msg(text, args)",
    ]


# ---------------------------------------------------------------- what was asked stays asked


def question_set(text: str, **choices: str) -> Questions:
    return Questions("Today", {"q": Options(text=text, choices=tuple(choices.items())), "r": Line(text="Why?")})


def asking(form: Questions) -> Any:
    @flow("set")
    async def asked(chat: Chat) -> None:
        done = await chat.fill("answers", form)
        chat.show(Shown(done.form.title, done.rows()))

    return asked


def test_who_is_in_the_middle_finishes_the_questions_that_they_were_asked() -> None:
    run = Run(asking(question_set("How?", a="Well", b="Badly")), Context(), Conversation({}))
    run.go()
    journal = json.loads(json.dumps(run.journal | {"answers": {"q": "a"}}))
    again = Run(asking(question_set("How not?", b="Well", c="Badly")), Context(), Conversation(journal))
    again.go()
    [form] = drawn(again, "en")
    assert isinstance(form, seam.Form)
    assert form.fields[0].question == "How?"
    assert [one.open for one in form.fields] == [False, True]
    assert not again.learned
    again.answer({"q": "a", "r": "So."})
    assert again.pending is None
    [shown] = again.chat.shown
    assert isinstance(shown, Shown)
    assert list(shown.rows) == [("How?", "Well"), ("Why?", "So.")]


def test_whoever_comes_after_is_asked_the_new_ones() -> None:
    run = Run(asking(question_set("How not?", b="Well")), Context(), Conversation({}))
    run.go()
    assert run.pending is not None
    assert run.pending.data[0].questions["q"].text == "How not?"


def test_a_form_of_every_kind_comes_out_of_a_journal_as_it_went_in() -> None:
    form = Questions(_("Today"), EACH, submit=_("Send"))
    again = Questions.of(json.loads(json.dumps(form.data())))
    assert (again.title, again.submit, again.kept) == (form.title, form.submit, form.kept)
    assert dict(again.questions) == EACH
    assert again.data() == form.data()


def test_completed_is_what_people_read() -> None:
    answers = {name: kept for name, (_typed, kept) in GOOD.items()}
    rows = Completed(Questions("All", EACH), answers).rows()
    assert [said(text, "nl") for _question, text in rows] == [
        *("4", "Back", "Ja, Back", "Nee", "some words", "1500", "12 december 2026", "14:00", "here")
    ]


# ---------------------------------------------------------------- mistakes raise where they are made


def test_what_cannot_be_asked_is_not_made() -> None:
    for wrong in (
        lambda: Questions("", EACH),
        lambda: Questions("Nothing", {}),
        lambda: Questions("Name", {"a.b": EACH["line"]}),
        lambda: Questions("Two, and not kept", EACH, kept=False),
        lambda: Options(text="Which?", choices=()),
        lambda: Options(text="Which?", choices=(("a", "A"), ("a", "B"))),
        lambda: Options(text="Which?", choices=(("a", ""),)),
        lambda: Options(text="Which?", choices=(("=", "A"),)),
        lambda: Several(text="Which?", choices=(("a,b", "A"),)),
        lambda: Day(text="When?", earliest="12-3-2027"),
        lambda: Day(text="When?", earliest="2027-03-12", latest="2027-03-11"),
    ):
        with pytest.raises(FlowFault):
            wrong()  # type: ignore[no-untyped-call]


def test_a_button_is_checked_where_it_is_made() -> None:
    with pytest.raises(FlowFault, match=r"'Read it' that starts case: 's\.case\.x"):
        Start("case", "x" * 97, _("Read it"))
    with pytest.raises(FlowFault, match=r"'Take' cannot carry 'a\.b'"):
        Choice("a.b", _("Take"))
    with pytest.raises(FlowFault, match="'Take' cannot carry ':back'"):
        Choice(":back", _("Take"))

    @flow("wrong")
    async def wrong(chat: Chat) -> None:
        chat.show(Start("case", "ü", _("Read it")))
        await chat.now("never")

    with pytest.raises(FlowFault) as raised:
        Run(wrong, Context(), Conversation({})).go()
    assert raised.value.__notes__ == ["in flow wrong, at its start"]


@pytest.mark.parametrize(("typed", "taken"), [("tuesday 24 november", True), ("friday 24 november", False)])
def test_a_weekday_that_does_not_fit_is_noticed_without_a_year_too(typed: str, taken: bool) -> None:
    answer, wrong = Day(text="When?", earliest="2026-11-23").take(typed)
    assert (answer == "2026-11-24", wrong is None) == (taken, taken)
