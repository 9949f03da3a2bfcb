"""How much one client may ask for, counted without keeping an address.

A whole school can sit behind one address, and so can whoever wants to hold it up. So an address has plenty; the steps
of a conversation that has begun here are counted by themselves, and get to their end when the address is used up; and
where much comes from one address, everybody else goes first (:attr:`Post.crowded`), but nobody is refused for that
alone. Addresses and conversations are counted under a keyed hash whose key lives an hour in memory, and are written
nowhere.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PER_CLIENT = 6_000
"""Requests a minute: 300 people in one lecture hall who need twenty each. As many steps of conversations again."""
PER_CONVERSATION = 60
"""Steps a minute: nobody answers faster than one a second."""
SPARE = 3
"""Steps of each conversation when its client has used up all of that: an answer, a look at it, and to send it. So who
has begun a story can still tell it, though somebody behind the same address asks for ten thousand pages meanwhile."""
FIRST_ANSWERS = 100
"""Of one client in an hour; beyond it everybody else goes first."""
AT_ONCE = 10
"""Posts of one client that are answered at the same time; beyond it everybody else goes first."""
KEY_LIVES = 3600.0
"""Seconds that an address is recognisable, even to ourselves."""
REMEMBERED = 50_000
"""Conversations that count by themselves at most; the oldest of the client that has most give way."""
MINUTE = 60.0


@dataclass(slots=True)
class Post:
    """A post that is being answered."""

    crowded: bool
    """Whether so much comes from its client that everybody else goes first."""
    begun: str = ""
    """To be set: the conversation in which its answer asks something."""


class Haste:
    """Counts of the last minute, and of this hour."""

    def __init__(self, per_client: int = PER_CLIENT, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds; it decides when a minute is over, and when the key changes."""
        self._per_client = per_client
        # A library's counts in memory are swept by a thread that is started anew a hundred times a second.
        self._counts: Counter[bytes] = Counter()
        self._minute = clock()
        self._begun: dict[bytes, OrderedDict[bytes, int]] = {}
        """The conversations of each client, the one unused longest first, with the spare steps that each has left."""
        self._remembered = 0
        self._first_answers: Counter[bytes] = Counter()
        self._at_once: Counter[bytes] = Counter()
        self._clock = clock
        self._key, self._since = secrets.token_bytes(32), clock()

    def takes(self, client: str, conversation: str = "") -> bool:
        """Count one request of a client, or one step of a conversation; False when it was one too many.

        Steps have the same room again, apart from everything else that their client asks for.
        """
        who, what = self.hidden(client), self.hidden(conversation)
        mine = self._begun.get(who, OrderedDict[bytes, int]())
        if not conversation or what not in mine:
            return self._hit(who, self._per_client)
        mine.move_to_end(what)
        if not self._hit(what, PER_CONVERSATION):
            return False
        if self._hit(b"steps" + who, self._per_client):
            return True
        mine[what] -= 1
        return mine[what] >= 0

    def began(self, client: str, conversation: str) -> None:
        """From now on the steps of this conversation count by themselves, for this client."""
        mine, what = self._begun.setdefault(self.hidden(client), OrderedDict()), self.hidden(conversation)
        if what not in mine:
            mine[what] = SPARE
            self._remembered += 1
        mine.move_to_end(what)
        if self._remembered > REMEMBERED:
            self._give_way()

    @contextmanager
    def answering(self, client: str, first_answer_of: str) -> Iterator[Post]:
        """While a post is answered. ``first_answer_of``: the conversation that it would begin, or empty."""
        who = self.hidden(client)
        self._at_once[who] += 1
        if first_answer_of:
            self._first_answers[who] += 1
        post = Post(crowded=self._at_once[who] > AT_ONCE or self._first_answers[who] > FIRST_ANSWERS)
        try:
            yield post
        finally:
            _one_less(self._at_once, who)
            if first_answer_of and post.begun == first_answer_of:  # asked the same again: nothing came of the answer
                _one_less(self._first_answers, who)

    def _give_way(self) -> None:
        """Forget some conversations of the client that has most. Several, because looking for it takes a while."""
        who = max(self._begun, key=lambda one: len(self._begun[one]))
        for _ in range(min(len(self._begun[who]), REMEMBERED // 100 or 1)):
            self._begun[who].popitem(last=False)
            self._remembered -= 1
        if not self._begun[who]:
            del self._begun[who]

    def _hit(self, what: bytes, most: int) -> bool:
        """Count one; False when there were as many as may be this minute."""
        if self._clock() - self._minute >= MINUTE:
            self._counts.clear()
            self._minute = self._clock()
        self._counts[what] += 1
        return self._counts[what] <= most

    def hidden(self, text: str) -> bytes:
        """What something is counted under at this hour."""
        if self._clock() - self._since > KEY_LIVES:
            self._key, self._since = secrets.token_bytes(32), self._clock()
            self._begun.clear()
            self._remembered = 0
            self._first_answers.clear()
        return hmac.digest(self._key, text.encode(errors="replace"), "sha256")[:16]


def _one_less(counter: Counter[bytes], what: bytes) -> None:
    """Nothing is kept of what is counted no more."""
    counter[what] -= 1
    if counter[what] <= 0:
        del counter[what]
