"""One turn: a platform event in, and in one transaction what the person sees, what is kept and what is sent later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flows import seam
from flows.engine import answer, draw
from flows.engine.chat import Context
from flows.engine.flow import Catalogue
from flows.engine.sentences import NOT_HERE, OVER
from flows.engine.taking import Taking, Turn, Work
from flows.words import language_of
from storage import communities, conversations, members, outbox, places
from storage.statement import Session

DAY, HOUR = 86_400_000, 3_600_000
BROUGHT_LATER = 14
"""Days in which a private message that could not be delivered is still worth reading."""
STAFF = frozenset({"mentor", "lead", "coordinator", "teacher"})


def take(session: Session, catalogue: Catalogue, incoming: seam.Incoming, now: int, site: str = "") -> Turn:
    """Take one event. The same event again changes nothing and shows what waits.

    ``site`` is where the world reaches Erbij's pages; empty when it cannot.
    """
    platform = incoming.space.platform
    first = conversations.first_seen(session, f"{platform}:{incoming.event}", now // DAY)
    if isinstance(incoming.act, seam.Removed):
        if incoming.act.place:
            places.forget(session, platform, incoming.act.place)
        else:
            communities.forget_space(session, platform, incoming.space.id)
        return Turn(seam.Reply(), "removed")
    who = find(session, incoming)
    if who is None:
        language = language_of(incoming.locale)
        return Turn(seam.Reply(tuple(draw.pieces([NOT_HERE], language)), language), "stranger")
    taking = Taking(session, catalogue, recognise(session, incoming, who, site), now)
    taking.posted = who.unreached and bring(session, incoming, who, now)
    answer.dispatch(taking, incoming.act, first=first())
    return taking.done()


def finish_work(session: Session, catalogue: Catalogue, work: Work, result: Any, now: int) -> Turn:
    """The rest of a turn whose slow part is done."""
    taking = Taking(session, catalogue, work.context, now)
    found = taking.find(f"c.{work.conversation}.0")
    if found is None:
        taking.say(OVER, "over")
        return taking.done()
    conversation, turn, journal, _now = found
    run = taking.reopen(journal)
    if run is None or run.pending is None or run.pending.key != work.key:
        taking.show(conversation, turn, journal)
        return taking.done()
    run.answer(result)
    taking.settle(conversation, turn, run)
    taking.kind = taking.kind or "worked"
    return taking.done()


def find(session: Session, incoming: seam.Incoming) -> members.Who | None:
    """Whom an event comes from; None where no community is set up."""
    person, space = incoming.person, incoming.space
    return members.who(session, space.platform, space.id, person.id if person else "")


def bring(session: Session, incoming: seam.Incoming, who: members.Who, now: int) -> bool:
    """Try again what could not be delivered to who is here now; True when something is under way to them.

    Someone who writes privately can be reached. Who does something in a channel perhaps still cannot: that is tried
    once an hour at most.
    """
    if incoming.person is None:
        return False
    opened = not incoming.place or (incoming.address and incoming.address != who.address)
    return bool(
        outbox.reached(
            session,
            incoming.space.platform,
            who.community,
            incoming.person.id,
            now,
            written=now - BROUGHT_LATER * DAY,
            tried=now + DAY if opened else now - HOUR,
        )
    )


def recognise(session: Session, incoming: seam.Incoming, who: members.Who, site: str = "") -> Context:
    """Who this is in which community; someone new becomes a member."""
    person, space = incoming.person, incoming.space
    roles: frozenset[str] = frozenset()
    member = who.member
    if person is not None:
        held = {r for r, kind, i in who.grants if (i in person.roles if kind == "role" else i == person.id)}
        if all(role != "student" for role, _kind, _id in who.grants) and not held & STAFF:
            held.add("student")
        if person.manages:
            held.add("coordinator")
        roles = frozenset(held)
        name = person.name if roles & STAFF else ""
        if not member:
            member = members.add_member(
                session,
                who.community,
                space.platform,
                space.id,
                person.id,
                incoming.address,
                name,
            )
        else:
            if incoming.address and incoming.address != who.address:
                members.set_address(session, space.platform, person.id, incoming.address)
            if name and name != who.name:
                members.set_name(session, member, name)
    language = who.language or language_of(incoming.locale or who.community_language)
    name = person.name if person is not None and roles & STAFF else ""
    here = Context(who.community, who.community_name, who.time_zone, language, member, name, roles)
    if person is None:
        return here
    page = f"{site.rstrip('/')}/c/{who.slug}" if site else ""
    account = f"{space.platform}:{person.id}"
    return replace(here, page=page, doorbell=bool(who.doorbell), account=account)
