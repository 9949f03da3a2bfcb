"""After how many working days somebody hears that a case waits."""

from __future__ import annotations

from datetime import time

from flows.cases.reminders import AT
from flows.engine import COORDINATOR, SETUP, Chat, Form, flow, options
from flows.setup.rules import KEEP
from flows.words import Msg, _, n_
from flows.words.dates import hour
from storage import audit, communities
from storage.statement import Session

DAYS = (1, 2, 3, 4, 5, 10)
"""What can be chosen."""


def working_days(n: int) -> Msg:
    """So many working days."""
    return n_("one working day", "{n} working days", n)


MINUTE, HOUR = (int(part) for part in AT.split()[:2])
WRITES_AT = hour(time(HOUR, MINUTE))
CHOICES = [(str(n), working_days(n)) for n in DAYS]


class Reminders(Form):
    """Two times."""

    title = _("When a case waits")
    submit = _("Keep this")

    mentors: str = options(
        _("After how long shall I remind the mentors?"),
        CHOICES,
        help=_("In their channel, of cases that nobody takes and of answers that students wait for."),
    )
    coordinators: str = options(
        _("After how long shall I tell the coordinators?"),
        CHOICES,
        help=_(
            "Privately, and only how many wait. I write at {time}, from Monday to Friday.",
            time=WRITES_AT,
        ),
    )


@flow("setup_reminders", who=(COORDINATOR,))
async def setup_reminders(chat: Chat) -> None:
    """How long a case may wait before somebody is told."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    today = await chat.do("today", communities.patience, chat.community)
    chosen = await chat.fill("chosen", Reminders, {"mentors": str(today[0]), "coordinators": str(today[1])})
    if int(chosen.coordinators) < int(chosen.mentors):
        chat.say(_("Then the coordinators hear of it before the mentors are reminded."))
        await chat.ask("sure", _("Shall I keep it like this? With Back you choose something else."), KEEP)
    now = await chat.now("now")
    await chat.do("keep", keep, chat.community, chat.member, int(chosen.mentors), int(chosen.coordinators), now)
    await chat.hand_over(SETUP)


def keep(  # noqa: PLR0913
    session: Session, community: str, member: str, mentors: int, coordinators: int, now: int
) -> None:
    """Keep both."""
    communities.set_patience(session, community, mentors, coordinators)
    audit.add(session, community, now, member, "set up", "reminders")
