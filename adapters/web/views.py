"""Addresses of the case page's steps, so that Back, reloading and sending again are ordinary things.

Each post leads to an address of its own. In it stands, sealed, by what the question that waits can be drawn again, for
half an hour and as long as its conversation waits; so it works after a restart and in another process too. What a page
says besides, or what was only to be read, is kept in memory for two minutes: until the next step of that conversation.
"""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flows.seam import Reply

OPEN = 30 * 60
"""Seconds that an address leads to the question that waits."""
KEPT = 120
"""Seconds that a reply is kept as it was: as long as that of an event which comes twice."""
MOST = 300
"""Replies kept at once; the oldest gives way."""


@dataclass(frozen=True, slots=True)
class View:
    """What stands behind an address: a reply as it was, by what its question is drawn anew, or both."""

    reply: Reply | None
    token: str


class Views:
    """The addresses of one host."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        """``key``: 16 bytes, the same in each process. ``clock`` gives seconds since 1970."""
        self._cipher = AESGCM(key)
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, str, Reply]] = OrderedDict()

    def add(self, slug: str, token: str, conversation: str, reply: Reply) -> str:
        """The address of a reply; ``token`` draws its question anew, and is empty when it asks nothing."""
        nonce = secrets.token_bytes(12)
        until = int(self._clock()) + OPEN
        sealed = self._cipher.encrypt(nonce, f"{until}:{token}".encode(), slug.encode())
        view = urlsafe_b64encode(nonce + sealed).decode().rstrip("=")
        self.left(conversation)
        self._kept[view] = (self._clock(), conversation, reply)
        self._tidy()
        return view

    def left(self, conversation: str) -> None:
        """A conversation goes on: what an earlier page of it said has been read."""
        if conversation:
            for view in [view for view, (_at, of, _reply) in self._kept.items() if of == conversation]:
                del self._kept[view]

    def find(self, slug: str, view: str) -> View | None:
        """What stands behind an address; None for one that was made by hand, or is too old."""
        try:
            raw = urlsafe_b64decode(view + "=" * (-len(view) % 4))
            until, _, token = self._cipher.decrypt(raw[:12], raw[12:], slug.encode()).decode().partition(":")
        except (InvalidTag, ValueError):
            return None
        self._tidy()
        _at, _of, reply = self._kept.get(view, (0.0, "", None))
        if not 0 <= int(until) - self._clock() <= OPEN or not (reply or token):
            return None
        return View(reply, token)

    def _tidy(self) -> None:
        """Let go of what is old, and of what is too much; time may also have been put back."""
        now = self._clock()
        while self._kept:
            at = next(iter(self._kept.values()))[0]
            if len(self._kept) <= MOST and 0 <= now - at < KEPT:
                break
            self._kept.popitem(last=False)
