"""The page before: a form that is sent again counts anew, as long as nothing came of it; else its words come back."""

from __future__ import annotations

from typing import Any

import pytest

from flows.seam import Buttons, Card, Command, Filled, Form, Opened, Pressed, Reply
from storage import conversations
from tests.door import NOW, card, form, text
from tests.engine.desk import Desk
from tests.engine.test_without_account import SIX, buttons, rows

MONTH = 30 * 86_400_000
WHO = pytest.mark.parametrize("who", ["sam", None], ids=["account", "page"])
"""A student in a chat, and someone without an account."""


def told(**words: str | None) -> dict[str, Any]:
    return SIX | words


def cards(reply: Reply) -> str:
    return " ".join(text for part in reply.parts if isinstance(part, Card) for _label, text in part.rows)


@WHO
def test_a_form_sent_again_after_going_back_counts_instead_of_the_first(desk: Desk, who: str | None) -> None:
    asked = form(desk.give(Command("tell"), who=who))
    desk.give(Filled(asked.id, told(issue="version one", involved="a teacher")), who=who)
    seen = form(desk.give(Opened(asked.id), who=who))
    assert [one.draft for one in seen.fields][:2] == ["version one", "a teacher"], "Back shows what was sent"
    shown = desk.give(Filled(seen.id, told(issue="version two", involved=None)), who=who)
    assert cards(shown) == "version two", "and what was emptied is empty"
    sent = desk.give(Pressed(buttons(shown)["Give it to the mentors"]), who=who)
    assert "already" not in text(sent)
    assert desk.open() == 1


@WHO
def test_a_wrong_form_sent_again_shows_what_is_wrong_and_keeps_the_words(desk: Desk, who: str | None) -> None:
    asked = form(desk.give(Command("tell"), who=who))
    desk.give(Filled(asked.id, told(issue="version one")), who=who)
    again = form(desk.give(Filled(asked.id, told(issue="x" * 3010)), who=who))
    assert [one.name for one in again.fields if one.open] == ["issue"], "what is wrong"
    assert again.fields[0].error
    assert [one.draft for one in again.fields] == ["x" * 3010, "some", None, None, None, None], (
        "and all that was written"
    )
    assert cards(desk.give(Filled(again.id, {"issue": "short"}), who=who)).startswith("short")


def test_a_part_of_a_form_sent_again_leaves_the_other_part(desk: Desk) -> None:
    asked = form(desk.give(Command("tell")))
    half = form(desk.give(Filled(asked.id, {"issue": "one", "involved": "two"})))
    assert [one.name for one in half.fields if one.open] == ["teacher", "student", "others", "belonging"]
    again = form(desk.give(Filled(asked.id, {"issue": "three"})))
    assert [one.name for one in again.fields if one.open] == ["teacher", "student", "others", "belonging"]
    shown = desk.give(Filled(again.id, {"teacher": "four", "student": None, "others": None, "belonging": None}))
    assert cards(shown) == "three two four"
    assert cards(desk.give(Filled(half.id, {"teacher": "five"}))) == "three two five"


def test_what_a_form_does_not_know_changes_nothing(desk: Desk) -> None:
    asked = form(desk.give(Command("tell")))
    shown = desk.give(Filled(asked.id, told(issue="mine")))
    late = desk.give(Filled(asked.id, {"other": "x", "issue ": "y"}))
    assert "already answered" in text(late)
    assert cards(desk.give(Opened(buttons(shown)["Back"].removesuffix(".:back")))) == cards(shown)


@WHO
def test_after_the_mentors_have_it_words_are_handed_back_and_the_receipt_is_shown(desk: Desk, who: str | None) -> None:
    asked = form(desk.give(Command("tell"), who=who))
    shown = desk.give(Filled(asked.id, told(issue="version one")), who=who)
    press = Pressed(buttons(shown)["Give it to the mentors"])
    receipt = desk.give(press, who=who)
    assert "Your six words" in str(receipt.parts)
    before = rows(desk)
    late = desk.give(Filled(asked.id, told(issue="version two")), who=who)
    assert "version two" in cards(late)
    assert "copy what you still need" in text(late)
    if who is None:  # the receipt is found by what led to it, whatever became of the answer that showed it
        assert card_titles(late) == ["What you wrote", "Your six words", "In danger: 112. To talk to someone: 1813."]
        for again in (desk.give(press, who=who), desk.give(Opened(asked.id), who=who)):
            assert card(again) == card(receipt)
    after = rows(desk)
    assert {k: v for k, v in after.items() if k != "eventseen"} == {k: v for k, v in before.items() if k != "eventseen"}


def card_titles(reply: Reply) -> list[str]:
    return [part.title for part in reply.parts if isinstance(part, Card)]


@WHO
def test_words_sent_after_their_conversation_ended_are_handed_back(desk: Desk, who: str | None) -> None:
    asked = form(desk.give(Command("tell"), who=who))
    shown = desk.give(Filled(asked.id, told(issue="mine")), who=who)
    second = form(desk.give(Pressed(buttons(shown)["Back"]), who=who))
    desk.database.run_now(lambda s: conversations.expire(s, NOW + MONTH))
    for form_id in (second.id, "c.nobody.3"):
        late = desk.give(Filled(form_id, {"issue": "four days\nlater", "involved": "  "}), who=who)
        assert cards(late) == "four days\nlater"
    assert desk.open() == 0


def test_stop_stops_from_an_earlier_page_too_but_not_what_came_after_it(desk: Desk) -> None:
    asked = form(desk.give(Command("tell"), who=None))
    wrong = form(desk.give(Filled(asked.id, told(issue="")), who=None))
    shown = desk.give(Filled(wrong.id, told(issue="mine")), who=None)
    old = desk.give(Opened(form(desk.give(Pressed(buttons(shown)["Back"]), who=None)).id), who=None)
    sure = desk.give(Pressed(buttons(old)["Stop"]), who=None)
    assert text(sure).startswith("Shall I stop? What you filled in is erased.")
    assert form(sure).fields == form(old).fields, "and nothing is lost by looking"
    again = desk.give(Filled(form(sure).id, told(issue="mine")), who=None)
    press = Pressed(buttons(again)["Give it to the mentors"])
    assert "Stopped" in text(desk.give(Pressed(buttons(sure)["Yes, erase it"]), who=None))
    assert desk.open() == 0
    assert "ended" in text(desk.give(press, who=None))
    asked = form(desk.give(Command("tell"), who=None))
    shown = desk.give(Filled(asked.id, told(issue="mine")), who=None)
    receipt = desk.give(Pressed(buttons(shown)["Give it to the mentors"]), who=None)
    for stop in (f"{asked.id}.:stop_now", buttons(shown)["Back"].replace(":back", ":stop_now")):
        assert card(desk.give(Pressed(stop), who=None)) == card(receipt), "a receipt is not stopped by what led to it"


def test_every_form_of_an_earlier_turn_is_forgotten_with_it(desk: Desk) -> None:
    """What the journal remembers of forms stays as long as it leads somewhere."""
    asked = desk.give(Command("tell"))
    for _round in range(20):
        shown = desk.give(Filled(form(asked).id, told(issue="mine")))
        assert isinstance(shown.parts[-1], Buttons)
        asked = desk.give(Pressed(buttons(shown)["Back"]))
        assert isinstance(asked.parts[-1], Form)
    size = desk.database.run_now(lambda s: len(s._execute("select journal from conversation", ()).fetchall()[0][0]))
    assert size < 1700, "one step of padding"


def test_what_ended_is_not_begun_once_more_by_its_first_question(desk: Desk) -> None:
    """Else the page before it would let the next person at a computer write on, or erase."""
    for path in ("write_more", "take_back"):
        token = f"f.abcdef{len(path):02}.{path}.{'A' * 64}"
        assert "ended" not in text(desk.give(Opened(token), who=None))
        stop = {"write_more": ":stop", "take_back": "no"}[path]
        desk.give(Pressed(f"{token}.{stop}"), who=None)
        for act in (Opened(token), Filled(token, {"text": "EVIL"}), Pressed(f"{token}.yes")):
            late = desk.give(act, who=None)
            assert "ended" in text(late)
    assert desk.open() == 0


def test_the_same_first_question_in_two_communities_is_two(desk: Desk) -> None:
    for space in ("one", "two"):
        shown = desk.give(Filled("f.abcdefgh.belonging_case.", SIX), who=None, space=space)
        assert "CANARY" in cards(shown)
    assert desk.open() == 2


def test_an_old_stop_writes_nothing_into_the_form_that_waits(desk: Desk) -> None:
    asked = form(desk.give(Command("tell")))
    half = form(desk.give(Filled(asked.id, {"issue": "one"})))
    sure = desk.give(Pressed(f"{asked.id}.:stop", {"teacher": "OLD"}))
    assert "OLD" not in str(sure.parts)
    assert form(sure).fields == half.fields
