"""Who is let in: the checks on a request before a word of it is believed.

botbuilder checks a token's signature; the rest of the platform's rules it leaves open, and they are
checked here. Each refusal carries the HTTP status that tells its sender what was wrong, and no more.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import jwt
from botframework.connector.auth import (
    AuthenticationConstants,
    ChannelValidation,
    SimpleCredentialProvider,
)

from adapters.teams.keys import NotFetched, SigningKeys

ORIGINS = {"https://smba.trafficmanager.net"}
"""Where Teams' own services are. Exactly these: anyone can have another name under the same domain."""
CHANNEL = "msteams"
GOOD_FOR = 300.0
"""Seconds that a token which was checked is taken without another look, unless it ends before."""
TOKENS = 1_000
"""Tokens remembered at most, as digests."""


class Refused(Exception):
    """A request that is not answered; ``status`` says why in HTTP's terms."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def is_loopback(host: str) -> bool:
    """True for this machine's own address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_service(url: object, *, loopback: bool) -> bool:
    """May Erbij call this service URL, token and all? ``loopback`` allows this machine, for the try-out."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.username or parts.password or not parts.hostname:
        return False
    origin = f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port not in (None, 443) else "")
    return origin in ORIGINS or (loopback and is_loopback(parts.hostname))


def tenant_of(body: Mapping[str, Any]) -> str:
    """The tenant that an activity comes from; refused with 403 when it names two."""
    named = {
        str(place["id" if key == "tenant" else "tenantId"])
        for key, place in (
            ("tenant", _part(_part(body, "channelData"), "tenant")),
            ("conversation", _part(body, "conversation")),
        )
        if place.get("id" if key == "tenant" else "tenantId")
    }
    if len(named) > 1:
        raise Refused(403, "two tenants in one activity")
    return next(iter(named), "")


def _part(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


class Gate:
    """Checks each request: with an app id by its token and tenant, without one by its being from here."""

    def __init__(self, app_id: str, tenants: frozenset[str]) -> None:
        self._app_id = app_id
        self._tenants = tenants
        self._credentials = SimpleCredentialProvider(app_id, "")
        self._good: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def check(self, token: str, body: Mapping[str, Any]) -> None:
        """Raise :class:`Refused` unless the activity comes from Teams, for us, from a tenant we serve."""
        service, tenant = body.get("serviceUrl"), tenant_of(body)
        claims = await self._claims(token) if self._app_id else {"serviceurl": service}
        if body.get("channelId") != CHANNEL:
            raise Refused(403, "another channel")
        if not service or claims.get("serviceurl") != service:
            raise Refused(403, "service URL missing or not the token's")
        if not is_service(service, loopback=not self._app_id):
            raise Refused(403, "service URL not allowed")
        if self._app_id and tenant not in self._tenants:
            raise Refused(403, "tenant not allowed")

    async def _claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a good token; every fault of it, whatever botbuilder makes of it, is a 401.

        Teams uses a token for an hour: one that was found good is not checked again for a few minutes.
        """
        digest = hashlib.sha256(token.encode(errors="surrogateescape")).digest()
        until, known = self._good.get(digest, (0.0, {}))
        if time.time() < until:
            return known
        try:
            await self._keys(token)
            identity = await ChannelValidation.authenticate_channel_token(token, self._credentials, CHANNEL)
        except Refused:
            raise
        except Exception as fault:
            raise Refused(401, type(fault).__name__) from fault
        claims: dict[str, Any] = identity.claims
        if "exp" not in claims:
            raise Refused(401, "no expiry")
        self._good[digest] = (min(float(claims["exp"]), time.time() + GOOD_FOR), claims)
        while len(self._good) > TOKENS:
            self._good.popitem(last=False)
        return claims

    async def _keys(self, token: str) -> None:
        """See that the token's key is known and vouches for Teams: botbuilder lets one without endorsements pass."""
        kid = jwt.get_unverified_header(token.removeprefix("Bearer ")).get("kid")
        url = (
            ChannelValidation.open_id_metadata_endpoint
            or AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
        )
        try:
            key = await SigningKeys.at(url).find(kid) if kid else None
        except NotFetched as fault:
            raise Refused(503, "keys not to be had") from fault
        if key is None or CHANNEL not in key.get("endorsements", ()):
            raise Refused(401, "key unknown or not for Teams")
