"""Discord as the flows see it: events in, messages out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

import discord
import structlog

from adapters.discord import draw
from adapters.discord.client import Client
from adapters.discord.errors import NETWORK, NOT_TO_CHANGE, send_error
from adapters.discord.limits import LIMITS
from adapters.discord.missed import Waiting
from adapters.discord.pace import Opening, Watch
from flows.faults import Gone, Outage
from flows.seam import Limits, Outgoing, Receive, Sent, Space, Standing
from flows.words import Msg

FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds before connecting again while Discord cannot be reached."""

log = structlog.get_logger()
T = TypeVar("T")


class DiscordAdapter:
    """One bot, in as many servers as invited it."""

    platform: ClassVar[str] = "discord"
    limits: ClassVar[Limits] = LIMITS

    def __init__(self, token: str, *, commands: Sequence[tuple[str, Msg]] = (), waiting: Waiting | None = None) -> None:
        """Keep the settings; nothing is sent before :meth:`run`. ``commands`` are English names with descriptions.

        ``waiting`` tells whose conversation waits for an answer, to see after a downtime whether they wrote one.
        """
        self._token = token
        self._commands = commands
        self._waiting = waiting
        self._watch = Watch()
        self._opening = Opening()
        self._client: Client | None = None
        self._under_way: set[asyncio.Task[Any]] = set()

    @property
    def up(self) -> bool:
        """True while every connection to Discord stands."""
        client = self._client
        if client is None or client.is_closed() or not client.is_ready():
            return False
        return not any(shard.is_closed() for shard in client.shards.values())

    async def run(self, receive: Receive) -> None:
        """Take events until cancelled, connecting again whenever Discord can be reached.

        A token that Discord refuses raises :class:`discord.LoginFailure`.
        """
        wait, clock = FIRST_WAIT, asyncio.get_running_loop().time
        while True:
            client, began = self.connect(receive), clock()
            try:
                async with client:
                    await self._started(client)
            except (*NETWORK, discord.HTTPException, discord.RateLimited) as fault:
                log.warning("discord_unreachable", fault=type(fault).__name__, wait=wait)
            wait = FIRST_WAIT if clock() - began > LONGEST_WAIT else wait
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _started(self, client: Client) -> None:
        """Run the client until it ends; cancelled, close it: discord.py that reconnects swallows a cancellation."""
        task = asyncio.create_task(client.start(self._token))
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await client.close()
            raise
        task.result()

    def connect(self, receive: Receive) -> Client:
        """Make a fresh client that gives events to ``receive``; :meth:`run` starts it."""
        self._client = Client(receive, self._commands, self._watch, self._waiting)
        return self._client

    async def send(self, message: Outgoing) -> Sent:
        """Deliver one message to a channel or, privately, to a person; an edit changes what stands there.

        ``Sent.message`` names all Discord messages that it took.
        """
        return await self._whole(self._deliver(self._connected(), message))

    async def known(self, space: Space, person: str) -> Standing:
        """How someone stands in a server. Raises a SendError when Discord gives no answer, or Erbij is not there."""
        return await self._whole(self._connected().standing(_number(space.id), _number(person)))

    def _connected(self) -> Client:
        client = self._client
        if client is None or client.is_closed():
            reason = "not connected"
            raise Outage(reason)
        return client

    async def _whole(self, request: Coroutine[Any, Any, T]) -> T:
        """Make a request of discord.py's to its end, and raise what it raises as the seam's errors."""
        # Cut off in the middle, discord.py would keep its lock for the whole bot closed for ever: who waits no longer
        # leaves, and the request goes on to its end.
        task = asyncio.ensure_future(request)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except (discord.HTTPException, discord.RateLimited, *NETWORK) as fault:
            raise send_error(fault) from fault

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # known to who waited for it; nobody else need hear of it

    async def _deliver(self, client: Client, message: Outgoing) -> Sent:
        channel = await self._channel(client, message)
        old = [int(one) for one in message.edits.split(".") if one.isdecimal()]
        try:
            ids = await self._show(channel, message, old)
        except discord.HTTPException as fault:
            if not old or fault.code not in NOT_TO_CHANGE:
                raise
            # What somebody deleted, or what is not ours to change, is shown anew, and known under its new id.
            ids = await self._show(channel, message, [])
        for unused in (one for one in old if one not in ids):
            client.deleted[unused] = True
            try:
                await channel.get_partial_message(unused).delete()
            except discord.HTTPException:
                if old[0] in ids:
                    raise  # else it would all be shown once more
        return Sent(".".join(map(str, ids)))

    async def _show(
        self, channel: discord.PartialMessageable | discord.DMChannel, message: Outgoing, old: Sequence[int]
    ) -> list[int]:
        """Show the message, in the place of its old parts as far as they go; the ids that it has."""
        quiet = discord.AllowedMentions.none()
        ids: list[int] = []
        for number, view in enumerate(draw.views(message.parts)):
            if number < len(old):
                await channel.get_partial_message(old[number]).edit(view=view, allowed_mentions=quiet)
                ids.append(old[number])
            else:
                nonce = f"{message.id}{number or ''}"
                ids.append((await channel.send(view=view, nonce=nonce, allowed_mentions=quiet)).id)
        return ids

    async def _channel(self, client: Client, message: Outgoing) -> discord.PartialMessageable | discord.DMChannel:
        if not message.person:
            guild = _number(message.space.id) if message.space.id else None
            return client.get_partial_messageable(_number(message.place), guild_id=guild)
        person = _number(message.person)
        await self._opening.wait(person)
        channel = await client.create_dm(discord.Object(person))
        self._opening.done(person)
        return channel


def _number(id_: str) -> int:
    """Discord's ids are numbers; nothing is to be found at any other."""
    if not id_.isdecimal():
        reason = "not an id of Discord"
        raise Gone(reason)
    return int(id_)


def invite_url(client_id: str) -> str:
    """The link with which a server's owner adds Erbij, asking for no more than it needs."""
    needed = discord.Permissions(view_channel=True, send_messages=True, embed_links=True, create_events=True)
    query = {"client_id": client_id, "scope": "bot applications.commands", "permissions": str(needed.value)}
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"
