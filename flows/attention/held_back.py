"""What was held back: everybody can read what they did not get, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from flows.engine import EVERYONE, Chat, Shown, flow, wire
from flows.gate.rules import TOGETHER, Because
from flows.seam import Text
from flows.words import Msg, _, n_
from flows.words.dates import day as dated
from storage import attention, forgetting
from storage.days import DAY, local
from storage.statement import Session

SHOWN = 28 * DAY
"""Of how long, in ms."""
WHY = {
    Because.STOPPED: _("you stopped messages"),
    Because.PAUSED: _("you had paused messages"),
    Because.ENOUGH: _("you had got as many that week as I send"),
    Because.MANY: n_("more came at once than one", "more came at once than {n}", TOGETHER),
    Because.LATE: _("it was too late for it"),
    Because.OVER: _("it was not for you any more"),
    Because.TWICE: _("you got it already"),
}


@dataclass(frozen=True, slots=True)
class Missed:
    """One message: the moment it was written (ms), why it did not come, and its words."""

    at: int
    why: str
    text: str


@flow("held_back", who=(EVERYONE,))
async def held_back(chat: Chat) -> None:
    """The last four weeks. Nothing waits, so nothing of it is kept."""
    now = await chat.now("now")
    missed = await chat.look("missed", missed_by, chat.community, chat.member, now - SHOWN)
    if not missed:
        chat.say(_("In the last four weeks I held nothing back from you."))
        return
    rows: list[tuple[Msg | str, Msg | str]] = []
    for one in missed:
        on = dated(local(one.at, chat.time_zone).date())
        rows.append((_("{day}, not sent because {why}", day=on, why=WHY[one.why]), one.text))
    chat.show(Shown(_("What you did not get in the last four weeks"), rows))


def missed_by(session: Session, community: str, member: str, since: int) -> list[Missed]:
    """What a member did not get."""
    person = forgetting.of_member(session, community, member)
    found = attention.held_back(session, community, person.accounts, since)
    return [Missed(one.at, one.why, words(one.payload)) for one in found]


def words(payload: bytes) -> str:
    """The texts of a message."""
    parts, _language = wire.unpack(payload)
    return " ".join(part.text for part in parts if isinstance(part, Text))
