"""Addresses of the case page's steps, so that Back, reloading and sending again are ordinary things.

Each post leads to an address of its own. In it stands, sealed, by what the question that waits can be drawn again, for
half an hour and as long as its conversation waits; so it works after a restart and in another process too. What a page
says besides, or what was only to be read, is kept in memory for two minutes: until the next step of that conversation.
"""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flows.seam import Reply

OPEN = 30 * 60
"""Seconds that an address leads to the question that waits."""
KEPT = 120
"""Seconds that a reply is kept as it was: as long as that of an event which comes twice."""
MOST, MOST_EACH = 4_000, 2_000
"""Replies kept at once, in all and of one client, which can be a lecture hall. Of whoever has most the oldest goes."""


@dataclass(frozen=True, slots=True)
class View:
    """What stands behind an address: a reply as it was, by what its question is drawn anew, or both."""

    reply: Reply | None
    token: str


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    client: bytes
    conversation: str
    reply: Reply


class Views:
    """The addresses of one host."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        """``key``: 16 bytes, the same in each process. ``clock`` gives seconds since 1970."""
        self._cipher = AESGCM(key)
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._latest: dict[str, str] = {}
        """Of a conversation, the address of its latest reply that is kept."""
        self._of: Counter[bytes] = Counter()
        """How many are kept of a client."""

    def add(self, slug: str, token: str, reply: Reply, *, conversation: str = "", client: bytes = b"") -> str:
        """The address of a reply; ``token`` draws its question anew, and is empty when it asks nothing.

        ``client`` says whose it is, by whatever keeps clients apart.
        """
        nonce = secrets.token_bytes(12)
        until = int(self._clock()) + OPEN
        sealed = self._cipher.encrypt(nonce, f"{until}:{token}".encode(), slug.encode())
        view = urlsafe_b64encode(nonce + sealed).decode().rstrip("=")
        self.left(conversation)
        self._kept[view] = _Kept(self._clock(), client, conversation, reply)
        self._of[client] += 1
        if conversation:
            self._latest[conversation] = view
        self._tidy()
        if self._of[client] > MOST_EACH or len(self._kept) > MOST:
            most = client if self._of[client] > MOST_EACH else self._of.most_common(1)[0][0]
            self._forget(next(view for view, one in self._kept.items() if one.client == most))
        return view

    def left(self, conversation: str) -> None:
        """A conversation goes on: what an earlier page of it said has been read."""
        if (view := self._latest.get(conversation)) is not None:
            self._forget(view)

    def find(self, slug: str, view: str) -> View | None:
        """What stands behind an address; None for one that was made by hand, or is too old."""
        try:
            raw = urlsafe_b64decode(view + "=" * (-len(view) % 4))
            until, _, token = self._cipher.decrypt(raw[:12], raw[12:], slug.encode()).decode().partition(":")
        except (InvalidTag, ValueError):
            return None
        self._tidy()
        kept = self._kept.get(view)
        if not 0 <= int(until) - self._clock() <= OPEN or not (kept or token):
            return None
        return View(kept.reply if kept else None, token)

    def _tidy(self) -> None:
        """Let go of what is old; time may also have been put back."""
        now = self._clock()
        while self._kept:
            view, first = next(iter(self._kept.items()))
            if 0 <= now - first.at < KEPT:
                break
            self._forget(view)

    def _forget(self, view: str) -> None:
        one = self._kept.pop(view)
        self._of[one.client] -= 1
        if not self._of[one.client]:
            del self._of[one.client]
        if self._latest.get(one.conversation) == view:
            del self._latest[one.conversation]
