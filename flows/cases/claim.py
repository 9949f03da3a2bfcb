"""Claiming: of two mentors who press at once, one gets the case and the other is told who has it."""

from flows.cases.post import case_name, post_of, subject
from flows.engine import Chat, flow
from flows.words import _
from storage import cases


@flow("claim_case", roles=("mentor",))
async def claim_case(chat: Chat, case: str) -> None:
    """A mentor takes care of a case from now on."""
    now = await chat.now("now")
    claim = await chat.do("claim", cases.claim, chat.community, case, chat.member, now)
    if claim is None:
        chat.say(_("This case is no longer there."))
        return
    if not claim.won:
        if claim.holder:
            chat.say(_("{name} already takes care of case {case}.", name=claim.holder_name, case=case_name(case)))
        else:
            chat.say(_("Case {case} is closed.", case=case_name(case)))
        return
    view = await chat.do("read", cases.read, chat.community, case)
    status = view.status if view else "claimed"
    await chat.post("post", *post_of(case, status, chat.name), place="mentors", subject=subject(case))
    chat.say(_("Case {case} is in your hands now.", case=case_name(case)))
    await chat.hand_over("case", case)
