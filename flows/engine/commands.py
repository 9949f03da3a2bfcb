"""Commands: words that start a flow, known in every language and however people spell them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows.words import LANGUAGES, Msg, _, said


@dataclass(frozen=True, slots=True)
class Command:
    """A word, or two, that starts a flow, for whoever may start that. ``about`` is said of it where words are listed.

    ``button`` stands on the button that does the same.
    """

    word: Msg
    about: Msg
    button: Msg
    flow: str
    platforms: int = 1
    """On how many platforms a community must be before help offers it; the more, the later in every list."""
    always: bool = False
    """Something that can be done at any time, and is not what somebody comes for: only help offers it."""
    listed: bool = True
    """Whether help has a button for it; what another command leads to needs none."""
    also: tuple[Msg | str, ...] = ()
    """Other words for the same."""
    stops: bool = False
    """What else a ``stop`` may mean: its button is shown to who stops and is in the middle of nothing."""

    @property
    def name(self) -> str:
        """What it is called in code and on platforms: the English word."""
        return self.word.text


HELP = _("help")
SETUP = _("setup")
CANCEL = Command(
    word=_("cancel"),
    about=_("stop what you are doing: nothing of it is stored"),
    button=_("Stop"),
    flow="",
    always=True,
    also=("stop", "stopp"),
)
"""The one command that is the engine's own: it starts nothing."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Vocabulary:
    """The words of commands. Raises ValueError where two commands share one, in whatever language."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._known: dict[str, Command] = {}
        for command in commands:
            for spelling in (one for word in (command.word, *command.also) for one in _spellings(word)):
                if self._known.setdefault(spelling, command) is not command:
                    raise ValueError(f"{command.name} and {self._known[spelling].name} are both called {spelling}")
        self._longest = max((spelling.count(" ") + 1 for spelling in self._known), default=0)

    def named(self, word: str) -> Command | None:
        """The command with this word, with or without capitals, accents, a slash before it or a full stop behind."""
        return self._known.get(plain(word))

    def typed(self, text: str) -> Command | None:
        """The command that a text is: its words alone or with one more, or with anything after them behind a slash."""
        words = text.split()
        for count in range(min(self._longest, len(words)), 0, -1):
            command, more = self.named(" ".join(words[:count])), words[count:]
            if command is not None:
                break
        else:
            return None
        # Longer text is more likely an answer that begins with such a word, and "stop" must not throw it away.
        most = 0 if command is CANCEL else 1
        return command if text.lstrip(AROUND).startswith("/") or len(more) <= most else None


AROUND = " .,;:!?…\"'“”„‚‘’«»‹›()[]*_`"
"""What people write around a word: the ends of sentences, and quotes such as Erbij itself prints."""


def plain(word: str) -> str:
    """A word, or two, as it is compared: small letters without accents or hyphens, one space between words.

    Quotes around it, a slash before it and what ends a sentence behind it are not part of it.
    """
    letters = unicodedata.normalize("NFKD", word.strip().strip(AROUND).lstrip("/").casefold())
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).replace("-", " ").split())


def _spellings(word: Msg | str) -> Iterator[str]:
    for language in LANGUAGES:
        text = said(word, language)
        yield plain(text)
        yield plain(text.casefold().translate(_UMLAUTS))
