"""One turn: a platform event in, and in one transaction what the person sees, what is kept and what is sent later."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any, assert_never

from flows import seam
from flows.danger import signs
from flows.engine import acts, arrival, draw, heavy, standing
from flows.engine.chat import Piece
from flows.engine.flow import Catalogue
from flows.engine.recognise import Event, find, recognise
from flows.engine.sentences import RECEIVED, no_member
from flows.engine.turn import Outcome, Turn, Work
from flows.token import Answers, read
from flows.words import language_of
from storage import communities, conversations, people, roster, undelivered
from storage.days import DAY
from storage.statement import Session

HOUR = 3_600_000
BROUGHT_LATER = 14
"""Days in which a private message that could not be delivered is still worth reading."""


def take(  # noqa: PLR0913  what happened, when, and what is known about it
    session: Session,
    catalogue: Catalogue,
    incoming: seam.Incoming,
    now: int,
    site: str = "",
    told: standing.Told = MappingProxyType({}),
) -> Outcome:
    """Take one event. The same event again changes nothing and shows what waits.

    ``site`` is where the world reaches Erbij's pages; empty when it cannot. ``told``: what platforms said of the person
    when they were asked. One that needs more writes nothing, says with ``Outcome.asks`` what, and is taken once more.
    """
    heard = signs.heard(incoming.act)
    outcome = _take(Event(session, catalogue, incoming, now, site, told), heard=heard)
    return heavy.answered(outcome, incoming) if heard and outcome.asks is None and not outcome.by_staff else outcome


def _take(event: Event, *, heard: bool) -> Outcome:
    session, catalogue, incoming = event.session, event.catalogue, event.incoming
    name = f"{incoming.space.platform}:{incoming.event}"
    first = conversations.first_seen(session, name, event.now // DAY)
    if isinstance(incoming.act, seam.Removed | seam.Left):
        return went(session, incoming, event.now)
    if isinstance(incoming.act, seam.Changed) and not first():
        return Outcome(seam.Reply(), "repeated")
    asked = ask(session, incoming.act)
    who = find(event)
    if (instead := standing.held_up(catalogue, incoming, who, event.told)) is not None:
        if first():
            conversations.forget_event(session, name)
        return instead
    incoming, gone = standing.answered(incoming, who, event.told)
    event = event if incoming is event.incoming else replace(event, incoming=incoming)
    doubted = gone and who is not None and standing.doubted(session, incoming, who, event.now)
    if who is None and arrival.begin(session, catalogue, incoming, event.now):
        who = find(event)
    if isinstance(incoming.act, seam.Added):
        return told(arrival.hello(session, who) if first() else [], language_of(incoming.locale), "added")
    # What answers a conversation, and the same event again, makes nobody new: by it they may have been forgotten.
    new = not gone and asked is None and arrival.makes_known(catalogue, incoming.act) and first()
    context = None if who is None else recognise(event, who, new=new, gone=gone)
    if who is None or context is None:
        outcome = stranger(event, who, gone=gone)
    else:
        turn = Turn(session, catalogue, context, event.now, asked=asked, event=name, heavy=heard)
        turn.posted = who.unreached and not gone and bring(event, who)
        acts.dispatch(turn, incoming.act, first=first())
        if turn.kept_none:
            conversations.forget_event(session, name)
        outcome = turn.done()
    outcome.roster = doubted
    return outcome


def told(pieces: list[Piece], language: str, kind: str) -> Outcome:
    """Words to who is in the middle of nothing."""
    return Outcome(seam.Reply(tuple(draw.pieces(pieces, language)), language), kind)


def stranger(event: Event, who: people.Who | None, *, gone: bool) -> Outcome:
    """What someone hears who is not known here, or not any more."""
    if gone and who is not None and who.community_name:
        return told([no_member(who.community_name)], standing.language_for(event.incoming, who), "stranger")
    return told(arrival.not_known(event.session, event.incoming), language_of(event.incoming.locale), "stranger")


def went(session: Session, incoming: seam.Incoming, now: int) -> Outcome:
    """Erbij was taken out of a space, or somebody left it: who that is, is asked."""
    if isinstance(incoming.act, seam.Removed):
        arrival.leave(session, incoming)
        return Outcome(seam.Reply(), "removed")
    community = communities.at(session, incoming.space.platform, incoming.space.id)
    if community:
        roster.want(session, community, now)
    return Outcome(seam.Reply(), "left", roster=bool(community))


def finish_work(session: Session, catalogue: Catalogue, work: Work, result: Any, now: int) -> Outcome:
    """The rest of a turn whose slow part is done."""
    turn = Turn(session, catalogue, work.context, now)
    _finish(turn, work, result)
    return heavy.put_above(turn.done(), work.above)


def _finish(turn: Turn, work: Work, result: Any) -> None:
    if work.event and not conversations.first_seen(turn.session, work.event, turn.now // DAY)():
        return turn.say(RECEIVED, "repeated")
    found = turn.find(work.token)
    if found is None:
        return None if turn.parts else turn.say_over()
    run = turn.reopen(replace(found, held=work.held) if found.current else found)
    step = None if run is None else run.pending
    # Someone may have gone back meanwhile: then the same step waits for the result of other words.
    if run is None or step is None or (step.key, *step.data[:2]) != (work.key, work.fn, work.args):
        return turn.show(run)
    run.answer(result)
    turn.settle(run)
    turn.kind = turn.kind or "worked"
    return None


def ask(session: Session, act: seam.Act) -> conversations.Asked | None:
    """The conversation that an act names, looked up together with who it is."""
    match act:
        case seam.Pressed(ident) | seam.Opened(ident) | seam.Filled(ident, _):
            token = read(ident)
            return conversations.ask(session, token.conversation) if isinstance(token, Answers) else None
        case (
            seam.Said() | seam.Command() | seam.Arrived() | seam.Added() | seam.Removed() | seam.Left() | seam.Changed()
        ):
            return None
        case _:
            assert_never(act)


def bring(event: Event, who: people.Who) -> bool:
    """Try again what could not be delivered to who is here now; True when something is under way to them.

    Someone who writes privately can be reached. Who does something in a channel perhaps still cannot: that is tried
    once an hour at most.
    """
    incoming, now = event.incoming, event.now
    if incoming.person is None:
        return False
    opened = not incoming.place or (incoming.address and incoming.address != who.address)
    return bool(
        undelivered.reached(
            event.session,
            incoming.space.platform,
            who.community,
            incoming.person.id,
            now,
            written=now - BROUGHT_LATER * DAY,
            tried=now + DAY if opened else now - HOUR,
        )
    )
