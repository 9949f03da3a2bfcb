"""Who is who: the channel of each group, and who they are; also who coordinates. One form, drawn from what is declared.

It shows what holds today; what is sent takes its place. That is how people are added and taken away.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from flows.basics.programme import WELCOME as WANTED
from flows.engine import (
    COORDINATOR,
    SETUP,
    Asked,
    Catalogue,
    Chat,
    Context,
    Form,
    Purpose,
    Role,
    Setting,
    Shown,
    Start,
    flow,
    pick,
)
from flows.engine.declared import form_of
from flows.engine.sentences import OVER
from flows.seam import Picked, Space
from flows.setup.rules import KEEP, place_doubts, role_doubts
from flows.setup.welcome import GONE, WELCOME, wanted
from flows.words import Msg, _
from storage import audit, members, places, role_grants, roster, settings
from storage import setup as stored
from storage.communities import Destination
from storage.role_grants import Grant
from storage.setup import SetUp
from storage.statement import Session


@dataclass(frozen=True)
class Group:
    """What is asked together: a channel with those who work there, or a role without a channel."""

    role: Role
    purpose: Purpose | None = None
    asks_who: bool = True
    """Whether it asks who holds the role: of several channels with the same people, the first does."""

    @property
    def kind(self) -> str:
        """The kind of its channel; empty where it has none."""
        return self.purpose.kind if self.purpose else ""

    @property
    def name(self) -> str:
        """By which a button names it."""
        return self.kind or self.role.name

    @property
    def settings(self) -> tuple[Setting, ...]:
        """What is asked along with its channel."""
        return self.purpose.settings if self.purpose else ()

    @property
    def title(self) -> Msg:
        """Above its form and on its button."""
        return self.purpose.title if self.purpose else self.role.title

    @cached_property
    def form(self) -> type[Form]:
        """Where they are reached, and who they are."""
        role, fields = self.role, dict[str, Any]()
        if self.purpose:
            fields["channel"] = pick(self.purpose.which, "place", help=self.purpose.posted)
        if role.which and self.asks_who:
            fields["role"] = pick(role.which, "role", required=False, help=role.which_help)
        if role.who and self.asks_who:
            fields["people"] = pick(role.who, "person", required=role.needed, many=True, help=role.who_help)
        fields |= {one.name: one.field for one in self.settings}
        types = {"channel": Picked, "role": Picked | None, "people": list[Picked] | None}
        return form_of(self.title, fields, _("Save"), {name: types[name] for name in fields.keys() & types.keys()})


@lru_cache(maxsize=4)
def groups(catalogue: Catalogue) -> dict[str, Group]:
    """All groups, those with a channel first."""
    with_place, have = list[Group](), set[str]()
    for one in catalogue.purposes.values():
        with_place.append(Group(catalogue.roles[one.role], one, asks_who=one.role not in have))
        have.add(one.role)
    others = [Group(role) for role in catalogue.roles.values() if role.name not in have]
    return {group.name: group for group in [*with_place, *others]}


def known() -> dict[str, Group]:
    """The groups of this Erbij."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    return groups(catalogue())


@dataclass(frozen=True, slots=True)
class By:
    """Which coordinator keeps something, and where."""

    community: str
    member: str
    space: Space
    now: int


def known_group(_session: Session, _context: Context, name: str) -> Msg | None:
    """One of the groups that there are."""
    return None if name in known() else OVER


@flow("setup_group", who=(COORDINATOR,), subject=known_group)
async def setup_group(chat: Chat, name: str) -> None:
    """The channel and the people of one group."""
    group = known()[name]
    if not chat.community_name:
        await chat.hand_over(SETUP)
    today = await chat.do("today", stored.read, chat.community)
    platform = chat.context.space.platform
    chosen = await chat.fill("chosen", group.form, draft_of(today, platform, group))
    # What nobody changed was not chosen.
    changed = {one.key: value for one in group.settings if (value := getattr(chosen, one.name)) != one.of(today.chosen)}
    channel, role = getattr(chosen, "channel", None), getattr(chosen, "role", None)
    people = getattr(chosen, "people", None) or []
    doubts = doubts_of(group, chosen, today, platform)
    if doubts:
        for doubt in doubts:
            chat.say(doubt)
        await chat.ask("sure", _("Shall I save it like this? To choose something else, choose “Back”."), KEEP)
    by = By(chat.community, chat.member, chat.context.space, await chat.now("now"))
    post = getattr(chosen, WANTED.name, "")
    if post and channel is not None:
        left = await chat.do("left", left_by_post, by, channel, on=post == "yes")
        for place in left:
            await chat.post(f"gone.{place.platform}", GONE, place=place, subject=WELCOME, why=Asked())
    if channel is not None:
        await chat.do("place", keep_place, by, group.kind, channel)
    if group.asks_who:
        await chat.do("people", keep_people, by, group.role.name, role, people)
    for key, value in changed.items():
        await chat.do(key.rpartition(".")[2], settings.choose, chat.community, key, value)
    if post == "yes":
        await chat.later("post", WELCOME, at=by.now)
    await chat.hand_over(SETUP)


@flow("setup_roles", who=(COORDINATOR,))
async def setup_roles(chat: Chat) -> None:
    """The groups that have no channel, and who is in them."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    today = await chat.do("today", stored.read, chat.community)
    others = [one for one in known().values() if one.purpose is None and one.role.name != COORDINATOR]
    chat.show(
        Shown(_("Other roles"), [(one.title, holders(today, one.role.name) or _("nobody yet")) for one in others])
    )
    for one in others:
        chat.show(Start("setup_group", one.name, one.title, "plain"))
    chat.show(Start(SETUP, "", _("Back to the setup"), "plain"))


@flow("setup_coordinators", who=(COORDINATOR,))
async def setup_coordinators(chat: Chat) -> None:
    """Who can set up and change all this; the form asks for one at least."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    group = known()[COORDINATOR]
    today = await chat.do("today", stored.read, chat.community)
    mine = await chat.do("mine", accounts_of, chat.community, chat.member)
    chosen: Any = await chat.fill("chosen", group.form, draft_of(today, chat.context.space.platform, group))
    doubts = list(role_doubts(group.role, chosen.role, len(chosen.people)))
    if not any(one.id in mine for one in chosen.people):
        doubts.append(_("You are not among the people you chose, so you may not be able to change this any more."))
    if doubts:
        for doubt in doubts:
            chat.say(doubt)
        await chat.ask("sure", _("Shall I save it like this? To choose something else, choose “Back”."), KEEP)
    by = By(chat.community, chat.member, chat.context.space, await chat.now("now"))
    await chat.do("people", keep_people, by, COORDINATOR, chosen.role, chosen.people)
    await chat.hand_over(SETUP)


def draft_of(now: SetUp, platform: str, group: Group) -> dict[str, Any]:
    """What a form shows at first: what holds on this platform."""
    held = [one for one in now.grants if one.platform == platform and one.role == group.role.name and not one.gone]
    roles = [_picked(grant.external_id, grant.name) for grant in held if grant.kind == "role"]
    people = [_picked(grant.external_id, grant.name) for grant in held if grant.kind == "person"]
    channels = [_picked(p.external_id, p.name) for p in now.places if p.platform == platform and p.kind == group.kind]
    drafts: dict[str, list[Any]] = {"channel": channels[:1], "role": roles[:1], "people": [people] if people else []}
    for one in group.settings:
        drafts[one.name] = [one.of(now.chosen)]
    if WANTED.name in drafts and not any(place.kind == group.kind for place in now.places):
        drafts[WANTED.name] = ["yes"]  # what is offered where nothing is set yet
    return {name: found[0] for name, found in drafts.items() if found}


def doubts_of(group: Group, chosen: Form, today: SetUp, platform: str) -> list[Msg]:
    """What of it may not be meant."""
    channel, people = getattr(chosen, "channel", None), getattr(chosen, "people", None) or []
    doubts = list(role_doubts(group.role, getattr(chosen, "role", None), len(people))) if group.asks_who else []
    if group.purpose is not None and channel is not None:
        doubts = [*place_doubts(group.purpose, channel, today, platform), *doubts]
    return doubts


def holders(now: SetUp, role: str) -> str:
    """The names of who holds a role and has not left."""
    held = (grant for grant in now.grants if grant.role == role and not grant.gone)
    return ", ".join(dict.fromkeys(grant.name for grant in held if grant.name))


def left_by_post(session: Session, by: By, chosen: Picked, *, on: bool) -> list[Destination]:
    """Where the standing post goes: from every channel, or, if it is wanted, from another one than is chosen."""
    if not wanted(session, by.community):
        return []
    stands = places.of_kind(session, by.community, "students")
    moved = [one for one in stands if one.platform == by.space.platform and one.external_id != chosen.id]
    return moved if on else stands


def keep_place(session: Session, by: By, kind: str, chosen: Picked) -> None:
    """The channel of a group on this platform."""
    places.choose(session, by.community, places.PlaceSet(kind, by.space.platform, by.space.id, chosen.id, chosen.name))
    audit.add(session, by.community, by.now, by.member, "set up", kind)


def keep_people(session: Session, by: By, role: str, platform_role: Picked | None, people: list[Picked]) -> None:
    """Who holds a role on this platform: these, and nobody else any more. What others held by it goes back."""
    platform = by.space.platform
    role_grants.revoke(session, by.community, role, platform)
    if platform_role is not None and not platform_role.open_to_all:
        role_grants.grant(session, by.community, Grant(role, platform, "role", platform_role.id, platform_role.name))
    for one in people:
        role_grants.grant(session, by.community, Grant(role, platform, "person", one.id, one.name))
    audit.add(session, by.community, by.now, by.member, "set up", role)
    if any(one.role.name == role and one.role.comes_with for one in known().values()):
        roster.again(session, by.community, by.now)


def accounts_of(session: Session, community: str, member: str) -> list[str]:
    """The platforms' ids of a member."""
    return [account.external_id for account in members.accounts(session, community, member)]


def _picked(ident: str, name: str) -> dict[str, Any]:
    return {"id": ident, "name": name, "can_post": True, "open_to_all": False}
