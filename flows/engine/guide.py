"""Where somebody hears what they can do: at a greeting, and where what they did leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.engine import draw, offers, panel
from flows.engine.arrival import BEGIN
from flows.engine.declared import names_of
from flows.engine.flow import EVERYONE, Flow
from flows.engine.sentences import IN_THE_CHAT, NOT_SET_UP, NOT_UNDERSTOOD, greeting, not_for_you

if TYPE_CHECKING:
    from flows.engine.taking import Taking


def greet(taking: Taking) -> None:
    """The first words to someone; before a community has its name they lead to setup."""
    if taking.context.absent is not None:
        taking.say(taking.context.absent, "greeted")
    elif taking.context.community_name:
        taking.say(greeting(taking.context.community_name), "greeted")
        offer(taking)
    else:
        taking.parts += draw.pieces([NOT_SET_UP, BEGIN], taking.context.language)
        taking.kind = taking.kind or "greeted"


def not_understood(taking: Taking, kind: str) -> None:
    """What somebody wrote means nothing to Erbij; where it sounds heavy, that is not what they hear."""
    taking.kind = taking.kind or kind
    if not taking.heavy:
        taking.say(NOT_UNDERSTOOD)
        offer(taking)


def refused(taking: Taking, flow: Flow) -> None:
    """Whom it is for, and what this person can do instead."""
    me = taking.context
    if me.absent is not None:
        taking.say(me.absent, "refused")
    elif not me.account and EVERYONE in flow.who:
        taking.say(IN_THE_CHAT, "refused")
    else:
        taking.say(not_for_you(names_of(taking.catalogue.roles, flow.who, me.chosen)), "refused")
        if me.account and me.community_name:
            offer(taking)


def offer(taking: Taking) -> None:
    """A button for each thing that this person can do now, and whom they can turn to, in little."""
    taking.pieces([*offers.for_now(taking.session, taking.catalogue, taking.context), panel.beside(taking.context)])
