"""How people stand in their spaces, asked of the platforms and remembered for a few minutes."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from flows.faults import Gone, Outage, SendError
from flows.seam import Adapter, Space, Standing

DEADLINE = 1.5
"""Seconds that a person who did something waits for a platform's answer; Discord gives three in all, Teams five."""
FRESH = 300.0
"""Seconds that an answer is used again."""
REMEMBERED = 10_000
"""Answers remembered at most."""
PATIENCE = 10.0
"""Seconds that one answer may take at most; the next who asks begins anew."""

log = structlog.get_logger()
Key = tuple[str, str, str]
Said = Standing | SendError


class Standings:
    """Asks how a person stands in a space. What was said is kept in memory only."""

    def __init__(self, adapters: Mapping[str, Adapter], clock: Callable[[], float] = time.monotonic) -> None:
        self._adapters = adapters
        self._clock = clock
        self._known: OrderedDict[Key, tuple[float, Standing]] = OrderedDict()
        self._asking: dict[Key, asyncio.Task[Said]] = {}

    async def of(self, space: Space, person: str) -> Said:
        """What the platform says now, or said within five minutes; the reason, when it does not say in time.

        An answer that comes too late for who waits is remembered all the same: they will try again.
        """
        key = (space.platform, space.id, person)
        until, standing = self._known.get(key, (0.0, None))
        if standing is not None and self._clock() < until:
            return standing
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._remembered(key, space))
        done, _late = await asyncio.wait({task}, timeout=DEADLINE)
        return task.result() if done else Outage("no answer in time")

    async def ask(self, space: Space, person: str) -> Said:
        """What the platform says now, whatever it said before. Never raises."""
        adapter = self._adapters.get(space.platform)
        if adapter is None:
            return Gone("no such platform here")
        try:
            async with asyncio.timeout(PATIENCE):
                return await adapter.known(space, person)
        except TimeoutError:
            return Outage("no answer in time")
        except SendError as refused:
            log.info("standing not said", platform=space.platform, why=type(refused).__name__)
            return refused
        except Exception:
            log.exception("standing not asked", platform=space.platform)
            return Outage("a fault of the adapter")

    def forget(self, space: Space, person: str = "") -> None:
        """What was said of a person, or of everyone in a space, is not used again; nor what is being said now."""
        kept: dict[Key, Any]
        for kept in (self._known, self._asking):
            if person:
                kept.pop((space.platform, space.id, person), None)
                continue
            for key in [one for one in kept if one[:2] == (space.platform, space.id)]:
                del kept[key]

    async def _remembered(self, key: Key, space: Space) -> Said:
        said = await self.ask(space, key[2])
        if self._asking.get(key) is asyncio.current_task():
            del self._asking[key]
            if isinstance(said, Standing):
                self._known[key] = (self._clock() + FRESH, said)
                self._known.move_to_end(key)
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return said
