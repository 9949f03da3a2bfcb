"""One turn: a platform event in, and in one transaction what the person sees, what is kept and what is sent later."""

from __future__ import annotations

from typing import Any

from flows import seam
from flows.engine import answer, arrival, draw
from flows.engine.chat import Context
from flows.engine.flow import COORDINATOR, Catalogue
from flows.engine.sentences import OVER, RECEIVED
from flows.engine.taking import Taking, Turn, Work
from flows.engine.token import Answers, Starts, read
from flows.engine.typed import clean
from flows.words import language_of
from storage import conversations, members, people, undelivered
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
    language = language_of(incoming.locale)
    if isinstance(incoming.act, seam.Removed):
        arrival.leave(session, incoming)
        return Turn(seam.Reply(), "removed")
    asked = ask(session, incoming.act)
    who = find(session, incoming)
    if who is None and arrival.begin(session, catalogue, incoming, now):
        who = find(session, incoming)
    if isinstance(incoming.act, seam.Added):
        words = draw.pieces(arrival.hello(session, who) if first() else [], language)
        return Turn(seam.Reply(tuple(words), language), "added")
    # What answers a conversation, and the same event again, makes nobody new: by it they may have been forgotten.
    context = None if who is None else recognise(session, incoming, who, site, new=asked is None and first())
    if who is None or context is None:
        words = draw.pieces(arrival.not_known(session, incoming), language)
        return Turn(seam.Reply(tuple(words), language), "stranger")
    taking = Taking(session, catalogue, context, now, asked=asked, event=f"{platform}:{incoming.event}")
    taking.posted = who.unreached and bring(session, incoming, who, now)
    answer.dispatch(taking, incoming.act, first=first())
    if taking.nothing_kept:
        conversations.forget_event(session, taking.event)
    return taking.done()


def finish_work(session: Session, catalogue: Catalogue, work: Work, result: Any, now: int) -> Turn:
    """The rest of a turn whose slow part is done."""
    taking = Taking(session, catalogue, work.context, now)
    if work.event and not conversations.first_seen(session, work.event, now // DAY)():
        taking.say(RECEIVED, "repeated")
        return taking.done()
    found = taking.find(work.token)
    if found is None:
        taking.say(OVER, "over")
        return taking.done()
    conversation, turn, journal, current = found
    run = taking.reopen(journal, work.held if current else None)
    step = None if run is None else run.pending
    # Someone may have gone back meanwhile: then the same step waits for the result of other words.
    if run is None or step is None or (step.key, *step.data) != (work.key, work.fn, work.args):
        taking.show(conversation, turn, run)
        return taking.done()
    run.answer(result)
    taking.settle(conversation, turn, run)
    taking.kind = taking.kind or "worked"
    return taking.done()


def ask(session: Session, act: seam.Act) -> conversations.Asked | None:
    """The conversation that an act names, looked up together with who it is."""
    match act:
        case seam.Pressed(ident) | seam.Opened(ident) | seam.Filled(ident, _):
            token = read(ident)
            return conversations.ask(session, token.conversation) if isinstance(token, Answers) else None
    return None


def find(session: Session, incoming: seam.Incoming) -> people.Who | None:
    """Whom an event comes from; None where no community is set up."""
    person, space = incoming.person, incoming.space
    return people.who(session, space.platform, space.id, person.id if person else "")


def bring(session: Session, incoming: seam.Incoming, who: people.Who, now: int) -> bool:
    """Try again what could not be delivered to who is here now; True when something is under way to them.

    Someone who writes privately can be reached. Who does something in a channel perhaps still cannot: that is tried
    once an hour at most.
    """
    if incoming.person is None:
        return False
    opened = not incoming.place or (incoming.address and incoming.address != who.address)
    return bool(
        undelivered.reached(
            session,
            incoming.space.platform,
            who.community,
            incoming.person.id,
            now,
            written=now - BROUGHT_LATER * DAY,
            tried=now + DAY if opened else now - HOUR,
        )
    )


def recognise(
    session: Session, incoming: seam.Incoming, who: people.Who, site: str = "", *, new: bool
) -> Context | None:
    """Who this is in a community; someone ``new`` can become a member. None while it is set up by others."""
    person, space = incoming.person, own_space(incoming.space, who)
    roles = frozenset[str]() if person is None else roles_of(who, person)
    if not who.community_name and COORDINATOR not in roles:
        return None
    language = who.language or language_of(incoming.locale or who.community_language)
    if person is None:
        return Context(who.community, who.community_name, who.time_zone, language, space=space)
    name = clean(person.name) if roles & STAFF else ""
    member = _noted(session, incoming, person, who, name) if who.member or new else ""
    page = f"{site.rstrip('/')}/c/{who.slug}" if site else ""
    account = f"{space.platform}:{person.id}"
    return Context(
        who.community,
        who.community_name,
        who.time_zone,
        language,
        member,
        name,
        roles,
        page,
        bool(who.doorbell),
        account,
        space,
    )


def own_space(space: seam.Space, who: people.Who) -> seam.Space:
    """The space of the community itself, for an event that came from a wider one."""
    return space if who.space == space.id else seam.Space(space.platform, who.space, within=space.id)


def roles_of(who: people.Who, person: seam.Person) -> frozenset[str]:
    """The roles that someone holds at this moment; a student is, where no one is named as such, who is no staff."""
    held = {r for r, kind, i in who.grants if (i in person.roles if kind == "role" else i == person.id)}
    if all(role != "student" for role, _kind, _id in who.grants) and not held & STAFF:
        held.add("student")
    if person.manages or (person.added and not who.community_name):
        held.add(COORDINATOR)
    return frozenset(held)


def _noted(session: Session, incoming: seam.Incoming, person: seam.Person, who: people.Who, name: str) -> str:
    """The member, new or with what changed about them."""
    space = incoming.space
    if not who.member:
        return members.add_member(session, who.community, space.platform, who.space, person.id, incoming.address, name)
    if incoming.address and incoming.address != who.address:
        members.set_address(session, space.platform, person.id, incoming.address)
    if name and name != who.name:
        members.set_name(session, who.member, name)
    if not who.latest and _begins(incoming.act):
        members.set_latest(session, space.platform, person.id, who.community)
    return who.member


def _begins(act: seam.Act) -> bool:
    """Whether this begins something, and answers nothing: a transaction that keeps an answer touches no account."""
    match act:
        case seam.Pressed(button):
            return isinstance(read(button), Starts)
        case seam.Command() | seam.Arrived():
            return True
    return False
