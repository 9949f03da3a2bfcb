"""A question set that changes while somebody answers: they finish the one that they were asked, on both databases."""

from __future__ import annotations

from flows.engine import EVERYONE, Capability, Catalogue, Chat, Command, Questions, Shown, flow
from flows.engine.fields import Line, Number
from flows.seam import Card, Filled
from flows.seam import Command as Asked
from flows.words import Msg
from tests.door import card, form
from tests.engine.desk import Desk

OLD = Questions("Back", {"much": Number(text="How much?", high=5), "why": Line(text="Why?", most=9)})
NEW = Questions("Forth", {"much": Number(text="How little?", low=6, high=9), "who": Line(text="Who?", most=3)})
NOW = [OLD]


@flow("set", who=(EVERYONE,))
async def question_set(chat: Chat) -> None:
    done = await chat.fill("answers", NOW[0])
    chat.show(Shown(done.form.title, done.rows()))


MINE = Command(Msg("kinds"), Msg("kinds"), Msg("kinds"), "set")


def test_it_stays_what_was_asked_and_answers_are_held_against_that(desk: Desk) -> None:
    desk.catalogue = Catalogue([Capability("mine", flows=(question_set,), commands=(MINE,))])
    NOW[0] = OLD
    asked = form(desk.give(Asked("kinds")))
    NOW[0] = NEW
    again = form(desk.give(Filled(asked.id, {"much": "7", "why": "So."})))
    assert [one.question for one in again.fields] == ["How much?", "Why?"]
    assert "from 0 to 5" in again.fields[0].error
    done = desk.give(Filled(again.id, {"much": "4", "who": "nobody asked"}))
    assert card(done) == Card("Back", (("How much?", "4"), ("Why?", "So.")))
    assert form(desk.give(Asked("kinds"))).title == "Forth"
