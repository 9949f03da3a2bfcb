"""Receipts: six words that only the student holds, and the slow fingerprint that Erbij keeps of them.

The words come from the list of the student's language: six different ones of 1,650, in an order, which are 64.1 random
bits. Guessing them is hopeless at the speed of argon2id, and the fingerprint is useless to who reads the database.

In a list any two words are at least three typing errors apart. So a word with one error in it can be put right, and to
that word only; it is done before the one slow hash, so each look-up is still a guess at one receipt. Between lists it
is two errors, and no word is in two: one word that is typed right tells which list all six are from.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from flows.cases.misspelt import Words, likeliest
from flows.words import LANGUAGES, SOURCE
from storage.statement import Session

WORDS = 6
BYTES = 16
"""Random bytes for one receipt: so many more than needed that every receipt is as likely as any other."""
LISTS = Path(__file__).parent / "receipt_words"
SHORTEST, LONGEST = 5, 9
"""Letters of a word in the lists."""
OLD_BYTES = 9
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aeio"
_SYLLABLES = re.compile(rf"(?:[{_CONSONANTS}][{_VOWELS}]){{12}}")
"""The letters of an old receipt: six words of two syllables each."""


def draw(_session: Session, random: bytes, language: str) -> str:
    """A receipt from random bytes: six words of the language, or of English where there is no list.

    A conversation of the first version has fewer bytes, and showed syllables of them: it shows those again.
    """
    number = int.from_bytes(random, "big")
    if len(random) == OLD_BYTES:
        return " ".join(_old_word(number >> (12 * place) & 0xFFF) for place in range(WORDS))
    left = list(words_in(language if language in LANGUAGES else SOURCE))
    chosen = []
    for _place in range(WORDS):  # each but once: the same word twice looks like a mistake, and one is left out
        number, at = divmod(number, len(left))
        chosen.append(left.pop(at))
    return " ".join(chosen)


@cache
def words_in(language: str) -> tuple[str, ...]:
    """The list of a language."""
    return tuple((LISTS / f"{language}.txt").read_text().split())


def read(typed: str) -> str:
    """The six words that someone typed, as they stand in a list, or as an old receipt; empty where it cannot be one.

    Capitals, accents, signs and how the words are parted do not matter, and each word may have one wrong letter, one
    too many, one too few or two that changed places.
    """
    whole = unicodedata.normalize("NFKD", typed).casefold()
    tokens = re.findall("[a-z]+", "".join(one for one in whole if unicodedata.category(one) not in ("Mn", "Cf")))
    letters = "".join(tokens)
    if is_old(letters):
        return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))
    if not WORDS * (SHORTEST - 1) <= len(letters) <= WORDS * (LONGEST + 1):
        return ""
    lists = [_list(language) for language in LANGUAGES]
    words = likeliest(one.each(tokens) for one in lists) if len(tokens) == WORDS else ()
    return " ".join(words or likeliest(one.parted(letters, WORDS) for one in lists))


@cache
def _list(language: str) -> Words:
    return Words(words_in(language))


def is_old(words: str) -> bool:
    """Whether these are the words of an old receipt, of syllables."""
    return _SYLLABLES.fullmatch(words.replace(" ", "")) is not None


def salt(session: Session) -> str:
    """The secret salt of all receipts in this database, as hexadecimal text."""
    return session.keys.salt("receipt").hex()


def tag(words: str, salt_hex: str) -> str:
    """The slow fingerprint of a receipt, as 64 hexadecimal digits. Takes about 20 ms and 19 MiB (OWASP's figures)."""
    return hash_secret_raw(
        words.encode(),
        bytes.fromhex(salt_hex),
        time_cost=2,
        memory_cost=19 * 1024,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    ).hex()


def _old_word(number: int) -> str:
    return "".join(_CONSONANTS[one >> 2] + _VOWELS[one & 3] for one in (number >> 6, number & 0x3F))
