"""Unlinking: accounts that were joined part again; one of them begins anew."""

from __future__ import annotations

from datetime import timedelta

from flows.accounts import joining
from flows.engine import EVERYONE, Chat, Choice, Start, flow
from flows.words import _
from storage import accounts

LINK, UNLINK = _("link"), _("unlink")
UNDO = Start("unlink", "", _("Separate them"), "plain")
TOGETHER = Choice("together", _("Leave them together"))


@flow("unlink", who=(EVERYONE,), expires_after=timedelta(hours=1))
async def unlink(chat: Chat) -> None:
    """Someone takes the joining back, from whichever account they like."""
    known = await chat.do("mine", joining.mine, chat.community, chat.member)
    if len(known) < 2:
        chat.say(_("This account is not joined with another one. With “{link}” you can do that.", link=LINK))
        return
    chat.say(
        _(
            "One account begins anew, as if it were new here. What Erbij keeps for you, also what you have not sent "
            "yet, stays with the other. If a stranger joined an account to yours, choose that one."
        )
    )
    chosen = await chat.ask(
        "leaves", _("Which account shall begin anew?"), [*joining.each(known, chat.account), TOGETHER]
    )
    if chosen == TOGETHER.value:
        chat.say(_("Good, they stay together."))
        return
    leaves = known[int(chosen)]
    alone = await chat.do("split", accounts.split, chat.community, chat.member, leaves)
    if not alone:
        chat.say(_("These accounts are separate already."))
        return
    for number, account in enumerate(known):
        if account != chat.account:
            await chat.post(
                f"notice.{number}",
                _("Your account on {here} is no longer joined with your other one.", here=joining.platform(account)),
                member=alone if account == leaves else chat.member,
                account=account,
            )
    chat.say(_("They are separate now. If you took part in a check-in that is still open, that counts for both."))
