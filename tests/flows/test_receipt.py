"""A receipt survives how people write it down, and its fingerprint says nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cases import receipt
from flows.cases.misspelt import one_error
from flows.words import LANGUAGES


@pytest.fixture(autouse=True, scope="module")
def lists() -> None:
    """Read once, so that the first example is as quick as the others."""
    receipt.read("one two three four five sixes")


NO_SESSION = MagicMock()
OLD = "bado kemi lina tiva sore mapi"
random_bytes = st.binary(min_size=receipt.BYTES, max_size=receipt.BYTES)
languages = st.sampled_from(LANGUAGES)
letter = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
FRAMED = Path(__file__).parent / "receipts.json"


@st.composite
def misspelt(draw: st.DrawFn, word: str) -> str:
    """The word with one error: a letter changed, added or left out, or two that changed places."""
    at = draw(st.integers(0, len(word) - 1))
    before, here, after = word[:at], word[at], word[at + 1 :]
    return draw(
        st.sampled_from([before + after, before + after[:1] + here + after[1:]])
        | letter.map(lambda one: before + one + after)
        | letter.map(lambda one: before + one + here + after)
    )


def made(random: bytes, language: str) -> str:
    return receipt.draw(NO_SESSION, random, language)


@given(random_bytes, random_bytes, languages)
def test_each_receipt_is_another(one: bytes, other: bytes, language: str) -> None:
    of = [int.from_bytes(random, "big") % 1650**6 for random in (one, other)]
    assert (made(one, language) == made(other, language)) == (of[0] == of[1])


@given(random_bytes, languages, st.sampled_from([" ", "-", "  \n", ", ", "", ". 2) ", "\u00ad ", "\N{NO-BREAK SPACE}"]))
def test_however_it_is_parted(random: bytes, language: str, between: str) -> None:
    words = made(random, language)
    typed = between.join(words.split())
    for one in (typed, typed.upper(), typed.title(), typed.replace("a", "á").replace("o", "o\u0308")):
        assert receipt.read(one) == words


@given(random_bytes, languages, st.data())
def test_a_space_in_a_word_does_not_matter(random: bytes, language: str, data: st.DataObject) -> None:
    words = made(random, language)
    at = data.draw(st.integers(1, len(words) - 1))
    assert receipt.read(words[:at] + " " + words[at:]) == words


@given(random_bytes, languages, st.data())
def test_one_error_in_each_word_does_not_matter(random: bytes, language: str, data: st.DataObject) -> None:
    words = made(random, language)
    typed = [data.draw(misspelt(word)) for word in words.split()]
    kept = data.draw(st.integers(0, 5))  # one that is typed right tells the list
    typed[kept] = words.split()[kept]
    assert receipt.read(" ".join(typed)) == words


@given(languages, st.data())
def test_an_error_never_leads_to_another_word(language: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(receipt.words_in(language)))
    typed = data.draw(misspelt(word))
    assert [one for one in receipt.words_in(language) if one == typed or one_error(one, typed)] == [word]


@given(random_bytes, languages, st.data())
def test_without_spaces_an_error_leads_to_these_words_or_to_none(
    random: bytes, language: str, data: st.DataObject
) -> None:
    words = made(random, language).split()
    at = data.draw(st.integers(0, 5))
    typed = [*words[:at], data.draw(misspelt(words[at])), *words[at + 1 :]]
    assert receipt.read("".join(typed)) in (" ".join(words), "")


@given(random_bytes, languages, st.integers(0, 5))
def test_a_word_of_another_list_or_of_none_is_no_receipt(random: bytes, language: str, at: int) -> None:
    words = made(random, language).split()
    for other in ("xxxxxxx", *(receipt.words_in(one)[0] for one in LANGUAGES if one != language)):
        assert receipt.read(" ".join([*words[:at], other, *words[at + 1 :]])) == ""
    assert receipt.read(" ".join(words[:5])) != " ".join(words)
    assert receipt.read(" ".join([*words, words[0]])) == ""


@given(st.integers(0, 2**72 - 1), st.sampled_from([" ", "-", "", ", "]))
def test_receipts_of_syllables_keep_working(number: int, between: str) -> None:
    words = made(number.to_bytes(9, "big"), "nl")
    assert receipt.is_old(words)
    assert receipt.read(between.join(words.split()).upper()) == words


@given(st.text() | st.text("abcdefghijklmnopqrstuvwxyz ", max_size=200))
def test_anything_typed_is_no_fault(typed: str) -> None:
    if words := receipt.read(typed):
        assert receipt.read(words) == words


def test_receipts_that_people_hold_are_read_the_same_for_ever() -> None:
    held = json.loads(FRAMED.read_text())
    assert {typed: receipt.tag(receipt.read(typed), "00" * 16) for typed in held} == held


def test_the_fingerprint_needs_words_and_salt() -> None:
    assert receipt.tag(OLD, "00" * 16) == receipt.tag(OLD, "00" * 16)
    assert receipt.tag(OLD, "00" * 16) != receipt.tag(OLD, "01" * 16)
    assert len(receipt.tag(OLD, "00" * 16)) == 64


def test_the_six_words_are_six_different_ones() -> None:
    """The same word twice looks like a mistake to who copies it."""
    for number in range(3_000):
        random = hashlib.sha256(str(number).encode()).digest()[: receipt.BYTES]
        assert len(set(receipt.draw(None, random, "nl").split())) == receipt.WORDS  # type: ignore[arg-type]
