"""The post of a case in the mentors' channel: one per case, replaced as it goes on. It never quotes the case."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Sequence

from flows.engine import Piece, Start
from flows.words import _

NEWS = {
    "new": _("A new case has come in: {case}. Who takes it?"),
    "claimed": _("Case {case}: {name} takes care of it."),
    "answered": _("Case {case}: {name} answered it."),
    "written_on": _("Case {case}: the student wrote more. {name} takes care of it."),
    "written_on_free": _("Case {case}: the student wrote more. Nobody takes care of it yet. Who takes it?"),
    "closed": _("Case {case}: {name} closed it."),
    "given_back": _("Case {case}: nobody takes care of it any more. Who takes it?"),
    "taken_back": _("Case {case}: the student took it back. What was in it is erased."),
}

MOST = 20
"""Cases that one message offers to open; the list of open cases has them all."""


def case_name(case: str) -> str:
    """Four signs by which mentors speak about a case: ``K7QM``. Made from its random id, so it says nothing."""
    return b32encode(hashlib.sha256(case.encode()).digest()).decode()[:4]


def take_button(case: str) -> Start:
    """Makes a mentor the one who takes care of the case. It names the case, for who hears a button by itself."""
    return Start("claim_case", case, _("Take case {case}", case=case_name(case)))


def read_button(case: str) -> Start:
    """Opens the case, privately, for a mentor."""
    return Start("case", case, _("Read case {case}", case=case_name(case)), "plain")


def read_buttons(cases: Sequence[str]) -> list[Start]:
    """One for each of several cases, as far as they fit."""
    return [read_button(case) for case in cases[:MOST]]


def post_of(case: str, news: str, name: str = "") -> tuple[Piece, ...]:
    """What the post says now, and its buttons. ``name``: of the mentor who did it, or takes care of the case."""
    text = _(NEWS[news].text, case=case_name(case), name=name)
    if news in ("new", "given_back", "written_on_free"):
        return text, take_button(case), read_button(case)
    return (text,) if news == "taken_back" else (text, read_button(case))
