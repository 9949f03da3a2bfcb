"""The six questions of a belonging case, in their order; only the first must be answered."""

from __future__ import annotations

from collections.abc import Mapping

from flows.engine import Form, line
from flows.words import Msg, _

ROLES_ONLY = _("Write “a teacher” or “a fellow student”, not a name.")


class SixQuestions(Form):
    """What happened, as the student tells it."""

    title = _("What happened?")
    submit = _("Look at it first")

    issue: str = line(_("What was it about?"), most=2000, long=True, help=ROLES_ONLY)
    involved: str | None = line(_("Who was involved?"), most=2000, long=True, required=False, help=ROLES_ONLY)
    teacher: str | None = line(
        _("What did the teacher do or say?"),
        most=2000,
        long=True,
        required=False,
        help=_("If one was there."),
    )
    student: str | None = line(_("What did you do or say?"), most=2000, long=True, required=False)
    others: str | None = line(_("What did others do or say?"), most=2000, long=True, required=False)
    belonging: str | None = line(
        _("What did it do to your feeling of belonging?"), most=2000, long=True, required=False
    )


def rows(answers: Mapping[str, str | None]) -> list[tuple[Msg | str, Msg | str]]:
    """What was answered, question by question, for whoever reads it."""
    return [(q.text, text) for name, q in SixQuestions.questions.items() if (text := answers.get(name))]
