"""Replacing a used card for good, behind the answer that already shows its new state."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from adapters.teams.connector import Connector
from flows.faults import SendError

log = structlog.get_logger()


class Edits:
    """One edit at a time for each message; the newest wins, however quick the presses."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._newest: dict[tuple[str, str, str], tuple[dict[str, Any], str]] = {}
        self._running: dict[tuple[str, str, str], asyncio.Task[None]] = {}

    def put(
        self, service: str, conversation: str, message: str, card: dict[str, Any], summary: str
    ) -> asyncio.Task[None]:
        """Show this card instead of a message, soon; when it fails the old one stays, which is harmless."""
        key = (service, conversation, message)
        self._newest[key] = (card, summary)
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._run(key))
        return self._running[key]

    async def done(self) -> None:
        """Wait until nothing is being edited."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, key: tuple[str, str, str]) -> None:
        service, conversation, message = key
        try:
            while key in self._newest:
                card, summary = self._newest.pop(key)
                await self._connector.edit(service, conversation, message, card, summary)
        except SendError as fault:
            log.info("teams.card_not_replaced", fault=type(fault).__name__)
        finally:
            self._newest.pop(key, None)
            self._running.pop(key, None)
