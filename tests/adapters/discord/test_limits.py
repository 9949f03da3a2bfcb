"""Discord's limits for the whole bot, before a server that answers like Discord's REST interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict
from yarl import URL

from adapters.discord import DiscordAdapter, pace
from adapters.discord.client import Client
from flows.faults import Blocked, Gone, Outage, SendError, TooFast
from flows.seam import Incoming, Outgoing, Reply, Space, Text
from tests.virtual import in_no_time

ME = {"id": "1", "username": "erbij", "discriminator": "0", "avatar": None, "bot": True}
TOO_MUCH = {"message": "You are being rate limited.", "retry_after": 0.05, "global": True}


async def nothing(_incoming: Incoming) -> Reply:
    return Reply()


class Rest:
    """Takes messages; ``answers`` come first, one for each request."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.arrived: list[float] = []
        self.asked = asyncio.Event()
        app = web.Application()
        app.router.add_get("/users/@me", self._me)
        app.router.add_post("/channels/{channel}/messages", self._message)
        self.server = TestServer(app)
        self.client: Client
        self.adapter = DiscordAdapter("token")

    async def _me(self, _request: web.Request) -> web.Response:
        return answer(200, ME)

    async def _message(self, request: web.Request) -> web.Response:
        self.arrived.append(asyncio.get_running_loop().time())
        self.asked.set()
        if self.answers:
            return self.answers.pop(0)
        author = ME | {"global_name": None}
        told = {"id": str(len(self.arrived)), "channel_id": request.match_info["channel"], "author": author}
        empty: dict[str, list[Any]] = {"embeds": [], "attachments": [], "mentions": [], "mention_roles": []}
        return answer(200, told | empty | {"content": "", "type": 0, "pinned": False, "tts": False} | TIMES)

    async def send(self, channel: int = 5) -> None:
        await self.adapter.send(Outgoing("a" * 22, Space("discord", "9"), (Text("Hi"),), place=str(channel)))


TIMES = {"timestamp": "2026-11-21T10:00:00+00:00", "edited_timestamp": None, "mention_everyone": False}


def answer(status: int, value: Any, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.Response(
        status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **named}
    )


def asked(path: str) -> aiohttp.TraceRequestStartParams:
    return aiohttp.TraceRequestStartParams("POST", URL("https://discord.com/api/v10" + path), CIMultiDict())


@pytest.fixture
async def rest(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rest]:
    made = Rest()
    await made.server.start_server()
    monkeypatch.setattr(discord.http.Route, "BASE", str(made.server.make_url("")).rstrip("/"))
    made.client = made.adapter.connect(nothing)
    async with made.client:
        await made.client.http.static_login("token")
        yield made
    await made.server.close()


def test_all_channels_together_stay_under_fifty_a_second() -> None:
    began: list[float] = []

    async def story() -> None:
        [before] = pace.Watch().trace().on_request_start

        async def request(channel: int) -> None:
            await before(None, None, asked(f"/channels/{channel}/messages"))  # type: ignore[arg-type]
            began.append(asyncio.get_running_loop().time())

        await asyncio.gather(*map(request, range(200)))

    in_no_time(story())
    assert len(began) == 200
    assert max(sum(at <= other < at + 1 for other in began) for at in began) <= 48


async def test_messages_pass_the_watch(rest: Rest) -> None:
    rest.adapter._watch._quiet_until = asyncio.get_running_loop().time() + 600
    with pytest.raises(TooFast):
        await rest.send()
    assert rest.arrived == []


async def test_a_send_that_is_cut_off_in_a_limit_of_the_whole_bot_stops_no_other(rest: Rest) -> None:
    rest.answers.append(answer(429, TOO_MUCH, Via="1.1 google", X_RateLimit_Global="true"))
    first = asyncio.create_task(rest.send())
    await rest.asked.wait()
    while rest.client.http._global_over.is_set():
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    async with asyncio.timeout(5):
        await rest.send(6)


async def test_a_long_wait_for_the_whole_bot_is_kept_by_every_message(rest: Rest) -> None:
    long = TOO_MUCH | {"retry_after": 600}
    rest.answers.append(answer(429, long, Via="1.1 google", X_RateLimit_Global="true", Retry_After="600"))
    for channel in (5, 6, 7):
        with pytest.raises(TooFast) as raised:
            await rest.send(channel)
        assert 590 < raised.value.seconds <= 600
    assert len(rest.arrived) == 1


async def test_a_wall_before_discord_is_left_alone(rest: Rest) -> None:
    rest.answers.append(answer(429, "banned", Retry_After="900"))
    for _ in range(2):
        with pytest.raises(TooFast) as raised:
            await rest.send()
        assert raised.value.seconds > 890
    assert len(rest.arrived) == 1


async def test_one_channel_s_limit_is_that_channel_s(rest: Rest) -> None:
    own = TOO_MUCH | {"retry_after": 60, "global": False}
    rest.answers.append(answer(429, own, Via="1.1 google", Retry_After="60"))
    with pytest.raises(TooFast):
        await rest.send(5)
    await rest.send(6)


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (answer(403, {"code": 50001, "message": "Missing Access"}), Gone),
        (answer(403, {"code": 50007, "message": "Cannot send"}), Blocked),
        (answer(401, {"code": 0, "message": "Unauthorized"}), Outage),
    ],
)
async def test_after_many_refusals_nothing_more_is_sent_for_a_while(
    rest: Rest, monkeypatch: pytest.MonkeyPatch, refusal: web.Response, error: type[SendError]
) -> None:
    monkeypatch.setattr(pace, "REFUSALS", 3)
    for _ in range(3):
        rest.answers.append(web.Response(status=refusal.status, body=refusal.body, headers=refusal.headers))
        with pytest.raises(error):
            await rest.send()
    with pytest.raises(TooFast) as raised:
        await rest.send()
    assert 590 < raised.value.seconds <= 600
    assert len(rest.arrived) == 3


async def test_answers_to_people_go_on_meanwhile() -> None:
    watch = pace.Watch()
    watch._quiet_until = asyncio.get_running_loop().time() + 600
    [before] = watch.trace().on_request_start

    for path in ("/interactions/1/token/callback", "/webhooks/1/token/messages/@original"):
        await before(None, None, asked(path))  # type: ignore[arg-type]
    with pytest.raises(discord.RateLimited):
        await before(None, None, asked("/channels/1/messages"))  # type: ignore[arg-type]


def test_private_chats_are_opened_slowly_and_used_as_before() -> None:
    async def story() -> None:
        opening, clock = pace.Opening(), asyncio.get_running_loop().time
        told: list[float] = []
        opened: list[float] = []

        async def write_to(person: int) -> None:
            while True:
                try:
                    await opening.wait(person)
                except TooFast as fault:
                    told.append(fault.seconds)
                    await asyncio.sleep(fault.seconds)
                else:
                    opened.append(clock())
                    opening.done(person)
                    return

        await asyncio.gather(*map(write_to, range(35)))
        assert max(sum(at <= other < at + 9.99 for other in opened) for at in opened) <= 10
        assert min(told) > pace.PATIENCE
        assert clock() < 45
        before = clock()
        await asyncio.gather(*map(opening.wait, range(35)))
        assert clock() == before

    in_no_time(story())


async def test_a_limit_shared_with_other_bots_is_not_held_against_this_one(
    rest: Rest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "REFUSALS", 1)
    shared = TOO_MUCH | {"retry_after": 60, "global": False}
    rest.answers.append(answer(429, shared, Via="1.1 google", Retry_After="60", X_RateLimit_Scope="shared"))
    with pytest.raises(TooFast):
        await rest.send(5)
    await rest.send(6)
