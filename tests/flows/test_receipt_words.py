"""The lists of words for receipts: large enough, far enough apart, kind, and never changed."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import pytest

from flows.cases import receipt
from flows.words import LANGUAGES

ROOT = Path(__file__).parents[2]
LANDED = {
    "nl": "928ca7eb231fcc32423ad53869dd2dabe42b7c430a782cd92b6bd74904606a5c",
    "en": "7a57c6bfed2a1d85fcaefde9d1418f1d61ae6d99a366c6b46b34940518f7a021",
    "de": "9ae2b2b32d160e674c2703f23fc8b4a364fe5bbe9b864b56f1c0ba8d82110048",
}
"""A list that was used is never changed: the receipts of it are in people's hands."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that makes the lists, for its rules; the packages that it makes them from are not needed here."""
    sys.modules.setdefault("wordfreq", MagicMock())
    spec = importlib.util.spec_from_file_location("receipt_words", ROOT / "scripts/receipt_words.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_six_words_are_at_least_64_bits(language: str) -> None:
    words = receipt.words_in(language)
    assert len(words) == len(set(words)) == 1650
    assert 6 * math.log2(len(words)) > 64
    assert 2 ** (8 * receipt.BYTES - 60) > 1650**6, "so that no receipt is likelier than another by more than 2^-60"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_can_be_typed_anywhere(language: str) -> None:
    words = receipt.words_in(language)
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    assert {len(word) for word in words} == set(range(receipt.SHORTEST, receipt.LONGEST + 1))
    assert not any(other.startswith(word) for word in words for other in words if other != word)


def test_words_are_three_errors_apart_and_two_from_those_of_other_lists(script: ModuleType) -> None:
    near: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for language in LANGUAGES:
        for word in receipt.words_in(language):
            for part in script.shorter(word, 2):
                near[part].add((language, word))
    pairs = {pair for words in near.values() for pair in combinations(sorted(words), 2)}
    assert len(pairs) > 1_000
    for (language, one), (other, word) in pairs:
        assert script.errors(one, word) >= (3 if language == other else 2), (one, word)


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("water", "water", 0), ("water", "wter", 1), ("water", "awter", 1), ("water", "waxer", 1), ("water", "awtre", 2)],
)
def test_errors_are_counted_as_people_make_them(script: ModuleType, one: str, other: str, errors: int) -> None:
    assert script.errors(one, other) == script.errors(other, one) == errors


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_on_its_stop_list(script: ModuleType, language: str) -> None:
    stop = script.left_out(language)
    assert min(map(len, stop.values())) > 5
    assert not [word for word in receipt.words_in(language) if any(script.has(word, part) for part in stop["parts"])]
    assert not set(receipt.words_in(language)) & set(stop["words"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_words_beside_each_other_spell_something_rude(script: ModuleType, language: str) -> None:
    words = receipt.words_in(language)
    ends = {word[-at:] for word in words for at in range(1, 10)}
    begins = {word[:at] for word in words for at in range(1, 10)}
    for rude in script.left_out(language)["joined"]:
        assert not [at for at in range(1, len(rude)) if rude[:at] in ends and rude[at:] in begins], rude


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_that_was_used_is_never_changed(language: str) -> None:
    text = (receipt.LISTS / f"{language}.txt").read_bytes()
    assert hashlib.sha256(text).hexdigest() == LANDED[language]
