"""A receipt survives how people write it down, and its fingerprint says nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.cases import receipt

random_bytes = st.binary(min_size=receipt.BYTES, max_size=receipt.BYTES)


@given(random_bytes, random_bytes)
def test_each_receipt_is_another(one: bytes, other: bytes) -> None:
    assert (receipt.words_of(one) == receipt.words_of(other)) == (one == other)


@given(random_bytes, st.sampled_from([" ", "-", "  \n", ", ", ""]), st.booleans())
def test_however_it_is_typed(random: bytes, between: str, capitals: bool) -> None:
    words = receipt.words_of(random)
    typed = between.join(words.split())
    assert receipt.tidy(typed.upper() if capitals else typed) == words
    assert receipt.looks_right(words)


@given(st.text())
def test_anything_typed_is_no_fault(typed: str) -> None:
    receipt.looks_right(receipt.tidy(typed))


def test_the_fingerprint_needs_words_and_salt() -> None:
    words = receipt.words_of(bytes(9))
    assert receipt.tag(words, "00" * 16) == receipt.tag(words, "00" * 16)
    assert receipt.tag(words, "00" * 16) != receipt.tag(words, "01" * 16)
    assert len(receipt.tag(words, "00" * 16)) == 64
