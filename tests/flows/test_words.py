"""Dutch and German are whole: no sentence missing, none left over, the same placeholders."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel.messages.catalog import Message

from flows.words import _, dates, language_of, n_, said
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


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (("nl-BE",), "nl"),
        (("fr-BE,de;q=0.5",), "de"),
        (("en;q=0.3, nl;q=0.9, de;q=0.8",), "nl"),
        (("de;q=0.8,nl;q=0.8",), "de"),
        (("nl;q=0, de;q=0.1",), "de"),
        (("nl;q=0",), "en"),
        (("en;q=0, *",), "nl"),
        (("", "de-AT, en;q=0.9"), "de"),
        (("xx", "NL_nl"), "nl"),
        (("de;q=0.5;level=1, nl; Q=0.9",), "nl"),
        (("nl;q=nonsense, de;q=0.2",), "de"),
        ((",;q=1,,",), "en"),
        ((), "en"),
    ],
)
def test_the_language_that_is_wanted_most(tags: tuple[str, ...], language: str) -> None:
    assert language_of(*tags) == language


def test_days_as_they_stand_within_a_sentence() -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert [said(dates.moment(noon), language) for language in ("nl", "en", "de")] == [
        "zaterdag 28 november, 12.00",
        "Saturday 28 November, 12:00",
        "Samstag, 28. November, 12:00",
    ]
    day = dates.day(noon.date(), year=True)
    assert [said(day, language) for language in ("nl", "de")] == ["28 november 2026", "28. November 2026"]
    assert (
        said(_("Since {day}. In your hands.", day=dates.day(noon.date())), "de")
        == "Seit 28. November. Du kümmerst dich darum."
    )
