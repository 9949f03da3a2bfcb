"""Forget me: everything that names this person goes, after one question."""

from typing import Literal

from flows.engine import COORDINATOR, EVERYONE, Chat, Choice, flow
from flows.words import _
from storage import communities, forgetting, role_grants
from storage.statement import Session


@flow("forget_me", who=(EVERYONE,))
async def forget_me(chat: Chat) -> None:
    """What can still be done first, what goes, what stays; then it is done at once."""
    who = await chat.do("who", standing, chat.community, chat.member)
    if who == "last":
        chat.say(LAST)
        return
    chat.say(
        _(
            "Did you tell something that you want to take back and erase? Do that first: type “{answer}” "
            "and fill in your six words. I cannot find it for you.",
            answer=_("answer"),
        )
    )
    chat.say(
        _(
            "I erase all that names you in {community}: your accounts here, your language, messages to you, and what "
            "you have not sent yet. What you told or answered stays, without your name.",
            community=chat.community_name,
        )
    )
    if who == "staff":
        chat.say(
            _(
                "Your roles go too, and the cases you take care of go back to the mentors. What I posted in a channel "
                "stays there."
            )
        )
    if await chat.ask("sure", _("Shall I forget you? This cannot be undone."), SURE) == "keep":
        chat.say(_("Good. I forget nothing."))
        return
    now = await chat.now("now")
    outcome = await chat.do("forget", forget, chat.community, chat.member, now)
    chat.say(
        LAST if outcome == "last" else _("Done: I have forgotten you. If you write to me again, you are new here.")
    )


def standing(session: Session, community: str, member: str) -> Literal["last", "staff", "other"]:
    """Whether a member is the last coordinator, or holds anything as staff."""
    person = forgetting.of_member(session, community, member)
    if role_grants.are_last(role_grants.granted(session, community), COORDINATOR, person.accounts):
        return "last"
    known = forgetting.export(session, person)
    return "staff" if known["roles"] or known["cases"] else "other"


def forget(session: Session, community: str, member: str, now: int) -> Literal["last", "forgotten"]:
    """All that names a member goes, unless they became the last coordinator in the meantime."""
    communities.lock(session, community)  # two coordinators who leave at once must not both find the other still there
    person = forgetting.of_member(session, community, member)
    if role_grants.are_last(role_grants.granted(session, community), COORDINATOR, person.accounts):
        return "last"
    forgetting.forget(session, person, now)
    return "forgotten"


LAST = _(
    "You are the last coordinator here: without you nobody could change my setup. Name another one first, with "
    "“{setup}”. Then I can forget you.",
    setup=_("setup"),
)
SURE = (Choice("forget", _("Forget me"), "danger"), Choice("keep", _("No, keep me")))
