"""What sentences say of times of day is what the clock goes by."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from flows.cases import capability, patience
from flows.cases.moments import HOURS, MOMENTS, SET_MOMENTS, any_of
from flows.cases.patience import WRITES_AT
from flows.words import LANGUAGES, LOCALE, SOURCE, said

TIME = re.compile(r"\b(\d{1,2})[:.](\d\d)\b")


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_name_the_hours_of_the_clock(language: str) -> None:
    minute, hours = MOMENTS.split()[:2]
    named = TIME.findall(said(SET_MOMENTS, language))
    assert named == [(hour, f"{int(minute):02}") for hour in hours.split(",")]
    assert [int(hour) for hour, _minute in named] == list(HOURS)
    assert {one.cron for one in capability.recurring if one.job in ("release_cases", "tell_of_answers")} == {MOMENTS}
    minute, hour = patience.AT.split()[:2]
    assert TIME.findall(said(WRITES_AT, language)) == [(hour, f"{int(minute):02}")]


def test_they_are_written_as_each_language_does() -> None:
    written = {language: said(any_of((8, 12, 16)), language) for language in LANGUAGES}
    assert written == {"nl": "8.00, 12.00 of 16.00", "en": "8:00, 12:00 or 16:00", "de": "8:00, 12:00 oder 16:00"}
    assert said(any_of((9,)), "en") == "9:00"


def test_no_sentence_has_a_time_of_its_own() -> None:
    for language in set(LANGUAGES) - {SOURCE}:
        with (LOCALE / language / "LC_MESSAGES" / "erbij.po").open("rb") as file:
            for message in read_po(file, locale=language):
                assert message.id == "" or not TIME.search(f"{message.id} {message.string}"), message.id
