"""Setup at a glance: what is set, what is missing, what happens next, and a button for each thing to change."""

from collections.abc import Iterator

from flows.basics.programme import WELCOME
from flows.engine import COORDINATOR, SETTINGS, SETUP, Catalogue, Chat, Choice, Shown, Start, flow
from flows.engine.timers import recurring_key
from flows.engine.wall_clock import fits, wall_of
from flows.setup.groups import holders
from flows.setup.rules import missing, next_step, wanted_here
from flows.words import NAMES, Msg, _, dates
from storage import due
from storage import setup as stored
from storage.days import local
from storage.setup import SetUp

MOST_LEFT = 5
"""Of who has left, so many are shown."""
PLATFORMS = {"discord": "Discord", "teams": "Microsoft Teams", "web": "web"}
NEW_OR_CODE = (Choice("new", _("A new community"), "primary"), Choice("code", _("I have a code")))


@flow(SETUP, who=(COORDINATOR,))
async def setup(chat: Chat) -> None:
    """Where a new community begins, and where one comes back to for each change."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    known = catalogue()
    now = await chat.do("now", stored.read, chat.community)
    if not now.name:
        chat.say(_("Good that you are here. In about three minutes everything is ready."))
        which = await chat.ask(
            "which",
            _("Is this a new community, or does one that uses Erbij on another platform come here too?"),
            NEW_OR_CODE,
        )
        await chat.hand_over("setup_about" if which == "new" else "setup_join")
    chat.show(Shown(now.name, list(rows(now, known, chat.page))))
    # One thing at a time: the card shows all that is not set yet.
    chat.say(next(iter(missing(now, known).values()), _("Everything is set.")))
    at = await chat.do("next", due.when, recurring_key(chat.community, "open_check_in"))
    if at is not None and any(place.kind == "students" for place in now.places):
        following = dates.moment(local(at, now.time_zone))
        chat.say(_("The next check-in comes on {moment}, in the students' channel.", moment=following))
        weekly = next(one for one in known.recurring if one.job == "open_check_in").of(now.chosen)
        if not fits(weekly.cron, wall_of(at, now.time_zone)):
            chat.say(_("After that it comes at the time that you chose: this week's had passed already."))
    for way in ways_on(now, known):
        chat.show(way)


def rows(now: SetUp, known: Catalogue, page: str) -> Iterator[tuple[Msg | str, Msg | str]]:
    """What is set, a line for each thing."""
    yield _("Language"), NAMES[now.language]
    yield _("Time zone"), now.time_zone
    for section in (one for one in known.sections.values() if not one.under):
        yield section.title, section.shown(now.chosen, now.time_zone)
    if page:
        # The address ends in the community's own; just after it got its name, the chat knows the old one still.
        yield _("Erbij’s page"), f"{page.rpartition('/')[0]}/{now.slug}"
    several = len({p.platform for p in now.places} | {g.platform for g in now.grants}) > 1
    for purpose in wanted_here(now, known):
        here = [p for p in now.places if p.kind == purpose.kind]
        channels = [p.name + (f" ({PLATFORMS[p.platform]})" if several else "") for p in here]
        where: Msg | str = ", ".join(channels) or _("no channel yet")
        people = holders(now, purpose.role)
        nobody = _("nobody yet") if known.roles[purpose.role].nobody else ""
        yield (
            purpose.title,
            Msg("{where} · {who}", {"where": where, "who": people or nobody}) if people or nobody else where,
        )
    if any(place.kind == "students" for place in now.places):
        yield _("Post with buttons"), _("in the students' channel") if WELCOME.of(now.chosen) == "yes" else _("none")
    gone = ", ".join(grant.name for grant in now.grants if grant.gone)
    yield _("Coordinators"), holders(now, COORDINATOR) or (_("{names} (has left)", names=gone) if gone else "")
    for role, at in [one for one in now.left if one[0] in known.roles][:MOST_LEFT]:
        when = dates.day(local(at, now.time_zone).date())
        yield _("No longer here"), Msg("{role}, {day}", {"role": known.roles[role].one, "day": when})


def ways_on(now: SetUp, known: Catalogue) -> Iterator[Start]:
    """A button for each thing; the one that comes next stands out."""
    following = next_step(now, known)
    for one in wanted_here(now, known):
        yield Start("setup_group", one.kind, one.title, "primary" if one.kind == following else "plain")
    yield Start("setup_coordinators", "", _("Coordinators"), "plain")
    yield Start("setup_roles", "", _("Other roles"), "plain")
    yield Start(SETTINGS, "", _("Settings"), "plain")
    yield Start("setup_about", "", _("Name, language and more"), "plain")
    yield Start("setup_code", "", _("Another platform"), "plain")
