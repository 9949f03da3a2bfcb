"""The ids of buttons: one grammar, to the letter."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.token import Answers, AnswersFirst, Starts, Token, begins, conversation_of, read

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


def test_an_id_says_whose_conversation_it_is_of() -> None:
    for mine in ("c.abc.1", "c.abc.1.yes", "c.abc.1.:back", "f.abcdefgh.help.", FIRST):
        assert conversation_of(mine) == mine.split(".")[1]
        assert begins(mine) == mine.startswith("f.")
    for other in ("", "s.check_in.abc", "c.abc", "c.abc.x", "f.short.help.", "made by hand"):
        assert conversation_of(other) == ""
        assert not begins(other)


@given(st.builds(Answers, IDS, st.integers(0, 999_999_999)) | st.just(AnswersFirst("A" * 12, "help", "abc")))
def test_the_ways_below_a_question_lead_to_that_question(question: Answers | AnswersFirst) -> None:
    there = read(question.way(":back"))
    assert there == dataclasses.replace(question, choice=":back")
    assert str(question) == question.way("")
