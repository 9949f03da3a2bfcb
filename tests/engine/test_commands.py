"""Commands are known in every language, however they are written, and an answer is not taken for one."""

from __future__ import annotations

import pytest

from flows.catalogue import catalogue
from flows.engine import Command
from flows.engine.commands import CANCEL, Vocabulary
from flows.words import LANGUAGES, _, said

WORDS = catalogue().words


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("help", "help"),
        ("hulp", "help"),
        ("HILFE!", "help"),
        ("/taal", "language"),
        ("Sprache", "language"),
        (" vertel ", "tell"),
        ("erzählen", "tell"),
        ("erza\u0308hlen", "tell"),
        ("ERZÄHLEN.", "tell"),
        ("erzahlen", "tell"),
        ("erzaehlen", "tell"),
        ("/Antwort", "answer"),
        ("antwoord", "answer"),
        ("Fälle", "cases"),
        ("stop", "cancel"),
        ("Abbrechen", "cancel"),
        ("my data", "my data"),
        ("My  Data?", "my data"),
        ("/my-data", "my data"),
        ("mijn gegevens", "my data"),
        ("Meine Daten", "my data"),
        ("forget me", "forget me"),
        ("vergeet mij!", "forget me"),
        ("/vergiss-mich", "forget me"),
    ],
)
def test_a_word_of_any_language(typed: str, name: str) -> None:
    found = WORDS.typed(typed)
    assert found is not None
    assert found.name == name


def test_one_word_more_is_no_harm_and_behind_a_slash_any() -> None:
    for text in ("/language nl please", "language nl"):
        assert WORDS.typed(text) == catalogue().commands["language"]
    for text in ("/forget me right now", "forget me please"):
        assert WORDS.typed(text) == catalogue().commands["forget me"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "/",
        "!",
        "stop pesten",
        "help me with this",
        "antwoord kwam te laat",
        "taalles",
        "\ud800",
        "my",
        "data",
        "forget me before you sleep",
    ],
)
def test_what_only_begins_like_a_command_is_none(text: str) -> None:
    assert WORDS.typed(text) is None


def test_what_is_shown_as_a_command_is_known_as_one() -> None:
    for command in catalogue().commands.values():
        for language in LANGUAGES:
            assert WORDS.named(said(command.word, language)) is command


def test_a_word_means_one_thing_in_all_languages() -> None:
    with pytest.raises(ValueError, match="are both called stop"):
        Vocabulary([CANCEL, Command(word=_("stop"), about=_("Stop"), button=_("Stop"), flow="other")])
