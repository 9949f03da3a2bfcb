"""What a test does by hand that the clock does by itself: run one timer."""

from __future__ import annotations

from flows.engine import Catalogue, timers
from flows.engine.timers import Ran
from storage.statement import Session


def run_due(session: Session, catalogue: Catalogue, now: int) -> Ran | None:
    """Run the timer that has been due longest; None when none is due."""
    ran = timers.run_due(session, catalogue, now, [], most=1)
    return ran[0] if ran else None
