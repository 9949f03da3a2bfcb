"""The list of open cases, for mentors: what waits, and who takes care of what."""

from flows.cases.post import case_name
from flows.cases.readers import READERS
from flows.engine import Chat, Entry, Start, anywhere, flow
from flows.words import Msg, _
from flows.words.dates import day as day_said
from storage import cases
from storage.cases import CaseLine
from storage.days import date_of


@flow("cases", who=READERS, subject=anywhere)
async def case_list(chat: Chat, at: str) -> None:
    """The open cases, each with a button that opens it: mine, then what nobody takes care of, each the oldest first."""
    waiting = await chat.look("list", cases.listing, chat.community)
    if not waiting:
        chat.say(_("No case is waiting. That is good news, or a reason to ask around."))
        return
    chat.list(_("Open cases"), [_entry(case, chat) for case in waiting], flow="cases", at=at)


def _entry(case: CaseLine, chat: Chat) -> Entry:
    name = case_name(case.id)
    read = Start("case", case.id, _("Read case {case}", case=name), "plain")
    mine = case.holder == chat.member
    group = 0 if mine and case.waits_since is not None else 1 if mine else 2 if not case.holder else 3
    return Entry(f"{group}-{case.day:06}-{case.id}", name, _line(case, chat), read)


def _line(case: CaseLine, chat: Chat) -> Msg:
    """One case in the list."""
    day = day_said(date_of(case.day))
    if not case.holder:
        return _("Since {day}. Nobody takes care of it yet.", day=day)
    owed = case.waits_since is not None
    if case.holder == chat.member:
        mine = _("Since {day}. In your hands. The student waits for your answer.", day=day)
        return mine if owed else _("Since {day}. In your hands.", day=day)
    theirs = _("Since {day}. {name} takes care of it.", day=day, name=case.holder_name)
    if not owed:
        return theirs
    return _("Since {day}. {name} takes care of it. The student waits for an answer.", day=day, name=case.holder_name)
