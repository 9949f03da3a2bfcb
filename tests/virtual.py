"""A loop whose time jumps to the next thing that waits: half an hour in a moment, and the same each time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 60
"""Real seconds for one wait on the world outside, which then hangs."""


class _Selector(selectors.DefaultSelector):
    """Waits for the world outside only while something is under way there; else lets time jump."""

    loop: VirtualLoop
    busy: Callable[[], bool]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.busy():
            return super().select(PATIENCE)
        if timeout is None:
            raise RuntimeError("everything waits for ever")
        self.loop.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """``busy`` says whether a thread or a socket still has something to tell."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self.now = 0.0
        selector = _Selector()
        selector.loop, selector.busy = self, busy
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def in_no_time(story: Coroutine[Any, Any, T], busy: Callable[[], bool] = lambda: False) -> T:
    """The result of a story on such a loop."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(busy)) as runner:
        return runner.run(story)
