"""The keys that Microsoft signs requests with: fetched once a day, with a time limit, and by one for all who wait."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import structlog
from aiohttp import ClientSession, ClientTimeout
from botframework.connector.auth import JwtTokenExtractor
from jwt.algorithms import RSAAlgorithm

log = structlog.get_logger()

DEADLINE = 3.0
"""Seconds that a fetch may take in all: less than Teams waits for an answer."""
AGAIN = 10.0
"""Seconds after a fetch that failed in which none is tried: who needs a key then hears so at once."""
HOUR = 3600.0
FRESH = 23 * HOUR
"""After that they are fetched anew, as Microsoft asks, before they are a day old."""
UNKNOWN = HOUR
"""How old they must be for a key that is not among them to be worth a fetch: anyone can make one up."""
LASTING = 72 * HOUR
"""How long known keys are good while no new ones can be fetched."""

Key = Mapping[str, Any]


class NotFetched(Exception):
    """The keys are needed and not to be had; try again later."""


class SigningKeys:
    """The keys published at one address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Key] = {}
        self._fetched = self._failed = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    @classmethod
    def at(cls, url: str) -> SigningKeys:
        """Those of an address; botbuilder finds the same there, and so never fetches any itself."""
        found: SigningKeys = JwtTokenExtractor.metadataCache.setdefault(url, cls(url))
        return found

    async def find(self, kid: str) -> Key | None:
        """A key by its id; None when there is none. Raises NotFetched."""
        known, age = self._keys.get(kid), time.monotonic() - self._fetched
        if known is not None and age < LASTING:
            if age > FRESH:
                self._fetch()  # nobody waits for it
            return known
        if known is None and age < UNKNOWN:
            return None
        before, fetching = self._fetched, self._fetch()
        if fetching is not None:
            await asyncio.shield(fetching)
        if self._fetched == before:
            raise NotFetched
        return self._keys.get(kid)

    async def get(self, kid: str) -> SimpleNamespace:
        """A key as botbuilder wants it, of which it is known that it is there."""
        key = self._keys[kid]
        return SimpleNamespace(
            public_key=RSAAlgorithm.from_jwk(json.dumps(key)), endorsements=key.get("endorsements", [])
        )

    def _fetch(self) -> asyncio.Task[None] | None:
        """The fetch that is under way, or a new one; None while it is too soon for one."""
        if self._fetching is None and time.monotonic() - self._failed > AGAIN:
            self._fetching = asyncio.create_task(self._try())
        return self._fetching

    async def _try(self) -> None:
        try:
            async with asyncio.timeout(DEADLINE), ClientSession(trust_env=True, timeout=ClientTimeout(None)) as session:
                where = await _read(session, self._url)
                published = await _read(session, where["jwks_uri"])
            keys = {key["kid"]: key for key in published["keys"]}
            if not keys:
                raise ValueError("no keys")  # noqa: TRY301  as bad as an answer that is none
        except Exception as fault:  # whatever came in place of keys
            self._failed = time.monotonic()
            log.warning("teams.keys_not_fetched", fault=type(fault).__name__)
        else:
            self._keys, self._fetched = keys, time.monotonic()
        finally:
            self._fetching = None


async def _read(session: ClientSession, url: str) -> Any:
    async with session.get(url) as response:
        response.raise_for_status()
        return await response.json(content_type=None)
