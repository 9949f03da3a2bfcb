"""Unlinking: accounts that were joined part again; one of them begins anew."""

from __future__ import annotations

from datetime import timedelta

from flows.accounts import joining
from flows.engine import EVERYONE, Asked, Chat, Choice, Start, flow
from flows.words import _
from storage import accounts

LINK, UNLINK = _("link"), _("unlink")
UNDO = Start("unlink", "", _("Unlink them"), "plain")
TOGETHER = Choice("together", _("Leave them linked"))


@flow("unlink", who=(EVERYONE,), expires_after=timedelta(hours=1))
async def unlink(chat: Chat) -> None:
    """Someone takes the joining back, from whichever account they like."""
    known = await chat.do("mine", joining.mine, chat.community, chat.member)
    if len(known) < 2:
        chat.say(_("This account is not linked to another one. With “{link}” you can do that.", link=LINK))
        return
    chat.say(
        _(
            "One account begins again, as if it were new here. What Erbij stores for you, also what you have not "
            "sent yet, stays with the other. If a stranger linked an account to yours, choose the stranger’s "
            "account."
        )
    )
    chosen = await chat.ask(
        "leaves", _("Which account shall begin again?"), [*joining.each(known, chat.account), TOGETHER]
    )
    if chosen == TOGETHER.value:
        chat.say(_("Good, they stay linked."))
        return
    leaves = known[int(chosen)]
    alone = await chat.do("split", accounts.split, chat.community, chat.member, leaves)
    if not alone:
        chat.say(_("These accounts are already unlinked."))
        return
    for number, account in enumerate(known):
        if account != chat.account:
            await chat.post(
                f"notice.{number}",
                _("Your account on {here} is no longer linked to your other one.", here=joining.platform(account)),
                member=alone if account == leaves else chat.member,
                account=account,
                why=Asked(),
            )
    chat.say(_("They are unlinked now. If you took part in a check-in that is still open, that counts for both."))
