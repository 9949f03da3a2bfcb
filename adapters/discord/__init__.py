"""Erbij in Discord, with discord.py: no type of it leaves this folder."""

from adapters.discord.adapter import DiscordAdapter, invite_url
from adapters.discord.limits import LIMITS

__all__ = ["LIMITS", "DiscordAdapter", "invite_url"]
