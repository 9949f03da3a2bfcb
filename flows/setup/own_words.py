"""What a community calls a mentor, a team lead, a teacher, a confidential adviser, a check-in: in each language."""

from flows.engine import Section, Setting, line
from flows.words import NAMES, Msg, Value, _
from flows.words.own import MOST, WORDS, forms, key_of

WORD = "words"
"""Under which these stand among the settings."""


class Own(Value):
    """Erbij's word, also where a community has another one for it."""

    def __init__(self, word: str) -> None:
        self.word = word

    def said(self, language: str) -> str:
        """The word for one."""
        known = WORDS[self.word]
        return known[language].one if language in known else _GERMAN[self.word]


_GERMAN = {"teacher": "Lehrperson", "check_in": "Check-in"}
"""What German has no end for, so that a community cannot change it there."""
_BOTH = {
    "nl": _("One and several, with a comma: “buddy, buddy’s”. With “de”."),
    "en": _("One and several, with a comma: “buddy, buddies”."),
}


def _setting(word: str, language: str) -> Setting:
    """One word in one language."""

    def wrong(value: str | int) -> Msg | None:
        if not value or forms(word, language, str(value)) is not None:
            return None
        if language in _BOTH and forms(word, language, f"{value}, {value}") is not None:
            return _(
                "{language}: please write the word for several too, with a comma: “{word}, ...”.",
                language=NAMES[language],
                word=value,
            )
        return _(
            "{language}: I cannot use “{word}”. Please write letters only, at most {most} in each word.",
            word=value,
            language=NAMES[language],
            most=MOST,
        )

    made = forms(word, language, "Buddy")
    about = _BOTH.get(language) if made is None else _("The beginning of a word: of “Buddy” I make “{x}”.", x=made[0])
    return Setting(
        key_of(word, language),
        "",
        line(NAMES[language], most=2 * MOST + 2, required=False, help=about),
        wrong=wrong,
    )


def _said(values: dict[str, str]) -> Msg:
    own = {name: value for name, value in values.items() if value}
    return Msg(" · ".join(f"{{{name}}}" for name in own), dict(own)) if own else _("Erbij’s own word")


OWN_WORDS = tuple(
    Section(
        f"word_{word}",
        _("Word for “{word}”", word=Own(word)),
        tuple(_setting(word, tag) for tag in tags),
        summary=_said,
        under=WORD,
    )
    for word, tags in WORDS.items()
)
