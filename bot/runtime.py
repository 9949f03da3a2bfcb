"""One event in, one reply out: the door that every adapter knocks at."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.standings import Said, Standings
from flows.engine.taking import Turn
from flows.engine.turn import finish_work, take
from flows.seam import Incoming, Left, Removed, Reply, Space, Text
from flows.words import _, language_of, said
from storage.database import NotSaved

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.time import Clock
    from flows.engine import Catalogue
    from storage.database import Database

REMEMBERED = 500
"""Replies kept in memory, so that a platform which repeats an event hears the same again."""

Key = tuple[str, str, str, str]
log = structlog.get_logger()


def _nothing() -> None:
    """Nobody to wake yet."""


class Runtime:
    """Takes turns. ``posted`` is called when the outbox got something, ``timed`` when the due rows did.

    ``doubted`` is called when someone of the staff may have left. ``standings`` asks the platforms.
    """

    def __init__(
        self, database: Database, catalogue: Catalogue, clock: Clock, metrics: Metrics, site: str = ""
    ) -> None:
        """``site`` is where the world reaches Erbij's pages."""
        self.database = database
        self.catalogue = catalogue
        self.clock = clock
        self.posted: Callable[[], None] = _nothing
        self.timed: Callable[[], None] = _nothing
        self.doubted: Callable[[], None] = _nothing
        self.standings = Standings({})
        self._metrics = metrics
        self._site = site
        self._replies: OrderedDict[Key, asyncio.Task[Reply]] = OrderedDict()
        self._stopping = False

    async def receive(self, incoming: Incoming) -> Reply:
        """The reply to one event. Never raises: what goes wrong becomes a kind line and a line in the log."""
        if self._stopping:
            return _sorry(incoming)
        person = incoming.person.id if incoming.person else ""
        key = (incoming.space.platform, incoming.space.id, person, incoming.event)
        turn = self._replies.get(key)
        if turn is None:
            turn = self._replies[key] = asyncio.create_task(self._answer(incoming))
            self._forget_old()
        # A platform that hangs up does not stop the turn: it may be in the database already.
        reply = await asyncio.shield(turn)
        if not reply.saved:
            self._replies.pop(key, None)
        return reply

    async def stop(self) -> None:
        """Take no new event; wait for the turns that are under way."""
        self._stopping = True
        open_turns = [turn for turn in self._replies.values() if not turn.done()]
        if open_turns:
            await asyncio.wait(open_turns)

    async def _answer(self, incoming: Incoming) -> Reply:
        began = time.perf_counter()
        platform = incoming.space.platform
        try:
            turn = await self._turn(incoming)
        except NotSaved:
            log.warning("turn not saved", platform=platform, exc_info=True)
            self._metrics.faults.labels("turn", "NotSaved").inc()
            return _sorry(incoming)
        except Exception as fault:
            log.exception("turn failed", platform=platform)
            self._metrics.faults.labels("turn", type(fault).__name__).inc()
            return _sorry(incoming)
        self._metrics.turns.labels(platform, turn.kind).inc()
        self._metrics.seconds.labels(platform).observe(time.perf_counter() - began)
        return turn.reply

    async def _turn(self, incoming: Incoming) -> Turn:
        database, catalogue, now = self.database, self.catalogue, self.clock.now
        of = incoming.person.id if incoming.person else incoming.event
        self._unlearn(incoming)
        told: dict[Space, Said] = {}
        turn = await database.run(lambda s: take(s, catalogue, incoming, now(), self._site, told), of=of)
        while turn.asks is not None:  # of which community someone is can change in between, so perhaps once more
            told[turn.asks] = await self.standings.of(turn.asks, of)
            turn = await database.run(lambda s: take(s, catalogue, incoming, now(), self._site, told), of=of)
        self._wake(turn)
        while (work := turn.work) is not None:
            # Slow work (a hash that is slow on purpose) holds no transaction and no other turn up.
            result = await asyncio.to_thread(work.fn, *work.args)
            finish = partial(finish_work, catalogue=catalogue, work=work, result=result, now=now())
            turn = await database.run(finish, of=of)
            self._wake(turn)
        return turn

    def _wake(self, turn: Turn) -> None:
        if turn.posted:
            self.posted()
        if turn.timers:
            self.timed()
        if turn.roster:
            self.doubted()

    def _unlearn(self, incoming: Incoming) -> None:
        """What an event says is newer than what was said before."""
        if isinstance(incoming.act, Left | Removed):
            self.standings.forget(incoming.space)
        elif incoming.person is not None and incoming.person.roles is not None:
            self.standings.forget(incoming.space, incoming.person.id)

    def _forget_old(self) -> None:
        while len(self._replies) > REMEMBERED:
            self._replies.popitem(last=False)


def _sorry(incoming: Incoming) -> Reply:
    """What someone hears whose turn was not taken."""
    language = language_of(incoming.locale)
    text = _("That was not saved: something is wrong on our side. Please try again in a minute.")
    return Reply((Text(said(text, language)),), language, saved=False)
