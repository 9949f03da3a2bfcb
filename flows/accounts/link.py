"""Linking: someone with an account on two platforms tells Erbij, by a code, that both are the same person."""

from __future__ import annotations

from datetime import timedelta

from flows.accounts import joining
from flows.accounts.unlink import LINK, UNDO, UNLINK
from flows.engine import EVERYONE, Asked, Chat, Choice, Form, Shown, Start, flow, line
from flows.words import Msg, _
from storage import accounts, codes

TRIES = 5
"""Wrong codes after which a conversation ends."""


@flow("link", who=(EVERYONE,), expires_after=timedelta(hours=1))
async def link(chat: Chat) -> None:
    """What linking means, and which way to go."""
    known = await chat.do("mine", joining.mine, chat.community, chat.member)
    if len(known) < 2 and await chat.do("platforms", accounts.platforms, chat.community) < 2:
        chat.say(_("{community} is on one platform only, so there is nothing to link.", community=chat.community_name))
        return
    for sentence in WHAT_IT_MEANS:
        chat.say(sentence)
    way = await chat.ask("way", _("Where shall we begin?"), WAYS if len(known) < 2 else (*WAYS, ELSEWHERE))
    # Each time another code: the mark makes it a conversation of its own.
    mark = await chat.random("mark", 6)
    await chat.hand_over(way, mark.hex() if way == "show_code" else "")


@flow("show_code", expires_after=timedelta(milliseconds=joining.LIFE))
async def show_code(chat: Chat, _mark: str) -> None:
    """A code to type on the other platform."""
    random = await chat.random("random", codes.BYTES)
    made_at = await chat.now("made_at")
    code = await chat.do("code", joining.make, chat.community, chat.account, random, made_at)
    chat.show(Shown(_("Your code"), [("", code)]))
    chat.say(
        _(
            "Type “{link}” to Erbij on the other platform, choose “I have a code”, and fill it in. It works once, in "
            "the next 10 minutes.",
            link=LINK,
        )
    )
    chat.say(_("Give it to nobody else: Erbij thinks that whoever fills it in is you."))
    if await chat.ask("next", _("Have you filled it in there?"), DONE_OR_DROP) == "drop":
        await chat.do("drop", joining.withdraw, chat.community, chat.account)
        chat.say(_("The code does not work any more. Nothing was linked with it."))
        return
    now = await chat.now("now")
    chat.say(NEWS[await chat.do("news", joining.news, chat.community, chat.member, chat.account, now)])


class TypedCode(Form):
    """The code that the other account showed."""

    title = _("Link your accounts")
    submit = _("Link them")
    code: str = line(
        _("Which code did you get there?"), most=40, exact=True, help=_("Eight characters. Capitals do not matter.")
    )


@flow("enter_code", expires_after=timedelta(hours=1))
async def enter_code(chat: Chat) -> None:
    """The code from the other platform joins the accounts."""
    joined = joining.Joined("unknown")
    for number in range(TRIES):
        typed = await chat.fill(f"code.{number}", TypedCode)
        now = await chat.now(f"now.{number}")
        joined = await chat.do(
            f"join.{number}", joining.join, chat.community, chat.member, chat.account, typed.code, now
        )
        if joined.outcome != "unknown":
            break
        if number < TRIES - 1:
            chat.say(_("Erbij knows no such code. It may be mistyped, used, or older than 10 minutes."))
    if joined.outcome != "joined":
        chat.say(NOT_JOINED[joined.outcome])
        return

    await chat.post(
        "notice", *notice(joined.account, chat.account), member=chat.member, account=joined.account, why=Asked()
    )
    chat.say(_("Done: your accounts are linked now."))
    await chat.hand_over("write_to")


@flow("write_to", expires_after=timedelta(hours=1))
async def write_to(chat: Chat) -> None:
    """To which of the accounts Erbij writes, where nobody waits for an answer."""
    known = await chat.do("mine", joining.mine, chat.community, chat.member)
    chosen = await chat.ask(
        "account", _("Where shall Erbij write to you from now on?"), joining.each(known, chat.account)
    )
    await chat.do("set", accounts.write_to, chat.community, chat.member, known[int(chosen)])
    chat.say(
        _(
            "Good. With “{link}” you can change that, and with “{unlink}” you unlink the accounts again.",
            link=LINK,
            unlink=UNLINK,
        )
    )


def notice(account: str, by: str) -> tuple[Msg, Start]:
    """What the account that showed the code reads: if the code was stolen, its owner hears of it here."""
    return (
        _(
            "Your account on {here} was linked to an account on {there}. If that was not you, unlink them now.",
            here=joining.platform(account),
            there=joining.platform(by),
        ),
        UNDO,
    )


WHAT_IT_MEANS = (
    _(
        "Are you in this community on two platforms? If you like, Erbij can link your two accounts. Then "
        "Erbij knows that both accounts belong to you."
    ),
    _(
        "What Erbij stores for you, such as your language, counts for both, and no check-in is asked twice. "
        "Mentors and team leads see no difference."
    ),
    _("What you told or answered without your name stays without it: linking does not change that."),
)
WAYS = (
    Choice("show_code", _("Show me a code"), "primary"),
    Choice("enter_code", _("I have a code")),
)
ELSEWHERE = Choice("write_to", _("Choose where Erbij writes to me"))
DONE_OR_DROP = (
    Choice("done", _("Yes, it is filled in"), "primary"),
    Choice("drop", _("Erase the code")),
)
NEWS = {
    "joined": _("Then your accounts are linked now. With “{unlink}” you can unlink them again.", unlink=UNLINK),
    "waits": _("Erbij has not seen the code yet. It still works for a while: fill it in on the other platform."),
    "ended": _("The code has ended and nothing was linked. Type “{link}” when you want a new one.", link=LINK),
}
NOT_JOINED = {
    "unknown": _("This code does not fit either. Type “{link}” on the other platform to get a new one.", link=LINK),
    "own": _("This is the code of this very account. Fill it in on the other platform, then it links the two."),
    "already": _("These accounts are linked already, so there is nothing left to do."),
    "busy": _(
        "Your other account is in the middle of something with Erbij, and what you have not sent yet is shown nowhere "
        "else. Finish it there or type “{cancel}” there, then try the same code again.",
        cancel=_("cancel"),
    ),
    "elsewhere": _(
        "This code comes from another community. Erbij keeps communities apart, so those accounts stay apart too."
    ),
    "too_many": _("None of these codes fit. To be safe, Erbij takes codes from you again in an hour."),
}
