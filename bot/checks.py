"""``erbij check``: configuration, database, keys and communities, each in one plain sentence."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from functools import partial

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from bot.settings import Misconfigured, Settings, faults, master_key
from bot.tryout import SLUG
from flows.engine import COORDINATOR
from flows.setup.rules import missing
from flows.words import SOURCE, said
from storage import communities, due, migrate, outbox, roster, rotation, setup
from storage.database import Database, NotSaved
from storage.keys import KeyFault, Masters

DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    fine: bool
    text: str


def findings(settings: Settings) -> list[Finding]:
    """All that was looked at; what depends on something wrong is not looked at any further."""
    wrong = [Finding(False, text) for text in faults(settings)]
    kind = "the try-out" if settings.is_tryout else "real communities"
    found = wrong or [Finding(True, f"The settings fit together; Erbij runs {kind}.")]
    try:
        masters = Masters(master_key(settings))
    except (KeyFault, Misconfigured) as fault:
        return [*found, Finding(False, f"The master key cannot be used: {fault}")]
    try:
        return [*found, *_database(settings.database, settings.public_url, masters)]
    except (NotSaved, ValueError, OSError, sqlite3.Error, psycopg.Error, SQLAlchemyError) as fault:
        return [*found, Finding(False, f"The database cannot be used: {str(fault).splitlines()[0]}")]


def _database(url: str, public_url: str, masters: Masters) -> list[Finding]:
    if migrate.pending(url):
        if url.startswith("sqlite"):
            return [Finding(True, "The database is made or brought up to date at the next start.")]
        return [Finding(False, "The database's tables are of another version: run 'erbij migrate'.")]
    database = Database(url, masters)
    try:
        database.open()
        found = [Finding(True, "The database opens, and the master key fits it.")]
        depth, failing = database.run_now(outbox.depth), database.run_now(due.failing)
        found += _rotation(masters, database.run_now(rotation.behind))
        known = database.run_now(communities.every)
        doorbells = database.run_now(communities.with_doorbell)
        found += _roster(database.run_now(roster.unanswered), {row[0]: row[2] for row in known})
        for community, *_rest in known:
            found += _community(database.run_now(partial(setup.read, community=community)))
    except KeyFault as fault:
        return [Finding(False, f"The master key does not fit this database: {fault}")]
    finally:
        database.close()
    if doorbells and not public_url:
        names = ", ".join(doorbells)
        found.append(Finding(False, f"{names}: cases are told on the case page only, but ERBIJ_PUBLIC_URL is not set."))
    if depth.dead:
        found.append(Finding(False, f"{depth.dead} messages were given up: see 'erbij outbox'."))
    if failing:
        found.append(Finding(False, f"{len(failing)} timers fail again and again: see the log."))
    return found


def _rotation(masters: Masters, behind: rotation.Behind) -> list[Finding]:
    found = []
    if behind.lost:
        text = f"{behind.lost} cases, letters or conversations need a master key that is not in ERBIJ_MASTER_KEY."
        found.append(Finding(False, text))
    if behind.older:
        text = f"{behind.older} cases, letters or conversations need an older master key: run 'erbij keys rotate'."
        found.append(Finding(False, text))
    elif masters.older:
        found.append(Finding(True, "Nothing needs an older master key: take them out of ERBIJ_MASTER_KEY."))
    return found


def _roster(waiting: list[roster.Unanswered], names: dict[str, str]) -> list[Finding]:
    """Whose staff was not answered for: by platforms that are not believed, or that have not said it for a day."""
    found = []
    for one in waiting:
        name = names[one.community]
        if one.doubt:
            text = f"{name}: by {one.doubt} all of the staff left at once. That is not believed; run setup if it is so."
            found.append(Finding(False, text))
        elif one.since < time.time_ns() // 1_000_000 - DAY:
            text = f"{name}: for a day no platform has said of some of the staff whether they are still there."
            found.append(Finding(False, text))
    return found


def _community(now: setup.SetUp) -> list[Finding]:
    """What its setup says is missing, by the same rules as in the chat. The try-out needs nobody who sets it up."""
    if not now.name:
        return [Finding(True, "A setup was begun in a chat and is not finished; nothing runs there until it is.")]
    gaps = {gap: text for gap, text in missing(now).items() if gap != COORDINATOR or now.slug != SLUG}
    if not gaps:
        return [Finding(True, f"{now.name} has its channels and its people.")]
    return [Finding(False, f"{now.name}: {said(text, SOURCE)} Run setup in the chat.") for text in gaps.values()]
