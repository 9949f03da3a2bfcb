"""Dutch and German are whole: no sentence missing, none left over, the same placeholders."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Message

from flows.words import _, n_, said
from scripts import words


def test_the_catalogues_are_complete() -> None:
    assert sorted(words.faults()) == []


def test_sentences_are_found_where_people_meet_them() -> None:
    found = {message.id for message in words.template()}
    assert "I felt included." in found


@pytest.mark.parametrize(
    ("text", "names"),
    [("Thank you.", set()), ("{name} has {n}.", {"name", "n"}), ("{{not}} one", set())],
)
def test_placeholders(text: str, names: set[str]) -> None:
    assert words.placeholders(text) == names


def test_another_placeholder_is_a_fault() -> None:
    wrong = Message("Thank you, {name}.", string="Dank je, {naam}.")
    assert list(words._wrong(wrong)) == ["has other placeholders: 'Dank je, {naam}.'"]
    assert list(words._wrong(Message("Yes"))) == ["without a translation"]


def test_a_sentence_gets_its_language_when_it_is_drawn() -> None:
    assert said(_("Case {case}: {name} closed it.", case="K7QM", name="Kim"), "nl") == (
        "Casus K7QM: Kim heeft hem gesloten."
    )
    assert said(n_("one", "{n} many", 2), "de") == "2 many"
