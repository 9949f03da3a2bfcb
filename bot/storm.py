"""A platform that fails as a whole: one message at a time tries it."""

from __future__ import annotations

import random

from flows.faults import Outage, SendError, TooFast
from flows.seam import Sent

STORM = 3
"""Conversations that fail, one after the other, before the platform itself is taken to fail."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two messages that try whether a failing platform takes them again."""


class Storm:
    """Whether a platform fails as a whole: then one message at a time tries it, and the others stay untried.

    One conversation that fails says nothing of the platform. Whatever the platform decides, a refusal too, ends the
    storm. Times are those of the event loop, in seconds.
    """

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self._wait = FIRST_WAIT
        self.until = 0.0
        """When the platform may be tried again."""

    @property
    def raging(self) -> bool:
        """The platform fails as a whole."""
        return len(self._failed) >= STORM

    def saw(self, recipient: str, result: object, now: float) -> None:
        """Learn from what became of a message."""
        if isinstance(result, Sent) or (isinstance(result, SendError) and not result.retry):
            self._failed.clear()
            self._wait, self.until = FIRST_WAIT, 0.0
        if not isinstance(result, Outage | TooFast):
            return
        before = self.raging
        self._failed.add(recipient)
        if not self.raging:
            return
        asked = result.seconds if isinstance(result, TooFast) else 0.0
        spread = random.uniform(0.5, 1.0)  # noqa: S311  no secret
        if not before or now >= self.until:
            self.until = now + max(self._wait * spread, asked + spread)
            self._wait = min(LONGEST_WAIT, self._wait * 2)
        else:  # one that was on its way when the storm began
            self.until = max(self.until, now + asked)

    def room(self, free: int, on_the_way: int, now: float) -> int:
        """How many of the free messages may go now."""
        if not self.raging:
            return free
        return 1 if now >= self.until and not on_the_way else 0
