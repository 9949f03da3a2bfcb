"""Discord's limits for a whole bot, which discord.py does not keep.

50 requests a second, the answers to interactions not counted; and after 10,000 refusals (401, 403, 429) in ten minutes
Discord answers this address no more, for up to a day.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Any

import aiohttp
import discord

from flows.faults import TooFast
from flows.pace import Pace

PER_SECOND = 47.0
"""Requests of one bot; Discord takes 50, and a loop that was busy for a moment must not make more of them."""
REFUSALS, WINDOW = 5_000, 600.0
"""Refusals in so many seconds after which nothing more is sent; the other half is left for answers to people."""
OPENED, IN_SECONDS = 10, 10.0
"""Private chats opened in so many seconds. Discord publishes no number; dozens at once are known to be too many."""
PATIENCE = 2.0
"""Seconds that a message waits here; longer waiting is the sender's business."""
REMEMBERED = 10_000
"""People whose chat is known to be open, at most."""
REFUSED = frozenset({401, 403, 429})
EXEMPT = ("/interactions/", "/webhooks/")
"""Answers to interactions: not counted in the 50, and somebody waits for them."""
LONGEST_PAUSE = 3600.0
"""Seconds that Erbij waits at the most because Discord asked the whole bot to."""


class Opening:
    """Private chats that are opened: a few at once and then slowly, for Discord locks up bots that open dozens."""

    def __init__(self) -> None:
        self._begun: deque[float] = deque(maxlen=OPENED)
        self._known: OrderedDict[int, None] = OrderedDict()

    async def wait(self, person: int) -> None:
        """Return when a chat with this person may be opened; TooFast when that is not soon."""
        if person in self._known:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._begun[0] + IN_SECONDS) if len(self._begun) == OPENED else now
        if at - now > PATIENCE:
            raise TooFast(at - now)
        self._begun.append(at)
        if at > now:
            await asyncio.sleep(at - now)

    def done(self, person: int) -> None:
        """It is open, and will be from now on."""
        self._known[person] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


class Watch:
    """Watches every request of one bot, those that discord.py repeats by itself too."""

    def __init__(self) -> None:
        self._pace = Pace(PER_SECOND)
        self._refusals: deque[float] = deque()
        self._quiet_until = 0.0

    def trace(self) -> aiohttp.TraceConfig:
        """What discord.py hangs into its HTTP session."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._before)
        trace.on_request_end.append(self._after)
        return trace

    def held(self) -> float:
        """Seconds during which nothing may be sent."""
        now = asyncio.get_running_loop().time()
        while self._refusals and self._refusals[0] <= now - WINDOW:
            self._refusals.popleft()
        full = self._refusals[-REFUSALS] + WINDOW - now if len(self._refusals) >= REFUSALS else 0.0
        return max(0.0, full, self._quiet_until - now)

    async def _before(self, _session: object, _context: object, params: aiohttp.TraceRequestStartParams) -> None:
        if _exempt(params.url.path):
            return
        held = self.held()
        if held:
            raise discord.RateLimited(held)
        await self._pace.turn()

    async def _after(self, _session: object, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        response = params.response
        # A limit that is shared with other bots is not held against this one.
        if response.status not in REFUSED or response.headers.get("X-RateLimit-Scope") == "shared":
            return
        now = asyncio.get_running_loop().time()
        self._refusals.append(now)
        # Without Via the answer is not Discord's but that of the wall before it, and means the whole address.
        whole = "X-RateLimit-Global" in response.headers or "Via" not in response.headers
        if response.status == 429 and whole and not _exempt(params.url.path):
            self._quiet_until = max(self._quiet_until, now + _seconds(response.headers.get("Retry-After", "")))


def _exempt(path: str) -> bool:
    return any(part in path for part in EXEMPT)


def _seconds(header: str) -> float:
    """A Retry-After in seconds; 0 when there is none."""
    try:
        return min(max(0.0, float(header)), LONGEST_PAUSE)
    except ValueError:
        return 0.0
