"""The post of a case in the mentors' channel: one per case, replaced as it goes on. It never quotes the case."""

from __future__ import annotations

import hashlib
from base64 import b32encode

from flows.engine import Piece, Start
from flows.words import _

NEWS = {
    "new": _("A new case has come in: {case}. Who takes it?"),
    "given_back": _("Case {case} waits for a mentor again. Who takes it?"),
    "claimed": _("Case {case}: {name} takes care of it."),
    "answered": _("Case {case}: {name} answered it."),
    "written_on": _("Case {case}: the student wrote more. {name} takes care of it."),
    "closed": _("Case {case}: {name} closed it."),
    "taken_back": _("Case {case}: the student took it back. What was in it is erased."),
}


def case_name(case: str) -> str:
    """Four signs by which mentors speak about a case: ``K7QM``. Made from its random id, so it says nothing."""
    return b32encode(hashlib.sha256(case.encode()).digest()).decode()[:4]


def subject(case: str) -> str:
    """Under this subject a later post takes the place of the earlier one."""
    return f"case:{case}"


def read_button(case: str) -> Start:
    """Opens the case, privately, for a mentor."""
    return Start("case", case, _("Read it"), "plain")


def post_of(case: str, news: str, name: str = "") -> tuple[Piece, ...]:
    """What the post says now, and its buttons. ``name``: of the mentor who did it, or takes care of the case."""
    text = _(NEWS[news].text, case=case_name(case), name=name)
    if news in ("new", "given_back"):
        return text, Start("claim_case", case, _("Take it")), read_button(case)
    return (text,) if news == "taken_back" else (text, read_button(case))
