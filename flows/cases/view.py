"""How a case reads: the six answers first, then what was said since, each with its day."""

from flows.cases.six_questions import rows
from flows.words import Msg, _
from flows.words.dates import day
from storage.case_messages import CaseWords
from storage.cases import CaseView
from storage.days import date_of

FOR_MENTORS = {
    "student": _("The student wrote more, {day}"),
    "mentor": _("Answer to the student, {day}"),
    "note": _("Note for mentors only, {day}"),
}
BY_NAME = {
    "mentor": _("Answer to the student, by {name}, {day}"),
    "note": _("Note by {name}, for mentors only, {day}"),
}
"""The same where it is known who wrote it: mentors read that, students never do."""
FOR_STUDENT = {"student": _("You wrote more, {day}"), "mentor": _("A mentor answered, {day}")}


def passages(view: CaseView, labels: dict[str, Msg]) -> list[tuple[Msg | str, Msg | str]]:
    """A case as labelled passages. ``labels``: by author, for the one who reads."""
    return [
        *rows(view.text),
        *((_label(one, labels), one.text) for one in view.messages),
    ]


def _label(words: CaseWords, labels: dict[str, Msg]) -> Msg:
    """Whose words they are, and of which day."""
    written = day(date_of(words.day))
    if words.name:
        return _(BY_NAME[words.author].text, name=words.name, day=written)
    return _(labels[words.author].text, day=written)
