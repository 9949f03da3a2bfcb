"""What a run leaves for later: messages into the outbox, timers into the due rows."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from flows.engine import draw, wire
from flows.engine.chat import Context
from flows.engine.effects import Later, Never, Post
from flows.engine.flow import Catalogue, FlowFault
from flows.gate import writing
from flows.words import LANGUAGES, SOURCE
from flows.words.own import spoken
from storage import attention, audiences, due, held, members, outbox, places, posts, subjects
from storage.attention import Reader, Wishes
from storage.audiences import To
from storage.communities import Destination
from storage.outbox import BACK, Gate
from storage.statement import Session

FAN_OUT = "fan_out"
"""The job that goes on writing a message to an audience; its argument is the message's key."""


@dataclass(frozen=True, slots=True)
class Written:
    """Whether there is something new to deliver, and something that the clock is to start."""

    posted: bool = False
    timers: bool = False


def send(  # noqa: PLR0913  what it is, of whom, and when
    session: Session, context: Context, catalogue: Catalogue, conversation: str, post: Post, now: int
) -> Written:
    """A message into the outbox, on each platform that has the place. ``catalogue`` knows the audiences.

    Where no platform has it, it is dropped. What only draws the same once more waits until the outbox is looked at; if
    somebody deleted what stands there, it is posted anew.
    """
    community = context.community
    if post.audience is not None:
        if post.audience == MORE:
            return _go_on(session, community, catalogue, post.subject, now)
        return _begin(session, context, catalogue, conversation, post, now)
    if isinstance(post.place, Destination):
        to = [post.place]
    elif post.place:
        to = places.of_kind(session, community, post.place)
    else:
        theirs = members.accounts(session, community, post.member)
        to = [one for one in theirs if post.account in ("", one.account)][:1]
    new = False
    for one in to:
        payload = wire.pack(draw.pieces(post.pieces, spoken(one.language, context.chosen)), one.language)
        repeats = bool(post.subject) and posts.stands(session, community, one, post.subject, payload)
        this = key(session, conversation, f"{post.key}@{one.platform}")
        gate = _gate(session, community, post, one, now)
        _put(session, community, one, this, post.subject, payload, gate, now, fleeting=post.fleeting, place=post.place)
        new |= not repeats and gate.state != BACK
    return Written(posted=new)


def time(session: Session, context: Context, conversation: str, timer: Later | Never) -> None:
    """A timer into the due rows, or those of a subject out of them."""
    here = context.community
    if isinstance(timer, Never):
        subjects.never(session, here, timer.subject, timer.member)
    elif timer.subject:
        subjects.later(
            session,
            here,
            timer.job,
            timer.argument,
            timer.at,
            timer.until,
            subject=timer.subject,
            whom=timer.member,
        )
    else:
        again = key(session, conversation, timer.key)
        due.add(session, again, here, timer.job, timer.argument, timer.at, timer.until)


def key(session: Session, conversation: str, what: str) -> str:
    """22 characters that are the same for the same effect, and say nothing of where it came from."""
    return urlsafe_b64encode(session.keys.fingerprint(f"{conversation}:{what}")).decode().rstrip("=")


# ---------------------------------------------------------------- inside


def _gate(session: Session, community: str, post: Post, to: Destination, now: int) -> Gate:
    if post.place:
        return writing.to_place(session, post.why, community, to, post.subject, now)
    return writing.to_reader(post.why, attention.of_member(session, community, post.member), now)


def _put(  # noqa: PLR0913  one row
    session: Session,
    community: str,
    to: Destination,
    this: str,
    subject: str,
    payload: bytes,
    gate: Gate,
    now: int,
    *,
    fleeting: bool = False,
    place: str | Destination = "",
) -> None:
    if subject and not place:
        held.overtake(session, community, to.platform, to.external_id, subject)
    outbox.add(
        session,
        outbox.Message(
            this,
            community,
            to.platform,
            to.space,
            to.external_id,
            private=not place,
            subject=subject,
            fleeting=fleeting,
            payload=payload,
            at=now,
            gate=gate,
        ),
    )


# ---------------------------------------------------------------- to an audience

MORE = To("")
"""In the place of an audience: go on with the message whose key is the post's subject."""


def _begin(  # noqa: PLR0913  as send
    session: Session, context: Context, catalogue: Catalogue, conversation: str, post: Post, now: int
) -> Written:
    """Note a message to an audience, drawn once for each language; the clock writes it, a batch at a time."""
    assert post.audience is not None  # noqa: S101  the caller looked
    if catalogue.audience(post.audience.audience) is None:
        raise FlowFault(f"a message goes to {post.audience.audience}, whom nobody knows")
    this = key(session, conversation, f"{post.key}@audience")
    packed = {
        language: wire.pack(draw.pieces(post.pieces, spoken(language, context.chosen)), language)
        for language in LANGUAGES
    }
    why = wire.why_as_text(post.why)
    to = post.audience
    one = audiences.Written(this, to.audience, to.argument, why, post.subject, packed)
    if audiences.add(session, context.community, one, now):
        due.add(session, key(session, this, "after "), context.community, FAN_OUT, this, now)
    return Written(timers=True)


def _go_on(session: Session, community: str, catalogue: Catalogue, this: str, now: int) -> Written:
    """Write a message for the next of its audience, and let the clock go on, all in this one transaction."""
    written = audiences.unfinished(session, community, this)
    if written is None:
        return Written()
    audience = catalogue.audience(written.audience) or audiences.role(written.audience)
    why = wire.why_of(written.why)
    rows = audiences.page(session, community, audience, written.argument, written.reached)
    for row in rows:
        reader = Reader(
            row.member, row.home, Wishes(bool(row.stopped), bool(row.seldom), row.paused_until, row.time_zone)
        )
        to = Destination(row.platform, row.space, row.external_id, "", row.language)
        gate = writing.to_reader(why, reader, now, this)
        _put(
            session,
            community,
            to,
            key(session, this, row.member),
            written.subject,
            written.packed.get(row.language, written.packed[SOURCE]),
            gate,
            now,
        )
    reached = rows[-1].member if rows else ""
    audiences.go_on(session, community, this, reached)
    if reached:
        due.add(session, key(session, this, f"after {reached}"), community, FAN_OUT, this, now)
    return Written(posted=bool(rows), timers=bool(reached))
