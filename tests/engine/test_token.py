"""The ids of buttons: one grammar, to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.token import Answers, AnswersFirst, Starts, Token, read

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
FIRST = "f.abcdefgh.help.abc.yes"
CHOICES = st.just("") | st.from_regex(r"[A-Za-z0-9_:-]{1,20}", fullmatch=True)


@given(
    st.builds(Starts, NAMES, st.just("") | IDS)
    | st.builds(Answers, IDS, st.integers(0, 999_999_999), CHOICES)
    | st.builds(AnswersFirst, st.just("A" * 12), NAMES, st.just("") | IDS, st.just("") | st.just("yes"))
)
def test_what_was_written_is_read_again(token: Token) -> None:
    assert read(str(token)) == token
    assert len(str(token)) <= 100


@pytest.mark.parametrize("end", ["\0", "\n", " ", ".", "x" * 300, "\u0661", "é", "/"])
@pytest.mark.parametrize("begin", ["s.case.abc", "c.abc.1.yes", "c.abc.1", "s.help.", "f.abcdefgh.help.", FIRST])
def test_one_character_too_many_makes_it_no_token(begin: str, end: str) -> None:
    assert read(begin + end) is None


@given(st.text(max_size=120))
def test_anything_else_is_none_or_itself(text: str) -> None:
    token = read(text)
    assert token is None or str(token) == text or isinstance(token, Answers)


def test_what_no_platform_would_take_is_not_made() -> None:
    for wrong in (Starts("case", "x" * 97), Starts("case", "a.b"), Starts("Case"), Answers("a b", 1)):
        with pytest.raises(ValueError, match="cannot be the id"):
            str(wrong)
