"""Asks the platforms who of the staff is still there: every night, and when somebody turned out to have left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.time import rung
from flows.catalogue import catalogue
from flows.engine.declared import rights
from flows.seam import Space, Standing
from flows.staff.left import settle
from flows.staff.rules import Outcome, outcome, telling_time, together
from storage import communities, role_grants, roster, settings
from storage.database import NotSaved

if TYPE_CHECKING:
    from bot.metrics import Metrics
    from bot.standings import Standings
    from bot.time import Clock
    from storage.database import Database
    from storage.roster import Staff, StaffAccount
    from storage.statement import Session

PAUSE = 0.25
"""Seconds between two questions: who does something meanwhile asks in between."""
AGAIN = 3_600_000
"""Milliseconds until a community is asked for again whose platforms did not answer for everyone."""
LOOK_AGAIN = 60.0
"""Seconds after which the list is looked at in any case."""

log = structlog.get_logger()


class Roster:
    """Works off the list of communities (storage/roster.py). ``found`` is called when something follows from it."""

    def __init__(  # noqa: PLR0913  what it is wired to
        self,
        database: Database,
        clock: Clock,
        standings: Standings,
        metrics: Metrics,
        found: Callable[[], None],
        pause: float = PAUSE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._standings = standings
        self._metrics = metrics
        self._found = found
        self._pause = pause
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """A community was put on the list."""
        self._bell.set()

    async def run(self) -> None:
        """Ask, until cancelled."""
        while True:
            self._bell.clear()
            await rung(self._bell, await self.catch_up())

    async def catch_up(self) -> float:
        """Ask for every community that is to be asked for by now; gives the seconds after which to look again."""
        now = self._clock.now
        try:
            while True:
                until = now() + AGAIN
                community = await self._database.run(partial(roster.take, now=now(), until=until))
                if not community:
                    break
                await self._ask(community, until)
            at = await self._database.run(roster.next_at)
        except NotSaved:
            self._metrics.faults.labels("roster", "NotSaved").inc()
            log.warning("roster not read", exc_info=True)
            return LOOK_AGAIN
        return LOOK_AGAIN if at is None else min(LOOK_AGAIN, max(0.0, (at - now()) / 1000))

    async def _ask(self, community: str, until: int) -> None:
        """Ask for one community's staff, and let follow what follows. A fault is logged; it comes again in an hour."""
        try:
            staff = await self._database.run(lambda s: roster.staff(s, community))
            seen: dict[tuple[str, str], Standing | None] = {}
            for account in staff.accounts:
                seen[account.platform, account.external_id] = await self._seen(staff, account)
            chosen = await self._database.run(lambda s: settings.chosen(s, community))
            what = outcome(staff, seen, lambda held: rights(held, catalogue().roles, chosen))
            if what.doubt:
                log.warning("everybody seems to have left", platforms=what.doubt)
            now = self._clock.now()
            await self._database.run(lambda s: conclude(s, community, what, now, until))
        except NotSaved:
            raise
        except Exception as fault:
            self._metrics.faults.labels("roster", type(fault).__name__).inc()
            log.exception("roster failed")
            return
        if what.leaving:
            self._found()

    async def _seen(self, staff: Staff, account: StaffAccount) -> Standing | None:
        """How one account stands, over all spaces that the community has on its platform."""
        said = []
        for space in staff.spaces:
            if space.platform == account.platform:
                here = Space(space.platform, space.external_id)
                said.append(await self._standings.ask(here, account.external_id))
                await asyncio.sleep(self._pause)
        return together(one if isinstance(one, Standing) else None for one in said)


def conclude(session: Session, community: str, what: Outcome, now: int, until: int) -> None:
    """Do what follows from what was said; people hear of it by day. Done by two processes at once it is done once."""
    known = communities.by_id(session, community)
    if known is None:
        return
    at = telling_time(known.time_zone, now)
    for one in what.leaving:
        settle(session, community, one, now, at)
    for grant in what.back:
        role_grants.set_gone(session, community, grant, gone=False)
    if what.complete:
        roster.done(session, community, until)
    else:
        roster.doubt(session, community, ", ".join(what.doubt))
