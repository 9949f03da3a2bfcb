"""The people of a scenario in a simulated Discord: they see, press and type what Discord would let them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Self

import discord
import simcord

from adapters import fit
from adapters.discord import DiscordAdapter, draw
from adapters.discord.draw import OPEN
from adapters.discord.escape import unescape
from adapters.discord.limits import LIMITS
from adapters.discord.missed import Waiting
from flows.catalogue import catalogue
from flows.seam import Form, Incoming, Receive, Reply, Space
from flows.words import Msg

STUDENTS, MENTORS, LEADS = ("Sam", "Noor"), ("Robin", "Kim"), ("Alex",)
PLACES = ("students", "mentors", "leads")
HOME = {**dict.fromkeys(STUDENTS, "students"), **dict.fromkeys(MENTORS, "mentors"), **dict.fromkeys(LEADS, "leads")}
ROLES = {"students": "Student", "mentors": "Mentor", "leads": "Lead"}


class DiscordSurface:
    """A server with three channels and five members, each holding one role.

    ``async with DiscordSurface(receive) as surface`` starts it. Ids for seeding a database are known from then on:
    ``space``, ``place_ids`` and ``role_ids`` by students / mentors / leads, ``person_ids`` by first name.
    """

    name = "discord"

    def __init__(
        self,
        receive: Receive,
        commands: Sequence[tuple[str, Msg]] | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self._receive = self._watched(receive)
        self._forms: dict[str, tuple[Form, str]] = {}
        """What was shown to anybody, with its language: of a long form Discord shows one sheet after the other."""
        if commands is None:
            commands = [(one.name, one.about) for one in catalogue().commands.values()]
        self.adapter = DiscordAdapter("token", commands=commands, waiting=waiting)
        self._since: dict[str, int] = {}
        self._by_hand = 0

    async def __aenter__(self) -> Self:
        self.env = simcord.Env(self.adapter.connect(self._receive), shard_count=1)
        self.env.backend.bot_user.name = "Erbij"
        await self.env.start()
        self.guild = self.env.create_guild(name="Teacher education, year 1")
        self.roles = {place: self.guild.create_role(ROLES[place]) for place in PLACES}
        self.channels = {place: self.guild.create_text_channel(place) for place in PLACES}
        self.people = {
            who: self.guild.add_member(self.env.create_user(who), roles=[self.roles[place]])
            for who, place in HOME.items()
        }
        self.space = Space("discord", str(self.guild.id))
        self.place_ids = {place: str(channel.id) for place, channel in self.channels.items()}
        self.role_ids = {place: str(role.id) for place, role in self.roles.items()}
        self.person_ids = {who: str(member.id) for who, member in self.people.items()}
        await self.env.settle()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.env.shutdown()
        if not any(exc):
            self.env.raise_errors()

    # ------------------------------------------------------------ acts

    async def add(self, who: str) -> None:
        """Someone who manages the server invites Erbij, which says hello in the channel where Discord itself greets."""
        backend, general = self.env.backend, self.guild.create_text_channel("general")
        manager = self.guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        backend.add_member_role(self.guild.id, self.people[who].id, manager.id)
        backend.edit_guild(self.guild.id, {"system_channel_id": general.id})
        self.channels["general"] = general
        await self.env.settle()
        client = self.adapter._client
        server = client and client.get_guild(self.guild.id)
        assert client is not None
        assert server is not None
        await client.on_guild_join(server)  # as discord.py calls it; this way it is known when it is done

    async def leave(self, who: str) -> None:
        """Someone leaves the server: without a privileged intent Discord does not say so."""
        self.guild.remove_member(self.people[who].user)
        await self.env.settle()

    async def say(self, who: str, text: str) -> None:
        self._mark(who)
        await self.people[who].send_dm(text)

    async def say_to_nobody(self, who: str, text: str) -> None:
        """Someone writes while Erbij is not connected: Discord keeps it and tells it to nobody."""
        client: Any = self.adapter._client

        async def deaf(_message: discord.Message) -> None: ...

        client.on_message = deaf
        await self.say(who, text)
        del client.on_message

    async def command(self, who: str, name: str) -> None:
        self._mark(who)
        await self.people[who].slash(self.channels[HOME[who]], name)

    async def press(self, who: str, label: str, place: str = "") -> None:
        for message in self._messages(who, place):
            for button in _buttons(message.components):
                if button.label == label and button.custom_id:
                    self._mark(who)
                    await self.click(who, message, button.custom_id)
                    return
        raise AssertionError(f"{who} sees no button [{label}]")

    async def press_by_hand(self, who: str, buttons: Sequence[str], place: str) -> None:
        """Send what no message of ours may have held: interactions as Discord would describe them."""
        person, channel = self.people[who], self.place_ids[place]
        user = {"id": str(person.id), "username": who, "discriminator": "0", "avatar": None, "global_name": None}
        member = {"user": user, "roles": [self.role_ids[HOME[who]]], "permissions": "0", "flags": 0}
        for button in buttons:
            self._by_hand += 1
            interaction = {
                "id": str(1_300_000_000_000_000_000 + self._by_hand),
                "application_id": str(self.env.backend.application_id),
                "type": 3,
                "token": "unusable",
                "version": 1,
                "data": {"custom_id": button, "component_type": 2},
                "guild_id": self.space.id,
                "channel_id": channel,
                "channel": {"id": channel, "type": 0, "guild_id": self.space.id, "name": place, "position": 0},
                "locale": "en-US",
                "app_permissions": "0",
                "entitlements": [],
                "authorizing_integration_owners": {},
                "attachment_size_limit": 0,
                "member": member | {"joined_at": "2026-09-01T08:00:00+00:00", "deaf": False, "mute": False},
            }
            self.env.backend.emit("INTERACTION_CREATE", interaction)
        await self.env.settle()

    async def fill(self, who: str, values: dict[str, str]) -> None:
        left, asked = dict(values), set[str]()
        opener = self.opener(who)
        while opener is not None:
            shown = await self.click(who, *opener)
            controls = {_question(one): one["component"] for one in (shown.modal or {}).get("components", [])}
            if not controls or asked & set(controls):
                break  # the form is gone, or something in it was not accepted
            if asked and not left and any(c.get("required", True) and _prefilled(c) is None for c in controls.values()):
                break  # another form, for another act
            asked |= set(controls)
            answers: dict[str, Any] = {}
            for question, control in controls.items():
                key = next((k for k in left if _same(k, question)), None)
                value = _answer(control, left.pop(key)) if key is not None else _prefilled(control)
                if value is not None:
                    answers[control["custom_id"]] = self._picked(control, value)
            before = self._newest_id(who)
            self._mark(who)
            await self._submit(who, opener[0], shown, answers)
            opener = self.opener(who, before)
        if left:
            raise AssertionError(f"{who} was not asked: {sorted(left)}")

    async def restart(self) -> None:
        """A new process: same server, same messages, nothing remembered."""
        await self.env.restart_bot(self.adapter.connect(self._receive))

    # ------------------------------------------------------------ what is seen

    async def seen(self, who: str) -> list[str]:
        lines: list[str] = []
        for message in reversed(list(self._messages(who))):
            if message.id > self._since.get(who, 0):
                questions = await self._questions(who, message)
                for line in _lines(message.components):
                    lines += [*questions.pop(line, []), line]
        return lines

    async def posts(self, place: str) -> list[str]:
        return [line for m in reversed(list(self._messages("", place))) for line in _lines(m.components)]

    # ------------------------------------------------------------ how

    async def _questions(self, who: str, message: discord.Message) -> dict[str, list[str]]:
        """What each button that opens a form would show; looking changes nothing."""
        found: dict[str, list[str]] = {}
        for button in _buttons(message.components):
            if (button.custom_id or "").startswith(OPEN):
                shown = await self.click(who, message, button.custom_id or "")
                controls = (shown.modal or {}).get("components", [])
                asked = [*controls, *self._further_sheets(button.custom_id or "")]
                found[f"[{button.label}]"] = [f"? {_question(one)}" for one in asked]
        return found

    def _further_sheets(self, custom_id: str) -> list[dict[str, Any]]:
        """The questions on the sheets that follow the one that a button opens, as they will be drawn."""
        sheet, ident = draw.opened(custom_id) or (1, "")
        if sheet or ident not in self._forms:
            return []
        form, language = self._forms[ident]
        count = len(fit.sheets(fit.only_open(form), LIMITS))
        modals = [draw.modal(form, number, language).to_dict() for number in range(1, count)]
        return [one for modal in modals for one in modal["components"]]

    def _watched(self, receive: Receive) -> Receive:
        async def watched(incoming: Incoming) -> Reply:
            reply = await receive(incoming)
            self._forms |= {part.id: (part, reply.language) for part in reply.parts if isinstance(part, Form)}
            return reply

        return watched

    async def click(self, who: str, message: discord.Message, custom_id: str) -> simcord.InteractionResult:
        member = self.people[who]
        actor = member.user if message.guild is None and message.channel.id == member.user.dm_channel.id else member
        return await actor.click(message, custom_id=custom_id)

    async def _submit(self, who: str, message: discord.Message, shown: simcord.InteractionResult, answers: Any) -> None:
        member = self.people[who]
        actor = member.user if message.channel.id == member.user.dm_channel.id else member
        await actor.submit_modal(shown, answers)

    def _mark(self, who: str) -> None:
        self._since[who] = self._newest_id(who)

    def _messages(self, who: str, place: str = "") -> Iterator[discord.Message]:
        """Newest first: the posts of a channel, or what only this person sees."""
        if place:
            yield from (m for m in reversed(self.channels[place].history()) if not m.flags.ephemeral)
            return
        member = self.people[who]
        mine = [m for m in member.user.dm_channel.history() if m.author.bot]
        here = member.id in self.env.backend.get_guild(self.guild.id).members
        for channel in self.channels.values() if here else ():
            mine += [m for m in channel.history(viewer=member) if m.flags.ephemeral]
        yield from sorted(mine, key=lambda m: m.id, reverse=True)

    def _newest_id(self, who: str) -> int:
        return max((m.id for m in self._messages(who)), default=0)

    def newest(self, who: str) -> discord.Message:
        """What this person was shown last."""
        return next(self._messages(who))

    def opener(self, who: str, after: int = 0) -> tuple[discord.Message, str] | None:
        for message in self._messages(who):
            for button in _buttons(message.components):
                if message.id > after and (button.custom_id or "").startswith(OPEN):
                    return message, button.custom_id or ""
        return None

    def _picked(self, control: dict[str, Any], value: Any) -> Any:
        """What a picker sends for names with a comma between, or for the ids that stood in it."""
        known: dict[int, dict[str, Any]] = {8: self.channels, 6: self.roles, 5: self.people}
        if control["type"] not in known:
            return value
        named = known[control["type"]]
        if isinstance(value, str):
            return [named[name] for name in value.split(", ")]
        return [one for one in named.values() if str(one.id) in value]


def _question(one: dict[str, Any]) -> str:
    """The label, with the help behind it when the question was too long for its place."""
    label, help_ = one["label"], one.get("description") or ""
    return f"{label} {help_}" if help_ and not label.endswith(("?", ".", ":")) else str(label)


def _same(asked: str, shown: str) -> bool:
    one, other = ("".join(text.split()) for text in (asked, shown))
    return other.startswith(one)


def _answer(control: dict[str, Any], answer: str) -> Any:
    """What the control sends for a label, a digit or words."""
    match control["type"]:
        case 21 | 3:
            for option in control["options"]:
                if answer in {option["label"], option["value"]}:
                    return option["value"] if control["type"] == 21 else [option["value"]]
            raise AssertionError(f"{answer} is not among {[o['label'] for o in control['options']]}")
        case 22:
            named = {option["label"]: option["value"] for option in control["options"]}
            return [named[one] for one in answer.split(", ") if one]
        case _:
            return answer


def _prefilled(control: dict[str, Any]) -> Any:
    match control["type"]:
        case 21 | 3:
            chosen = [o["value"] for o in control["options"] if o.get("default")]
            return (chosen[0] if control["type"] == 21 else chosen) if chosen else None
        case 22:
            return [o["value"] for o in control["options"] if o.get("default")] or None
        case 4:
            return control.get("value") or None
        case _:
            return [str(one["id"]) for one in control.get("default_values") or ()] or None


def _buttons(components: Sequence[Any]) -> Iterator[discord.Button]:
    for one in components:
        if isinstance(one, discord.Button):
            yield one
        yield from _buttons(getattr(one, "children", ()))


_ROW = re.compile(r"\*\*(?P<label>(?:\\.|[^*])+)\*\*(?:\n(?P<text>.*))?", re.DOTALL)


def _lines(components: Sequence[Any]) -> Iterator[str]:
    for one in components:
        if isinstance(one, discord.Button):
            yield f"[{one.label}]"
        elif isinstance(one, discord.components.TextDisplay):
            if one.content.startswith("-# "):
                yield from (unescape(line.removeprefix("-# ")) for line in one.content.splitlines())
                continue
            for paragraph in one.content.split("\n\n"):
                row = _ROW.fullmatch(paragraph)
                if row is None:
                    yield unescape(paragraph.removeprefix("### ").removeprefix("```\n").removesuffix("\n```"))
                else:
                    yield unescape(": ".join(part for part in row.groups() if part))
        yield from _lines(getattr(one, "children", ()))
