"""Slash commands, the same everywhere, their names and descriptions in Dutch and German too."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands

from adapters import fit
from adapters.discord.limits import COMMAND
from flows.words import SOURCE, Msg, language_of, said

OnCommand = Callable[["discord.Interaction[Any]", str], Awaitable[None]]
"""Called with the interaction and the command's name."""
_NAMED = re.compile(r"[-_\w]{1,32}")


class Words(app_commands.Translator):
    """Discord's languages, of those that Erbij speaks."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Return the word in the language, or None where it is the English one or breaks Discord's rules."""
        language = language_of(locale.value)
        msg = string.extras.get("msg")
        if language == SOURCE or msg is None:
            return None
        text = said(msg, language)
        if context.location is app_commands.TranslationContextLocation.command_name:
            text = _joined(text)
            return text if _NAMED.fullmatch(text) and text != string.message else None
        return fit.label(text, COMMAND)


def command(name: str, description: Msg, run: OnCommand) -> app_commands.Command[Any, ..., None]:
    """One command."""

    async def callback(interaction: discord.Interaction[Any]) -> None:
        await run(interaction, name)

    return app_commands.Command(
        name=_name(name),
        description=_word(description),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )


def tree(client: discord.Client, listed: Sequence[tuple[str, Msg]], run: OnCommand) -> app_commands.CommandTree[Any]:
    """All commands of the list, not yet told to Discord."""
    made: app_commands.CommandTree[Any] = app_commands.CommandTree(client, fallback_to_global=True)
    for name, description in listed:
        made.add_command(command(name, description, run))
    return made


def _word(msg: Msg) -> app_commands.locale_str:
    return app_commands.locale_str(fit.label(said(msg, SOURCE), COMMAND), msg=msg)


def _name(name: str) -> app_commands.locale_str:
    """A command's name, which on Discord has no spaces; it is translated by its own words all the same."""
    return app_commands.locale_str(_joined(name), msg=Msg(name))


def _joined(words: str) -> str:
    return words.lower().replace(" ", "-")
