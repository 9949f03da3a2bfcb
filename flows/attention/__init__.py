"""Attention: what Erbij sends without being asked is little, and everyone can pause it, have less of it, or stop it."""

from typing import Any

from flows.attention.fan_out import fan_out
from flows.attention.held_back import held_back
from flows.attention.wishes import (
    HELD_BACK,
    LESS,
    MESSAGES,
    ON,
    PAUSE,
    SENT_UNASKED,
    STOP,
    fewer_messages,
    messages,
    messages_on,
    my_clock,
    pause_messages,
    stop_messages,
)
from flows.engine import Capability, Command, Held
from flows.words import Msg, _, listed


def wanted(known: dict[str, Any]) -> Msg | str | None:
    """What somebody wants of messages that they did not ask for."""
    said: list[Msg | str] = []
    if known.get("stopped"):
        said.append(_("none at all"))
    if known.get("paused_until"):
        said.append(_("none until {day}", day=known["paused_until"]))
    if known.get("less_often"):
        said.append(_("less often"))
    if known.get("time_zone"):
        said.append(_("your time zone: {zone}", zone=known["time_zone"]))
    return listed(said) if said else None


capability = Capability(
    "attention",
    flows=(messages, pause_messages, fewer_messages, stop_messages, messages_on, my_clock, held_back),
    jobs=(fan_out,),
    settings=(SENT_UNASKED,),
    commands=(
        Command(
            word=MESSAGES,
            about=_("choose how much I send you by myself"),
            button=_("Messages from me"),
            flow="messages",
            always=True,
        ),
        Command(
            word=PAUSE,
            about=_("no messages from me for a while"),
            button=_("Pause messages"),
            flow="pause_messages",
            always=True,
            listed=False,
            also=(_("pause until"),),
        ),
        Command(
            word=LESS,
            about=_("fewer messages from me"),
            button=_("Less often"),
            flow="fewer_messages",
            always=True,
            listed=False,
            also=("fewer messages", "minder berichten", "weniger nachrichten"),
        ),
        Command(
            word=STOP,
            about=_("no more messages that you did not ask for"),
            button=_("Stop messages"),
            flow="stop_messages",
            always=True,
            listed=False,
            also=(
                _("stop messages"),
                *("no more messages", "stop sending me messages", "unsubscribe", "mute", "opt out"),
                *("geen berichten meer", "stuur me geen berichten meer", "stop met berichten", "afmelden"),
                *("nicht mehr schreiben", "schreib mir nicht mehr", "abmelden", "abbestellen"),
            ),
            stops=True,
        ),
        Command(
            word=ON,
            about=_("messages as usual again"),
            button=_("Messages as usual"),
            flow="messages_on",
            always=True,
            listed=False,
        ),
        Command(
            word=HELD_BACK,
            about=_("see what I did not send you, and why"),
            button=_("What you did not get"),
            flow="held_back",
            always=True,
            listed=False,
        ),
    ),
    held=(
        Held("attention", _("Messages you did not ask for"), wanted),
        Held("held_back", _("Messages that I held back: type “{word}” to read them", word=HELD_BACK)),
    ),
)
