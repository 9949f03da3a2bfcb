"""Whom people of a community can turn to when Erbij is not the place: the country's helplines, and somebody near."""

from flows.danger.lines import COUNTRIES, country_of
from flows.engine import COORDINATOR, SETUP, Chat, Context, Form, flow, line, options, panel
from flows.words import _
from storage import audit, communities
from storage.statement import Session


class TurnTo(Form):
    """By which helplines, and who is near."""

    title = _("Whom to turn to")
    submit = _("Save")

    country: str = options(
        _("In which country are you?"),
        list(COUNTRIES.items()),
        help=_("I show that country's helplines. At first I go by your time zone."),
    )
    contact: str | None = line(
        _("Who can help students here?"),
        most=200,
        required=False,
        help=_("A desk or a role with its room or number, no name. All students see it."),
    )


@flow("setup_help", who=(COORDINATOR,))
async def setup_help(chat: Chat) -> None:
    """What the help panel of this community shows."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    today = await chat.do("today", today_of, chat.context)
    chosen = await chat.fill("chosen", TurnTo, today)
    now = await chat.now("now")
    await chat.do("keep", keep, chat.community, chat.member, chosen, now)
    chat.say(_("This is what people get to see:"))
    chat.show(panel.whole(Context(country=chosen.country, contact=chosen.contact or "", language=chat.language)))
    await chat.hand_over(SETUP)


def today_of(_session: Session, context: Context) -> dict[str, str]:
    """What the form shows at first."""
    return {"country": country_of(context.country, context.time_zone), "contact": context.contact}


def keep(session: Session, community: str, member: str, chosen: TurnTo, now: int) -> None:
    """Keep it."""
    communities.set_help(session, community, chosen.country, chosen.contact or "")
    audit.add(session, community, now, member, "set up", "help")
