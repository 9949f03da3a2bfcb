"""The sender: delivers what waits in the outbox, in order per conversation, and decides what is tried again.

Each platform has two loops of its own, for places and for people, so that one that is slow or down holds up no other.
While a platform fails as a whole, one message at a time tries it (bot/storm.py), and what waits goes when it is back. A
message is leased while it is on its way: should this process die, another (or the next start) finds it again once the
lease is over. So a message is delivered at least once, and its ``Outgoing.id`` stays the same as long as what it says
does, for platforms that drop a repeat.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import structlog

from bot.storm import Storm
from bot.time import rung
from flows.engine import wire
from flows.faults import Blocked, Outage, SendError, TooFast
from flows.gate import claim
from flows.gate.claim import UNASKED
from flows.pace import Pace
from flows.seam import Adapter, Outgoing, Sent, Space, Text
from flows.words import _, said
from storage import delivery, held, outbox, places
from storage.database import NotSaved
from storage.days import DAY

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.time import Clock
    from storage.audiences import Audience
    from storage.database import Database
    from storage.statement import Session

AT_ONCE = 64
"""Messages of one platform on their way at the same time."""
PATIENCE = 30.0
"""Seconds that one delivery may take."""
LEASE = 120_000
"""Milliseconds that a message is ours; longer than waiting for its turn and delivering it take together."""
FIRST_WAIT, LONGEST_WAIT = 1_000, 300_000
"""Milliseconds before the second attempt, and at the most between two."""
LONGEST_IN_STORM = 30_000
"""The same while the platform fails as a whole: it is asked seldom anyway, and what waits shall go once it is back."""
GIVE_UP = 3 * DAY
"""Milliseconds after which a message that could still be tried is buried: nobody waits for it any more."""
LOOK_AGAIN = 15.0
"""Seconds after which the outbox is looked at in any case, for what other processes left."""
REST = 4
"""After each look at the outbox, times as long as it took until the next: a long backlog holds up no turn."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the channels of one platform, or to its people."""

    platform: str
    adapter: Adapter
    private: bool
    pace: Pace
    """The platform's, for both ways."""
    storm: Storm = field(default_factory=Storm)
    bell: asyncio.Event = field(default_factory=asyncio.Event)


class Sender:
    """Delivers the outbox through the adapters that are on."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        adapters: Mapping[str, Adapter],
        metrics: Metrics,
        audiences: Mapping[str, Audience] = MappingProxyType({}),
    ) -> None:
        """``audiences``: those that capabilities declare, by name, to ask once more who belongs to them."""
        self._audiences = audiences
        self._database = database
        self._clock = clock
        self._adapters = adapters
        self._metrics = metrics
        self._bells: list[asyncio.Event] = []
        self._going: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Something was put into the outbox."""
        for bell in self._bells:
            bell.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for platform, adapter in self._adapters.items():
                group.create_task(self.platform(platform, adapter))

    async def drain(self) -> None:
        """Wait for what is on its way now; call it after :meth:`run` was cancelled."""
        if self._going:
            await asyncio.wait(self._going)

    async def platform(self, platform: str, adapter: Adapter) -> None:
        """Deliver what waits for one platform, until cancelled.

        Channels and people each have a way of their own: when a platform takes no private messages for a while, as
        Discord does where many are opened, its channels do not wait for that.
        """
        pace = Pace(adapter.limits.sends_per_second)
        async with asyncio.TaskGroup() as group:
            for private in (False, True):
                group.create_task(self._go(Way(platform, adapter, private, pace)))

    async def _go(self, way: Way) -> None:
        most = max(1, min(AT_ONCE, int(way.adapter.limits.sends_per_second * 10)))
        bell = way.bell
        self._bells.append(bell)
        on_the_way: set[asyncio.Task[None]] = set()
        clock = asyncio.get_running_loop().time
        while True:
            bell.clear()
            began = clock()
            try:
                rows, wait = await self._next(way, most, len(on_the_way))
            except Exception as fault:
                # Whatever stands in one row: the program goes on, and so does all that goes another way.
                self._metrics.faults.labels("sender", type(fault).__name__).inc()
                log.warning("outbox not read", exc_info=True)
                rows, wait = [], LOOK_AGAIN
            for row in rows:
                task = asyncio.create_task(self._one(way, row))
                for pool in (on_the_way, self._going):
                    pool.add(task)
                    task.add_done_callback(pool.discard)
                # A delivered head frees the next message of its conversation.
                task.add_done_callback(lambda _: bell.set())
            rested = clock() + REST * (clock() - began)
            await rung(bell, wait)
            await asyncio.sleep(rested - clock())

    async def _next(self, way: Way, most: int, going: int) -> tuple[list[delivery.Waiting], float]:
        """What may go now, and how many seconds to wait until there can be more; the bell rings sooner."""
        now = asyncio.get_running_loop().time()
        room = way.storm.room(most - going, going, now)
        if not room:
            # Either all places are taken, and the bell rings at the first that is free, or the storm has to pass.
            return [], LOOK_AGAIN if going else max(0.0, way.storm.until - now)
        rows = await self._claim(way, room)
        return rows, LOOK_AGAIN if len(rows) == room else await self._pause(way)

    async def _claim(self, way: Way, free: int) -> list[delivery.Waiting]:
        now = self._clock.now()
        return await self._database.run(
            lambda s: claim.claim(s, way.platform, now, now + LEASE, free, private=way.private, known=self._audiences)
        )

    async def _pause(self, way: Way) -> float:
        """Seconds until the next message that goes this way may be tried."""
        at = await self._database.run(lambda s: claim.next_at(s, way.platform, private=way.private))
        if at is None:
            return LOOK_AGAIN
        return min(LOOK_AGAIN, max(0.0, (at - self._clock.now()) / 1000))

    async def _one(self, way: Way, row: delivery.Waiting) -> None:
        """Deliver one message and write down what became of it."""
        result = await self._attempt(way, row)
        way.storm.saw(row.recipient, result, asyncio.get_running_loop().time())
        longest = LONGEST_IN_STORM if way.storm.raging else LONGEST_WAIT
        steps = _settling(result, row, self._clock.now(), longest)
        for settle in steps:
            try:
                await self._database.run(settle)
            except NotSaved:
                # The lease runs out and the message is sent once more: at least once, not at most once.
                self._metrics.faults.labels("sender", "NotSaved").inc()
                log.warning("delivery not recorded", exc_info=True)
        if len(steps) > 1:
            self.wake()  # a note went into the outbox, for a channel
        name = "sent" if isinstance(result, Sent) else type(result).__name__
        self._metrics.sent.labels(row.platform, name).inc()

    async def _attempt(self, way: Way, row: delivery.Waiting) -> Sent | Exception:
        try:
            parts, language = wire.unpack(row.payload)
            await way.pace.turn()
            return await _in_time(way.adapter, _outgoing(row, parts, language))
        except SendError as refused:
            log.info("not delivered", platform=row.platform, why=type(refused).__name__, attempts=row.attempts)
            return refused
        except Exception as fault:
            self._metrics.faults.labels("sender", type(fault).__name__).inc()
            log.exception("delivery failed", platform=row.platform)
            return fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a message that was not delivered: try again at a time, or bury it when there is none."""

    at: int | None
    why: str


def verdict(fault: Exception, attempts: int, since: int, now: int, longest: int = LONGEST_WAIT) -> Verdict:
    """Whether and when to try again. ``attempts`` are those that went wrong before this one; times in ms.

    Waits double from one second to ``longest``, spread over half of themselves so that messages which failed together
    do not come back together. A fault of the adapter itself is tried again too: mostly the next release mends it.
    """
    why = type(fault).__name__
    if isinstance(fault, SendError) and not fault.retry:
        return Verdict(None, why)
    if now - since > GIVE_UP:
        return Verdict(None, f"{why}, for three days")
    wait = min(longest, FIRST_WAIT * 2 ** min(attempts, 20))
    spread = random.uniform(0.5, 1.0)  # noqa: S311  no secret
    if isinstance(fault, TooFast):
        asked = int(fault.seconds * 1000)
        return Verdict(now + max(asked, min(wait, LONGEST_IN_STORM)) + int(FIRST_WAIT * spread), why)
    return Verdict(now + int(wait * spread), why)


def _settling(
    result: Sent | Exception, row: delivery.Waiting, now: int, longest: int
) -> list[Callable[[Session], object]]:
    """What to write down; each in a transaction of its own."""
    if isinstance(result, Sent):
        # What stands in a channel is compared with what would be posted next; the web chat draws its windows from here.
        payload_stays = not row.private or row.platform == "web"
        if row.fleeting and not payload_stays:
            return [lambda s: delivery.forget(s, row.id)]
        return [lambda s: _sent(s, row, result.message, payload_stays=payload_stays)]
    then = verdict(result, row.attempts, row.tried_since, now, longest)
    if then.at is not None:
        at = then.at
        return [lambda s: delivery.retry(s, row.id, at, then.why)]
    if row.fleeting:
        return [lambda s: delivery.forget(s, row.id)]  # nothing waits any more, so no note says so either
    steps: list[Callable[[Session], object]] = [lambda s: _buried(s, row, then.why)]
    if row.private and isinstance(result, Blocked):
        steps.append(lambda s: _something_waits(s, row, now))
    return steps


def _sent(session: Session, row: delivery.Waiting, message: str, *, payload_stays: bool) -> None:
    delivery.sent(session, row.id, message, payload_stays)
    if row.why == UNASKED and row.private:
        held.sent_within(session, row.community, row.id, row.key, row.payload if payload_stays else b"")


def _buried(session: Session, row: delivery.Waiting, why: str) -> None:
    """What was to go within it waits for the gate by itself again: it may still be of use."""
    delivery.bury(session, row.id, why)
    held.part(session, row.community, row.id)


def _something_waits(session: Session, row: delivery.Waiting, now: int) -> None:
    """A note in the students' channel that something waits, without a name; one at a time."""
    here = (one for one in places.of_kind(session, row.community, "students") if one.platform == row.platform)
    place = next(here, None)
    if place is None:
        return
    text = said(
        _(
            "Something waits here for someone who cannot get private messages from Erbij. "
            "If it might be you: allow messages from this server or add Erbij for yourself, then write to Erbij."
        ),
        place.language,
    )
    outbox.add(
        session,
        outbox.Message(
            f"waits.{row.key}",
            row.community,
            place.platform,
            place.space,
            place.external_id,
            private=False,
            subject="waits",
            payload=wire.pack((Text(text),), place.language),
            at=now,
        ),
    )


def outgoing_id(key: str) -> str:
    """22 characters, the same at every attempt, from a message's key."""
    return urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:22].decode()


def _outgoing(row: delivery.Waiting, parts: tuple[object, ...], language: str) -> Outgoing:
    return Outgoing(
        id=outgoing_id(_identity(row)),
        space=Space(row.platform, row.space),
        parts=parts,  # type: ignore[arg-type]
        place="" if row.private else row.recipient,
        person=row.recipient if row.private else "",
        address=row.address,
        edits=row.edits,
        language=language,
    )


def _identity(row: delivery.Waiting) -> str:
    """By what a platform knows a repeat. Something more within a message makes it another one, which is no repeat."""
    if not row.private or row.why != UNASKED:
        return row.key
    return f"{row.key}:{hashlib.sha256(row.payload).hexdigest()}"


async def _in_time(adapter: Adapter, message: Outgoing) -> Sent:
    """Deliver, or say after a while that the platform does not answer."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await adapter.send(message)
    except TimeoutError as late:
        raise Outage("no answer in time") from late
