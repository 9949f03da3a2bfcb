"""The platforms' published limits, kept as a server keeps them: at most so many in any stretch of time."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field

Rule = tuple[int, float]
"""So many messages in so many seconds."""
DISCORD: tuple[Rule, Rule] = ((50, 1), (5, 5))
"""For a bot, and for each channel."""
TEAMS: tuple[Rule, ...] = ((50, 1), (7, 1), (8, 2), (60, 30), (1800, 3600))
"""For an app in a tenant, and for each conversation."""


@dataclass(slots=True)
class Limit:
    """Takes or refuses messages by the loop's clock; the first rule is for all places, the others for each."""

    rules: tuple[Rule, ...]
    refused: int = 0
    taken: list[float] = field(default_factory=list)
    _seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def __call__(self, place: str) -> float:
        """Seconds to wait; 0 when the message is taken."""
        now = asyncio.get_running_loop().time()
        whole, *each = self.rules
        wait = max(_wait(self._seen[""], whole, now), *(_wait(self._seen[place], rule, now) for rule in each))
        if wait > 0:
            self.refused += 1
            return wait
        self._seen[""].append(now)
        self._seen[place].append(now)
        self.taken.append(now)
        return 0.0


def _wait(times: deque[float], rule: Rule, now: float) -> float:
    most, seconds = rule
    return times[-most] + seconds - now if len(times) >= most else 0.0
