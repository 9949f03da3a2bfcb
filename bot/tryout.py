"""The try-out: a made-up community to live a week in within five minutes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from adapters.web.tryout import Account, TryOut
from bot.sender import outgoing_id
from flows.basics.programme import WELCOME as WANTED
from flows.engine import STUDENT, timers, wire
from flows.engine.nearby import CONTACT as NEARBY
from flows.seam import Outgoing, Space
from flows.setup.welcome import WELCOME
from storage import communities, due, members, meta, places, posts, role_grants, settings

if TYPE_CHECKING:
    from bot.time import Clock
    from flows.engine import Catalogue
    from storage.database import Database
    from storage.statement import Session

TIME_ZONE = "Europe/Brussels"
SLUG = "teacher-education-1"
SPACE = Space("web", SLUG)
CONTACT = "Marit, student counsellor (made up)"
AHEAD = "tryout_ahead"
FARTHEST = timedelta(days=8)
"""How far the clock goes when nothing that people see is due."""


def accounts_in(catalogue: Catalogue) -> tuple[Account, ...]:
    """The people whom one can be."""
    return tuple(
        Account(name.lower(), name, role.name, role.title) for role in catalogue.roles.values() for name in role.tryout
    )


def places_in(catalogue: Catalogue) -> tuple[tuple[str, str, frozenset[str]], ...]:
    """The channels: id, name, and the roles that see it."""
    wanted = (one for one in catalogue.purposes.values() if one.is_wanted({}))
    return tuple((one.kind, one.tryout or one.kind, frozenset({one.role, *one.readers})) for one in wanted)


def seed(session: Session, catalogue: Catalogue, now: int) -> bool:
    """Make the community, its channels and people, and open a first check-in; False when it is there already."""
    if communities.by_slug(session, SLUG) is not None:
        return False
    community = timers.found_community(session, catalogue, SLUG, "Teacher education, year 1", "en", TIME_ZONE, now)
    communities.add_space(session, community, SPACE.platform, SPACE.id)
    communities.add_space(session, community, "page", SLUG)
    for kind, name, _roles in places_in(catalogue):
        places.choose(session, community, places.PlaceSet(kind, SPACE.platform, SPACE.id, kind, name))
    for role in (one.name for one in catalogue.roles.values() if one.tryout):
        role_grants.grant(session, community, role_grants.Grant(role, SPACE.platform, "role", role))
    for one in accounts_in(catalogue):
        name = "" if one.role == STUDENT else one.name
        members.add_member(session, community, SPACE.platform, SPACE.id, one.id, one.id, name)
    settings.choose(session, community, NEARBY.key, CONTACT)
    settings.choose(session, community, WANTED.key, "yes")
    due.add(session, f"{community}:welcome_first", community, WELCOME, "", now)
    due.add(session, f"{community}:first", community, "open_check_in", "", now)
    return True


def ahead(session: Session) -> int:
    """How far the clock had been moved on when Erbij was stopped, in ms."""
    return int(meta.get(session, AHEAD) or b"0")


def tryout(database: Database, catalogue: Catalogue, clock: Clock, moved: Callable[[], Awaitable[bool]]) -> TryOut:
    """What the web chat needs. ``moved`` runs what became due, and says whether it posted anything."""

    async def history(place: str, person: str) -> list[Outgoing]:
        recipient = place or person

        def read(session: Session) -> list[posts.Standing]:
            found = communities.by_slug(session, SLUG)
            return [] if found is None else posts.standing(session, SPACE.platform, found.id, recipient)

        return [_outgoing(one.key, one.payload, place, person) for one in await database.run(read)]

    def shown() -> datetime:
        return clock.date().astimezone(ZoneInfo(TIME_ZONE))

    async def move(step: timedelta | None) -> datetime:
        end = clock.now() + int((FARTHEST if step is None else step).total_seconds() * 1000)
        # From one due row to the next, so that what recurs happens each time and not once at the end.
        while (at := await database.run(due.next_at)) is not None and at <= end:
            clock.move(timedelta(milliseconds=max(0, at - clock.now())))
            if await moved() and step is None:
                break
        else:
            clock.move(timedelta(milliseconds=max(0, end - clock.now())))
        await database.run(lambda s: meta.put(s, AHEAD, str(clock.ahead).encode()))
        await moved()
        return shown()

    return TryOut(SPACE, accounts_in(catalogue), places_in(catalogue), history, shown, move)


def _outgoing(key: str, payload: bytes, place: str, person: str) -> Outgoing:
    parts, language = wire.unpack(payload)
    return Outgoing(outgoing_id(key), SPACE, parts, place, person, language=language)
