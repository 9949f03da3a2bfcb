"""Wishes: how much somebody wants of what they did not ask for. Each counts at once, and for everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from flows.attention.reading import zone_in
from flows.engine import (
    COORDINATOR,
    EVERYONE,
    Chat,
    Choice,
    Form,
    Questions,
    Section,
    Setting,
    Start,
    flow,
    line,
    options,
)
from flows.engine.fields import Day
from flows.gate.rules import BUDGET, BUDGET_KEY, CHOICES, CLOSES, OPENS, SELDOM_WEEKS
from flows.words import Msg, _, n_
from flows.words.dates import day as dated
from flows.words.dates import hour
from storage import attention
from storage.attention import Wishes
from storage.days import local
from storage.days import zone as known_zone
from storage.statement import Session

MESSAGES, PAUSE, LESS, STOP = _("messages"), _("pause"), _("less often"), _("no messages")
ON, HELD_BACK = _("messages on"), _("held back")
A_WEEK = Setting(
    BUDGET_KEY,
    str(BUDGET),
    options(
        _("How many messages a week, at most?"),
        [(one, one) for one in CHOICES],
        help=_("Of those that nobody asked for, from all that I do. Everyone can have fewer, or none."),
    ),
)


def in_a_week(values: dict[str, str]) -> Msg:
    """What holds, in a line."""
    return _("at most {n} a week", n=values[A_WEEK.name])


SENT_UNASKED = Section("attention", _("Messages that nobody asked for"), (A_WEEK,), summary=in_a_week)
LONGEST = 366
"""Days that a pause can last: it ends by itself, and nobody remembers a longer one."""
ASKED_FOR = _(
    "What you asked for yourself still comes. To hear no more of answers to something you told: type “{answer}” and "
    "choose “{words}”.",
    answer=_("answer"),
    words=_("Only my six words"),
)
"""Said to everybody alike, so that it tells nothing of who told what."""
CHANNEL = _("What stands in channels, a check-in say, still comes there.")
DUTY = _("As one of the team here you still hear that cases wait.")
HEARS = frozenset({"case_reader", COORDINATOR})
"""Who is told that cases wait, whatever they stopped."""


@flow("messages", who=(EVERYONE,))
async def messages(chat: Chat) -> None:
    """What somebody gets now, and a button for each other wish."""
    now = await chat.now("now")
    theirs = await chat.look("theirs", attention.wishes, chat.community, chat.member)
    usual = not (theirs.stopped or theirs.seldom or theirs.paused_until > now)
    if usual:
        chat.say(
            n_(
                "By myself I send you at most one message a week, on working days between {opens} and {closes}. What "
                "falls together comes as one message.",
                "By myself I send you at most {n} messages a week, on working days between {opens} and {closes}. What "
                "falls together comes as one message.",
                int(chat.setting(A_WEEK)),
                opens=hour(OPENS),
                closes=hour(CLOSES),
            )
        )
    for sentence in state(theirs, now, chat):
        chat.say(sentence)
    chat.show(Start("pause_messages", "", _("Pause messages"), "plain"))
    if not theirs.seldom:
        chat.show(Start("fewer_messages", "", _("Less often"), "plain"))
    if not theirs.stopped:
        chat.show(Start("stop_messages", "", _("Stop messages"), "plain"))
    if not usual:
        chat.show(Start("messages_on", "", _("Messages as usual"), "plain"))
    chat.show(Start("held_back", "", _("What you did not get"), "plain"))
    chat.show(Start("my_clock", "", _("I am in another time zone"), "plain"))


def state(theirs: Wishes, now: int, chat: Chat) -> list[Msg]:
    """What somebody wants by now, in words."""
    said = []
    if theirs.stopped:
        said.append(_("You stopped them: nothing comes that you did not ask for."))
    elif theirs.paused_until > now:
        said.append(_("They are paused until {day}.", day=on_day(theirs.paused_until, theirs, chat)))
    if theirs.seldom and not theirs.stopped:
        said.append(
            n_("You wanted them less often: one a week.", "You wanted them less often: one in {n} weeks.", SELDOM_WEEKS)
        )
    if theirs.time_zone:
        said.append(_("Your nights and weekends go by the time in {zone}.", zone=theirs.time_zone))
    return said


def until_when(today: date) -> Questions:
    """Asks for the day on which messages may come again."""
    asked = Day(
        text=_("From which day may I write to you again?"),
        earliest=(today + timedelta(days=1)).isoformat(),
        latest=(today + timedelta(days=LONGEST)).isoformat(),
    )
    return Questions(_("Pause messages"), {"day": asked}, _("Pause"))


LENGTHS = (
    Choice("7", _("A week")),
    Choice("28", _("Four weeks")),
    Choice("day", _("Until a day that I choose")),
)


@flow("pause_messages", who=(EVERYONE,))
async def pause_messages(chat: Chat) -> None:
    """No messages for a while; it ends by itself."""
    theirs = await chat.do("theirs", attention.wishes, chat.community, chat.member)
    length = await chat.ask("length", _("For how long shall I leave you alone?"), LENGTHS)
    now = await chat.now("now")
    zone = theirs.time_zone or chat.time_zone
    today = local(now, zone).date()
    if length == "day":
        chosen = await chat.fill("until", until_when(today))
        day = date.fromisoformat(chosen.answers["day"])
    else:
        day = today + timedelta(days=int(length))
    until = int(datetime.combine(day, datetime.min.time(), known_zone(zone)).timestamp() * 1000)
    await chat.do("keep", keep, chat.community, chat.member, "paused_until", until)
    chat.say(
        _(
            "Good. Until {day} I send you nothing that you did not ask for. The pause ends by itself.",
            day=dated(day, year=True),
        )
    )
    end(chat)


@flow("fewer_messages", who=(EVERYONE,))
async def fewer_messages(chat: Chat) -> None:
    """Less often than others."""
    await chat.do("keep", keep, chat.community, chat.member, "seldom", 1)
    chat.say(
        n_(
            "Good. By myself I send you at most one message a week.",
            "Good. By myself I send you at most one message in {n} weeks.",
            SELDOM_WEEKS,
        )
    )
    end(chat)


@flow("stop_messages", who=(EVERYONE,))
async def stop_messages(chat: Chat) -> None:
    """Nothing any more that nobody asked for."""
    await chat.do("keep", keep, chat.community, chat.member, "stopped", 1)
    chat.say(_("Good. From now on I send you nothing that you did not ask for."))
    end(chat)


@flow("messages_on", who=(EVERYONE,))
async def messages_on(chat: Chat) -> None:
    """As usual again."""
    await chat.do("keep", as_usual, chat.community, chat.member)
    chat.say(_("Good. I write to you as usual again."))


class Clock(Form):
    """By which clock somebody lives."""

    title = _("Your time zone")
    submit = _("Save")
    place: str = line(
        _("Which large city near you has the same time?"), most=60, help=_("Paris, say, or Europe/Paris.")
    )


@flow("my_clock", who=(EVERYONE,))
async def my_clock(chat: Chat) -> None:
    """By whose nights and weekends messages wait."""
    zone, tries = "", 0
    while not zone:
        typed = await chat.fill(f"place.{tries}", Clock)
        zone = zone_in(typed.place)
        tries += 1
        if not zone:
            chat.say(_("I do not know that one. Please name another large city with the same time."))
    await chat.do("keep", keep, chat.community, chat.member, "time_zone", zone)
    chat.say(_("Good. For you it is night and weekend by the time in {zone}.", zone=zone))


def end(chat: Chat) -> None:
    """What still comes, and the way back."""
    chat.say(CHANNEL)
    chat.say(ASKED_FOR)
    if chat.context.roles & HEARS:
        chat.say(DUTY)
    chat.show(Start("messages_on", "", _("Messages as usual"), "plain"))


def keep(session: Session, community: str, member: str, what: str, value: int | str) -> None:
    """One wish more."""
    changed = {what: bool(value) if what in ("stopped", "seldom") else value}
    attention.wish(session, community, member, replace(attention.wishes(session, community, member), **changed))  # type: ignore[arg-type]


def as_usual(session: Session, community: str, member: str) -> None:
    """No wishes any more; the clock stays."""
    zone = attention.wishes(session, community, member).time_zone
    attention.wish(session, community, member, Wishes(time_zone=zone))


def on_day(at: int, theirs: Wishes, chat: Chat) -> Msg:
    """A moment's day, as this person says it."""
    return dated(local(at, theirs.time_zone or chat.time_zone).date(), year=True)
