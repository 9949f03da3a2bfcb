"""``erbij check``: configuration, database, keys and communities, each in one plain sentence."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot import formats, start
from bot.http import UNNAMED_PROXY
from bot.settings import (
    Misconfigured,
    Settings,
    database_faults,
    faults,
    known_key,
    own_files,
    secret_files,
    sqlite_file,
)
from bot.tryout import SLUG
from flows.catalogue import catalogue
from flows.danger.lines import CHECKED, DAYS
from flows.engine import COORDINATOR, Context
from flows.setup.rules import missing
from flows.words import SOURCE, said
from storage import (
    communities,
    due,
    erasures,
    files,
    letters,
    log,
    meta,
    migrate,
    outbox,
    replay,
    roster,
    rotation,
    setup,
    sqlite,
)
from storage.database import Database, NotSaved
from storage.days import DAY
from storage.keys import KeyFault, Masters
from storage.ledger import LedgerFault
from storage.meta import Unsealed
from storage.migrate import Unfit
from storage.settings import chosen as chosen_of
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    fine: bool
    text: str


def findings(settings: Settings) -> list[Finding]:
    """All that was looked at, without changing anything; what depends on something wrong is not looked at further."""
    wrong = [Finding(False, text) for text in faults(settings)]
    kind = "the try-out" if settings.is_tryout else "real communities"
    found = wrong or [Finding(True, f"The settings fit together; Erbij runs {kind}.")]
    if all(0 <= port <= formats.MOST_PORT for port in (settings.port, settings.metrics_port)):
        found += [Finding(False, text) for text in start.port_faults(settings)]
    if database_faults(settings):
        return found
    found += [help_lines(datetime.now(UTC).date()), *_reached(settings)]
    if here := start.faults(settings):
        return [*found, *(Finding(False, text) for text in here)]
    found += _files(settings)
    try:
        masters = Masters(key) if (key := known_key(settings)) else None
        return [*found, *_database(settings, masters)]
    except (KeyFault, Misconfigured) as fault:
        return found if wrong else [*found, Finding(False, str(fault))]
    except Unfit as fault:
        return [*found, Finding(False, str(fault))]
    except (NotSaved, ValueError, OSError, sqlite3.Error, psycopg.Error, SQLAlchemyError) as fault:
        return [*found, Finding(False, start.cannot_use(settings, fault))]


def help_lines(today: date) -> Finding:
    """How long ago the helplines that people are shown were looked at."""
    age, day = (today - CHECKED).days, f"{CHECKED:%Y-%m-%d}"
    if age <= DAYS:
        return Finding(True, f"The helplines that people are shown were last looked at on {day}.")
    text = (
        f"The helplines that people are shown were last looked at on {day}, {age} days ago: one may have changed. "
        "A newer version of Erbij has perhaps looked again; else compare flows/danger/lines.py with what they say."
    )
    return Finding(False, text)


_PROXY = (
    "Since its last start Erbij got requests through a proxy, but ERBIJ_BEHIND_PROXY is not set: everyone behind it "
    "counts as one, and a single person can use up what all may ask for. If the proxy is yours, set it to true and see "
    "docs/proxy.md; if there is none, someone on your network made it look so, and the next start forgets it."
)


def _reached(settings: Settings) -> list[Finding]:
    """Whether people can reach the pages by a name."""
    if settings.is_tryout or settings.public_url or (settings.loopback and not settings.behind_proxy):
        return []
    return [
        Finding(
            False,
            "ERBIJ_PUBLIC_URL is not set: Erbij answers only to names that it knows as its own, so its pages open by "
            "a bare address at most. Set it to the address by which people reach this host.",
        )
    ]


def _files(settings: Settings) -> list[Finding]:
    """Which files and folders of Erbij others on this machine have rights to."""
    ours, secrets = (filter(files.open_to_others, of(settings)) for of in (own_files, secret_files))
    texts = [f"{path} is open to others on this machine; starting Erbij closes it." for path in ours]
    texts += [f"{path} holds a secret and is open to others on this machine: chmod 600 {path}" for path in secrets]
    path = sqlite_file(settings.database)
    folder = None if path is None else path.parent
    if folder is not None and files.changed_by_others(folder):  # that they see names in it is no harm
        texts.append(
            f"Others on this machine may put files into the folder {folder.absolute()}, in which the database lies: "
            f"chmod go-w {folder}, or keep the database in a folder of its own."
        )
    return [Finding(False, text) for text in texts]


_UNSEALED = Finding(True, "The database's tables are there; its key is made at the next start.")
_DEAD = "{number} messages were given up: see 'erbij outbox'."
_STUCK = (
    "Letters that did not open when cases were released: {number}. They wait on; they were changed in the database, or "
    "need a master key that is not in ERBIJ_MASTER_KEY."
)
_FAILING = "{number} timers fail again and again: see the log."


def _database(settings: Settings, masters: Masters | None) -> list[Finding]:
    """Whether the database is of this version and opens; then what it says of itself."""
    url = settings.database
    logged = _log_file(make_url(url))
    if migrate.pending(url):
        if make_url(url).get_backend_name() == "sqlite":
            return [Finding(True, "The database is made or brought up to date at the next start.")]
        return [Finding(False, "The database's tables are of another version: run 'erbij migrate'.")]
    if masters is None:
        return [_UNSEALED]
    database = Database(url, masters, settings.ledger_path, read_only=True)
    try:
        database.open()
        found = [Finding(True, "The database opens, and the master key fits it.")]
        if database.dialect == "sqlite":
            found.append(_log(logged, database.run_now(log.filled), time.time_ns() // 1_000_000))
        found += _rotation(masters, database.run_now(rotation.behind))
        return found + _inside(database, settings)
    except Unsealed:
        return [_UNSEALED]
    except KeyFault as fault:
        return [Finding(False, start.no_key(fault))]
    finally:
        database.close()


def _inside(database: Database, settings: Settings) -> list[Finding]:
    """What waits or fails, and what each community's setup misses."""
    found = []
    if database.run_now(lambda s: meta.get(s, UNNAMED_PROXY)):
        found.append(Finding(False, _PROXY))
    found += database.run_now(partial(_ledger, path=settings.ledger_path))
    known = database.run_now(communities.every)
    found += _roster(database.run_now(roster.unanswered), {one.id: one.name for one in known})
    for community in known:
        found += _community(database.run_now(partial(setup.read, community=community.id)))
    for community in known:
        chosen = database.run_now(partial(chosen_of, community=community.id))
        here = Context(page=settings.public_url)
        values = [(one, one.of(chosen)) for one in catalogue().settings if one.doubt is not None]
        doubts = (one.doubt(value, here) for one, value in values if one.doubt is not None)
        found += [Finding(False, f"{community.name}: {said(why, 'en')}") for why in doubts if why is not None]
    dead, stuck = database.run_now(outbox.depth).dead, database.run_now(letters.stuck)
    for number, text in ((dead, _DEAD), (stuck, _STUCK), (len(database.run_now(due.failing)), _FAILING)):
        if number:
            found.append(Finding(False, text.format(number=number)))
    return found


def _log_file(url: URL) -> os.stat_result | None:
    """SQLite's log as it lies there, before this very look at the database changes it; None without one."""
    try:
        return sqlite.paths(url)[1].stat() if url.get_backend_name() == "sqlite" else None
    except (OSError, IndexError):
        return None


def _log(file: os.stat_result | None, filled: log.Filled, now: int) -> Finding:
    """Whether what was erased has left SQLite's log, and when it last did."""
    if file is None:
        return Finding(True, "The database has no log, as when Erbij is stopped: what was erased is not in its files.")
    if not file.st_size:
        when = _shown(int(file.st_mtime * 1000))
        return Finding(True, f"The database's log was emptied on {when}: what was erased is not in its files.")
    last = f"It was last emptied on {_shown(filled.emptied)}." if filled.emptied else "It was never emptied yet."
    if not filled.since or now - filled.since < log.OVERDUE:
        return Finding(True, f"The database's log is emptied within a minute of a change. {last}")
    text = (
        f"What was erased since {_shown(filled.since)} still lies in the database's log (the file that ends in -wal). "
        "If Erbij is not running, start it. If it is, something reads the database all the time, a backup say: end "
        f"that, and the log goes by itself. {last}"
    )
    return Finding(False, text)


def _shown(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%d %H:%M} UTC"


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


def _ledger(session: Session, path: Path | None) -> list[Finding]:
    """Whether a backup that is restored would be brought up to date, and whether this one was."""
    if path is None:
        return [
            Finding(
                False,
                "ERBIJ_LEDGER is not set: without the file it names, people who were forgotten come back when a "
                "backup is restored.",
            )
        ]
    try:
        session.ledger.check()
        left, missing = replay.behind(session), erasures.missing(session)
        doubtful = erasures.doubtful(session)
    except LedgerFault as fault:
        return [Finding(False, f"ERBIJ_LEDGER: {fault}")]
    if left.people or left.cases:
        text = (
            f"{len(left.people)} people and {len(left.cases)} cases are here that were erased, the ledger {path} says: "
            "run 'erbij person replay', or start Erbij."
        )
        return [Finding(False, text)]
    if missing:
        text = (
            f"{missing} erasures are not in the ledger {path}: put the right file there, or lines of several together."
        )
        return [Finding(False, text)]
    found = [Finding(True, f"Nobody is here who was forgotten; erasures are written down in {path}.")]
    if doubtful.torn:
        text = (
            f"{doubtful.torn} lines of {path} were not written whole, by a process that was killed or on a full disk. "
            "Nothing was erased by them, and they stop nothing; you can delete them."
        )
        found.append(Finding(True, text))
    if doubtful.foreign:
        text = (
            f"{doubtful.foreign} lines of {path} were not written with this database's key, so nobody is erased by "
            "them. If it is not a file of several databases, somebody else has written to it."
        )
        found.append(Finding(False, text))
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
    gaps = {gap: text for gap, text in missing(now, catalogue()).items() if gap != COORDINATOR or now.slug != SLUG}
    if not gaps:
        return [Finding(True, f"{now.name} has its channels and its people.")]
    return [Finding(False, f"{now.name}: {said(text, SOURCE)} Run setup in the chat.") for text in gaps.values()]
