"""A Teams for tests: a key server, the connector's service, and someone who posts signed activities."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from botframework.connector.auth import ChannelValidation
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from adapters.teams import trust
from adapters.teams.adapter import TeamsAdapter
from flows.seam import Receive
from tests.adapters.teams.schema import check_card

APP = "11111111-2222-3333-4444-555555555555"
TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
TEAM = "19:team@thread.tacv2"
BOT = f"28:{APP}"
ISSUER = "https://api.botframework.com"
CARD = "application/vnd.microsoft.card.adaptive"


class Keys:
    """A server of signing keys, in a thread of its own because botbuilder fetches them synchronously."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.published: list[dict[str, Any]] = [self.public("good")]
        self.fetched = 0
        keys = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body: dict[str, Any] = {"jwks_uri": keys.url + "keys"}
                if self.path.endswith("/keys"):
                    keys.fetched += 1
                    body = {"keys": keys.published}
                raw = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # botbuilder keeps keys by this address for a day, and a port can come again in a later test.
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/{uuid4().hex}/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def public(self, kid: str, endorsements: tuple[str, ...] = ("msteams",)) -> dict[str, Any]:
        key: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        return key | {"kid": kid, "endorsements": list(endorsements)}

    def token(self, *, key: Any = None, kid: str = "good", algorithm: str = "RS256", **changed: Any) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": APP, "serviceurl": "", "nbf": now - 10, "exp": now + 3600} | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key or self.private, algorithm=algorithm, headers={"kid": kid} if kid else {})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def key_server() -> Iterator[Keys]:
    """Run a key server, and let botbuilder ask it."""
    keys = Keys()
    before = ChannelValidation.open_id_metadata_endpoint
    ChannelValidation.open_id_metadata_endpoint = keys.url
    try:
        yield keys
    finally:
        ChannelValidation.open_id_metadata_endpoint = before
        keys.close()


@contextlib.asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """A server that takes connections and never says a word: its address, and who called."""
    called: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _reader, writer: called.append(writer), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", called
    finally:
        for one in called:
            one.close()
            with contextlib.suppress(OSError):
                await one.wait_closed()
        server.close()
        await server.wait_closed()


class Service:
    """The connector's service on loopback: keeps what stands in each conversation, plays faults."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, dict[str, Any]]] = {}
        """Conversation -> message id -> activity, in order, newest state of each."""
        self.log: list[tuple[str, str, str]] = []
        """What was asked: POST or PUT, conversation, message id."""
        self.faults: list[web.Response] = []
        self.blocked: set[str] = set()
        """People who have not installed Erbij."""
        self.members: dict[str, list[dict[str, str]]] = {}
        self.channels: dict[str, list[dict[str, str]]] = {}
        self.asked: list[str] = []
        """Of whom it was asked whether they are members."""
        self.says: Callable[[], Awaitable[web.Response]] | None = None
        """What is said instead, of whomever it is asked."""
        self.tokens: set[str] = set()
        self.changed = asyncio.Event()
        self._ids = itertools.count(1000)
        app = web.Application()
        app.router.add_post("/v3/conversations", self._create)
        app.router.add_post("/v3/conversations/{chat}/activities", self._post)
        app.router.add_put("/v3/conversations/{chat}/activities/{id}", self._put)
        app.router.add_delete("/v3/conversations/{chat}/activities/{id}", self._delete)
        app.router.add_get("/v3/conversations/{chat}/pagedmembers", self._members)
        app.router.add_get("/v3/conversations/{chat}/members/{who}", self._member)
        app.router.add_get("/v3/teams/{team}/conversations", self._channels)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/"))

    def _fault(self, request: web.Request) -> web.Response | None:
        self.tokens.add(request.headers.get("Authorization", ""))
        return self.faults.pop(0) if self.faults else None

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        user = asked["members"][0]["id"]
        if user in self.blocked:
            return web.json_response({"error": {"code": "BotNotInConversationRoster"}}, status=403)
        return self._fault(request) or web.json_response({"id": f"a:{user}"})

    async def _post(self, request: web.Request) -> web.Response:
        chat, message = request.match_info["chat"], f"m{next(self._ids)}"
        return await self._keep(request, "POST", chat, message)

    async def _delete(self, request: web.Request) -> web.Response:
        chat, message = request.match_info["chat"], request.match_info["id"]
        self.log.append(("DELETE", chat, message))
        if fault := self._fault(request):
            return fault
        if self.messages[chat].pop(message, None) is None:
            return web.json_response({"error": {"code": "ActivityNotFoundInConversation"}}, status=404)
        return web.Response()

    async def _put(self, request: web.Request) -> web.Response:
        chat, message = request.match_info["chat"], request.match_info["id"]
        if message not in self.messages.get(chat, {}):
            missing = web.json_response({"error": {"code": "ActivityNotFoundInConversation"}}, status=404)
            return self._fault(request) or missing
        return await self._keep(request, "PUT", chat, message)

    async def _keep(self, request: web.Request, what: str, chat: str, message: str) -> web.Response:
        activity = await request.json()
        if fault := self._fault(request):
            return fault
        for attachment in activity.get("attachments") or ():
            assert attachment["contentType"] == CARD
            check_card(attachment["content"])
        self.messages.setdefault(chat, {})[message] = activity
        self.log.append((what, chat, message))
        self.changed.set()
        return web.json_response({"id": message}, status=201)

    async def _members(self, request: web.Request) -> web.Response:
        return self._fault(request) or web.json_response({"members": self.members.get(request.match_info["chat"], [])})

    async def _member(self, request: web.Request) -> web.Response:
        who = request.match_info["who"]
        self.asked.append(who)
        if self.says is not None:
            return await self.says()
        for member in self.members.get(request.match_info["chat"], []):
            if who in (member["id"], member.get("objectId")):
                return web.json_response(member | {"aadObjectId": member.get("objectId", "")})
        return web.json_response({"error": {"code": "MemberNotFoundInConversation", "message": ""}}, status=404)

    async def _channels(self, request: web.Request) -> web.Response:
        return self._fault(request) or web.json_response(
            {"conversations": self.channels.get(request.match_info["team"], [])}
        )

    def cards(self, chat: str) -> list[dict[str, Any]]:
        """The cards that stand in a conversation."""
        found = self.messages.get(chat, {}).values()
        return [a["content"] for activity in found for a in activity.get("attachments") or ()]


class World:
    """An adapter behind real HTTP, and all that it talks to."""

    def __init__(self, receive: Receive, keys: Keys, service: Service) -> None:
        self.receive, self.keys, self.service = receive, keys, service
        self._ids = itertools.count(1)

    async def start(self, **settings: Any) -> None:
        settings = {"app_id": APP, "tenants": frozenset({TENANT})} | settings
        self.adapter = TeamsAdapter(app_secret="not-used", **settings)
        self.adapter._connector.credentials.get_access_token = lambda force_refresh=False: "stub"
        app = web.Application()
        app.router.add_post("/api/messages", self.adapter.messages)
        self.endpoint = TestServer(app)
        await self.endpoint.start_server()
        self.client = ClientSession()
        self._running = asyncio.create_task(self.adapter.run(self.receive))
        await asyncio.sleep(0)  # one step, and it runs
        assert self.adapter.up

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.client.close()
        await self.endpoint.close()

    async def settled(self) -> None:
        """Wait until the adapter has nothing under way."""
        await self.adapter._edits.done()

    def activity(self, who: str = "sam", *, channel: str = "", **fields: Any) -> dict[str, Any]:
        """An activity as Teams documents it, from a person's private chat or from a channel."""
        chat: dict[str, Any] = {"conversationType": "personal", "id": f"a:29:{who}", "tenantId": TENANT}
        data: dict[str, Any] = {"tenant": {"id": TENANT}}
        if channel:
            chat = {"conversationType": "channel", "isGroup": True, "id": f"{channel};messageid=1", "tenantId": TENANT}
            data |= {"team": {"id": TEAM}, "channel": {"id": channel}, "teamsTeamId": TEAM}
        return {
            "type": "message",
            "id": f"ev{next(self._ids)}",
            "timestamp": "2026-11-21T14:00:00.123Z",
            "channelId": "msteams",
            "serviceUrl": self.service.url,
            "from": {"id": f"29:{who}", "name": who.title(), "aadObjectId": f"oid-{who}"},
            "conversation": chat,
            "recipient": {"id": BOT, "name": "Erbij"},
            "locale": "en-GB",
            "channelData": data,
        } | fields

    async def post(self, body: Any, *, token: str | None = None, **headers: str) -> tuple[int, Any]:
        """Post an activity with a good token (or the one given); status and JSON."""
        if token is None:
            token = self.keys.token(serviceurl=self.service.url)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
        async with self.client.post(self.endpoint.make_url("/api/messages"), data=raw, headers=headers) as response:
            text = await response.text()
            answer = json.loads(text) if response.content_type == "application/json" and text else None
        if isinstance(answer, dict):
            value = answer.get("value") if answer.get("type") == CARD else None
            task = (answer.get("task") or {}).get("value")
            card = value or (task["card"]["content"] if isinstance(task, dict) else None)
            if card:
                check_card(card)
        return response.status, answer


@contextlib.asynccontextmanager
async def world(receive: Receive, **settings: Any) -> AsyncIterator[World]:
    """A running world."""
    with key_server() as keys:
        service = Service()
        await service.server.start_server()
        origin = service.url.rstrip("/")
        trust.ORIGINS.add(origin)
        made = World(receive, keys, service)
        await made.start(**settings)
        try:
            yield made
        finally:
            await made.stop()
            trust.ORIGINS.discard(origin)
            await service.server.close()
