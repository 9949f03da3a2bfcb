"""The connection: every event of Discord becomes an ``Incoming``, and its reply is drawn."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

import discord
import structlog

from adapters.discord import commands, read
from adapters.discord.answer import Answer, reply_to, say
from adapters.discord.draw import opened, without_pickers
from adapters.discord.errors import NETWORK, NO_MEMBER
from adapters.discord.homes import Homes
from adapters.discord.missed import Waiting, missed
from adapters.discord.pace import Watch
from flows.faults import Gone, Outage
from flows.seam import Act, Added, Changed, Command, Filled, Incoming, Opened, Pressed, Receive, Removed, Said, Standing
from flows.words import Msg

LONGEST_PAUSE = 5.0
"""Seconds that discord.py may sleep over a limit; for more the sender decides, and people are not kept waiting."""
REMEMBERED = 200
"""Private messages of which this connection knows that they were taken."""

log = structlog.get_logger()


class Client(discord.AutoShardedClient):
    """discord.py's client without privileged intents; between events it remembers nothing of ours."""

    def __init__(
        self, receive: Receive, listed: Sequence[tuple[str, Msg]], watch: Watch, waiting: Waiting | None = None
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        intents.dm_messages = True
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            http_trace=watch.trace(),
        )
        self.http.max_ratelimit_timeout = LONGEST_PAUSE  # discord.py itself takes no less than half a minute
        self._receive = receive
        self._waiting = waiting
        self._taken: deque[int] = deque(maxlen=REMEMBERED)
        """Private messages of this connection, so that none is answered twice in it."""
        self._connected = discord.utils.utcnow()
        self._homes = Homes()
        self._asked_at: dict[int, int] = {}
        """In which hour a private chat was asked whose it is, because something was deleted in it."""
        self.deleted: dict[int, bool] = {}
        """Our own messages that we delete just now."""
        self.tree = commands.tree(self, listed, self._command)

    async def setup_hook(self) -> None:
        """Tell Discord the commands; Erbij works without, so a refusal is only logged."""
        await self.tree.set_translator(commands.Words())
        try:
            await self.tree.sync()
        except (discord.HTTPException, discord.RateLimited, discord.app_commands.AppCommandError) as fault:
            log.error("commands_not_synced", platform="discord", fault=type(fault).__name__)  # noqa: TRY400

    # ------------------------------------------------------------ what people do

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take a press or a submitted form, whoever drew it: before a restart or after."""
        data = cast("Mapping[str, Any]", interaction.data or {})
        custom_id = str(data.get("custom_id") or "")
        if interaction.type is discord.InteractionType.component:
            opens = opened(custom_id)
            if opens is None:
                await self._answer(interaction, Pressed(custom_id))
            else:
                await self._answer(interaction, Opened(opens[1]), sheet=opens[0])
        elif interaction.type is discord.InteractionType.modal_submit:
            await self._answer(interaction, Filled(custom_id, read.values(data, interaction.guild)))

    async def _command(self, interaction: discord.Interaction[Any], name: str) -> None:
        await self._answer(interaction, Command(name))

    async def _answer(self, interaction: discord.Interaction[Any], act: Act, *, sheet: int = 0) -> None:
        if not isinstance(interaction.user, discord.User | discord.Member):  # Discord left it out
            log.warning("event_without_person", platform="discord")  # type: ignore[unreachable]  # its types do not know
            return
        guild = interaction.guild_id
        if guild is None:
            guild = await self._homes.find(self, interaction.user.id)
        else:
            self._homes.remember(interaction.user.id, guild)
        incoming = Incoming(
            event=str(interaction.id),
            space=read.space(guild),
            person=read.person(interaction.user, interaction.permissions),
            act=act,
            place=read.place(interaction),
            locale=interaction.locale.value,
        )
        await Answer(interaction, incoming, sheet).give(self._receive)

    async def on_message(self, message: discord.Message) -> None:
        """Take what someone writes to Erbij in a private chat; nothing else is listened to."""
        if message.guild is not None or message.author.bot or message.is_system() or message.id in self._taken:
            return
        self._taken.append(message.id)
        said = Said(message.content, files=bool(message.attachments or message.stickers))
        await self._private(str(message.id), message.author, said, message.channel)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """Say, once an hour at most, that a message which was edited in a private chat stays what it was."""
        message = payload.message
        if payload.guild_id is None and message.edited_at is not None and not message.author.bot:
            await self._changed(message.author, message.channel)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """The same for one that was deleted; Discord does not say whose it was, so our own are remembered."""
        if payload.guild_id is not None or self.deleted.pop(payload.message_id, False):
            return
        hour = _hour()
        if self._asked_at.get(payload.channel_id) == hour:
            return
        self._asked_at = {one: at for one, at in self._asked_at.items() if at == hour} | {payload.channel_id: hour}
        try:
            channel = await self.fetch_channel(payload.channel_id)
        except (discord.HTTPException, discord.InvalidData, discord.RateLimited, *NETWORK):
            return
        if isinstance(channel, discord.DMChannel) and channel.recipient is not None:
            await self._changed(channel.recipient, channel)

    async def _changed(self, person: discord.User | discord.Member, channel: discord.abc.Messageable) -> None:
        await self._private(f"changed:{person.id}:{_hour()}", person, Changed(), channel)

    async def _private(
        self, event: str, person: discord.User | discord.Member, act: Act, channel: discord.abc.Messageable
    ) -> None:
        """Take what someone did in a private chat without a button."""
        space = read.space(await self._homes.find(self, person.id))
        reply = await reply_to(self._receive, Incoming(event, space, read.person(person), act))
        if not space.id and reply.space is not None and reply.space.id.isdecimal():
            self._homes.remember(person.id, int(reply.space.id))
        try:
            await say(channel, without_pickers(reply))
        except (discord.HTTPException, discord.RateLimited, *NETWORK) as fault:
            log.warning("answer_not_sent", platform="discord", fault=type(fault).__name__)

    async def on_connect(self) -> None:
        """From this moment Discord tells this connection what people write."""
        self._connected = discord.utils.utcnow()

    async def on_ready(self) -> None:
        """A new connection: what was written since the last one, by people whose conversation waits, is taken now."""
        if self._waiting is not None:
            async for message in missed(self, self._waiting, self._connected):
                await self.on_message(message)

    async def standing(self, guild_id: int, person: int) -> Standing:
        """How someone stands in a server now. Raises Gone where Erbij is not, and what discord.py raises."""
        guild = self.get_guild(guild_id)
        if guild is None:
            raise Gone("not in this server")
        if guild.unavailable:
            raise Outage("the server is out of order")
        try:
            member = await guild.fetch_member(person)
        except discord.NotFound as fault:
            if fault.code not in NO_MEMBER:
                raise
            self._homes.forget(person, guild_id)
            return Standing(False)
        return Standing(True, read.roles(member), member.guild_permissions.manage_guild)

    # ------------------------------------------------------------ what happens to the server

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Erbij was invited: its first words, in the channel where Discord itself greets, if it may write there."""
        place = guild.system_channel
        where, locale = str(place.id) if place else "", guild.preferred_locale.value
        incoming = Incoming(uuid4().hex, read.space(guild.id), None, Added(), where, locale)
        reply = await reply_to(self._receive, incoming)
        if place is None or not place.permissions_for(guild.me).send_messages:
            return
        try:
            await say(place, reply.parts)
        except (discord.HTTPException, *NETWORK) as fault:
            log.info("hello_not_posted", platform="discord", fault=type(fault).__name__)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Erbij was taken out of a server, or the server is gone."""
        await self._removed(guild, "")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel is gone."""
        await self._removed(channel.guild, str(channel.id))

    async def _removed(self, guild: discord.Guild, place: str) -> None:
        act = Removed(place)
        await reply_to(self._receive, Incoming(uuid4().hex, read.space(guild.id), None, act, place))

    # ------------------------------------------------------------ faults

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Log an unforeseen fault by its kind, without what people wrote."""
        fault = sys.exc_info()[0]
        log.error("event_failed", platform="discord", event_method=event_method, fault=fault and fault.__name__)


def _hour() -> int:
    """This hour, counted since 1970."""
    return int(discord.utils.utcnow().timestamp() // 3600)
