"""A community's own words: what it calls a mentor, a team lead, a teacher, a confidential adviser, a check-in.

A sentence is written, and translated, with Erbij's word. Where a community has one of its own, it takes that place in
the translated sentence, before anybody's name or text is filled in: so a story is never touched, and every sentence
takes part. What makes that grammatical is asked of the word: in Dutch one with *de*, in English any; in German the
beginning of a word, whose end is Erbij's own ("Buddy" gives "Buddy-Team") and keeps gender and case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

MOST = 30
"""Characters of one form."""
_FIT = re.compile(rf"[^\W\d_](?:[^\W_]|[ '’-]){{0,{MOST - 1}}}")
"""Letters, with spaces, hyphens and apostrophes between: no mark that means something to a platform or a sentence."""


@dataclass(frozen=True)
class Word:
    """Erbij's word in a language, for one and for several; ``end``: what they end in where the beginning is given."""

    one: str
    many: str
    end: tuple[str, str] | None = None


WORDS: dict[str, dict[str, Word]] = {
    "mentor": {
        "nl": Word("mentor", "mentoren"),
        "en": Word("mentor", "mentors"),
        "de": Word("Mentoring-Team", "Mentoring-Team", ("-Team", "-Team")),
    },
    "lead": {
        "nl": Word("teamleider", "teamleiders"),
        "en": Word("team lead", "team leads"),
        "de": Word("Teamleitung", "Teamleitung", ("leitung", "leitung")),
    },
    "teacher": {"nl": Word("docent", "docenten"), "en": Word("teacher", "teachers")},
    "adviser": {
        "nl": Word("vertrouwenspersoon", "vertrouwenspersonen"),
        "en": Word("confidential adviser", "confidential advisers"),
        "de": Word("Vertrauensperson", "Vertrauenspersonen", ("person", "personen")),
    },
    "check_in": {"nl": Word("check-in", "check-ins"), "en": Word("check-in", "check-ins")},
}
"""By the key under which a community chooses its own, and the language."""
Own = Mapping[tuple[str, str], str]
"""What a community gave, by word and language: ``one, many``, or the beginning."""


class Tongue(str):
    """A language tag that knows a community's own words; for all else it is the tag."""

    __slots__ = ("own",)
    own: Own

    def __new__(cls, language: str, own: Own) -> Self:
        """``language`` as a tag, ``own`` as the community gave them."""
        made = super().__new__(cls, language)
        made.own = own
        return made


def spoken(language: str, chosen: Mapping[str, Any]) -> str:
    """The language as a community speaks it, by what it chose for its settings."""
    own = {
        (word, tag): value
        for (word, tag), key in _KEYS.items()
        if isinstance(value := chosen.get(key), str) and forms(word, tag, value) is not None
    }
    return Tongue(str(language), own) if own else str(language)


def key_of(word: str, language: str) -> str:
    """The key of the setting."""
    return f"word_{word}.{language}"


_KEYS = {(word, tag): key_of(word, tag) for word, tags in WORDS.items() for tag in tags}


def forms(word: str, language: str, given: str) -> tuple[str, str] | None:
    """One and several, of what a community gave; None where it does not fit, and Erbij's own word stays."""
    erbij = WORDS[word][language]
    if erbij.end is not None:
        begin = given.strip().removesuffix("-")
        return (begin + erbij.end[0], begin + erbij.end[1]) if _FIT.fullmatch(begin) else None
    one, comma, many = (part.strip() for part in given.partition(","))
    return (one, many) if comma and _FIT.fullmatch(one) and _FIT.fullmatch(many) else None


def put_in(text: str, language: str) -> str:
    """A translated sentence, before it is filled in, with the community's own words."""
    if not isinstance(language, Tongue):
        return text
    here = {word: forms(word, tag, given) for (word, tag), given in language.own.items() if tag == str(language)}
    own = {word: found for word, found in here.items() if found is not None}
    # All of them at once: "docent" for a mentor stays, whatever this community calls a docent.
    return _pattern(tuple(own), str(language)).sub(lambda match: _instead(match, own), text) if own else text


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...], language: str) -> re.Pattern[str]:
    known = {word: WORDS[word][language] for word in words}
    each = (rf"(?P<{word}_many>{re.escape(of.many)})|(?P<{word}_one>{re.escape(of.one)})" for word, of in known.items())
    article = r"(?P<a>\b[Aa]n? )?" if language == "en" else ""
    # Not within a placeholder's braces; the end of a genitive stays.
    return re.compile(rf"(?<![{{\w-]){article}(?:{'|'.join(each)})(?=s?\b)(?![\w-]*}})", re.IGNORECASE)


def _instead(match: re.Match[str], own: Mapping[str, tuple[str, str]]) -> str:
    parts = match.groupdict()
    name, there = next((name, said) for name, said in parts.items() if said and name != "a")
    of, _, number = name.rpartition("_")
    word = own[of][number == "many"]
    if there[0].isupper():
        word = word[0].upper() + word[1:]
    if not parts.get("a"):
        return word
    article = "an" if word[0].lower() in "aeio" else "a"
    return f"{article.capitalize() if parts['a'][0] == 'A' else article} {word}"
