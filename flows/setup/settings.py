"""Settings: each capability declares its own, and here a coordinator sees and changes them."""

from collections.abc import Iterator
from typing import Any

from flows.engine import COORDINATOR, SETTINGS, SETUP, Chat, Context, Shown, Start, flow, panel
from flows.engine.declared import Section, names_of
from flows.engine.flow import Flow
from flows.engine.sentences import OVER, not_for_you
from flows.engine.timers import set_right
from flows.setup.own_words import WORD
from flows.setup.rules import KEEP
from flows.words import Msg, _
from storage import audit, communities, settings
from storage.statement import Session

Values = dict[str, Any]
"""By the name of a setting in its section."""


def sections() -> dict[str, Section]:
    """All that can be changed, by name."""
    from flows.catalogue import catalogue  # here, because the catalogue holds this flow

    return catalogue().sections


def offers(_session: Session, context: Context) -> Iterator[Start]:
    """For who is no coordinator and may change a setting: setup is closed to them."""
    if COORDINATOR not in context.roles:
        mine = (one for one in sections().values() if one.who & context.roles)
        yield from (Start(SETTINGS, one.name, one.title, "plain") for one in mine)


def known_section(_session: Session, context: Context, name: str) -> Msg | None:
    """One that there is, for this person; without a name, the list of them."""
    if name and name not in sections() and name not in entries():
        return OVER
    return None if may_change(context, name) else refusal(context, name)


def may_change(context: Context, name: str) -> bool:
    """Whether somebody may change a section, by the roles they have now."""
    return bool(context.roles & who_may(name))


def who_may(name: str) -> frozenset[str]:
    """Who changes a section, or sees a list of them."""
    return sections()[name].who if name in sections() else frozenset({COORDINATOR})


def entries() -> dict[str, Msg]:
    """The lists of sections, by name: all of them, and those that an entry leads to."""
    return {"": _("Settings"), WORD: _("Own words")}


def refusal(context: Context, name: str) -> Msg:
    """For whom it is."""
    from flows.catalogue import catalogue  # as above

    return not_for_you(names_of(catalogue().roles, who_may(name), context.chosen))


@flow(SETTINGS, who=(COORDINATOR,), subject=known_section)
async def setup_settings(chat: Chat, name: str) -> None:
    """The list of what can be set, or one part of it."""
    if name in entries():
        here = [one for one in sections().values() if one.under == name]
        rows = [(one.title, one.shown(chat.context.chosen, chat.time_zone)) for one in here]
        chat.show(Shown(entries()[name], rows))
        for one in here:
            chat.show(Start(SETTINGS, one.name, one.title, "plain"))
        if not name:
            chat.show(Start(SETTINGS, WORD, entries()[WORD], "plain"))
        chat.show(Start(SETUP, "", _("Back to the setup"), "plain"))
        return
    await change(chat, name)


def earlier(name: str, section: str) -> Flow:
    """A flow of before there was one for all settings: who is in the middle of it goes on, and its buttons work."""

    @flow(name, who=(COORDINATOR,))
    async def setup_section(chat: Chat) -> None:
        await change(chat, section)

    return setup_section


EARLIER = (earlier("setup_reminders", "reminders"), earlier("setup_help", "help"))


async def change(chat: Chat, name: str) -> None:
    """What holds, as a form; what was changed in it is kept, and nothing else, so two people do not undo each other."""
    if not chat.community_name:
        await chat.hand_over(SETUP)
    if not may_change(chat.context, name):  # the role may be lost while the form was open
        chat.say(refusal(chat.context, name))
        return
    section = sections()[name]
    before = await chat.do("values", values_of, name, chat.context)
    wanted, tries = before, 0
    wrong: list[Msg] | None = None
    while wrong is None or wrong:
        filled = await chat.fill(f"chosen.{tries}" if tries else "chosen", section.form, wanted)
        wanted = {one.name: "" if (value := getattr(filled, one.name)) is None else value for one in section.settings}
        wrong = list(wrong_in(section, wanted))
        tries += 1
        for sentence in wrong:
            chat.say(sentence)
    if doubts := list(doubts_of(section, before, wanted, chat.context)):
        for doubt in doubts:
            chat.say(doubt)
        await chat.ask("sure", _("Shall I save it like this? To choose something else, choose “Back”."), KEEP)
    now = await chat.now("now")
    # What follows from the time zone is chosen by who saw it and saved: it does not change by itself any more.
    follows = {one.name for one in section.settings if callable(one.default)}
    changed = {key: value for key, value in wanted.items() if value != before.get(key) or key in follows}
    await chat.do("keep", keep, chat.context, name, changed, now)
    if name == "help":
        chat.say(_("This is what people get to see:"))
        chosen = {f"{name}.{key}": value for key, value in wanted.items()}
        chat.show(panel.whole(Context(chosen=chosen, time_zone=chat.time_zone, language=chat.language)))
    chat.say(_("Saved."))
    if COORDINATOR in chat.context.roles:
        await chat.hand_over(SETUP)


def wrong_in(section: Section, wanted: Values) -> Iterator[Msg]:
    """What cannot be kept."""
    for one in section.settings:
        if one.wrong is not None and (why := one.wrong(wanted[one.name])) is not None:
            yield why


def doubts_of(section: Section, before: Values, wanted: Values, context: Context) -> Iterator[Msg]:
    """Why some of it may not be meant; what was kept before in spite of it is not asked again."""
    for one in section.settings:
        value = wanted[one.name]
        if one.doubt is not None and value != before.get(one.name) and (why := one.doubt(value, context)) is not None:
            yield why
    if section.doubts is not None and (why := section.doubts(wanted)) is not None:
        yield why


def values_of(session: Session, name: str, context: Context) -> Values:
    """What holds in a section."""
    return sections()[name].values(settings.chosen(session, context.community), context.time_zone)


def keep(session: Session, context: Context, name: str, changed: Values, now: int) -> None:
    """Keep what was changed. What recurs at a time that was changed comes at the new one."""
    from flows.catalogue import catalogue  # as above

    communities.lock(session, context.community)  # else two at once would set the clock by half of what they chose
    for key, value in changed.items():
        settings.choose(session, context.community, f"{name}.{key}", value)
    set_right(session, catalogue(), context.community, context.time_zone, now)
    audit.add(session, context.community, now, context.member, "set up", name)
    for one in sections()[name].settings:
        if one.name in changed and one.changed is not None:
            one.changed(session, context.community, now)
