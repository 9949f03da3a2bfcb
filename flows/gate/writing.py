"""The gate where a message is written: it goes at once, waits, or is held back already."""

from __future__ import annotations

from flows.gate.rules import (
    CHANNEL_POSTS,
    NAMES,
    OF_USE,
    Asked,
    Because,
    Duty,
    Pending,
    Person,
    Unasked,
    Why,
    day_ends,
    held_until,
    judge,
    week_begins,
)
from storage import attention, communities, held
from storage.attention import Reader, Wishes
from storage.communities import Destination
from storage.outbox import BACK, HELD, WAITING, Gate
from storage.statement import Session


def person(home: str, wishes: Wishes) -> Person:
    """What the rules must know of somebody."""
    zone = wishes.time_zone or home
    return Person(zone, home, wishes.stopped, wishes.seldom, wishes.paused_until)


def to_reader(why: Why, reader: Reader, now: int, fanout: str = "") -> Gate:
    """How a private message is written. An unasked one always waits for the gate, where it meets what else waits."""
    who, name = person(reader.home, reader.wishes), NAMES[type(why)]
    match why:
        case Unasked(first, until):
            rank, until = int(first), now + OF_USE if until is None else until
            found = judge(now, who, [Pending(0, rank, until)], ())
            if found.drop:
                ((_id, because),) = found.drop
                return Gate(name, BACK, 0, until, 0, rank, because, fanout)
            return Gate(name, HELD, found.at, until, 0, rank, "", fanout)
        case Asked(on, until):
            loud_until = day_ends(now if on is None else on, who.zone)
        case Duty(until):
            loud_until = 0
    at = held_until(now, who.zone, loud_until)
    return Gate(name, WAITING if at == now else HELD, at, until, loud_until, 0, "", fanout)


def to_place(  # noqa: PLR0913  what it is, where, and when
    session: Session, why: Why, community: str, to: Destination, subject: str, now: int
) -> Gate:
    """How a post is written. What only changes one that stands there counts no second time."""
    if not isinstance(why, Unasked):
        return Gate(until=why.until)
    until = now + OF_USE if why.until is None else why.until
    if subject and held.stands(session, community, to.platform, to.external_id, subject):
        return Gate(until=until)
    communities.lock(session, community)  # nobody else posts unasked meanwhile
    since = week_begins(now, attention.time_zone(session, community))
    posted = held.posted(session, community, to.platform, to.external_id, since, now)
    gate = Gate(NAMES[Unasked], until=until, rank=int(why.rank))
    if len(posted) < CHANNEL_POSTS:
        return gate
    waiting = [one for one in posted if one.state == WAITING and one.rank > why.rank]
    if not waiting:
        return Gate(NAMES[Unasked], BACK, 0, until, 0, int(why.rank), Because.ENOUGH)
    last = max(waiting, key=lambda one: (one.rank, one.id))
    held.keep_back(session, community, last.id, Because.ENOUGH)
    return gate
