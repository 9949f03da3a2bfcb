"""Discord and Microsoft Teams on loopback, as far as the benchmarks need them."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]
Checked = Callable[[str], float]
"""Seconds that a sender to this place must wait; 0 when it may go now. See published.py."""
BOT: Json = {"id": "1001", "username": "Erbij", "discriminator": "0", "avatar": None, "bot": True, "mfa_enabled": True}
ABOUT: Json = {
    "id": "1000",
    "name": "Erbij",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "owner": BOT,
    "verify_key": "",
    "flags": 0,
}
API = "/api/v10"


LATE, TAKES = 0.04, 0.1
"""Seconds that a post comes at most late to a platform with limits, and that its answer takes."""


def no_limit(_place: str) -> float:
    """Everyone may go."""
    return 0.0


class Discord:
    """Its REST interface and one gateway; ``servers`` maps each server to a channel of it."""

    def __init__(self, servers: Mapping[str, str], limit: Checked = no_limit) -> None:
        self._servers = servers
        self._limit = limit
        self._ids = itertools.count(10**18)
        self._socket: web.WebSocketResponse | None = None
        self._number = itertools.count(1)
        self.ready = asyncio.Event()
        self.commands: dict[str, str] = {}
        self.answered: Callable[[str, Json], None] = lambda _interaction, _answer: None
        """Called with an interaction's id and its first answer, as soon as that comes in."""
        self.followed: Callable[[str, Json], None] = lambda _interaction, _message: None
        self.posted: Callable[[str, Json], None] = lambda _channel, _message: None

    def routes(self) -> list[web.RouteDef]:
        hook = API + "/webhooks/{app}/{token}"
        return [
            web.get("/gateway", self._gateway),
            web.get(API + "/gateway/bot", self._where),
            web.get(API + "/users/@me", self._me),
            web.get(API + "/oauth2/applications/@me", self._about),
            web.put(API + "/applications/{app}/commands", self._told),
            web.post(API + "/interactions/{id}/{token}/callback", self._callback),
            web.post(hook, self._follow),
            web.patch(hook + "/messages/@original", self._follow),
            web.post(API + "/channels/{channel}/messages", self._post),
        ]

    # ------------------------------------------------------------ the gateway

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41_250}})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._heard(socket, request, message.json())
        return socket

    async def _heard(self, socket: web.WebSocketResponse, request: web.Request, said: Json) -> None:
        if said["op"] == 1:
            await socket.send_json({"op": 11})
        elif said["op"] == 2:
            self._socket = socket
            await self.tell(
                "READY",
                {
                    "v": 10,
                    "user": BOT,
                    "guilds": [{"id": server, "unavailable": True} for server in self._servers],
                    "session_id": "s",
                    "resume_gateway_url": f"ws://{request.host}/gateway",
                    "shard": [0, 1],
                    "application": {"id": ABOUT["id"], "flags": 0},
                },
            )
            for server, channel in self._servers.items():
                await self.tell("GUILD_CREATE", _server(server, channel))
            self.ready.set()

    async def tell(self, kind: str, data: Json) -> None:
        """Send one event through the gateway."""
        assert self._socket is not None
        await self._socket.send_str(json.dumps({"op": 0, "t": kind, "s": next(self._number), "d": data}))

    # ------------------------------------------------------------ REST

    async def _where(self, request: web.Request) -> web.Response:
        start = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return _json({"url": f"ws://{request.host}/gateway", "shards": 1, "session_start_limit": start})

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(BOT)

    async def _about(self, _request: web.Request) -> web.Response:
        return _json(ABOUT)

    async def _told(self, request: web.Request) -> web.Response:
        given = await request.json()
        told = [
            one | {"id": str(next(self._ids)), "application_id": ABOUT["id"], "version": "1", "options": []}
            for one in given
        ]
        self.commands = {one["name"]: one["id"] for one in told}
        return _json(told)

    async def _callback(self, request: web.Request) -> web.Response:
        interaction = request.match_info["id"]
        answer = await request.json()
        data = answer.get("data") or {}
        about: Json = {"id": interaction, "type": 2}
        made: Json = {"interaction": about}
        if answer["type"] in (4, 7):
            message = self.message(data)
            about |= {"response_message_id": message["id"], "response_message_ephemeral": True}
            made["resource"] = {"type": answer["type"], "message": message}
            answer["message"] = message
        self.answered(interaction, answer)
        return _json(made)

    async def _follow(self, request: web.Request) -> web.Response:
        message = self.message(await request.json())
        self.followed(request.match_info["token"], message)
        return _json(message)

    async def _post(self, request: web.Request) -> web.Response:
        channel = request.match_info["channel"]
        await _travel(self._limit, random.uniform(0, LATE))
        if wait := self._limit(channel):
            told = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
            return _json(told, 429, {"Via": "1.1 discord", "Retry-After": str(wait)})
        message = self.message(await request.json(), channel)
        self.posted(channel, message)
        await _travel(self._limit, TAKES)
        return _json(message)

    def message(self, data: Json, channel: str = "0") -> Json:
        """A message of the bot as Discord gives it back."""
        components = data.get("components") or []
        _number(components, itertools.count(1))
        return {
            "id": str(next(self._ids)),
            "channel_id": channel,
            "author": BOT,
            "content": "",
            "timestamp": "2026-11-21T12:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": components,
            "pinned": False,
            "type": 0,
            "flags": data.get("flags") or 0,
        }


async def _travel(limit: Checked, seconds: float) -> None:
    """What takes time on the way, where a platform is played with its limits."""
    if limit is not no_limit:
        await asyncio.sleep(seconds)


def _json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON under the exact content type that discord.py looks for."""
    told = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(data).encode(), status=status, headers=told)


def _number(components: list[Json], ids: itertools.count[int]) -> None:
    for one in components:
        one.setdefault("id", next(ids))
        _number(one.get("components") or [], ids)


def _server(server: str, channel: str) -> Json:
    everyone = {"id": server, "name": "@everyone", "permissions": "3072", "position": 0, "color": 0, "hoist": False}
    everyone |= {"managed": False, "mentionable": False, "flags": 0}
    place = {"id": channel, "type": 0, "name": "students", "position": 0, "permission_overwrites": [], "nsfw": False}
    return {
        "id": server,
        "name": f"Server {server}",
        "owner_id": "1",
        "roles": [everyone],
        "channels": [place],
        "members": [{"user": BOT, "roles": [], "joined_at": None, "deaf": False, "mute": False, "flags": 0}],
        "threads": [],
        "emojis": [],
        "stickers": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "features": [],
        "member_count": 2,
        "large": False,
        "unavailable": False,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "system_channel_flags": 0,
        "afk_timeout": 0,
        "premium_progress_bar_enabled": False,
    }


class Teams:
    """The connector's service, which has an address of its own for each tenant."""

    def __init__(self, limit: Checked = no_limit) -> None:
        self._limit = limit
        self._ids = itertools.count(1000)
        self.posted: Callable[[str, str, Json], None] = lambda _chat, _message, _activity: None
        """Called with the conversation, the message's id and the activity."""

    def routes(self) -> list[web.RouteDef]:
        chats = "/{tenant}/v3/conversations"
        return [
            web.post(chats, self._create),
            web.post(chats + "/{chat}/activities", self._post),
            web.put(chats + "/{chat}/activities/{id}", self._edit),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        return web.json_response({"id": f"a:{asked['members'][0]['id']}"}, status=201)

    async def _post(self, request: web.Request) -> web.Response:
        chat, message = request.match_info["chat"], f"m{next(self._ids)}"
        await _travel(self._limit, random.uniform(0, LATE))
        if wait := self._limit(chat):
            told = {"error": {"code": "TooManyRequests", "message": "slow down"}}
            return web.json_response(told, status=429, headers={"Retry-After": str(max(1, round(wait)))})
        self.posted(chat, message, await request.json())
        await _travel(self._limit, TAKES)
        return web.json_response({"id": message}, status=201)

    async def _edit(self, request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"id": request.match_info["id"]})
