"""Answering one interaction: within three seconds, privately, and with a form where one was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import discord
import structlog
from discord import ui

from adapters.discord import draw
from adapters.discord.errors import EXPIRED, NETWORK
from flows.seam import Form, Incoming, Opened, Part, Receive, Reply, Text
from flows.words import _, language_of, said

SOON = 1.5
"""Seconds that a turn may take before Discord is asked for more time; it allows three in all."""
FAULT = _("Something went wrong on our side, and this was not saved. Please try again in a moment.")
AGAIN = _("That took a little too long. Please press the button once more.")
DONE = _("All right.")

log = structlog.get_logger()


async def reply_to(receive: Receive, incoming: Incoming) -> Reply:
    """The flows' reply; when they fail, words that say so, and the fault in the log."""
    try:
        return await receive(incoming)
    except Exception as fault:
        log.exception("turn_failed", platform="discord", fault=type(fault).__name__)
        language = language_of(incoming.locale)
        return Reply((Text(said(FAULT, language)),), language, saved=False)


@dataclass
class Answer:
    """One interaction, from its arrival to what the person sees."""

    interaction: discord.Interaction[Any]
    incoming: Incoming
    sheet: int = 0

    async def give(self, receive: Receive) -> None:
        """Take the turn and show its reply; ask for more time when it is slow."""
        turn = asyncio.ensure_future(reply_to(receive, self.incoming))
        done, _pending = await asyncio.wait({turn}, timeout=SOON)
        try:
            if not done:
                await self._defer()
            await self._show(await turn)
        except discord.HTTPException as fault:
            if fault.code in EXPIRED:
                await self._too_late(await turn)
            else:
                log.warning("answer_refused", platform="discord", status=fault.status, code=fault.code)
        except NETWORK as fault:
            log.warning("answer_not_sent", platform="discord", fault=type(fault).__name__)

    # ------------------------------------------------------------ the four ways to answer

    async def _show(self, reply: Reply) -> None:
        form = self._asked_form(reply)
        if form is not None and not self.interaction.response.is_done():
            await self.interaction.response.send_modal(draw.modal(form, self.sheet, reply.language))
            return
        if form is not None:
            reply = Reply((Text(said(AGAIN, reply.language)), form), reply.language)
        views = draw.views(reply.parts if self.interaction.guild_id else draw.without_pickers(reply))
        if self._closes(reply):
            await self._close_old()
        elif not views and self._has_own_message():
            await self._defer()
        else:
            views = views or draw.views((Text(said(DONE, reply.language)),))
        await self._say(views)

    async def _say(self, views: list[ui.LayoutView]) -> None:
        """Messages for this person only; the first as the answer itself, if there was none yet."""
        private = self.interaction.guild_id is not None
        for view in views:
            if not self.interaction.response.is_done():
                await self.interaction.response.send_message(view=view, ephemeral=private)
            elif self._waits_visibly():
                self._filled = True
                await self.interaction.edit_original_response(view=view)
            else:
                await self.interaction.followup.send(view=view, ephemeral=private)

    async def _defer(self) -> None:
        """Ask for time: 'thinking' where a message will follow, silently where an old one stays."""
        if not self.interaction.response.is_done():
            thinking = not self._has_own_message()
            await self.interaction.response.defer(ephemeral=self.interaction.guild_id is not None, thinking=thinking)

    async def _too_late(self, reply: Reply) -> None:
        """The token is over: a private chat can still be written to; elsewhere it is asked again."""
        log.info("answer_too_late", platform="discord", private=self.interaction.guild_id is None)
        channel = self.interaction.channel
        if self.interaction.guild_id is None and isinstance(channel, discord.abc.Messageable):
            await say(channel, draw.without_pickers(reply))

    # ------------------------------------------------------------ old messages

    _filled = False

    def _waits_visibly(self) -> bool:
        """True while 'thinking' stands there, to be replaced by the first message."""
        deferred = discord.InteractionResponseType.deferred_channel_message
        return self.interaction.response.type is deferred and not self._filled

    def _has_own_message(self) -> bool:
        """True when the press or the form came from an answer of ours to this person alone."""
        message = self.interaction.message
        if message is None:
            return False
        return message.flags.ephemeral or (
            self.interaction.guild_id is None and message.interaction_metadata is not None
        )

    def _closes(self, reply: Reply) -> bool:
        """True when the old buttons have done their work; a turn that was not saved is tried again with them."""
        return self._has_own_message() and reply.saved and not isinstance(self.incoming.act, Opened)

    async def _close_old(self) -> None:
        message = self.interaction.message
        if message is None:
            return
        data = cast("Mapping[str, Any]", self.interaction.data or {})
        view = draw.without_buttons(message, str(data.get("custom_id") or ""))
        try:
            if self.interaction.response.is_done():
                await self.interaction.edit_original_response(view=view)
            else:
                await self.interaction.response.edit_message(view=view)
        except discord.HTTPException as fault:
            if fault.code in EXPIRED:
                raise
            log.info("old_message_stays", platform="discord", status=fault.status, code=fault.code)

    def _asked_form(self, reply: Reply) -> Form | None:
        act = self.incoming.act
        if not isinstance(act, Opened):
            return None
        forms = [part for part in reply.parts if isinstance(part, Form) and part.id == act.form and part.fields]
        return forms[0] if forms else None


async def say(channel: discord.abc.Messageable, parts: tuple[Part, ...]) -> None:
    """Write the parts in a private chat."""
    for view in draw.views(parts):
        await channel.send(view=view, allowed_mentions=discord.AllowedMentions.none())
