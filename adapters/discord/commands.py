"""Slash commands, the same everywhere, their names and descriptions in Dutch and German too."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import discord
from discord import app_commands

from adapters import fit
from adapters.discord.limits import COMMAND
from flows.words import SOURCE, Msg, _, language_of, said

OnCommand = Callable[["discord.Interaction[Any]", str, str], Awaitable[None]]
"""Called with the interaction, the command's name and its argument."""
_NAME = re.compile(r"[-_\w]{1,32}")
TEXT = _("Your words, if you want to give them right away")


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
        if context.location in NAMES:
            text = text.lower().replace(" ", "-")
            return text if _NAME.fullmatch(text) and text != string.message else None
        return fit.label(text, COMMAND)


NAMES = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)


def command(name: str, description: Msg, run: OnCommand, *, text: bool) -> app_commands.Command[Any, ..., None]:
    """One command; with ``text`` it takes words behind its name."""

    async def bare(interaction: discord.Interaction[Any]) -> None:
        await run(interaction, name, "")

    async def with_text(interaction: discord.Interaction[Any], text: str = "") -> None:
        await run(interaction, name, text)

    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=_word(Msg(name)),
        description=_word(description),
        callback=app_commands.describe(text=_word(TEXT))(with_text) if text else bare,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    return made


def tree(
    client: discord.Client, listed: Sequence[tuple[str, Msg]], texts: Collection[str], run: OnCommand
) -> app_commands.CommandTree[Any]:
    """All commands of the list, not yet told to Discord."""
    made: app_commands.CommandTree[Any] = app_commands.CommandTree(client, fallback_to_global=True)
    for name, description in listed:
        made.add_command(command(name, description, run, text=name in texts))
    return made


def _word(msg: Msg) -> app_commands.locale_str:
    return app_commands.locale_str(fit.label(said(msg, SOURCE), COMMAND), msg=msg)
