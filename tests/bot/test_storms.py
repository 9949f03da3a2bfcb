"""Half an hour without a platform, or with nothing but 'too fast': on a clock that jumps, with the real outbox."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest

from bot import tryout
from bot.metrics import Metrics
from bot.sender import Sender
from bot.time import Clock
from flows.engine import wire
from flows.faults import Outage, TooFast
from flows.seam import Limits, Outgoing, Receive, Sent, Text
from storage import communities, outbox
from storage.database import Database
from storage.statement import Session
from tests.virtual import VirtualLoop, in_no_time

HALF_AN_HOUR = 1800.0
LANES, EACH = 60, 5
START = 1_795_000_000_000


class LoopClock(Clock):
    """Erbij's clock on the loop's time."""

    loop: VirtualLoop | None = None

    def now(self) -> int:
        return START + (0 if self.loop is None else int(self.loop.now * 1000))


class Platform:
    """A platform that refuses until a moment, and takes a tenth of a second for whatever it does."""

    limits: ClassVar[Limits] = Limits(4000, 5, 80, 200, 5, 200, 200, 4000, 25, 45.0)

    def __init__(self, platform: str, refuses: Callable[[float], Exception | None] = lambda _now: None) -> None:
        self.platform = platform
        self._refuses = refuses
        self.tried: list[float] = []
        self.taken: list[tuple[float, str, str]] = []

    async def run(self, receive: Receive) -> None:
        del receive

    async def send(self, message: Outgoing) -> Sent:
        now = asyncio.get_running_loop().time()
        self.tried.append(now)
        await asyncio.sleep(0.1)
        refused = self._refuses(now)
        if refused is not None:
            raise refused
        [part] = message.parts
        assert isinstance(part, Text)
        self.taken.append((now, message.place, part.text))
        return Sent(str(len(self.taken)))

    def most_in(self, seconds: float) -> int:
        """The most tries in any stretch of so many seconds."""
        return max(bisect_left(self.tried, at + seconds) - n for n, at in enumerate(self.tried))

    def in_order(self) -> bool:
        """Each conversation got all of its messages once, in their order."""
        lanes: dict[str, list[str]] = {}
        for _at, lane, text in self.taken:
            lanes.setdefault(lane, []).append(text)
        return len(lanes) == LANES and all(texts == list(map(str, range(EACH))) for texts in lanes.values())


def queue(session: Session, platform: str, lanes: int = LANES, each: int = EACH, *, private: bool = False) -> None:
    found = communities.by_slug(session, tryout.SLUG)
    assert found is not None
    for n in range(each):
        for lane in range(lanes):
            outbox.add(
                session,
                outbox.Message(
                    f"{platform}.{lane}.{n}.{private}",
                    found.id,
                    platform,
                    "space",
                    f"{'person' if private else platform}-{lane}",
                    private=private,
                    subject="",
                    payload=wire.pack((Text(str(n)),), "en"),
                    at=START,
                ),
            )


def deliver(database: Database, *platforms: Platform) -> float:
    """Send until nothing waits; how many seconds it took."""
    clock = LoopClock()

    async def story() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        clock.loop = loop
        sender = Sender(database, clock, {one.platform: one for one in platforms}, Metrics())
        sending = asyncio.create_task(sender.run())
        while (await database.run(outbox.depth)).waiting:
            await asyncio.sleep(1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await sender.drain()
        return loop.time()

    return in_no_time(story(), busy=lambda: database.waiting > 0)


def down(now: float) -> Exception | None:
    return Outage("down") if now < HALF_AN_HOUR else None


def too_fast(now: float) -> Exception | None:
    return TooFast(30) if now < HALF_AN_HOUR else None


@pytest.mark.parametrize("refuses", [down, too_fast])
def test_half_an_hour_loses_nothing_and_keeps_the_order(
    database: Database, refuses: Callable[[float], Exception | None]
) -> None:
    bad, good = Platform("discord", refuses), Platform("teams")
    for one in ("discord", "teams"):
        database.run_now(lambda s, on=one: queue(s, on))
    took = deliver(database, bad, good)
    assert bad.in_order()
    assert good.in_order()
    # The other platform: 300 messages at 45 a second and no later for it.
    assert good.taken[-1][0] < LANES * EACH / 45 + 2
    # While it was down it was asked now and then, not for each message again and again.
    assert len([at for at in bad.tried if at < HALF_AN_HOUR]) < 64 + 100
    # Back within a minute or so, and the burst at the platform's pace.
    assert took < HALF_AN_HOUR + 65 + LANES * EACH / 45 + 5
    assert max(good.most_in(1), bad.most_in(1)) <= 46


def test_a_platform_that_asks_to_wait_is_not_tried_before(database: Database) -> None:
    database.run_now(lambda s: queue(s, "discord", lanes=10, each=1))
    platform = Platform("discord", lambda now: TooFast(120) if now < 60 else None)
    deliver(database, platform)
    first = [at for at in platform.tried if at < 60]
    again = [at for at in platform.tried if at >= 60]
    assert len(first) == 10
    assert min(again) >= 120
    # Spread, so that they do not all come back in one moment.
    assert len({round(at, 3) for at in again}) == 10


def test_one_conversation_that_fails_holds_up_no_other(database: Database) -> None:
    database.run_now(lambda s: queue(s, "discord"))

    class OneBad(Platform):
        async def send(self, message: Outgoing) -> Sent:
            if message.place == "discord-0" and asyncio.get_running_loop().time() < 300:
                raise TooFast(10)
            return await super().send(message)

    platform = OneBad("discord")
    deliver(database, platform)
    assert platform.in_order()
    others = [at for at, lane, _text in platform.taken if lane != "discord-0"]
    assert others[-1] < LANES * EACH / 45 + 2


def test_channels_do_not_wait_where_private_messages_may_not_be_opened(database: Database) -> None:
    database.run_now(lambda s: queue(s, "discord", each=2))
    database.run_now(lambda s: queue(s, "discord", each=1, private=True))

    class Quarantined(Platform):
        async def send(self, message: Outgoing) -> Sent:
            if message.person and asyncio.get_running_loop().time() < HALF_AN_HOUR:
                self.tried.append(asyncio.get_running_loop().time())
                raise TooFast(300)
            return await super().send(message)

    platform = Quarantined("discord")
    deliver(database, platform)
    posts = [at for at, place, _text in platform.taken if place]
    assert len(posts) == 2 * LANES
    assert posts[-1] < 3 * LANES / 45 + 2
    assert len(platform.taken) == 3 * LANES
    # Once it was said to be too fast, it is asked every five minutes, not with each message.
    assert len([at for at in platform.tried if 10 < at < HALF_AN_HOUR]) <= 6


def test_refused_requests_stay_far_below_what_makes_discord_close_the_door(database: Database) -> None:
    database.run_now(lambda s: queue(s, "discord", lanes=400, each=2))
    platform = Platform("discord", lambda now: TooFast(1) if now < HALF_AN_HOUR else None)
    deliver(database, platform)
    refused = Counter(int(at // 600) for at in platform.tried if at < HALF_AN_HOUR)
    assert max(refused.values()) < 1000  # of 10,000 in ten minutes
