"""What somebody wrote sounds like danger: whom they can turn to comes first, above whatever else comes of it.

It depends on the words alone: nothing is kept or counted, and an answer is an answer all the same.
"""

from __future__ import annotations

from dataclasses import replace

from flows import seam
from flows.danger import signs
from flows.engine import arrival, draw, panel
from flows.engine.chat import Context
from flows.engine.turn import Outcome
from flows.words import language_of


def answered(turn: Outcome, incoming: seam.Incoming) -> Outcome:
    """The turn, with whom one can turn to above all that it shows."""
    context = turn.context or _unknown(incoming, turn.reply.language)
    return put_above(turn, tuple(draw.pieces(panel.heavy(context), context.language)))


def put_above(turn: Outcome, above: tuple[seam.Part, ...]) -> Outcome:
    """The turn with something above what it shows, also when slow work is done first.

    What stands there in full does not stand in little as well.
    """
    if above:
        rest = (part for part in turn.reply.parts if not (isinstance(part, seam.Card) and part.aside))
        turn.above = len(above)
        turn.reply = replace(turn.reply, parts=(*above, *rest))
        turn.work = turn.work and replace(turn.work, above=above)
    return turn


def parts_for(incoming: seam.Incoming) -> tuple[seam.Part, ...]:
    """The same for someone of whom nothing could be looked up; empty where nothing sounds heavy."""
    if not signs.heard(incoming.act):
        return ()
    context = _unknown(incoming, language_of(incoming.locale))
    return tuple(draw.pieces(panel.heavy(context), context.language))


def _unknown(incoming: seam.Incoming, language: str) -> Context:
    return Context(time_zone=arrival.zone_of(incoming.locale), language=language)
