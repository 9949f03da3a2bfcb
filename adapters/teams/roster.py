"""The channels and people of a team, for the questions where one is picked."""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog

from adapters.teams.connector import Connector
from flows.faults import SendError
from flows.seam import Form, Part, Pick, Picked
from flows.words import _, said

log = structlog.get_logger()
FRESH = 60.0
"""Seconds that a team's list is used again."""
TEAMS = 200

Listed = tuple[tuple[Picked, ...], tuple[Picked, ...]]


def asks(parts: Sequence[Part]) -> bool:
    """True when a place or person is asked for in these parts."""
    return any(isinstance(f.kind, Pick) for p in parts if isinstance(p, Form) for f in p.fields)


class Roster:
    """Teams' own lists. A person who is not in a team gets neither its channels nor its people."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._teams: dict[str, tuple[float, Listed]] = {}

    async def of(self, service: str, team: str, person: str, language: str) -> Listed:
        """The places and the people of a team; nothing when there is no team or Teams does not say."""
        if not team:
            return (), ()
        at, listed = self._teams.get(team, (0.0, ((), ())))
        if time.monotonic() - at > FRESH or not at:
            try:
                listed = await self._asked(service, team, language)
            except SendError as fault:
                log.warning("teams.roster_not_read", fault=type(fault).__name__)
                return (), ()
            if len(self._teams) >= TEAMS:
                self._teams.clear()
            self._teams[team] = (time.monotonic(), listed)
        return listed if any(p.id == person for p in listed[1]) else ((), ())

    async def _asked(self, service: str, team: str, language: str) -> Listed:
        members = await self._connector.members(service, team)
        channels = await self._connector.channels(service, team)
        places = tuple(
            # A standard channel is open to the whole team; in a private or shared one Erbij
            # cannot post unless it was added there.
            Picked(ident, name or said(_("General"), language), kind == "standard", open_to_all=kind == "standard")
            for ident, name, kind in channels
        )
        return places, tuple(Picked(ident, name) for ident, name in members)
