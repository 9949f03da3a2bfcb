"""What people paste, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.typed import clean

WALES = "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
FAMILY = "\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\n"])
def test_every_end_of_a_line_is_one(end: str) -> None:
    assert clean(f"they said no{end}I went") == "they said no\nI went"


@pytest.mark.parametrize("emoji", [WALES, FAMILY, "\u2764\ufe0f", "1\ufe0f\u20e3", "\U0001f1f3\U0001f1f1"])
def test_an_emoji_of_several_characters_stays_whole(emoji: str) -> None:
    assert clean(f"I {emoji} it") == f"I {emoji} it"


def test_direction_is_kept_and_cannot_be_overridden() -> None:
    assert clean("\u05e9\u05dc\u05d5\u05dd\u200f!") == "\u05e9\u05dc\u05d5\u05dd\u200f!"
    assert clean("a\u202egnp.exe") == "agnp.exe"
    assert clean("hidden\U000e0041\U000e0042") == "hidden"


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u3164", "\u2800\u2800", "\u200d", "\ufffc", "\u200e\n\u200f", "\ufe0f", "\u0301", "\u00a0\u2003"],
)
def test_what_nobody_can_see_is_empty(text: str) -> None:
    assert clean(text) == ""


@given(st.text(st.characters(codec=None), max_size=60))
def test_what_is_kept_can_be_stored_sent_and_cleaned_again(text: str) -> None:
    kept = clean(text)
    assert clean(kept) == kept
    assert kept.encode().decode() == kept
    assert "\0" not in kept
