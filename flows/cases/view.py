"""How a case reads: the six answers first, then what was said since, each with its day."""

from datetime import date, timedelta

from babel.dates import format_skeleton

from flows.cases.six_questions import rows
from flows.words import Msg, _
from storage.cases import CaseView

FOR_MENTORS = {
    "student": _("The student wrote more, {day}"),
    "mentor": _("Answer to the student, {day}"),
    "note": _("Note for mentors only, {day}"),
}
FOR_STUDENT = {"student": _("You wrote more, {day}"), "mentor": _("A mentor answered, {day}")}


def passages(view: CaseView, labels: dict[str, Msg], language: str) -> list[tuple[Msg | str, Msg | str]]:
    """A case as labelled passages. ``labels``: by author, for the one who reads."""
    return [
        *rows(view.text),
        *((_(labels[m.author].text, day=day_name(m.day, language)), m.text) for m in view.messages),
    ]


def day_name(day: int, language: str) -> str:
    """A day since 1970 as people say it: 21 November."""
    return str(format_skeleton("MMMMd", date(1970, 1, 1) + timedelta(days=day), locale=language))
