"""Setup at a glance: what is set, what is missing, what happens next, and a button for each thing to change."""

from collections.abc import Iterator

from flows.danger.lines import COUNTRIES, country_of
from flows.engine import COORDINATOR, SETUP, Chat, Choice, Shown, Start, flow
from flows.engine.timers import recurring_key
from flows.setup.reminders import working_days
from flows.setup.rules import NOBODY, ROLES, missing, next_step
from flows.words import NAMES, Msg, _, dates
from storage import due
from storage import setup as stored
from storage.days import local
from storage.setup import SetUp

GROUPS = {"students": _("Students"), "mentors": _("Mentors"), "leads": _("Team leads")}
ONE = {"mentor": _("mentor"), "lead": _("team lead"), COORDINATOR: _("coordinator"), "teacher": _("teacher")}
"""One of those who hold a role."""
MOST_LEFT = 5
"""Of who has left, so many are shown."""
PLATFORMS = {"discord": "Discord", "teams": "Microsoft Teams", "web": "web"}
NEW_OR_CODE = (Choice("new", _("A new community"), "primary"), Choice("code", _("I have a code")))


@flow(SETUP, who=(COORDINATOR,))
async def setup(chat: Chat) -> None:
    """Where a new community begins, and where one comes back to for each change."""
    now = await chat.do("now", stored.read, chat.community)
    if not now.name:
        chat.say(_("Good that you are here. In about three minutes everything is ready."))
        which = await chat.ask(
            "which",
            _("Is this a new community, or does one that uses Erbij on another platform come here too?"),
            NEW_OR_CODE,
        )
        await chat.hand_over("setup_about" if which == "new" else "setup_join")
    chat.show(Shown(now.name, list(rows(now, chat.page))))
    # One thing at a time: the card shows all that is not set yet.
    chat.say(next(iter(missing(now).values()), _("Everything is set.")))
    at = await chat.do("next", due.when, recurring_key(chat.community, "open_check_in"))
    if at is not None and any(place.kind == "students" for place in now.places):
        chat.say(
            _(
                "The next check-in comes on {moment}, in the students' channel.",
                moment=dates.moment(local(at, now.time_zone)),
            )
        )
    for way in ways_on(now):
        chat.show(way)


def rows(now: SetUp, page: str) -> Iterator[tuple[Msg | str, Msg | str]]:
    """What is set, a line for each thing."""
    yield _("Language"), NAMES[now.language]
    yield _("Time zone"), now.time_zone
    yield _("Cases"), _("only on Erbij’s page") if now.doorbell else _("in the chat, or on Erbij’s page")
    yield (
        _("When a case waits"),
        _(
            "mentors are reminded: {mentors}; coordinators are told: {coordinators}",
            mentors=working_days(now.mentors_after),
            coordinators=working_days(now.coordinators_after),
        ),
    )
    if page:
        # The address ends in the community's own; just after it got its name, the chat knows the old one still.
        yield _("Erbij’s page"), f"{page.rpartition('/')[0]}/{now.slug}"
    yield _("Help in danger"), _help(now)
    several = len({p.platform for p in now.places} | {g.platform for g in now.grants}) > 1
    for kind, group in GROUPS.items():
        channels = [p.name + (f" ({PLATFORMS[p.platform]})" if several else "") for p in now.places if p.kind == kind]
        where: Msg | str = ", ".join(channels) or _("no channel yet")
        people = holders(now, ROLES[kind])
        nobody = _("nobody yet") if ROLES[kind] in NOBODY else ""
        yield group, Msg("{where} · {who}", {"where": where, "who": people or nobody}) if people or nobody else where
    if any(place.kind == "students" for place in now.places):
        yield _("Post with buttons"), _("in the students' channel") if now.welcome else _("none")
    gone = ", ".join(grant.name for grant in now.grants if grant.gone)
    yield _("Coordinators"), holders(now, COORDINATOR) or (_("{names} (has left)", names=gone) if gone else "")
    for role, at in now.left[:MOST_LEFT]:
        when = dates.day(local(at, now.time_zone).date())
        yield _("No longer here"), Msg("{role}, {day}", {"role": ONE[role], "day": when})


def _help(now: SetUp) -> Msg:
    """By which helplines, and whom the community names itself."""
    country = COUNTRIES[country_of(now.country, now.time_zone)]
    return Msg("{country} · {whom}", {"country": country, "whom": now.contact or _("nobody of your own yet")})


def holders(now: SetUp, role: str) -> str:
    """The names of who holds a role and has not left."""
    held = (grant for grant in now.grants if grant.role == role and not grant.gone)
    return ", ".join(dict.fromkeys(grant.name for grant in held if grant.name))


def ways_on(now: SetUp) -> Iterator[Start]:
    """A button for each thing; the one that comes next stands out."""
    following = next_step(now)
    for kind, group in GROUPS.items():
        yield Start("setup_group", kind, group, "primary" if kind == following else "plain")
    yield Start("setup_help", "", _("Whom to turn to"), "plain")
    yield Start("setup_coordinators", "", _("Coordinators"), "plain")
    yield Start("setup_reminders", "", _("When a case waits"), "plain")
    yield Start("setup_about", "", _("Name, language and more"), "plain")
    yield Start("setup_code", "", _("Another platform"), "plain")
