"""What a community calls a mentor, a team lead, a teacher, a confidential adviser, a check-in: in each language."""

from flows.engine import Context, Section, Setting, line
from flows.words import NAMES, Msg, _
from flows.words.own import MOST, WORDS, forms, key_of

WORD = "words"
"""Under which these stand among the settings."""
TITLES = {
    "mentor": _("Word for a mentor"),
    "lead": _("Word for a team lead"),
    "teacher": _("Word for a teacher"),
    "adviser": _("Word for a confidential adviser"),
    "check_in": _("Word for a check-in"),
}
_BOTH = {
    "nl": _("One and several, with a comma: “buddy, buddy’s”. With “de”."),
    "en": _("One and several, with a comma: “buddy, buddies”."),
}


def _setting(word: str, language: str) -> Setting:
    """One word in one language."""

    def doubt(value: str | int, _context: Context) -> Msg | None:
        if not value or forms(word, language, str(value)) is not None:
            return None
        return _(
            "I cannot use “{word}” in {language}: I need what I ask for there, in letters, with at most {most} in a "
            "word. My own word stays.",
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
        doubt=doubt,
    )


def _said(values: dict[str, str]) -> Msg:
    own = {name: value for name, value in values.items() if value}
    return Msg(" · ".join(f"{{{name}}}" for name in own), dict(own)) if own else _("Erbij’s own word")


OWN_WORDS = tuple(
    Section(f"word_{word}", TITLES[word], tuple(_setting(word, tag) for tag in tags), summary=_said, under=WORD)
    for word, tags in WORDS.items()
)
