"""The engine alone: no database, no platform."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine import Chat, Choice, Context, Conversation, Form, Run, flow, line, scale, yes_no
from flows.engine.flow import Capability, Catalogue, Flow, FlowFault
from flows.words import _


def play(made: Flow, journal: dict[str, Any], **more: Any) -> Run:
    run = Run(made, Context(), Conversation(journal), **more)
    run.go()
    return run


def test_a_flow_is_played_in_ten_lines() -> None:
    @flow("tea")
    async def tea(chat: Chat) -> None:
        if await chat.ask("tea", _("Tea?"), yes_no):
            chat.say(_("Here you are."))

    run = play(tea, {})
    run.answer(True)
    assert run.pending is None
    assert [piece.text for piece in run.chat.shown] == ["Here you are."]


def test_an_effect_happens_once_however_often_the_journal_is_replayed() -> None:
    calls: list[int] = []

    def pour(_session: object, cups: int) -> int:
        calls.append(cups)
        return cups * 2

    @flow("pour")
    async def pouring(chat: Chat) -> None:
        cups = await chat.do("pour", pour, 3)
        await chat.ask("more", _("{n} cups. More?", n=cups), yes_no)

    journal = play(pouring, {}).journal
    again = play(pouring, dict(journal))
    assert calls == [3]
    assert again.pending is not None
    assert again.pending.data[0].args == {"n": 6}


def test_awaiting_anything_else_raises_with_the_flow_and_key_on_the_traceback() -> None:
    @flow("sleepy")
    async def sleepy(chat: Chat) -> None:
        await chat.now("at")
        await asyncio.sleep(0)

    with pytest.raises(FlowFault, match="nothing but its chat") as caught:
        play(sleepy, {})
    assert "in flow sleepy" in caught.value.__notes__[0]


@pytest.mark.parametrize(("key", "wrong"), [("twice", "used twice"), ("", "is empty"), ("@mine", "the engine's own")])
def test_a_wrong_key_raises(key: str, wrong: str) -> None:
    @flow("keys")
    async def keys(chat: Chat) -> None:
        await chat.now("twice")
        await chat.now(key)

    with pytest.raises(FlowFault, match=wrong):
        play(keys, {})


def test_what_cannot_be_a_flow_raises_when_it_is_defined() -> None:
    with pytest.raises(FlowFault, match="no name"):
        flow("Not a name")

    with pytest.raises(FlowFault, match="not an async def"):

        @flow("plain")
        def plain(chat: Chat) -> Awaitable[None]:
            raise NotImplementedError

    @flow("typo", who=("mentors",))
    async def typo(chat: Chat) -> None:
        raise NotImplementedError

    with pytest.raises(FlowFault, match="whom nobody knows"):
        Catalogue([Capability("a", (typo,))])

    with pytest.raises(FlowFault, match="give it a subject="):

        @flow("open", who=("mentor",))
        async def open_(chat: Chat, argument: str) -> None:
            raise NotImplementedError

    with pytest.raises(FlowFault, match="asks no question"):

        class Bad(Form):
            title = _("Bad")
            name: str


class Week(Form):
    title = _("Week")
    mood: int = scale(_("Mood?"), low_label=_("low"), high_label=_("high"))
    note: str | None = line(_("Note?"), most=10, required=False)


def test_a_form_keeps_good_answers_and_says_what_is_wrong_with_others() -> None:
    good, drafts, wrong = Week.asked.take({"mood": "6", "note": "a\u202eb\u200bc", "other": "x"})
    assert good == {"note": "abc"}
    assert "mood" in wrong
    assert Week.asked.open_fields(good) == ["mood"]
    assert Week.asked.open_fields({"mood": 5}) == ["note"]
    assert drafts == {"mood": None}


def test_a_form_field_added_later_is_asked_and_the_others_are_kept() -> None:
    @flow("week")
    async def week(chat: Chat) -> None:
        answers = await chat.fill("week", Week)
        chat.say(_("{mood}", mood=answers.mood))

    run = play(week, {"week": {"mood": 4}})
    assert run.pending is not None
    assert run.journal["week"] == {"mood": 4}
    run.answer({"mood": 4, "note": None})
    assert run.pending is None


def test_back_goes_to_the_last_question_but_never_past_an_effect() -> None:
    def save(_session: object) -> None:
        """An effect."""

    @flow("back")
    async def back(chat: Chat) -> None:
        await chat.ask("one", _("1?"), yes_no)
        await chat.ask("two", _("2?"), yes_no)
        await chat.do("save", save)
        await chat.ask("three", _("3?"), yes_no)

    run = play(back, {"one": True})
    assert run.back_to == "one"
    assert play(back, run.without("one")).pending.key == "one"  # type: ignore[union-attr]
    run.answer(False)
    assert run.pending is not None
    assert run.pending.key == "three"
    assert run.back_to == ""


names = st.sampled_from([f"q{i}" for i in range(8)])


@given(
    before=st.lists(names, unique=True, min_size=1),
    after=st.lists(names, unique=True),
    answered=st.integers(0, 8),
)
def test_a_flow_changed_midway_loses_no_answer_and_asks_none_again(
    before: list[str], after: list[str], answered: int
) -> None:
    """Questions inserted, removed and reordered while someone is in the middle."""

    def asking(keys: list[str]) -> Flow:
        async def run(chat: Chat) -> None:
            for key in keys:
                await chat.ask(key, _("?"), [Choice(key, _("this"))])

        return flow("changing")(run)

    first = play(asking(before), {})
    for _i in range(min(answered, len(before))):
        assert first.pending is not None
        first.answer(first.pending.key)
    known = dict(first.journal)
    second = play(asking(after), dict(known))
    asked: list[str] = []
    while second.pending is not None:
        asked.append(second.pending.key)
        second.answer(second.pending.key)
    assert asked == [key for key in after if key not in known]
    assert known.items() <= second.journal.items()


def test_nothing_after_a_hand_over_is_done() -> None:
    done: list[str] = []

    @flow("first")
    async def first(chat: Chat) -> None:
        try:
            if await chat.ask("on", _("Go on?"), yes_no):
                await chat.hand_over("next", "x")
            done.append("stayed")
        finally:
            done.append("closed")

    run = play(first, {"on": True})
    assert (run.pending, run.next, done) == (None, ("next", "x"), ["closed"])
    assert play(first, {"on": False}).next is None
    assert done == ["closed", "stayed", "closed"]


def test_a_chat_speaks_another_language_from_then_on() -> None:
    @flow("speak")
    async def speak(chat: Chat) -> None:
        chat.speak("nl")
        await chat.ask("on", _("Go on?"), yes_no)

    run = play(speak, {})
    assert (run.chat.language, run.chat.context.language, Context().language) == ("nl", "nl", "en")
