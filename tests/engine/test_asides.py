"""What is asked in between: nothing that somebody wrote is lost by a word, by Stop, or by Back."""

from __future__ import annotations

import pytest

from flows.seam import Changed, Command, Filled, Pressed, Reply, Said
from tests.door import form, text
from tests.engine.desk import Desk
from tests.engine.test_earlier import SIX, WHO, cards
from tests.engine.test_without_account import buttons, rows

BY_HAND = "A" * 64
"""A case in a button that nobody sealed."""


def more(desk: Desk, who: str = "sam") -> None:
    """The question for more words, which waits from now on."""
    form(desk.give(Pressed(f"s.write_more.{BY_HAND}"), who=who))


@pytest.mark.parametrize("words", ["Help me!", "Tell nobody.", "Language barrier", "Answer came late", "stop bullying"])
def test_an_answer_that_begins_like_a_command_is_an_answer(desk: Desk, words: str) -> None:
    more(desk)
    assert "six words again" in text(desk.give(Said(words))), "it goes on with what was written"


@pytest.mark.parametrize(("word", "label"), [("Help!", "help"), ("tell", "tell"), ("sprache", "language")])
def test_a_text_that_is_a_command_asks_which_was_meant(desk: Desk, word: str, label: str) -> None:
    more(desk)
    asked = desk.give(Said(word))
    assert f"“{word}” can be your answer" in text(asked)
    assert form(asked).fields[0].draft == word, "it stands in the box"
    assert list(buttons(asked))[:2] == ["It is my answer", label]
    assert "six words again" in text(desk.give(Pressed(buttons(asked)["It is my answer"])))


def test_the_command_that_was_meant_starts_and_the_answer_still_waits(desk: Desk) -> None:
    more(desk)
    asked = desk.give(Said("help"))
    assert "Choose a language" in str(desk.give(Pressed(buttons(asked)["help"])).parts)
    assert form(desk.give(Pressed(f"s.write_more.{BY_HAND}"))).fields[0].draft == "help"
    stop = desk.give(Said("stop"))
    assert "Stopped" in text(desk.give(Pressed(buttons(stop)["cancel"])))
    assert desk.open() == 0


def test_behind_a_slash_it_is_a_command(desk: Desk) -> None:
    more(desk)
    assert "Choose a language" in str(desk.give(Said("/help me")).parts)
    assert "Stopped" in text(desk.give(Said("/stop")))
    assert desk.open() == 0


def test_where_no_text_is_asked_a_command_is_one(desk: Desk) -> None:
    desk.give(Command("tell"))
    assert "Choose a language" in str(desk.give(Said("Help me!")).parts)


def test_a_story_that_is_typed_begins_the_form_and_goes_on_in_it(desk: Desk) -> None:
    asked = form(desk.give(Command("tell")))
    first = desk.give(Said("Nobody wanted me in their group."))
    assert "I have put that under “What was it about?”" in text(first)
    assert form(first).fields[0].draft == "Nobody wanted me in their group."
    second = form(desk.give(Said("They laughed.")))
    assert second.fields[0].draft == "Nobody wanted me in their group.\nThey laughed."
    assert "did not understand" not in text(desk.give(Said("hello"))), "a greeting is no story"
    sent = desk.give(Filled(asked.id, {"issue": second.fields[0].draft}))
    assert "Nobody wanted me in their group." in str(cards(sent))
    assert "hello" not in str(cards(sent))


def test_what_is_typed_while_numbers_are_asked_first_is_no_answer(desk: Desk) -> None:
    form(desk.give(Pressed(f"s.check_in.{desk.round(desk.one)}")))
    assert "I have put that" not in text(desk.give(Said("It is going well.")))


@WHO
@pytest.mark.parametrize("sent", [True, False])
def test_stop_asks_once_something_is_filled_in(desk: Desk, who: str | None, *, sent: bool) -> None:
    asked = desk.give(Command("tell"), who=who)
    if sent:
        shown = desk.give(Filled(form(asked).id, SIX | {"issue": "mine"}), who=who)
        asked = desk.give(Pressed(buttons(shown)["Back"]), who=who)
    sure = desk.give(Pressed(buttons(asked)["Stop"], {"issue": "half a sen", "other": "x"}), who=who)
    assert "Shall I stop?" in text(sure)
    assert form(sure).fields[0].draft == "half a sen"
    assert ("No, go on" in buttons(sure)) == (sent or who is not None), "else the words would go with it"
    if "No, go on" in buttons(sure):
        going_on = desk.give(Pressed(buttons(sure)["No, go on"]), who=who)
        assert form(going_on).fields == form(sure).fields
        assert "Shall I stop?" not in text(going_on)
    if who:
        assert "Shall I stop?" in text(desk.give(Command("cancel")))
    assert "Stopped" in text(desk.give(Pressed(buttons(sure)["Yes, erase it"]), who=who))
    assert desk.open() == 0


@WHO
def test_stop_stops_at_once_where_nothing_is_filled_in(desk: Desk, who: str | None) -> None:
    asked = desk.give(Command("tell"), who=who)
    empty = {"issue": "", "involved": None, "teacher": " "}
    assert "Stopped" in text(desk.give(Pressed(buttons(asked)["Stop"], empty), who=who))
    assert desk.open() == 0


def test_back_keeps_what_was_written_but_not_sent(desk: Desk) -> None:
    asked = desk.give(Command("tell"))
    half = desk.give(Filled(form(asked).id, {"issue": "one"}))
    again = desk.give(Pressed(f"{form(half).id}.no_such", {"teacher": "two", "issue": "other"}))
    assert [one.draft for one in form(again).fields if one.name == "teacher"] == ["two"]
    rest = {name: None for name in SIX if name not in ("issue", "teacher")}
    assert cards(desk.give(Filled(form(again).id, rest | {"teacher": "two"}))) == "one two"


def test_pictures_and_files_are_said_not_to_come_along(desk: Desk) -> None:
    assert text(desk.give(Said("", files=True))) == "Pictures and files do not come along: I only read what you type."
    more(desk)
    shown = desk.give(Said("", files=True))
    assert "do not come along" in text(shown)
    assert form(shown).fields[0].error == "", "and it is no wrong answer"
    answer = text(desk.give(Said("with a picture", files=True)))
    assert answer.startswith("Pictures and files do not come along")
    assert "six words again" in answer


def test_a_message_that_is_edited_or_deleted_stays_what_it_was_and_makes_nobody_new(desk: Desk) -> None:
    before = rows(desk)
    assert "stays with me as you sent it" in text(desk.give(Changed(), event="hour", who="new"))
    assert desk.give(Changed(), event="hour", who="new") == Reply()
    assert {k: v for k, v in rows(desk).items() if k != "eventseen"} == {
        k: v for k, v in before.items() if k != "eventseen"
    }
    more(desk)
    before = rows(desk)
    assert "Back" in text(desk.give(Changed()))
    assert rows(desk)["conversation"] == before["conversation"]


@pytest.mark.parametrize("text", ["hoi", "Yes.", "Tell me about it, please", "ok"])
def test_everyday_words_are_an_answer_where_a_text_is_asked_for(desk: Desk, text: str) -> None:
    asked = form(desk.give(Command("answer")))
    assert [field.name for field in asked.fields] == ["words"]
    assert "Hello, I am Erbij" not in str(desk.give(Said(text)).parts)


@pytest.mark.parametrize("text", ["No.", "nee", "Nein!", "“No”", "no thanks"])
def test_a_no_is_a_no(desk: Desk, text: str) -> None:
    desk.give(Command("help"))
    asked = desk.give(Command("forget me"))
    assert "Shall I forget you?" in str(asked.parts)
    assert "I forget nothing" in str(desk.give(Said(text)).parts)


@pytest.mark.parametrize("text", ["“tell”", "tell,", "„erzählen“", "'Tell'!", "«vertel»", "(tell)"])
def test_a_word_is_known_in_whatever_is_written_around_it(desk: Desk, text: str) -> None:
    assert form(desk.give(Said(text))).title == "What happened?"


@pytest.mark.parametrize(
    "text", ["hoi", "Hey!", "hallo Erbij", "What is this?", "what's this", "Wer bist du?", "wat is dit"]
)
def test_a_greeting_is_answered(desk: Desk, text: str) -> None:
    assert "Hello, I am Erbij." in str(desk.give(Said(text)).parts)


@pytest.mark.parametrize("text", ["hoi allemaal, ik heb een vraag over de les", "heyday", "start of term was awful"])
def test_what_only_begins_like_one_is_not(desk: Desk, text: str) -> None:
    assert "I did not understand" in str(desk.give(Said(text)).parts)
