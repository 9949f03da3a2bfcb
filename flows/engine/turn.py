"""One turn: a platform event in, and in one transaction what the person sees, what is kept and what is sent later."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, assert_never

from flows import seam
from flows.danger import signs
from flows.engine import answer, arrival, draw, heavy, standing
from flows.engine.chat import Context
from flows.engine.declared import rights
from flows.engine.flow import COORDINATOR, STUDENT, Catalogue
from flows.engine.sentences import RECEIVED, no_member
from flows.engine.taking import Taking, Turn, Work
from flows.engine.token import Answers, Starts, read
from flows.engine.typed import clean
from flows.words import language_of
from storage import communities, conversations, members, people, roster, undelivered
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
) -> Turn:
    """Take one event. The same event again changes nothing and shows what waits.

    ``site`` is where the world reaches Erbij's pages; empty when it cannot. ``told``: what platforms said of the person
    when they were asked. A turn that needs more writes nothing, says with ``Turn.asks`` what, and is taken once more.
    """
    heard = signs.heard(incoming.act)
    turn = _take(session, catalogue, incoming, now, site, told, heard=heard)
    return heavy.answered(turn, incoming) if heard and turn.asks is None and not turn.by_staff else turn


def _take(  # noqa: PLR0913  as take
    session: Session,
    catalogue: Catalogue,
    incoming: seam.Incoming,
    now: int,
    site: str,
    told: standing.Told,
    *,
    heard: bool,
) -> Turn:
    event = f"{incoming.space.platform}:{incoming.event}"
    first = conversations.first_seen(session, event, now // DAY)
    language = language_of(incoming.locale)
    if isinstance(incoming.act, seam.Removed | seam.Left):
        return went(session, incoming, now)
    if isinstance(incoming.act, seam.Changed) and not first():
        return Turn(seam.Reply(), "repeated")
    asked = ask(session, incoming.act)
    who = find(session, incoming)
    if (instead := standing.held_up(catalogue, incoming, who, told)) is not None:
        if first():
            conversations.forget_event(session, event)
        return instead
    incoming, gone = standing.answered(incoming, who, told)
    doubted = gone and who is not None and standing.doubted(session, incoming, who, now)
    if who is None and arrival.begin(session, catalogue, incoming, now):
        who = find(session, incoming)
    if isinstance(incoming.act, seam.Added):
        words = draw.pieces(arrival.hello(session, who) if first() else [], language)
        return Turn(seam.Reply(tuple(words), language), "added")
    # What answers a conversation, and the same event again, makes nobody new: by it they may have been forgotten.
    new = not gone and asked is None and arrival.makes_known(catalogue, incoming.act) and first()
    context = None if who is None else recognise(session, catalogue, incoming, who, site, new=new, gone=gone)
    if who is None or context is None:
        pieces = arrival.not_known(session, incoming)
        if gone and who is not None and who.community_name:
            language, pieces = standing.language_for(incoming, who), [no_member(who.community_name)]
        return Turn(seam.Reply(tuple(draw.pieces(pieces, language)), language), "stranger", roster=doubted)
    taking = Taking(session, catalogue, context, now, asked=asked, event=event, heavy=heard)
    taking.posted = who.unreached and not gone and bring(session, incoming, who, now)
    answer.dispatch(taking, incoming.act, first=first())
    if taking.kept_none:
        conversations.forget_event(session, event)
    turn = taking.done()
    turn.roster = doubted
    return turn


def went(session: Session, incoming: seam.Incoming, now: int) -> Turn:
    """Erbij was taken out of a space, or somebody left it: who that is, is asked."""
    if isinstance(incoming.act, seam.Removed):
        arrival.leave(session, incoming)
        return Turn(seam.Reply(), "removed")
    community = communities.at(session, incoming.space.platform, incoming.space.id)
    if community:
        roster.want(session, community, now)
    return Turn(seam.Reply(), "left", roster=bool(community))


def finish_work(session: Session, catalogue: Catalogue, work: Work, result: Any, now: int) -> Turn:
    """The rest of a turn whose slow part is done."""
    return heavy.put_above(_finish(session, catalogue, work, result, now), work.above)


def _finish(session: Session, catalogue: Catalogue, work: Work, result: Any, now: int) -> Turn:
    taking = Taking(session, catalogue, work.context, now)
    if work.event and not conversations.first_seen(session, work.event, now // DAY)():
        taking.say(RECEIVED, "repeated")
        return taking.done()
    found = taking.find(work.token)
    if found is None:
        if not taking.parts:
            taking.say_over()
        return taking.done()
    conversation, turn, journal, current = found
    run = taking.reopen(journal, work.held if current else None)
    step = None if run is None else run.pending
    # Someone may have gone back meanwhile: then the same step waits for the result of other words.
    if run is None or step is None or (step.key, *step.data[:2]) != (work.key, work.fn, work.args):
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
        case (
            seam.Said() | seam.Command() | seam.Arrived() | seam.Added() | seam.Removed() | seam.Left() | seam.Changed()
        ):
            return None
        case _:
            assert_never(act)


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


def recognise(  # noqa: PLR0913  who it is, and how they stand
    session: Session,
    catalogue: Catalogue,
    incoming: seam.Incoming,
    who: people.Who,
    site: str,
    *,
    new: bool,
    gone: bool,
) -> Context | None:
    """Who this is in a community; someone ``new`` can become a member. None while it is set up by others.

    Who is ``gone`` holds no role whatever is stored, and does not become a member.
    """
    person, space = incoming.person, standing.own_space(incoming.space, who)
    roles = frozenset[str]() if person is None or gone else roles_of(catalogue, who, person)
    if (not who.community_name and COORDINATOR not in roles) or (gone and not who.member):
        return None
    language = standing.language_for(incoming, who)
    if person is None:
        return Context(
            who.community,
            who.community_name,
            who.time_zone,
            language,
            space=space,
            chosen=who.chosen,
            crowded=incoming.crowded,
        )
    held = roles - {STUDENT}
    name = clean(person.name) if held else ""
    member = who.member if gone or not (who.member or new) else _noted(session, incoming, who, name, held)
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
        account,
        space,
        no_member(who.community_name) if gone else None,
        who.chosen,
    )


def roles_of(catalogue: Catalogue, who: people.Who, person: seam.Person) -> frozenset[str]:
    """The roles that someone holds at this moment; a student is, where no one is named as such, who is no staff.

    Where the platform did not say, nobody is staff, and who is known may hold the students' role.
    """
    if person.roles is None:
        named = [(kind, i) for role, kind, i in who.grants if role == STUDENT]
        known = not named or any(kind == "role" or i == person.id for kind, i in named)
        return frozenset({STUDENT} if known and who.member else ())
    roles = rights(granted(who.grants, person.id, person.roles), catalogue.roles, who.chosen)
    if all(role != STUDENT for role, _kind, _id in who.grants) and not roles - {STUDENT}:
        roles.add(STUDENT)
    if person.manages or (person.added and not who.community_name):
        roles.add(COORDINATOR)
    return frozenset(roles)


def granted(grants: Iterable[tuple[str, str, str]], person: str, roles: frozenset[str]) -> set[str]:
    """The roles that grants, each (role, "role" or "person", id), give to someone with these roles of a platform."""
    return {role for role, kind, i in grants if (i in roles if kind == "role" else i == person)}


def _noted(session: Session, incoming: seam.Incoming, who: people.Who, name: str, held: frozenset[str]) -> str:
    """The member, new or with what changed about them. What they hold is believed where the platform said it."""
    person, space = incoming.person, incoming.space
    assert person is not None  # noqa: S101  the caller looked
    if not who.member:
        return members.add_member(
            session, who.community, space.platform, who.space, person.id, incoming.address, name, held
        )
    if person.roles is not None and members.joined(held) != who.roles:
        members.set_roles(session, who.community, space.platform, person.id, held)
    if incoming.address and incoming.address != who.address:
        members.set_address(session, space.platform, person.id, incoming.address)
    if name and name != who.name:
        members.set_name(session, who.community, who.member, name)
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
        case seam.Said() | seam.Opened() | seam.Filled() | seam.Added() | seam.Removed() | seam.Left() | seam.Changed():
            return False
        case _:
            assert_never(act)
