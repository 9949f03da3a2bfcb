"""A conversation as it is kept: each answer and result by its key, and what the engine notes beside them.

Keys that begin with ``@`` are the engine's own. They stand in databases: a name here may change, its text never.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Journal = dict[str, Any]

FLOW = "@flow"
"""The name of the flow or job."""
ARGUMENT = "@argument"
"""What it was started with; empty for nothing."""
BEGUN = "@begun"
"""Of someone without an account: by what the conversation was begun, random."""
ASKED = "@asked"
"""The key of the question that its person saw last, so that no answer is taken for another one."""
DRAFTS = "@drafts"
"""By a form's key: what stands in its fields and is no answer yet."""
WRONG = "@wrong"
"""By the key of the form that was sent last: the fields whose answers did not fit."""
FORMS = "@forms"
"""By turn: the key of the form that was asked then, so that a page that was gone back to still counts."""
QUESTIONS = "@questions"
"""By a form's key: the form from data that was asked, as it was then."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One that was found, or begins; of a job, what it goes on from."""

    journal: Journal
    id: str = ""
    turn: int = 0
    """How often something of it was kept; 0 while nothing is."""
    until: int = 0
    """When it expires, in ms since 1970 UTC, where that was looked up."""
    current: bool = True
    """False where it has gone on since what it was found by was asked."""
    held: Journal = field(default_factory=dict)
    """What it learned beside its journal, that must not be written down."""

    @property
    def flow(self) -> str:
        """The name of its flow or job."""
        return str(self.journal[FLOW])

    @property
    def argument(self) -> str:
        """What that was started with."""
        return str(self.journal.get(ARGUMENT, ""))


def drafts_in(journal: Journal, key: str) -> Journal:
    """What stands in a form and is no answer yet."""
    return dict(journal.get(DRAFTS, {}).get(key, {}))


def with_drafts(journal: Journal, key: str, drafts: Journal) -> Journal:
    """The drafts of all forms, with others for one of them."""
    return {**journal.get(DRAFTS, {}), key: drafts}
