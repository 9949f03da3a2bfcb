"""The help panel: whom one can turn to, in full, or small beside something else."""

from __future__ import annotations

from flows.danger.lines import CHECKED, EMERGENCY, HelpLine, lines_of, numbers
from flows.engine import draw
from flows.engine.chat import Context, Piece, Shown
from flows.engine.nearby import CONTACT, COUNTRY
from flows.seam import Part
from flows.words import Msg, _
from flows.words.dates import day
from storage import communities, settings
from storage.statement import Session

HEAVY = _(
    "That sounds heavy. It is good that you say it. I am a program, and nobody reads your message right away. These "
    "people listen to you, also when it is about someone else. You do not need to know what to say."
)
WITHOUT = _("the emergency number of where you are")
Row = tuple[Msg | str, Msg | str]


def heavy(context: Context) -> list[Piece]:
    """What comes at once after words that sound like danger."""
    return [HEAVY, whole(context)]


def whole(context: Context) -> Shown:
    """All lines, with what each is for and when it answers, and since when Erbij knows them so."""
    country = context.setting(COUNTRY)
    rows = [(one.name, Msg("{about}: {how}", {"about": one.about, "how": _how(one)})) for one in lines_of(country)]
    checked = (_("Numbers last checked"), day(CHECKED, year=True))
    return Shown(_("Someone to talk to"), [*_first(context, country), *rows, checked])


def beside(context: Context) -> Shown:
    """The same in little, for a screen that is about something else."""
    country = context.setting(COUNTRY)
    lines, emergency = lines_of(country), _emergency(country)
    title = _("In danger: {emergency}.", emergency=emergency)
    if lines:
        number = lines[0].numbers[0]
        title = _("In danger: {emergency}. To talk to someone: {number}.", emergency=emergency, number=number)
    rows: list[Row] = [(one.name, _listed(numbers(one), one.page)) for one in lines]
    return Shown(title, [*_first(context, country)[1:], *rows], aside=True)


def _emergency(country: str) -> Msg | str:
    return WITHOUT if country == "elsewhere" else EMERGENCY


def _first(context: Context, country: str) -> list[Row]:
    """What comes before the lines: the emergency number, and whom the community itself names."""
    rows: list[Row] = [(_("In danger now"), _emergency(country))]
    contact = context.setting(CONTACT)
    return [*rows, (_("In your community"), contact)] if contact else rows


def _how(line: HelpLine) -> Msg:
    return _listed(numbers(line), line.hours, _("chat: {page}", page=line.page) if line.page else None)


def _listed(*things: Msg | str | None) -> Msg:
    there = {f"x{at}": thing for at, thing in enumerate(things) if thing}
    return Msg(", ".join(f"{{{name}}}" for name in there), dict(there))


def beside_page(session: Session, slug: str, language: str) -> tuple[str, list[Part]]:
    """The same for the first page of the community with this address, and the language as that community speaks it."""
    found = communities.by_slug(session, slug)
    if found is None:
        return language, []
    context = Context(time_zone=found.time_zone, chosen=settings.chosen(session, found.id), language=language)
    return context.language, draw.pieces([beside(context)], context.language)
