"""``erbij person``: what is stored of somebody, on paper, and forgetting them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from flows.engine import COORDINATOR
from storage import communities, forgetting, replay, role_grants

if TYPE_CHECKING:
    from storage.database import Database
    from storage.keeping import Person
    from storage.statement import Session

NOT_HERE = (
    "What this person told or answered: it is stored without a name, and cannot be looked up.",
    "How Erbij reaches them about a case, if they chose that: it is sealed under the case, and cannot be looked up.",
    "The text of what they are in the middle of, and of messages to them: sealed, and for them alone.",
)

KINDS = {
    "account": ("account", "accounts"),
    "attention": ("wish about messages", "wishes about messages"),
    "audit": ("act in the setup, kept without the name", "acts in the setup, kept without the name"),
    "belonging_case": ("case in their hands, free again", "cases in their hands, free again"),
    "caseevent": ("act on a case, kept without the name", "acts on cases, kept without the name"),
    "code": ("code that links accounts", "codes that link accounts"),
    "codemiss": ("count of wrong codes", "counts of wrong codes"),
    "conversation": ("conversation under way", "conversations under way"),
    "due": ("reminder", "reminders"),
    "member": ("person", "people"),
    "outbox": ("message", "messages"),
    "participation": ("part in an open check-in", "parts in open check-ins"),
    "rolegrant": ("role by name", "roles by name"),
}
"""What the rows of a table are, in words: one, and several."""


class Nobody(Exception):
    """Nothing is stored that names this person."""


def export(database: Database, account: str, slug: str = "") -> str:
    """All that is stored of somebody, as JSON, community by community. Raises Nobody."""

    def read(session: Session) -> list[dict[str, object]]:
        return [_about(session, one) | forgetting.export(session, one) for one in _found(session, account, slug)]

    known = database.run_now(read)
    return json.dumps({"communities": known, "not_included": NOT_HERE}, ensure_ascii=False, indent=2)


def forget(database: Database, account: str, slug: str = "", *, dry_run: bool = False) -> list[str]:
    """Forget somebody in each community, or one; what was done, in words. Raises Nobody, LedgerFault."""
    now = time.time_ns() // 1_000_000
    erase = forgetting.erase if dry_run else forgetting.forget

    def work(session: Session) -> list[str]:
        lines = []
        for one in _found(session, account, slug):
            name = communities.about(session, one.community).name or "A community that is being set up"
            last = role_grants.are_last(role_grants.granted(session, one.community), COORDINATOR, one.accounts)
            rows = ", ".join(_counted(table, count) for table, count in erase(session, one, now).items())
            lines.append(f"{name}: {'would be erased' if dry_run else 'erased'}: {rows or 'nothing'}.")
            if last:
                lines.append(f"{name}: that {'is' if dry_run else 'was'} its last coordinator. Name another one.")
        if dry_run:
            raise _OnlyTried(lines)
        return lines

    try:
        return database.run_now(work)
    except _OnlyTried as tried:
        return tried.lines


def _counted(table: str, count: int) -> str:
    one, many = KINDS[table]
    return f"{count} {one if count == 1 else many}"


class _OnlyTried(Exception):
    """What would be done, on the way out of a transaction that is undone."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("undone")
        self.lines = lines


def replayed(database: Database) -> str:
    """Bring a restored backup up to date; what was done, in words."""
    done = database.run_now(lambda s: replay.replay(s, time.time_ns() // 1_000_000))
    if not done.people and not done.cases:
        return "Nothing here was erased before."
    return f"Erased again: {len(done.people)} people and {len(done.cases)} cases."


def _found(session: Session, account: str, slug: str) -> list[Person]:
    known = communities.by_slug(session, slug) if slug else None
    if slug and known is None:
        raise Nobody(f"There is no community with the address {slug}.")
    found = [one for one in forgetting.of_account(session, account) if known is None or one.community == known.id]
    if not found:
        raise Nobody("Nothing is stored that names this person.")
    return sorted(found, key=lambda one: communities.about(session, one.community).slug)


def _about(session: Session, person: Person) -> dict[str, object]:
    about = communities.about(session, person.community)
    return {"community": about.name, "address": about.slug}
