"""The Teams adapter: the endpoint that takes activities, and the way out for messages."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import replace
from typing import Any, ClassVar

import structlog
from aiohttp import web

from adapters.teams import answers, wire
from adapters.teams.activities import Event, read
from adapters.teams.address import Address, address_of
from adapters.teams.carry import Carrying
from adapters.teams.connector import Connector
from adapters.teams.edits import Edits
from adapters.teams.fields import View
from adapters.teams.messages import LIMITS, cards_for
from adapters.teams.private import PrivateChats
from adapters.teams.roster import Roster
from adapters.teams.trust import Gate, Refused, is_loopback
from flows.faults import Blocked, Gone, TooLarge
from flows.seam import (
    Added,
    Arrived,
    Incoming,
    Left,
    Limits,
    Outgoing,
    Person,
    Picked,
    Receive,
    Removed,
    Reply,
    Sent,
    Space,
    Standing,
)
from flows.words import _, language_of, said

log = structlog.get_logger()

BODY = 256 * 1024
"""Bytes of a request at most; Teams' own activities stay far below."""
DEADLINE = 4.0
"""Seconds after which an invoke is answered, whatever is still going on: Teams gives up at five."""
INSTALLERS = 500
"""People who added Erbij, remembered at most."""
HEARD = 500
"""Events remembered at most."""
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class TeamsAdapter:
    """Microsoft Teams. Without an app id it takes what comes from this very machine, for the try-out."""

    platform: ClassVar[str] = "teams"
    limits: ClassVar[Limits] = LIMITS

    def __init__(
        self,
        *,
        app_id: str = "",
        app_secret: str = "",
        tenants: frozenset[str] = frozenset(),
        public_url: str = "",
    ) -> None:
        """``tenants`` are the Entra tenants served; with an app id and none of them nobody is."""
        self.app_id = app_id
        self.public_url = public_url
        self.up = False
        self._tenants = tenants
        self._receive: Receive | None = None
        # A single-tenant bot fetches its token from its own tenant.
        self._connector = Connector(app_id, app_secret, next(iter(tenants)) if len(tenants) == 1 else "")
        self._gate = Gate(app_id, tenants)
        self._chats = PrivateChats(self._connector)
        self._edits = Edits(self._connector)
        self._roster = Roster(self._connector)
        self._carrying = Carrying(app_secret)
        self._answers = answers.Answers(self._connector, self._chats, self._roster, self._edits, self._carrying)
        self._installers: set[tuple[str, str]] = set()
        self._heard: OrderedDict[str, None] = OrderedDict()
        self._late: set[asyncio.Task[Any]] = set()

    async def run(self, receive: Receive) -> None:
        """Take events until cancelled; then finish what has begun."""
        if not self.app_id:
            log.warning("teams.open_without_credentials", reachable_from="this machine only")
        elif not self._tenants:
            log.error("teams.no_tenant_allowed")
        self._receive = receive
        warming = asyncio.create_task(self._connector.warm())
        self.up = True
        try:
            await asyncio.Event().wait()
        finally:
            self.up = False
            self._receive = None
            warming.cancel()
            await asyncio.gather(*self._late, return_exceptions=True)
            await self._edits.done()
            await self._connector.close()

    # ------------------------------------------------------------ in

    async def messages(self, request: web.Request) -> web.Response:
        """POST /api/messages: one activity."""
        try:
            body = await self._body(request)
            await self._gate.check(request.headers.get("Authorization", ""), body)
            event = read(body)
        except Refused as refused:
            log.info("teams.refused", status=refused.status, reason=refused.reason)
            return web.Response(status=refused.status)
        if event is None:
            return web.Response()
        if self._receive is None:
            return web.Response(status=503, headers={"Retry-After": "5"})
        task = asyncio.create_task(self._take(event, self._receive))
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        if not event.invoke:
            await asyncio.shield(task)
            return web.Response()
        done, _pending = await asyncio.wait({task}, timeout=DEADLINE)
        answer = task.result() if done else _late_answer(event)
        return web.json_response(answer)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        """The activity."""
        if self.app_id and not request.headers.get("Authorization"):
            raise Refused(401, "no token")
        if not self.app_id and (
            not is_loopback(request.remote or "") or any(name in request.headers for name in FORWARDED)
        ):
            raise Refused(403, "not from this machine")
        if request.content_type != "application/json":
            raise Refused(415, "not JSON")
        raw = await request.read()
        if len(raw) > BODY:
            raise Refused(413, "too large")
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError) as wrong:
            raise Refused(400, "not JSON") from wrong
        if not isinstance(body, dict) or not isinstance(body.get("type"), str):
            raise Refused(400, "not an activity")
        return body

    async def _take(self, event: Event, receive: Receive) -> dict[str, Any] | None:
        """Let the flows answer, and bring the answer; a fault is told kindly and logged."""
        language = language_of(event.locale)
        try:
            address = self._chats.saw(event)
            event = self._placed(event)
            incoming = await self._incoming(event, address, language)
            if incoming is None:
                return answers.fault(event, language)
            if not (event.invoke or isinstance(incoming.act, Removed | Left) or self._first(event.id)):
                return None  # the chat shows its answer already
            reply = await receive(incoming)
            if not reply.saved:
                self._heard.pop(event.id, None)
            if isinstance(incoming.act, Removed | Left):
                return None
            if isinstance(incoming.act, Added):
                await self._answers.to_everyone(event, reply)
                return None
            return await self._answers.give(_within(event, reply), reply, address)
        except Exception as wrong:
            log.error("teams.event_failed", fault=type(wrong).__name__, invoke=event.invoke)  # noqa: TRY400 (a traceback may hold people's words)
            return await self._answers.sorry(event, language)

    def _first(self, event: str) -> bool:
        """Whether this was not answered yet: Teams tells each arrival twice, and a message whose answer took long."""
        known = event in self._heard
        self._heard[event] = None
        while len(self._heard) > HEARD:
            self._heard.popitem(last=False)
        return not known

    def _placed(self, event: Event) -> Event:
        """The event with the team it belongs to, and whether this person added Erbij there.

        Teams tells a bot who added it to a team, not who owns the team; it is remembered until the
        next start, and by the cards that follow from it. In the try-out everyone did so.
        """
        event = self._carrying.opened(event)
        key = (event.team, event.user)
        if event.added and event.team:
            self._installers = {*list(self._installers)[-INSTALLERS:], key}
        return replace(event, added=bool(event.team) and (key in self._installers or not self.app_id))

    async def _incoming(self, event: Event, address: Address, language: str) -> Incoming | None:
        act = event.act
        if act is None:
            known: dict[str, Picked] = {}
            if wire.picks(event.data):
                listed = await self._roster.of(event.service, event.team, event.person, language)
                known = {one.id: one for of_a_kind in listed for one in of_a_kind}
            act = wire.read(event.data, known)
        if act is None:
            return None
        space = Space(self.platform, event.tenant)
        if event.team:
            space = Space(self.platform, f"{event.tenant}:{event.team}", within=event.tenant)
        # In the team's own channels only its members act; a private chat stays with who has long left it.
        roles = frozenset[str]() if event.inside else None
        person = Person(event.person, event.name, roles, added=event.added)
        return Incoming(
            event=event.id,
            space=space,
            person=None if isinstance(act, Left) else person,
            act=act,
            place=event.place if not (isinstance(act, Arrived) and event.personal) else "",
            locale=event.locale,
            address=address.text(),
        )

    # ------------------------------------------------------------ out

    async def send(self, message: Outgoing) -> Sent:
        """Deliver one message, or raise a SendError. ``Sent.message`` names all the messages that it took."""
        tenant, _, team = message.space.id.partition(":")
        carry = self._carrying.sealed(tenant, user_of(message), team) if message.person else {}
        cards = cards_for(message.parts, View(message.language, carry=carry))
        if not cards:
            raise TooLarge("nothing to send")
        if message.place:
            service, conversation = self._chats.service(tenant), message.place
            summary = answers.summary_of(message.parts)
        else:
            address = address_of(message.address) or Address("", tenant, user_of(message))
            if not address.user:
                raise Gone("no one to send to")
            found = await self._chats.found(address)
            service, conversation = found.service or self._chats.service(tenant), found.conversation
            summary = said(answers.PRIVATE, message.language)
        try:
            return Sent(await self._connector.show(service, conversation, cards, summary, message.edits))
        except Blocked as blocked:
            if message.place:
                raise Gone("not allowed to write there") from blocked
            raise

    async def known(self, space: Space, person: str) -> Standing:
        """Whether someone is in a team. Teams has no roles, and does not say who owns a team.

        Raises a SendError when Teams gives no answer, as where Erbij itself is not in the team any more.
        """
        tenant, _, team = space.id.partition(":")
        if not team:
            raise Gone("not a team")
        return Standing(await self._connector.is_member(self._chats.service(tenant), team, person))


def _within(event: Event, reply: Reply) -> Event:
    """The event with the team that the flows found for it: its channels can be chosen, and its cards bring it back."""
    team = reply.space.id.partition(":")[2] if reply.space else ""
    return event if event.team or not team else replace(event, team=team)


def user_of(message: Outgoing) -> str:
    """The person's id as the Bot Framework knows it, of a private message."""
    address = address_of(message.address)
    return address.user if address else message.person


def _late_answer(event: Event) -> dict[str, Any] | None:
    """What is shown when the answer takes longer than Teams waits; it follows by itself."""
    text = said(_("One moment: the answer follows in your private chat."), language_of(event.locale))
    if event.invoke.startswith("task/"):
        return {"task": {"type": "message", "value": text}}
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": text}
