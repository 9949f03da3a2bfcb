"""Signs: a few words at which Erbij shows at once whom one can turn to.

Whole words and phrases only. They do not find everybody, and nobody is promised that: the lines stand elsewhere too.
What is found is neither counted nor written down anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import assert_never

from flows import seam

SIGNS = (
    # Dutch
    "wil dood",
    "wou dat ik dood was",
    "was ik maar dood",
    "beter dood",
    "liever dood",
    "dood wil",
    "wil niet meer leven",
    "niet meer wil leven",
    "wil doodgaan",
    "wil dood gaan",
    "doodgaan wil",
    "wil sterven",
    "wil er niet meer zijn",
    "zie het niet meer zitten",
    "einde aan mijn leven",
    "maak mezelf kapot",
    "mezelf van kant",
    "mezelf iets aandoen",
    "mezelf iets aan doen",
    "mezelf pijn",
    "snijd mezelf",
    "snij mezelf",
    "mezelf snijden",
    "zelfmoord",
    "zelfmoordgedachten",
    "zelfdoding",
    "suicidaal",
    # English
    "want to die",
    "wanna die",
    "can t go on",
    "cannot go on",
    "cant go on",
    "wish i was dead",
    "wish i were dead",
    "better off dead",
    "rather be dead",
    "do not want to live",
    "don t want to live",
    "dont want to live",
    "no reason to live",
    "end my life",
    "take my life",
    "take my own life",
    "kill myself",
    "killing myself",
    "hurt myself",
    "hurting myself",
    "harm myself",
    "cut myself",
    "cutting myself",
    "self harm",
    "suicide",
    "suicidal",
    # German
    "will sterben",
    "mochte sterben",
    "moechte sterben",
    "sterben will",
    "will tot sein",
    "ware ich doch tot",
    "waere ich doch tot",
    "lieber tot",
    "besser tot",
    "will nicht mehr leben",
    "mochte nicht mehr leben",
    "moechte nicht mehr leben",
    "nicht mehr leben will",
    "mich umbringen",
    "bringe mich um",
    "bring mich um",
    "mir das leben nehmen",
    "mir etwas antun",
    "mir was antun",
    "mich ritzen",
    "ritze mich",
    "mich selbst verletzen",
    "verletze mich selbst",
    "selbstmord",
    "suizid",
    "suizidgedanken",
    "suizidal",
    "weiss nicht mehr weiter",
    "weiss nicht weiter",
    "lebensmude",
    "lebensmuede",
)
"""As :func:`plain` writes them: small letters without accents, one space between words."""
_SAYINGS = (
    "van het lachen",
    "van de lach",
    "van de honger",
    "of laughter",
    "laughing",
    "of laughing",
    "of embarrassment",
    "vor lachen",
    "squad",
    "by accident",
    "shaving",
)
"""What behind a sign makes it a way of speaking."""
_BETWEEN = frozenset(
    (
        *("echt", "gewoon", "eigenlijk", "alleen", "maar", "nu", "soms", "graag", "ook", "het", "liefst"),
        *("really", "just", "only", "sometimes", "honestly"),
        *("einfach", "nur", "wirklich", "manchmal", "auch", "am", "liebsten", "oft"),
    )
)
"""Words that stand within such a phrase and do not change it."""
_ANY = f"(?:{'|'.join(sorted(SIGNS, key=len, reverse=True))})"
_FOUND = re.compile(f" {_ANY} ")
_OTHERS = re.compile(
    "(?<= )(?:deadline|batterij|telefoon|laptop|battery|phone|akku|handy) (?:wil|wants to|will) [a-z]+(?= )"
)
"""Things that die without harm."""
_SAID_SO = re.compile(f"(?<= ){_ANY} (?:{'|'.join(_SAYINGS)})(?= )")


EACH, ALL = 4_000, 16_000
"""Characters that are looked at, of one text and of all that came together: more than any form keeps."""


def heard(act: seam.Act) -> bool:
    """Whether something that was just written is a sign."""
    left = ALL
    for text in _texts(act):
        if is_sign(text[: min(EACH, left)]):
            return True
        left -= min(EACH, left, len(text))
        if not left:
            break
    return False


def is_sign(text: str) -> bool:
    """Whether there is a sign in a text."""
    words = _OTHERS.sub("", _SAID_SO.sub("", f" {plain(text)} "))
    bare = " ".join(word for word in words.split() if word not in _BETWEEN)
    return any(_FOUND.search(one) for one in (words, f" {bare} "))


def plain(text: str) -> str:
    """Words in small letters without accents, one space between them; all that is no letter counts as one."""
    letters = unicodedata.normalize("NFKD", text.casefold())[: 2 * len(text)]  # one letter can stand for eighteen
    return " ".join(re.findall(r"[^\W\d_]+", "".join(one for one in letters if not unicodedata.combining(one))))


def _texts(act: seam.Act) -> Iterable[str]:
    match act:
        case seam.Said(text):
            return (text,)
        case seam.Filled(_, values) | seam.Pressed(_, values):
            return (one for one in values.values() if isinstance(one, str))
        case (
            seam.Command()
            | seam.Opened()
            | seam.Arrived()
            | seam.Added()
            | seam.Removed()
            | seam.Left()
            | seam.Changed()
        ):
            return ()
        case _:
            assert_never(act)
