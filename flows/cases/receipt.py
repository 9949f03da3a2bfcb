"""Receipts: six words that only the student holds, and the slow fingerprint that Erbij keeps of them.

A word is two syllables of a consonant and a vowel, so 4,096 words of 12 bits; six of them are 72 random bits. Guessing
them is hopeless at the speed of argon2id, and the fingerprint is useless to who reads the database.
"""

from __future__ import annotations

import re
import unicodedata

from argon2.low_level import Type, hash_secret_raw

from storage.statement import Session

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeio"
WORDS = 6
BYTES = 9
"""Random bytes for one receipt: 72 bits."""


def words_of(random: bytes) -> str:
    """A receipt from 9 random bytes: ``bado-kemi-...`` without the hyphens inside a word."""
    number = int.from_bytes(random, "big")
    return " ".join(_word(number >> (12 * place) & 0xFFF) for place in range(WORDS))


def _word(number: int) -> str:
    return _syllable(number >> 6) + _syllable(number & 0x3F)


def _syllable(number: int) -> str:
    return _CONSONANTS[number >> 2] + _VOWELS[number & 3]


def tidy(typed: str) -> str:
    """What someone typed, as the receipt's own spelling: small letters, one space between words."""
    plain = unicodedata.normalize("NFKD", typed).casefold()
    letters = re.sub(r"[^a-z]", "", plain)
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def looks_right(words: str) -> bool:
    """Whether a tidied text has the shape of a receipt, before any slow work is done for it."""
    return re.fullmatch(rf"(?:(?:[{_CONSONANTS}][{_VOWELS}]){{2}} ?){{{WORDS}}}", words) is not None


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
