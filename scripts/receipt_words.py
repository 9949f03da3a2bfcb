"""Make the lists of words for receipts, one for each language, from packages that anyone can get.

    apt-get download wdutch=1:2.20.19-2 wordnet-base=1:3.0-37     # and unpack both with dpkg -x ... there
    uv run --no-project --with wordfreq==3.1.1 --with diceware==1.0.1 --with german-nouns==1.2.5 \
        python scripts/receipt_words.py there/usr/share

The words are nouns of five to nine plain letters, the common ones first. Left out is what `scripts/receipt_words/`
names: parts of words that may hurt (`parts`), and words that somebody read and found unkind or too odd (`words`).
Of the rest a word is taken if it is at least three typing errors away from every other of its list, and two from those
of the other lists, begins with no other word, and spells nothing rude together with one before or after it (`joined`).

A list that was used is never changed: its receipts are in people's hands. `flows/cases/receipt_words/README.md` says
which licences the sources have.
"""

from __future__ import annotations

import csv
import re
import sys
from importlib.resources import files
from pathlib import Path

from wordfreq import zipf_frequency  # type: ignore[import-not-found]

SIZE = 1650
LETTERS = re.compile(r"[a-z]{5,9}")
HERE = Path(__file__).parent
TO = HERE.parent / "flows/cases/receipt_words"
DIMINUTIVES = ("je", "tje", "pje", "etje")
THINGS = {5, 6, 13, 17, 19, 20, 25, 27, 28}
"""WordNet's lexicographer files: animal, artifact, food, object, phenomenon, plant, shape, substance, time."""
LESS = {4, 7, 9, 10, 11, 14, 15, 21, 22, 23}
"""Acts, attributes, body, communication, events, groups, places, possessions, processes, quantities."""
PERSON = 18
NO_NOUN = ("Vorname", "Nachname", "Eigenname", "Toponym", "Abkürzung", "Affix", "Wortverbindung", "Dekliniert")
LEAST = {"nl": 1.2, "de": 2.1, "en": 2.1}
"""The rarest word that is taken, as the logarithm of its uses in a billion words."""


def dutch(share: Path) -> set[str]:
    """Nouns by their diminutive, and common ones by their plural."""
    known = set((share / "dict/dutch").read_text().split("\n"))
    found = set()
    for word in filter(LETTERS.fullmatch, known):
        if word.endswith(("je", "jes", "ende")):
            continue
        several = word + "en" in known or word + word[-1] + "en" in known or word + "s" in known
        small = {*(word + one for one in DIMINUTIVES), word + word[-1] + "etje"}
        inflected = word + "t" in known or word + "e" in known or word + word[-1] + "e" in known
        ng = {word[:-1] + "kje"} if word.endswith("ng") else set()
        if (small | ng) & known and (several or not word.endswith("t")):
            found.add(word)
        elif not word.endswith("en") and zipf_frequency(word, "nl") >= 2.4:
            g = {word[:-1] + "kje"} if word.endswith("g") else set()
            if (small | g) & known or (several and not inflected):
                found.add(word)
    return found


def german() -> set[str]:
    """Nouns of the German Wiktionary that are no names."""
    with (files("german_nouns") / "nouns.csv").open(encoding="utf-8") as rows:
        return {
            row["lemma"].lower()
            for row in csv.DictReader(rows)
            if "Substantiv" in row["pos"]
            and not any(no in row["pos"] for no in NO_NOUN)
            and row["lemma"].istitle()
            and LETTERS.fullmatch(row["lemma"].lower())
        }


def english(share: Path) -> set[str]:
    """Nouns that are things first, and others that the EFF found easy to remember."""
    eff = {line.split()[-1] for line in (files("diceware") / "wordlists/wordlist_en_eff.txt").read_text().splitlines()}
    lines = [line.split() for line in (share / "wordnet/data.noun").read_text().splitlines() if line[0] != " "]
    kinds = {line[0]: int(line[1]) for line in lines}
    found = set()
    for line in (share / "wordnet/index.noun").read_text().splitlines():
        word, _noun, senses, *rest = line.split() if line[0] != " " else (" ", "", "")
        if LETTERS.fullmatch(word):
            of = [kinds[offset] for offset in rest[-int(senses) :]]
            if PERSON not in of and (of[0] in THINGS or (of[0] in LESS and word in eff)):
                found.add(word)
    return found


def left_out(language: str) -> dict[str, list[str]]:
    """What stands under each heading of a language's stop list."""
    text = (HERE / f"receipt_words/{language}.txt").read_text()
    return {one.split("\n", 1)[0]: one.split("\n", 1)[1].split() for one in text.split("## ")[1:]}


def has(word: str, part: str) -> bool:
    """Whether a part of the stop list is in a word: ``$`` before it means at the begin, after it at the end."""
    plain = part.strip("$")
    begins, ends = part.startswith("$"), part.endswith("$")
    return (
        (begins and word.startswith(plain))
        or (ends and word.endswith(plain))
        or (not begins and not ends and plain in word)
    )


def candidates(share: Path) -> dict[str, list[str]]:
    """By language, the common words first. A word that is common in another language too says nothing of its list."""
    nouns = {"nl": dutch(share), "de": german(), "en": english(share)}
    kept = {}
    for language, words in nouns.items():
        stop = left_out(language)
        often = []
        for word in words - set(stop["words"]):
            use = {other: zipf_frequency(word, other) for other in nouns}
            own = use[language]
            rivals = [other for other in nouns if other != language and word in nouns[other]]
            if (
                own >= LEAST[language]
                and all(use[other] < max(3, own - 0.7) for other in nouns if other != language)
                and all(use[other] < own for other in rivals)
                and not any(has(word, part) for part in stop["parts"])
            ):
                often.append((-own, word))
        kept[language] = [word for _use, word in sorted(often, key=lambda one: (one[0], one[1]))]
    return kept


def shorter(word: str, times: int) -> set[str]:
    """A word, and what is left of it without up to so many letters."""
    found = {word}
    for _ in range(times):
        found |= {one[:at] + one[at + 1 :] for one in found for at in range(len(one))}
    return found


def errors(one: str, other: str) -> int:
    """How many letters to change, add, leave out or swap between two words (Damerau and Levenshtein)."""
    far = len(one) + len(other)
    last: dict[str, int] = {}
    table = [[far] * (len(other) + 2) for _ in range(len(one) + 2)]
    for i in range(len(one) + 1):
        table[i + 1][1] = i
    for j in range(len(other) + 1):
        table[1][j + 1] = j
    for i in range(1, len(one) + 1):
        same = 0
        for j in range(1, len(other) + 1):
            i1, j1 = last.get(other[j - 1], 0), same
            cost = int(one[i - 1] != other[j - 1])
            same = same if cost else j
            table[i + 1][j + 1] = min(
                table[i][j] + cost,
                table[i + 1][j] + 1,
                table[i][j + 1] + 1,
                table[i1][j1] + (i - i1 - 1) + 1 + (j - j1 - 1),
            )
        last[one[i - 1]] = i
    return table[-1][-1]


class Lists:
    """The three lists while they grow."""

    def __init__(self, languages: list[str]) -> None:
        self.words: dict[str, list[str]] = {language: [] for language in languages}
        self._near: dict[tuple[str, str], list[str]] = {}
        self._edges: dict[str, tuple[set[str], set[str]]] = {language: (set(), set()) for language in languages}
        self._joined = {language: left_out(language)["joined"] for language in languages}

    def offer(self, language: str, word: str) -> None:
        """Take a word, if it keeps the rules."""
        if self._fits(language, word):
            self.words[language].append(word)
            for one in shorter(word, 2):
                self._near.setdefault((language, one), []).append(word)
            begins, ends = self._edges[language]
            begins |= {word[:at] for at in range(1, 10)}
            ends |= {word[-at:] for at in range(1, 10)}

    def _fits(self, language: str, word: str) -> bool:
        for other in self.words:
            least = 3 if other == language else 2
            near = {one for part in shorter(word, least - 1) for one in self._near.get((other, part), ())}
            if any(errors(word, one) < least for one in near):
                return False
        own, (begins, _ends) = set(self.words[language]), self._edges[language]
        begun = word in begins or any(word[:at] in own for at in range(1, len(word)))
        return not begun and not self._rude(language, word)

    def _rude(self, language: str, word: str) -> bool:
        begins, ends = self._edges[language]
        return any(
            (word.endswith(rude[:at]) and (rude[at:] in begins or word.startswith(rude[at:])))
            or (word.startswith(rude[at:]) and rude[:at] in ends)
            for rude in self._joined[language]
            for at in range(1, len(rude))
        )


def main() -> None:
    """Write the lists; the shortest is offered a word next, so that none takes the room of the others."""
    waiting = {language: iter(words) for language, words in candidates(Path(sys.argv[1])).items()}
    lists = Lists(list(waiting))
    while open_ := [language for language in waiting if len(lists.words[language]) < SIZE]:
        language = min(open_, key=lambda one: len(lists.words[one]))
        lists.offer(language, next(waiting[language]))
    for language, words in lists.words.items():
        (TO / f"{language}.txt").write_text("\n".join(sorted(words)) + "\n")


if __name__ == "__main__":
    main()
