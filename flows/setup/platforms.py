"""One community on several platforms: a code is given on one and typed on the other."""

from dataclasses import dataclass

from flows.engine import COORDINATOR, SETUP, Chat, Form, Shown, Start, flow, line
from flows.words import _
from storage import audit, codes, communities, members, role_grants
from storage import setup as stored
from storage.role_grants import Grant
from storage.statement import Session

JOIN = "another platform"
"""What these codes are for."""


@flow("setup_code", who=(COORDINATOR,))
async def setup_code(chat: Chat) -> None:
    """A code that brings this community to another platform."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    now = await chat.now("now")
    random = await chat.random("random", codes.BYTES)
    code = await chat.do("make", codes.make, chat.community, JOIN, "", random, now)
    chat.show(Shown(_("A code for another platform"), [("", code)]))
    chat.say(
        _(
            "Add Erbij there, begin its setup, choose “I have a code” and type this one. It works once, within an "
            "hour. Whoever types it becomes a coordinator of {community}, so give it to nobody else.",
            community=chat.community_name,
        )
    )
    chat.show(Start(SETUP, "", _("Back to the setup"), "plain"))


class GivenCode(Form):
    """A code from the other platform."""

    title = _("A code from the other platform")
    submit = _("Go on")
    code: str = line(
        _("What is the code?"), most=40, exact=True, help=_("There, type “setup” and choose “Another platform”.")
    )


@dataclass(frozen=True, slots=True)
class Comer:
    """Who brings a community here, as a member of the one without a name."""

    community: str
    member: str
    name: str


@flow("setup_join", who=(COORDINATOR,))
async def setup_join(chat: Chat) -> None:
    """What is set up here becomes a part of a community that is there already."""
    given = await chat.fill("given", GivenCode)
    now = await chat.now("now")
    joined = await chat.do("join", join, Comer(chat.community, chat.member, chat.context.name), given.code, now)
    if not joined:
        chat.say(_("This code does not work, or no longer. You can ask for a new one on the other platform."))
        chat.show(Start("setup_join", "", _("Try again")))
        return
    chat.say(_("Good. {community} is here too, from now on. It still needs its channels here.", community=joined))
    chat.show(Start(SETUP, "", _("Go on with the setup")))


def join(session: Session, comer: Comer, typed: str, now: int) -> str:
    """Let the spaces of a community without a name belong to the code's community; its name, or empty."""
    spaces = communities.spaces(session, comer.community)
    if communities.about(session, comer.community).name or not spaces:
        return ""
    found = codes.take(session, JOIN, typed, now, tried_by=f"{spaces[0].platform}:{spaces[0].external_id}")
    if found is None:
        return ""
    community = found.community
    mine = members.accounts(session, comer.community, comer.member)
    communities.move_spaces(session, comer.community, community)
    stored.abandon(session, comer.community)
    for account in mine:
        role_grants.grant(
            session, community, Grant(COORDINATOR, account.platform, "person", account.external_id, comer.name)
        )
    audit.add(session, community, now, "", "set up", "another platform")
    return communities.about(session, community).name
