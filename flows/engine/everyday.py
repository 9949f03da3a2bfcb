"""Everyday words: a greeting, a yes, a no, as people type them where there are buttons."""

from __future__ import annotations

from typing import Any

from flows.engine.chat import Choice
from flows.engine.commands import plain
from flows.words import LANGUAGES, said

GREETINGS = frozenset(
    (
        *("hoi", "hallo", "hai", "hey", "he", "dag", "goedemorgen", "goedemiddag", "goedenavond", "goeiedag"),
        *("wat is dit", "wie ben je", "wie ben jij", "wat kan je", "wat kun je", "wat doe je", "wat doe jij"),
        *("hi", "hello", "hello there", "hi there", "good morning", "good afternoon", "good evening"),
        *("what is this", "what s this", "whats this", "who are you", "what can you do", "what do you do"),
        *("moin", "servus", "gruezi", "guten tag", "guten morgen", "guten abend", "gruss gott"),
        *("was ist das", "wer bist du", "was kannst du", "was machst du"),
        *("start", "menu"),
    )
)
YES = frozenset(("yes", "y", "yep", "yeah", "sure", "ok", "okay", "oke", "ja", "jawel", "ja hoor", "ja graag", "jep"))
NO = frozenset(("no", "n", "nope", "nee", "nee hoor", "nein", "nee dank je", "no thanks", "nein danke"))
_NAME = (" erbij",)


def greets(text: str) -> bool:
    """Whether a text is a greeting or asks what this is, and nothing else."""
    words = plain(text).replace("'", " ").replace("’", " ")
    return words in GREETINGS or any(words.removesuffix(name) in GREETINGS for name in _NAME)


def chooses(text: str, choice: Choice[Any], *, alone: bool, language: str = "") -> bool:
    """Whether a text is this choice: its label in any language, a yes or no, or a yes to the only one there is."""
    spoken = [*LANGUAGES, *([language] if language else [])]  # with the community's own words
    typed, labels = plain(text), [plain(said(choice.label, one)) for one in spoken]
    if typed in labels:
        return True
    begins = {plain(label.split()[0]) for label in labels if label}  # "No, keep me" is a no
    yes = alone or choice.value is True or bool(begins & YES)
    return (typed in YES and yes) or (typed in NO and (choice.value is False or bool(begins & NO)))
