"""What Discord sends as values of the seam: who, where, and what they filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import discord

from adapters import fit
from adapters.discord.draw import NOTHING, OPEN
from flows.seam import Person, Picked, Space, Value

PLATFORM = "discord"
PICKERS = {5: "users", 6: "roles", 8: "channels"}
"""Component types of pickers, and where Discord describes what was picked."""


def space(guild: int | None) -> Space:
    """The server; without an id in a private chat, where Discord does not say which."""
    return Space(PLATFORM, "" if guild is None else str(guild))


def person(user: discord.User | discord.Member, permissions: discord.Permissions | None = None) -> Person:
    """Someone with the roles that came with this very event; in private none do, and Discord does not say."""
    if not isinstance(user, discord.Member):
        return Person(str(user.id), user.display_name, roles=None)
    manages = permissions is not None and permissions.manage_guild
    return Person(str(user.id), user.display_name, roles(user), manages)


def roles(member: discord.Member) -> frozenset[str]:
    """The ids of someone's roles; everyone's own is none."""
    return frozenset(str(role.id) for role in member.roles if not role.is_default())


def place(interaction: discord.Interaction[Any]) -> str:
    """The channel; for a thread the channel that it hangs under; empty in a private chat."""
    if interaction.guild_id is None:
        return ""
    if isinstance(interaction.channel, discord.Thread):
        return str(interaction.channel.parent_id)
    return str(interaction.channel_id or "")


def values(data: Mapping[str, Any], guild: discord.Guild | None) -> dict[str, Value]:
    """The values of a submitted modal, read from its raw data: no form needs to be remembered.

    What has no shape of ours (an unknown component, an id made by hand) is left out.
    """
    found: dict[str, Value] = {}
    resolved = data.get("resolved") or {}
    for one in _inputs(data.get("components") or []):
        mark, _, name = str(one.get("custom_id") or "").partition(OPEN)
        if name:
            chosen = one.get("values")
            raw = (chosen[0] if chosen else None) if isinstance(chosen, list) else one.get("value")
            found[name] = _value(mark, raw, one.get("type"), resolved, guild)
            if mark == "several":
                found[name] = tuple(one for one in chosen or () if isinstance(one, str)) or None
            elif mark == "picks" and isinstance(chosen, list):
                each = (_value("pick", raw, one.get("type"), resolved, guild) for raw in chosen)
                found[name] = tuple(picked for picked in each if isinstance(picked, Picked)) or None
    return fit.merge(found)


def _inputs(components: list[Any]) -> Iterator[Mapping[str, Any]]:
    for one in components:
        if not isinstance(one, Mapping):
            continue
        inner = one.get("components")
        if isinstance(one.get("component"), Mapping):
            yield one["component"]
        elif isinstance(inner, list):
            yield from _inputs(inner)
        elif "custom_id" in one:
            yield one


def _value(mark: str, raw: object, kind: object, resolved: Mapping[str, Any], guild: discord.Guild | None) -> Value:
    if not isinstance(raw, str) or not raw or (raw == NOTHING and mark in {"scale", "options"}):
        return None
    if mark == "scale":
        return int(raw) if raw.lstrip("-").isdecimal() else None
    if mark == "pick" and isinstance(kind, int):
        return _picked(raw, kind, resolved, guild)
    return None if mark == "picks" else raw


def _picked(id_: str, kind: int, resolved: Mapping[str, Any], guild: discord.Guild | None) -> Picked | None:
    about = (resolved.get(PICKERS.get(kind, "")) or {}).get(id_)
    if not isinstance(about, Mapping):
        return None
    name = str(about.get("global_name") or about.get("name") or about.get("username") or "")
    if kind != 8:
        everyone = kind == 6 and guild is not None and id_ == str(guild.id)
        return Picked(id_, name, open_to_all=everyone)
    channel = guild.get_channel(int(id_)) if guild is not None and id_.isdecimal() else None
    if channel is None or guild is None:
        return Picked(id_, name, can_post=False)
    mine = channel.permissions_for(guild.me)
    return Picked(
        id_,
        name,
        can_post=mine.view_channel and mine.send_messages,
        open_to_all=channel.permissions_for(guild.default_role).view_channel,
    )
