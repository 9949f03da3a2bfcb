"""The rules of joining: what a typed code does, and what became of a code that was shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flows.engine import Choice
from flows.engine.conversation import FLOW
from flows.words import Msg, _
from storage import accounts, codes, conversations, members
from storage.ids import platform_and_id
from storage.statement import Session

PURPOSE = codes.LINK
OURS = frozenset({"link", "show_code", "enter_code", "write_to", "unlink"})
"""The flows of this folder: what is open in them may be seen on both accounts."""
LIFE = 10 * 60 * 1000
"""How long a code joins, in ms: time to walk from one screen to another."""
PLATFORMS = {"discord": _("Discord"), "teams": _("Microsoft Teams"), "web": _("Web chat")}

Outcome = Literal["joined", "unknown", "own", "already", "busy", "elsewhere", "too_many"]


@dataclass(frozen=True, slots=True)
class Joined:
    """What a typed code did, and the account that had shown it."""

    outcome: Outcome
    account: str = ""


def make(session: Session, community: str, account: str, code_random: bytes, now: int) -> str:
    """The code by which this account can be joined; an earlier one stops working."""
    return codes.make(session, community, PURPOSE, account, code_random, now, life=LIFE)


def withdraw(session: Session, community: str, account: str) -> bool:
    """The code works no more."""
    return codes.withdraw(session, community, PURPOSE, account)


def news(session: Session, community: str, member: str, account: str, now: int) -> Literal["joined", "waits", "ended"]:
    """What became of the code that an account showed."""
    if codes.waits(session, community, PURPOSE, account, now):
        return "waits"
    return "joined" if len(members.accounts(session, community, member)) > 1 else "ended"


def join(  # noqa: PLR0913  who types what, and when
    session: Session, community: str, member: str, account: str, typed: str, now: int
) -> Joined:
    """Join the account that showed this code to the one that types it. A code that does not fit is not used up."""
    found = codes.look(session, PURPOSE, typed, now, account)
    if found is None:
        return Joined("too_many" if codes.too_many(session, PURPOSE, account, now) else "unknown")
    shown_by = found.payload
    other = accounts.member_of(session, found.community, shown_by)
    if found.community != community:
        return Joined("elsewhere")
    if other == member:
        return Joined("own" if shown_by == account else "already")
    if is_busy(session, community, other):
        return Joined("busy")
    taken = codes.take(session, PURPOSE, typed, now, account) is not None
    joined = taken and accounts.merge(session, community, stays=member, goes=other)
    return Joined("joined", shown_by) if joined else Joined("unknown")  # where another turn was quicker


def is_busy(session: Session, community: str, member: str) -> bool:
    """Whether a member is in the middle of something other than linking.

    What someone has not sent yet is never carried to another account: a code may have been stolen.
    """
    under_way = conversations.open_of(session, community, member)
    return any(json.loads(one.journal)[FLOW] not in OURS for one in under_way)


def mine(session: Session, community: str, member: str) -> list[str]:
    """The accounts of a member, first the one that Erbij writes to."""
    return [one.account for one in members.accounts(session, community, member)]


def platform(account: str) -> Msg:
    """The platform of an account, by its name."""
    return PLATFORMS[platform_and_id(account)[0]]


def each(known: Sequence[str], here: str) -> list[Choice[str]]:
    """A choice for each account, by its number: this one first."""
    in_order = sorted(range(len(known)), key=lambda number: known[number] != here)
    return [
        Choice(str(n), _("{platform} (here)", platform=platform(known[n])) if known[n] == here else platform(known[n]))
        for n in in_order
    ]
