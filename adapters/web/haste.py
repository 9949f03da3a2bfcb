"""How much one client may ask for in a minute, counted without keeping an address.

A whole school can sit behind one address, so an address has plenty; and because one of them could use it all up, the
steps of a conversation that has begun here are counted by themselves: whoever is in the middle of telling something
gets to the end. Addresses and conversations are counted under a keyed hash whose key lives an hour in memory, and are
written nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

PER_CLIENT = 6_000
"""Requests a minute: 300 people in one lecture hall who need twenty each."""
PER_CONVERSATION = 60
"""Steps a minute: nobody answers faster than one a second."""
KEY_LIVES = 3600.0
"""Seconds that an address is recognisable, even to ourselves."""
REMEMBERED = 5_000
"""Conversations that count by themselves at most; the one unused longest gives way."""
MINUTE = 60.0


class Haste:
    """Counts of the last minute."""

    def __init__(self, per_client: int = PER_CLIENT, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds; it decides when a minute is over, and when the key changes."""
        self._per_client = per_client
        # A library's counts in memory are swept by a thread that is started anew a hundred times a second.
        self._counts: Counter[str] = Counter()
        self._minute = clock()
        self._begun: OrderedDict[str, None] = OrderedDict()
        self._clock = clock
        self._key, self._since = secrets.token_bytes(32), clock()

    def takes(self, client: str, conversation: str = "") -> bool:
        """Count one request of a client, or one step of a conversation; False when it was one too many.

        Steps have the same room again, apart from everything else that their client asks for.
        """
        who, what = self._hidden(client), self._hidden(conversation)
        if conversation and what in self._begun:
            self._begun.move_to_end(what)
            return self._hit(what, PER_CONVERSATION) and self._hit(f"steps of {who}", self._per_client)
        return self._hit(who, self._per_client)

    def began(self, conversation: str) -> None:
        """From now on the steps of this conversation count by themselves."""
        self._begun[self._hidden(conversation)] = None
        while len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)

    def _hit(self, what: str, most: int) -> bool:
        """Count one; False when there were as many as may be this minute."""
        if self._clock() - self._minute >= MINUTE:
            self._counts.clear()
            self._minute = self._clock()
        self._counts[what] += 1
        return self._counts[what] <= most

    def _hidden(self, text: str) -> str:
        """What something is counted under at this hour."""
        if self._clock() - self._since > KEY_LIVES:
            self._key, self._since = secrets.token_bytes(32), self._clock()
            self._begun.clear()
        return hmac.new(self._key, text.encode(errors="replace"), hashlib.sha256).hexdigest()
