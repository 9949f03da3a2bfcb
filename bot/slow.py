"""Slow work: functions that are slow on purpose, a few at a time, so that whatever else Erbij does goes on."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flows.engine.chat import Context
from flows.engine.turn import Work

THREADS = 2
"""At once. The hash of a receipt takes 19 MiB while it runs."""
MOST, WITHOUT_ACCOUNT, CROWDED = 100, 75, 30
"""People whose work is under way or waits: two processors do all of it in about a second.

Who has no account is not taken beyond the second number, and who comes from where much comes from (flows/seam.py) not
beyond the third: so neither can take all places.
"""
NICE = 10
"""How far behind other threads: enough that a turn goes first, little enough that it goes on beside busy programs."""

_MMAP_THRESHOLD = -3
"""The number of this option in <malloc.h>."""


class Busy(Exception):
    """So much slow work waits already, or some of this person's own. What they did is kept; they can go on from it."""


class SlowWork:
    """Threads of their own, a short queue, and nobody twice in it."""

    def __init__(self) -> None:
        _give_back()
        self._pool = ThreadPoolExecutor(THREADS, "slow", initializer=_behind_others)
        self._under_way: dict[str, tuple[object, asyncio.Future[Any]]] = {}

    async def run(self, work: Work) -> Any:
        """The result; the same work asked for twice is done once. Raises Busy, or what the function raised."""
        owner = work.context.member or work.token.conversation
        what = (work.token.conversation, work.key, work.args)
        if owner not in self._under_way:
            if len(self._under_way) >= _places(work.context):
                raise Busy
            result = asyncio.get_running_loop().run_in_executor(self._pool, work.fn, *work.args)
            self._under_way[owner] = (what, result)
            result.add_done_callback(lambda _: self._under_way.pop(owner))
        under_way, result = self._under_way[owner]
        if under_way != what:
            raise Busy
        return await asyncio.shield(result)

    def close(self) -> None:
        """Take no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _places(who: Context) -> int:
    """Of how many places somebody may take the last."""
    if who.member:
        return MOST
    return CROWDED if who.crowded else WITHOUT_ACCOUNT


def _give_back() -> None:
    """Let large memory go back to the system when it is free.

    glibc would learn from the first hash to keep 19 MiB for each thread: a third of what Erbij takes in all.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 1 << 20)


def _behind_others() -> None:
    """Let this thread have what is left of the processors: a turn goes before a hash."""
    if sys.platform == "linux":  # elsewhere it would be the whole process
        os.nice(NICE)
