"""Offers: a button for each thing that somebody can do now, so that nobody has to know a word."""

from __future__ import annotations

from dataclasses import replace

from flows.engine.chat import Context, Start
from flows.engine.flow import Catalogue
from storage import accounts
from storage.statement import Session

HELP = "help"


def for_now(session: Session, catalogue: Catalogue, context: Context) -> list[Start]:
    """What this person may have come for, the first of it standing out; the last leads to the rest."""
    starts = [start for offer in catalogue.offers for start in offer(session, context)]
    commands = catalogue.commands_of(context.is_one_of)
    starts += [Start(one.flow, "", one.button, "plain") for one in commands if not one.always or one.flow == HELP]
    starts.sort(key=lambda start: start.flow == HELP)
    return [replace(start, kind="plain" if at else "primary") for at, start in enumerate(starts)]


def everything(session: Session, catalogue: Catalogue, context: Context) -> list[Start]:
    """The same, and in the place of what leads to the rest what one can do at any time."""
    platforms = accounts.platforms(session, context.community)
    commands = catalogue.commands_of(context.is_one_of)
    always = [
        one
        for one in commands
        if one.always and one.listed and one.flow not in ("", HELP) and one.platforms <= platforms
    ]
    now = [start for start in for_now(session, catalogue, context) if start.flow != HELP]
    return [*now, *(Start(one.flow, "", one.button, "plain") for one in always)]
