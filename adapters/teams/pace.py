"""Teams' limits: so many messages in one conversation, and so many requests of one app.

Per conversation 7 in a second, 8 in two, 60 in thirty, 1,800 in an hour; 50 requests a second for an app in a tenant.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from flows.faults import TooFast
from flows.pace import Pace

WINDOWS = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
"""Seconds, and how many messages one conversation takes in them."""
MARGIN = 0.25
"""Seconds added to each, for what travels at different speeds."""
PER_SECOND = 47.0
"""Requests of the app at one service URL. Teams' newer URLs name the tenant; where several tenants share an older one,
together they get less than Teams allows."""
PATIENCE = 2.0
"""Seconds that a message waits for its turn here; longer waiting is the sender's business."""
CONVERSATIONS = 10_000
"""Conversations remembered at most."""


class Throttle:
    """Lets messages and requests through when Teams would take them."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()
        self._paces: dict[str, Pace] = {}

    async def message(self, conversation: str) -> None:
        """Wait until the conversation takes another message; TooFast when that is not soon."""
        now = asyncio.get_running_loop().time()
        sent = self._sent.setdefault(conversation, deque(maxlen=WINDOWS[-1][1]))
        self._sent.move_to_end(conversation)
        at = max([now, *(sent[-most] + seconds + MARGIN for seconds, most in WINDOWS if len(sent) >= most)])
        if at - now > PATIENCE:
            raise TooFast(at - now)
        sent.append(at)
        while len(self._sent) > CONVERSATIONS:
            self._sent.popitem(last=False)
        if at > now:
            await asyncio.sleep(at - now)

    async def request(self, service: str) -> None:
        """Wait for the app's turn at a service URL."""
        await self._paces.setdefault(service, Pace(PER_SECOND)).turn()
