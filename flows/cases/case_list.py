"""The list of open cases, for mentors: what waits, and who takes care of what."""

from flows.cases.post import case_name
from flows.cases.readers import READERS
from flows.cases.view import day_name
from flows.engine import Chat, Shown, Start, flow
from flows.words import Msg, _
from storage import cases
from storage.cases import CaseLine

MOST = 20
"""Cases that one list offers to open; the oldest come first, so none waits unseen."""


@flow("cases", who=READERS)
async def case_list(chat: Chat) -> None:
    """The open cases, each with a button that opens it."""
    waiting = await chat.do("list", cases.listing, chat.community)
    if not waiting:
        chat.say(_("No case is waiting. That is good news, or a reason to ask around."))
        return
    first = waiting[:MOST]
    chat.show(Shown(_("Open cases"), [(case_name(case.id), _line(case, chat)) for case in first]))
    for case in first:
        chat.show(Start("case", case.id, _("Read case {case}", case=case_name(case.id)), "plain"))


def _line(case: CaseLine, chat: Chat) -> Msg:
    """One case in the list."""
    day = day_name(case.day, chat.language)
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
