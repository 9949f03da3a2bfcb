"""Who a community is: its name, its language, and its clock."""

from dataclasses import dataclass

from flows.danger.lines import COUNTRIES
from flows.engine import COORDINATOR, SETUP, Chat, Form, Shown, flow, line, options
from flows.engine.nearby import COUNTRY
from flows.engine.timers import moves, set_right, wind
from flows.setup.rules import KEEP, free_slug
from flows.words import NAMES, Msg, _, dates
from storage import audit, communities, members, role_grants
from storage.communities import CommunityInfo
from storage.days import local
from storage.role_grants import Grant
from storage.statement import Session

ZONES = (
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Brussels",
    "Europe/Bucharest",
    "Europe/Budapest",
    "Europe/Copenhagen",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Luxembourg",
    "Europe/Madrid",
    "Europe/Oslo",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Rome",
    "Europe/Stockholm",
    "Europe/Vienna",
    "Europe/Warsaw",
    "Europe/Zurich",
    "America/Curacao",
    "America/Paramaribo",
    "UTC",
)


class About(Form):
    """A community in three answers."""

    title = _("About your community")
    submit = _("Save")

    name: str = line(
        _("What is your community called?"), most=80, help=_("“{example}”, say.", example=_("Psychology, year 1"))
    )
    language: str = options(
        _("Which language do I speak?"),
        [(tag, name) for tag, name in NAMES.items()],
        help=_("Posts are in this language. Everyone can choose their own for what I say to them."),
    )
    time_zone: str = options(_("Which time zone are you in?"), [(zone, zone) for zone in ZONES])


@dataclass(frozen=True, slots=True)
class Founder:
    """Who keeps this."""

    member: str
    name: str


@dataclass(frozen=True, slots=True)
class Move:
    """Something that comes at another moment than it would have; both in ms, ``at`` None for at once."""

    seen: Msg
    before: int
    at: int | None


@flow("setup_about", who=(COORDINATOR,))
async def setup_about(chat: Chat) -> None:
    """Name a community, or change what it is called."""
    today = await chat.do("today", today_of, chat.community)
    about = await chat.fill("about", About, today)
    now = await chat.now("now")
    if moved := await chat.look("moves", moves_in, chat.community, about.time_zone, now):
        rows = [_moved(one, chat.time_zone, about.time_zone) for one in moved]
        chat.show(Shown(_("What moves"), [*rows, *_helplines(chat, about.time_zone)]))
        chat.say(_("All times of day stay as they are. From now on they count in {zone}.", zone=about.time_zone))
        await chat.ask("moves_so", _("Shall I save it like this?"), KEEP)
    await chat.do("keep", keep, chat.community, Founder(chat.member, chat.context.name), about, now)
    await chat.hand_over(SETUP)


def today_of(session: Session, community: str) -> dict[str, str]:
    """What the form shows at first."""
    now = communities.about(session, community)
    return {"name": now.name, "language": now.language, "time_zone": now.time_zone}


def moves_in(session: Session, community: str, time_zone: str, now: int) -> list[Move]:
    """What another time zone would move, of what people see."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    found = moves(session, catalogue(), community, time_zone, now)
    return [Move(one.seen, before, at if at > now else None) for one, before, at in found if one.seen is not None]


def _moved(move: Move, old: str, new: str) -> tuple[Msg, Msg]:
    """When it was to come, and when it comes now, each by its own clock."""
    if move.at is None:
        return move.seen, _("at once: there its time has just passed")
    before, at = dates.moment(local(move.before, old)), dates.moment(local(move.at, new))
    return move.seen, _("so far {before} ({old}), from now on {at} ({new})", before=before, old=old, at=at, new=new)


def _helplines(chat: Chat, zone: str) -> list[tuple[Msg, Msg]]:
    """Whose helplines people are shown, where nobody chose the country and it follows the zone."""
    before, after = (COUNTRIES[COUNTRY.of(chat.context.chosen, one)] for one in (chat.time_zone, zone))
    if before == after:
        return []
    return [(_("Helplines"), _("so far those for {before}, from now on those for {after}", before=before, after=after))]


def keep(session: Session, community: str, who: Founder, about: About, now: int) -> None:
    """Keep who the community is. With its name it begins: its case page, and all that recurs in it."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    before = communities.about(session, community)
    slug = before.slug
    if not before.name:
        slug = free_slug(about.name, [one.slug for one in communities.every(session)])
        communities.add_space(session, community, "page", slug)
        for account in members.accounts(session, community, who.member):
            # Not every platform says again later who may do this.
            role_grants.grant(
                session, community, Grant(COORDINATOR, account.platform, "person", account.external_id, who.name)
            )
    communities.change(session, CommunityInfo(community, slug, about.name, about.language, about.time_zone))
    if not before.name:
        wind(session, catalogue(), community, about.time_zone, now)
    elif before.time_zone != about.time_zone:
        set_right(session, catalogue(), community, about.time_zone, now)
    audit.add(session, community, now, who.member, "set up", "about")
