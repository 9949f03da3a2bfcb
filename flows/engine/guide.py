"""Where somebody hears what they can do: at a greeting, and where what they did leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.engine import draw, offers, panel
from flows.engine.arrival import BEGIN
from flows.engine.declared import names_of
from flows.engine.flow import EVERYONE, Flow
from flows.engine.sentences import IN_THE_CHAT, NOT_SET_UP, NOT_UNDERSTOOD, greeting, not_for_you

if TYPE_CHECKING:
    from flows.engine.turn import Turn


def greet(turn: Turn) -> None:
    """The first words to someone; before a community has its name they lead to setup."""
    if turn.context.absent is not None:
        turn.say(turn.context.absent, "greeted")
    elif turn.context.community_name:
        turn.say(greeting(turn.context.community_name), "greeted")
        offer(turn)
    else:
        turn.parts += draw.pieces([NOT_SET_UP, BEGIN], turn.context.language)
        turn.kind = turn.kind or "greeted"


def not_understood(turn: Turn, kind: str) -> None:
    """What somebody wrote means nothing to Erbij; where it sounds heavy, that is not what they hear."""
    turn.kind = turn.kind or kind
    if not turn.heavy:
        turn.say(NOT_UNDERSTOOD)
        offer(turn)


def refused(turn: Turn, flow: Flow) -> None:
    """Whom it is for, and what this person can do instead."""
    me = turn.context
    if me.absent is not None:
        turn.say(me.absent, "refused")
    elif not me.account and EVERYONE in flow.who:
        turn.say(IN_THE_CHAT, "refused")
    else:
        turn.say(not_for_you(names_of(turn.catalogue.roles, flow.who, me.chosen)), "refused")
        if me.account and me.community_name:
            offer(turn)


def offer(turn: Turn) -> None:
    """A button for each thing that this person can do now, and whom they can turn to, in little."""
    turn.pieces([*offers.for_now(turn.session, turn.catalogue, turn.context), panel.beside(turn.context)])
