"""One event in, one reply out: the door that every adapter knocks at."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import structlog

from bot.slow import Busy, SlowWork
from bot.standings import Said, Standings
from flows.engine import heavy
from flows.engine.take import finish_work, take
from flows.engine.turn import Outcome, Work
from flows.seam import Button, Buttons, Card, Incoming, Left, Removed, Reply, Space, Text
from flows.token import AGAIN, Answers
from flows.words import _, language_of, said
from storage import conversations
from storage.database import InDoubt, NotSaved

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.time import Clock
    from flows.engine import Catalogue
    from storage.database import Database
    from storage.statement import Session

REMEMBERED = 500
"""Replies kept in memory at the most, so that a platform which repeats an event hears the same again."""
KEPT = 120_000
"""How long, in ms. Whoever sits at the same computer next and sends a page again must not read it."""

Key = tuple[str, str, str, str]
log = structlog.get_logger()


def _nothing() -> None:
    """Nobody to wake yet."""


class Kept(NamedTuple):
    """A reply that may be given again, as long as each question in it still waits; it may hold none."""

    reply: Reply
    waits: tuple[Answers, ...]
    at: int


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
        self._slow = SlowWork()
        self._turns: dict[Key, asyncio.Task[Reply]] = {}
        """Events that are being answered."""
        self._replies: OrderedDict[Key, Kept] = OrderedDict()
        self._forgetting: asyncio.TimerHandle | None = None
        self._stopping = False

    async def receive(self, incoming: Incoming) -> Reply:
        """The reply to one event. Never raises: what goes wrong becomes a kind line and a line in the log."""
        if self._stopping:
            return _sorry(incoming)
        person = incoming.person.id if incoming.person else ""
        key = (incoming.space.platform, incoming.space.id, person, incoming.event)
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = asyncio.create_task(self._answer(incoming, key))
            turn.add_done_callback(lambda _: self._turns.pop(key))
        # A platform that hangs up does not stop the turn: it may be in the database already.
        return await asyncio.shield(turn)

    async def stop(self) -> None:
        """Take no new event; wait for the turns that are under way."""
        self._stopping = True
        if self._turns:
            await asyncio.wait(self._turns.values())
        self._slow.close()
        self._replies.clear()

    async def _answer(self, incoming: Incoming, key: Key) -> Reply:
        began = time.perf_counter()
        platform = incoming.space.platform
        try:
            known = await self._again(incoming, key)
            if known is not None:
                return known
            turn = await self._turn(incoming)
        except NotSaved as fault:
            log.warning("turn not saved", platform=platform, exc_info=True)
            self._metrics.faults.labels("turn", "NotSaved").inc()
            return _sorry(incoming, in_doubt=isinstance(fault, InDoubt))
        except Exception as fault:
            log.exception("turn failed", platform=platform)
            self._metrics.faults.labels("turn", type(fault).__name__).inc()
            return _sorry(incoming)
        self._metrics.turn(platform, turn.kind, time.perf_counter() - began)
        if turn.kind == "refused":
            log.info("turn refused", platform=platform)
        self._remember(key, turn)
        return turn.reply

    async def _turn(self, incoming: Incoming) -> Outcome:
        database, catalogue, now = self.database, self.catalogue, self.clock.now
        of = _of(incoming)
        self._unlearn(incoming)
        told: dict[Space, Said] = {}
        turn = await database.run(lambda s: take(s, catalogue, incoming, now(), self._site, told), of=of)
        while turn.asks is not None:  # of which community someone is can change in between, so perhaps once more
            told[turn.asks] = await self.standings.of(turn.asks, of)
            turn = await database.run(lambda s: take(s, catalogue, incoming, now(), self._site, told), of=of)
        self._wake(turn)
        while (work := turn.work) is not None:
            # Slow work (a hash that is slow on purpose) holds no transaction and no other turn up.
            try:
                result = await self._slow.run(work)
            except Busy:
                return Outcome(_one_moment(work), "busy")
            finish = partial(finish_work, catalogue=catalogue, work=work, result=result, now=now())
            turn = await database.run(finish, of=of)
            self._wake(turn)
        return turn

    # ------------------------------------------------------------ the same event again

    async def _again(self, incoming: Incoming, key: Key) -> Reply | None:
        """The reply that was given, if it is not old and everything that it asks is still open."""
        self._forget()
        kept = self._replies.get(key)
        if kept is None:
            return None
        if not kept.waits or await self.database.run(partial(_all_wait, kept.waits), of=_of(incoming)):
            return kept.reply
        self._replies.pop(key, None)
        return None

    def _remember(self, key: Key, turn: Outcome) -> None:
        """Keep a reply for who sends the same again, because the answer was lost on its way say.

        One that asks nothing is kept for its words alone, thanks say: what it shows to read is shown once.
        """
        shows = any(isinstance(part, Card) and not part.aside for part in turn.reply.parts[turn.above :])
        if turn.reply.saved and (turn.waits or not shows):
            self._replies[key] = Kept(turn.reply, turn.waits, self.clock.now())
            self._forget()

    def _forget(self) -> None:
        """Let go of what is old, now and when the next is; time may also have been put back."""
        now = self.clock.now()
        while self._replies:
            first = next(iter(self._replies.values()))
            if len(self._replies) <= REMEMBERED and 0 <= now - first.at < KEPT:
                break
            self._replies.popitem(last=False)
        if self._replies and self._forgetting is None:
            self._forgetting = asyncio.get_running_loop().call_later(KEPT / 1000, self._forget_later)

    def _forget_later(self) -> None:
        self._forgetting = None
        self._forget()

    def _wake(self, turn: Outcome) -> None:
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


def _of(incoming: Incoming) -> str:
    """Whose an event is: what is theirs stays in its order."""
    return incoming.person.id if incoming.person else incoming.event


def _all_wait(questions: tuple[Answers, ...], session: Session) -> bool:
    return all(conversations.waits(session, one.conversation, one.turn) for one in questions)


def _one_moment(work: Work) -> Reply:
    """What someone hears whose slow work was not taken: from the button on, it goes on as if they had waited."""
    language = work.context.language
    text = _(
        "One moment, please: I am still busy with other answers. Nothing that you wrote is lost. Please try again."
    )
    again = Buttons((Button(work.token.way(AGAIN), said(_("Try again"), language), "primary"),))
    parts = (*work.above, Text(said(text, language)), *(work.again or (again,)))
    return Reply(parts, language, work.context.space, saved=False, question=str(work.token))


def _sorry(incoming: Incoming, *, in_doubt: bool = False) -> Reply:
    """What someone hears whose turn was not taken, or of whose turn nobody knows whether it was."""
    language = language_of(incoming.locale)
    text = _("That was not saved: something is wrong on our side. Please try again in a minute.")
    if in_doubt:
        text = _(
            "It is not certain that this was saved: something is wrong on our side. Please look again in a minute."
        )
    return Reply((*heavy.parts_for(incoming), Text(said(text, language))), language, saved=False)
