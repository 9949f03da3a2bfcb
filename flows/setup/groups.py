"""The students, the mentors, the team leads: the channel of each, and who they are. And who coordinates.

Each form shows what holds today; what is sent takes its place. That is how people are added and taken away.
"""

from dataclasses import dataclass
from typing import Any

from flows.engine import COORDINATOR, SETUP, Asked, Chat, Context, Form, flow, options, pick
from flows.engine.sentences import OVER
from flows.seam import Picked, Space
from flows.setup.rules import KEEP, ROLES, place_doubts, role_doubts
from flows.setup.welcome import GONE, WELCOME, wanted
from flows.words import Msg, _
from storage import audit, communities, members, places
from storage import setup as stored
from storage.communities import Destination
from storage.setup import SetUp
from storage.statement import Session


class Students(Form):
    """Where students are reached."""

    title = _("Students")
    submit = _("Save")

    channel: Picked = pick(_("Which channel do students read?"), "place", help=_("Check-ins are posted there."))
    role: Picked | None = pick(
        _("Which role do students have?"),
        "role",
        required=False,
        help=_("Then everyone without another role is a student."),
    )
    welcome: str = options(
        _("Shall I put a post with buttons there?"),
        [("yes", _("Yes")), ("no", _("No"))],
        help=_("So students need to know no word. If somebody deletes it, I post it again the next day."),
    )


class Mentors(Form):
    """Where mentors work, and who they are."""

    title = _("Mentors")
    submit = _("Save")

    channel: Picked = pick(_("Which channel do mentors read?"), "place", help=_("Cases are announced there."))
    role: Picked | None = pick(_("Which role do mentors have?"), "role", required=False)
    people: list[Picked] | None = pick(
        _("Who are the mentors?"), "person", required=False, many=True, help=_("Choose all of them.")
    )


class Leads(Form):
    """Where team leads work, and who they are."""

    title = _("Team leads")
    submit = _("Save")

    channel: Picked = pick(_("Which channel do team leads read?"), "place", help=_("Summaries are posted there."))
    role: Picked | None = pick(_("Which role do team leads have?"), "role", required=False)
    people: list[Picked] | None = pick(
        _("Who are the team leads?"), "person", required=False, many=True, help=_("Choose all of them.")
    )


class Coordinators(Form):
    """Who can do all this. Someone always can."""

    title = _("Coordinators")
    submit = _("Save")

    people: list[Picked] = pick(
        _("Who are the coordinators?"), "person", many=True, help=_("Choose everyone who can change this setup.")
    )
    role: Picked | None = pick(_("Which role do coordinators have?"), "role", required=False)


FORMS: dict[str, type[Students | Mentors | Leads]] = {"students": Students, "mentors": Mentors, "leads": Leads}


@dataclass(frozen=True, slots=True)
class By:
    """Which coordinator keeps something, and where."""

    community: str
    member: str
    space: Space
    now: int


def known_group(_session: Session, _context: Context, kind: str) -> Msg | None:
    """One of the groups that there are."""
    return None if kind in FORMS else OVER


@flow("setup_group", who=(COORDINATOR,), subject=known_group)
async def setup_group(chat: Chat, kind: str) -> None:
    """The channel and the people of one group."""
    form, role = FORMS[kind], ROLES[kind]
    if not chat.community_name:
        await chat.hand_over(SETUP)
    today = await chat.do("today", stored.read, chat.community)
    platform = chat.space.platform
    chosen = await chat.fill("chosen", form, draft_of(today, platform, role, kind))
    welcome = getattr(chosen, "welcome", "")
    people = getattr(chosen, "people", None) or []
    doubts = [
        *place_doubts(kind, chosen.channel, today, platform),
        *role_doubts(role, chosen.role, len(people)),
    ]
    if doubts:
        for doubt in doubts:
            chat.say(doubt)
        await chat.ask("sure", _("Shall I save it like this? To choose something else, choose “Back”."), KEEP)
    by = By(chat.community, chat.member, chat.space, await chat.now("now"))
    if welcome:
        left = await chat.do("left", left_by_post, by, chosen.channel, on=welcome == "yes")
        for channel in left:
            await chat.post(f"gone.{channel.platform}", GONE, place=channel, subject=WELCOME, why=Asked())
    await chat.do("place", keep_place, by, kind, chosen.channel)
    await chat.do("people", keep_people, by, role, chosen.role, people)
    if welcome:
        await chat.do("welcome", communities.set_welcome, chat.community, on=welcome == "yes")
        if welcome == "yes":
            await chat.later("post", WELCOME, at=by.now)
    await chat.hand_over(SETUP)


@flow("setup_coordinators", who=(COORDINATOR,))
async def setup_coordinators(chat: Chat) -> None:
    """Who can set up and change all this; the form asks for one at least."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    today = await chat.do("today", stored.read, chat.community)
    mine = await chat.do("mine", accounts_of, chat.community, chat.member)
    chosen = await chat.fill("chosen", Coordinators, draft_of(today, chat.space.platform, COORDINATOR))
    doubts = list(role_doubts(COORDINATOR, chosen.role, len(chosen.people)))
    if not any(one.id in mine for one in chosen.people):
        doubts.append(_("You are not among the people you chose, so you may not be able to change this any more."))
    if doubts:
        for doubt in doubts:
            chat.say(doubt)
        await chat.ask("sure", _("Shall I save it like this? To choose something else, choose “Back”."), KEEP)
    by = By(chat.community, chat.member, chat.space, await chat.now("now"))
    await chat.do("people", keep_people, by, COORDINATOR, chosen.role, chosen.people)
    await chat.hand_over(SETUP)


def draft_of(now: SetUp, platform: str, role: str, kind: str = "") -> dict[str, Any]:
    """What a form shows at first: what holds on this platform."""
    held = [one for one in now.grants if one.platform == platform and one.role == role and not one.gone]
    roles = [_picked(grant.external_id, grant.name) for grant in held if grant.kind == "role"]
    people = [_picked(grant.external_id, grant.name) for grant in held if grant.kind == "person"]
    channels = [_picked(p.external_id, p.name) for p in now.places if p.platform == platform and p.kind == kind]
    drafts: dict[str, list[Any]] = {"channel": channels[:1], "role": roles[:1], "people": [people] if people else []}
    if kind == "students":
        set_before = any(place.kind == kind for place in now.places)
        drafts["welcome"] = ["yes" if now.welcome or not set_before else "no"]
    return {name: found[0] for name, found in drafts.items() if found}


def left_by_post(session: Session, by: By, chosen: Picked, *, on: bool) -> list[Destination]:
    """Where the standing post goes: from every channel, or, if it is wanted, from another one than is chosen."""
    if not wanted(session, by.community):
        return []
    stands = places.of_kind(session, by.community, "students")
    moved = [one for one in stands if one.platform == by.space.platform and one.external_id != chosen.id]
    return moved if on else stands


def keep_place(session: Session, by: By, kind: str, chosen: Picked) -> None:
    """The channel of a group on this platform."""
    places.choose(session, by.community, kind, by.space.platform, by.space.id, chosen.id, chosen.name)
    audit.add(session, by.community, by.now, by.member, "set up", kind)


def keep_people(session: Session, by: By, role: str, platform_role: Picked | None, people: list[Picked]) -> None:
    """Who holds a role on this platform: these, and nobody else any more."""
    platform = by.space.platform
    members.revoke(session, by.community, role, platform)
    if platform_role is not None and not platform_role.open_to_all:
        members.grant(session, by.community, role, platform, "role", platform_role.id, platform_role.name)
    for one in people:
        members.grant(session, by.community, role, platform, "person", one.id, one.name)
    audit.add(session, by.community, by.now, by.member, "set up", role)


def accounts_of(session: Session, community: str, member: str) -> list[str]:
    """The platforms' ids of a member."""
    return [account.external_id for account in members.accounts(session, community, member)]


def _picked(ident: str, name: str) -> dict[str, Any]:
    return {"id": ident, "name": name, "can_post": True, "open_to_all": False}
