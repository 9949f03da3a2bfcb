"""Giving a reply back to who did something, and to nobody else.

In the private chat the used card is replaced; in a channel the answer goes to the private chat and
the channel's own answer is one neutral line; in a dialog the next questions follow in the dialog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from adapters.teams.activities import Event
from adapters.teams.address import Address
from adapters.teams.cards import draw, spoken_text
from adapters.teams.carry import Carrying
from adapters.teams.connector import Connector
from adapters.teams.edits import Edits
from adapters.teams.fields import View
from adapters.teams.messages import MOST, cards_for, size
from adapters.teams.private import PrivateChats
from adapters.teams.roster import Roster, asks
from adapters.teams.texts import plain
from adapters.teams.wire import carried
from flows.faults import Blocked, Gone, SendError, TooFast
from flows.seam import Buttons, Form, Part, Reply, Text
from flows.words import Msg, _, said

log = structlog.get_logger()

Json = dict[str, Any]
TRIES = 3
PATIENCE = 3.0
"""Seconds that a reply waits at most between two tries: someone is looking at the screen."""

SOON = 1.5
"""Seconds that a response waits at most for the edit that shows the same."""

PRIVATE = _("Erbij has a message for you.")
LOOK = _("Thanks. The answer is in your private chat with Erbij.")
ADD = _(
    "Erbij cannot write to you privately yet. Choose Apps in Teams, look for Erbij and choose Add. Then try this again."
)
AGAIN = _("Your private message could not be delivered just now. Please try this again in a minute.")
FAILED = _("Something went wrong here. This was not saved, please try again.")
DONE = _("Thank you. You can close this window. It goes on in the chat.")


@dataclass(slots=True)
class Answers:
    """Draws replies and brings them where they belong."""

    connector: Connector
    chats: PrivateChats
    roster: Roster
    edits: Edits
    carrying: Carrying

    async def give(self, event: Event, reply: Reply, address: Address) -> Json | None:
        """Bring a reply; the body of the response when the platform waits for one (an invoke)."""
        if not reply.saved and event.invoke and event.personal:
            return _kept(event, reply)
        view = await self._view(event, reply)
        if event.invoke.startswith("task/"):
            return await self._in_dialog(event, reply, view)
        if not event.personal:
            return _message(said(await self._privately(event, reply, view, address), reply.language), event)
        cards = cards_for(reply.parts, view)
        if not cards:
            return _message("", event)
        summary = said(PRIVATE, reply.language)
        if event.invoke:
            questions = any(isinstance(part, Form) for part in reply.parts)
            return await self._replacing(event, cards, summary, first=questions)
        if event.card and event.data and reply.saved:
            cards = await self._edited(event, cards, summary)
        await self._post(event.service, event.conversation, cards, summary)
        return None

    async def _view(self, event: Event, reply: Reply) -> View:
        """How this reply is drawn: with the team's channels and people when one is to be picked."""
        card = event.card or carried(event.data, "card") if event.invoke.startswith("task/") else ""
        carry = self.carrying.of(event) | ({"card": card} if card else {})
        view = View(reply.language, dialog=event.invoke.startswith("task/"), carry=carry)
        if not asks(reply.parts):
            return view
        places, persons = await self.roster.of(event.service, event.team, event.person, reply.language)
        return replace(view, places=places, persons=persons)

    async def _replacing(self, event: Event, cards: Sequence[Json], summary: str, *, first: bool) -> Json:
        """The new card in the response, which shows at once, and as an edit, which stays; ``first``: the edit before.

        An edit that comes later draws the card again, without what someone has begun to write in it.
        """
        if event.card:
            edit = self.edits.put(event.service, event.conversation, event.card, cards[0], summary)
            if first:
                await asyncio.wait({edit}, timeout=SOON)
        await self._post(event.service, event.conversation, cards[1:], summary)
        return {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": cards[0]}

    async def _edited(self, event: Event, cards: list[Json], summary: str) -> list[Json]:
        """Replace the used card (Action.Submit); the cards that are still to be sent."""
        try:
            await self.connector.edit(event.service, event.conversation, event.card, cards[0], summary)
        except SendError as fault:
            log.info("teams.card_not_replaced", fault=type(fault).__name__)
            return cards
        return cards[1:]

    async def _privately(self, event: Event, reply: Reply, view: View, address: Address) -> Msg:
        """Answer something done in a channel in the private chat; what the channel itself may show."""
        if not reply.parts:
            return LOOK
        try:
            found = await self.chats.found(address)
            await self._post(
                found.service, found.conversation, cards_for(reply.parts, view), said(PRIVATE, reply.language)
            )
        except (Blocked, Gone):
            if not event.invoke:
                await self._openly(event, said(ADD, reply.language))
            return ADD
        except SendError as fault:
            log.warning("teams.reply_not_delivered", fault=type(fault).__name__)
            return AGAIN
        return LOOK

    async def to_everyone(self, event: Event, reply: Reply) -> None:
        """Post in the channel: the first words where Erbij was added."""
        cards = cards_for(reply.parts, View(reply.language))
        await self._post(event.service, event.place, cards, summary_of(reply.parts))

    async def _openly(self, event: Event, text: str) -> None:
        """A neutral line in the channel, where no response would show."""
        try:
            await self.connector.say(event.service, event.conversation, text)
        except SendError as fault:
            log.info("teams.note_not_posted", fault=type(fault).__name__)

    async def _in_dialog(self, event: Event, reply: Reply, view: View) -> Json:
        """Go on in the dialog while there is something to answer; end in the chat when there is not."""
        more = any(isinstance(p, Form | Buttons) for p in reply.parts)
        card = draw(reply.parts, view)
        if (more or (event.invoke == "task/fetch" and reply.parts)) and size(card) <= MOST:
            return {"task": {"type": "continue", "value": _window(reply.parts, card)}}
        plain = replace(view, dialog=False, carry=self.carrying.of(event))
        cards, summary = cards_for(reply.parts, plain), said(PRIVATE, reply.language)
        if event.personal and cards:
            # The opening card's id came with the dialog's data; only the chat's own person is in this chat.
            message = carried(event.data, "card")
            cards = await self._edited(replace(event, card=message), cards, summary) if message else cards
            await self._post(event.service, event.conversation, cards, summary)
        return {"task": {"type": "message", "value": said(DONE, reply.language)}}

    async def sorry(self, event: Event, language: str) -> Json | None:
        """Say that Erbij itself failed: in the response, or in the private chat when there is none."""
        if not event.invoke and event.personal:
            cards = cards_for((Text(said(FAILED, language)),), View(language))
            try:
                await self._post(event.service, event.conversation, cards, said(PRIVATE, language))
            except SendError as again:
                log.warning("teams.reply_not_delivered", fault=type(again).__name__)
        return fault(event, language)

    async def _post(self, service: str, conversation: str, cards: Sequence[Json], summary: str) -> None:
        """Send in order, trying each a few times; raises the last SendError."""
        for card in cards:
            for attempt in range(TRIES):
                try:
                    await self.connector.post(service, conversation, card, summary)
                    break
                except SendError as fault:
                    if not fault.retry or attempt == TRIES - 1:
                        raise
                    wait = fault.seconds if isinstance(fault, TooFast) else 0.5 * 2**attempt
                    await asyncio.sleep(min(wait, PATIENCE))


def _message(text: str, event: Event) -> Json | None:
    """An invoke's answer in words; nothing for an ordinary message."""
    if not event.invoke:
        return None
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": text}


def _kept(event: Event, reply: Reply) -> Json | None:
    """Words beside the card, which stays as it is with all that was written in it: it will be sent again."""
    text = "\n\n".join(spoken_text(part) for part in reply.parts)
    return {"task": {"type": "message", "value": text}} if event.invoke.startswith("task/") else _message(text, event)


def _window(parts: Sequence[Part], card: Json) -> Json:
    """A dialog's contents."""
    title = next((p.title for p in parts if isinstance(p, Form) and p.title), "Erbij")
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"title": title[:60], "width": "medium", "height": "large", "card": attachment}


def summary_of(parts: Sequence[Part]) -> str:
    """What a post is about, for the activity feed: its first words."""
    text = next((t for p in parts if (t := spoken_text(p).strip())), "Erbij")
    return plain(text.split("\n")[0][:120])


def fault(event: Event, language: str) -> Json | None:
    """What an invoke gets when Erbij itself failed: nothing was saved."""
    text = said(FAILED, language)
    if event.invoke.startswith("task/"):
        return {"task": {"type": "message", "value": text}}
    return _message(text, event)
