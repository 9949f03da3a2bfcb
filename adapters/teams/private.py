"""Where people's private chats are, as far as this process has seen; the rest is asked of Teams."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from adapters.teams.activities import Event
from adapters.teams.address import Address
from adapters.teams.connector import GLOBAL_SERVICE, Connector
from flows.faults import Outage

KEPT = 2_000
"""Chats remembered at most; a forgotten one costs one more call."""


class PrivateChats:
    """The private chat of each person, and the service URL of each tenant."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._chats: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._services: dict[str, str] = {}

    def saw(self, event: Event) -> Address:
        """Learn from an event; the address of who did it."""
        self._services[event.tenant] = event.service
        if event.personal:
            self._keep((event.tenant, event.user), event.conversation)
        chat = self._chats.get((event.tenant, event.user), "")
        return Address(event.service, event.tenant, event.user, chat)

    def service(self, tenant: str) -> str:
        """The service URL of a tenant. Raises Outage in the try-out until its first event told it."""
        known = self._services.get(tenant, GLOBAL_SERVICE if self._connector.app_id else "")
        if not known:
            raise Outage("no service URL yet")
        return known

    async def found(self, address: Address) -> Address:
        """The address with its conversation. Raises Blocked when Erbij is not installed there."""
        if address.conversation:
            return address
        key = (address.tenant, address.user)
        if key not in self._chats:
            service = address.service or self.service(address.tenant)
            self._keep(key, await self._connector.private_chat(service, address.tenant, address.user))
        return replace(address, conversation=self._chats[key])

    def _keep(self, key: tuple[str, str], conversation: str) -> None:
        self._chats[key] = conversation
        self._chats.move_to_end(key)
        while len(self._chats) > KEPT:
            self._chats.popitem(last=False)
