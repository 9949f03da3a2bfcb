"""What a run leaves for later: messages into the outbox, timers into the due rows."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from flows.engine import draw, wire
from flows.engine.chat import Context
from flows.engine.run import Later, Never, Post
from flows.words.own import spoken
from storage import due, members, outbox, places, posts
from storage.communities import Destination
from storage.statement import Session


def send(session: Session, context: Context, conversation: str, post: Post, now: int) -> bool:
    """A message into the outbox, on each platform that has the place; True when there is something new to deliver.

    Where no platform has it, it is dropped. What only draws the same once more waits until the outbox is looked at; if
    somebody deleted what stands there, it is posted anew.
    """
    community, new = context.community, False
    if isinstance(post.place, Destination):
        to = [post.place]
    elif post.place:
        to = places.of_kind(session, community, post.place)
    else:
        theirs = members.accounts(session, community, post.member)
        to = [one for one in theirs if post.account in ("", one.account)][:1]
    for one in to:
        payload = wire.pack(draw.pieces(post.pieces, spoken(one.language, context.chosen)), one.language)
        new |= not (post.subject and posts.stands(session, community, one, post.subject, payload))
        outbox.add(
            session,
            key(session, conversation, f"{post.key}@{one.platform}"),
            community,
            one.platform,
            one.space,
            one.external_id,
            private=not post.place,
            subject=post.subject,
            fleeting=post.fleeting,
            payload=payload,
            now=now,
        )
    return new


def time(session: Session, context: Context, conversation: str, timer: Later | Never) -> None:
    """A timer into the due rows, or those of a subject out of them."""
    here = context.community
    if isinstance(timer, Never):
        due.never(session, here, timer.subject, timer.member)
    elif timer.subject:
        due.later(
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
