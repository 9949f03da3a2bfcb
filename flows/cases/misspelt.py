"""Misspelt words of a receipt: which words of a list they are.

A list is looked up by each of its words without one letter, so a word costs about ten look-ups, right or wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Found = tuple[int, tuple[str, ...]]
"""How many errors were put right, and the words without them."""


class Words:
    """One list. Any two of its words are at least three errors apart, and none begins with another."""

    def __init__(self, words: Sequence[str]) -> None:
        self._near: dict[str, list[str]] = {}
        for word in words:
            for one in {word, *_without_one(word)}:
                self._near.setdefault(one, []).append(word)
        self._lengths = range(min(map(len, words)) - 1, max(map(len, words)) + 2)

    def nearest(self, typed: str) -> tuple[int, str] | None:
        """(errors, word) of the only word that is at most one error away."""
        if typed in (near := self._near.get(typed, ())):
            return 0, typed
        others = (one for part in _without_one(typed) for one in self._near.get(part, ()))
        return next(((1, one) for one in (*near, *others) if one_error(typed, one)), None)

    def each(self, typed: Sequence[str]) -> Found | None:
        """All of the words, put right; None where one of them is in this list by no means."""
        found = [self.nearest(one) for one in typed]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        return sum(errors for errors, _word in known), tuple(word for _errors, word in known)

    def parted(self, letters: str, count: int) -> Found | None:
        """So many words that were written without a space, or with spaces in them; None where they can be two things.

        Of all ways to part the letters the one with the fewest errors counts.
        """
        ways: list[dict[int, list[Found]]] = [{0: [(0, ())]}]
        for _ in range(count):
            ways.append({})
            for at, before in ways[-2].items():
                for end in range(at + self._lengths.start, min(at + self._lengths.stop, len(letters) + 1)):
                    if (one := self.nearest(letters[at:end])) is not None:
                        more = [(errors + one[0], (*words, one[1])) for errors, words in before]
                        ways[-1][end] = _fewest([*ways[-1].get(end, ()), *more])
        found = ways[-1].get(len(letters), [])
        return found[0] if len(found) == 1 else None


def likeliest(found: Iterable[Found | None]) -> tuple[str, ...]:
    """The words with the fewest errors; none where two lists have as few."""
    best = _fewest([one for one in found if one is not None])
    return best[0][1] if len(best) == 1 else ()


def one_error(one: str, other: str) -> bool:
    """Whether one changed, added or left out letter, or two that changed places, make one of the other."""
    if len(one) != len(other):
        longer, shorter = sorted((one, other), key=len, reverse=True)
        return shorter in _without_one(longer)
    wrong = [at for at, (here, there) in enumerate(zip(one, other, strict=True)) if here != there]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and one[first] == other[second] and one[second] == other[first]
    return len(wrong) == 1


def _fewest(found: list[Found]) -> list[Found]:
    """The two first of those with the fewest errors that are not alike: more than one means that nobody can tell."""
    least = min((errors for errors, _words in found), default=0)
    return list(dict.fromkeys(one for one in found if one[0] == least))[:2]


def _without_one(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}
