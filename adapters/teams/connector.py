"""Out to Teams: sends, edits and look-ups through the connector's REST interface, on the loop.

botbuilder's own connector is synchronous: each call took a thread and several times the work. Only the token still
comes from its library, in a thread. Each fault becomes one of the seam's send errors.
"""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from botframework.connector.auth import MicrosoftAppCredentials
from msal import ConfidentialClientApplication

from adapters.teams.pace import Throttle
from adapters.teams.trust import is_service
from flows.faults import Blocked, Gone, Outage, SendError, TooFast, TooLarge

log = structlog.get_logger()

Json = dict[str, Any]
CARD = "application/vnd.microsoft.card.adaptive"
TIMEOUT = 10
"""Seconds for one call."""
AT_ONCE = 64
"""Calls at once: at a second each, more than the 50 a second that Teams takes."""
FRESH = 240.0
"""Seconds that a token is used again; the library never gives one that ends within five minutes."""
MEMBERS = 500
"""Members of a team that are asked for."""
BETWEEN = "|"
"""Between the ids of the messages that one message of ours took."""
GLOBAL_SERVICE = "https://smba.trafficmanager.net/teams/"
"""Where to send when no activity of a tenant has told its own service URL yet."""


class Credentials(MicrosoftAppCredentials):  # type: ignore[misc]  # its library has no types
    """Erbij's own, whose library gets a time limit: without one it waits for a silent server for ever."""

    app: Any

    def get_access_token(self, force_refresh: bool = False) -> str:  # noqa: FBT001, FBT002  the library's own
        """A token for the connector; raises PermissionError, OSError or ValueError."""
        if self.app is None:
            self.app = ConfidentialClientApplication(
                self.microsoft_app_id,
                client_credential=self.microsoft_app_password,
                authority=self.oauth_endpoint,
                timeout=TIMEOUT,
            )
        return str(super().get_access_token(force_refresh))


class Connector:
    """Calls to the Teams service, with one token and one session for all of them."""

    def __init__(self, app_id: str, app_secret: str, tenant: str = "") -> None:
        self.app_id = app_id
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="teams")
        """For what its library does synchronously: fetching tokens."""
        self.credentials = Credentials(app_id, app_secret, channel_auth_tenant=tenant or None)
        self._throttle = Throttle()
        self._session: ClientSession | None = None
        self._token, self._fetched = "", float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """Fetch the first token before anyone waits for it; a fault is told in the log, not raised."""
        try:
            await self._authorization()
        except (PermissionError, OSError, ValueError) as fault:
            log.error("teams.token_not_fetched", fault=type(fault).__name__)  # noqa: TRY400 (may hold the app's id)

    async def close(self) -> None:
        """Take no more calls."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        if self._session is not None:
            await self._session.close()

    async def post(self, service: str, conversation: str, card: Mapping[str, Any], summary: str) -> str:
        """Send a card; the id of the new message."""
        await self._throttle.message(conversation)
        path = f"conversations/{_part(conversation)}/activities"
        sent = await self._call("POST", service, path, _card(card, summary))
        return str(sent.get("id") or "")

    async def say(self, service: str, conversation: str, text: str) -> None:
        """Send a plain line of our own: never someone's words."""
        await self._throttle.message(conversation)
        activity = {"type": "message", "inputHint": "acceptingInput", "text": text, "textFormat": "plain"}
        await self._call("POST", service, f"conversations/{_part(conversation)}/activities", activity)

    async def edit(self, service: str, conversation: str, message: str, card: Mapping[str, Any], summary: str) -> None:
        """Show a card instead of an earlier message."""
        await self._throttle.message(conversation)
        path = f"conversations/{_part(conversation)}/activities/{_part(message)}"
        await self._call("PUT", service, path, _card(card, summary) | {"id": message})

    async def show(
        self, service: str, conversation: str, cards: Sequence[Mapping[str, Any]], summary: str, instead_of: str = ""
    ) -> str:
        """Show cards, instead of those of an earlier time if there are any; the ids of their messages, in one."""
        old = instead_of.split(BETWEEN) if instead_of else []
        kept = old[: len(cards)]
        try:
            for message, card in zip(old, cards, strict=False):
                await self.edit(service, conversation, message, card, summary)
        except (Gone, Blocked, TooLarge):
            # Of a message that somebody deleted Teams says 403, 404 or 400: shown anew, it is known under its new id.
            # Where it was refused for another reason, it is refused again.
            kept = []
        new = [await self.post(service, conversation, card, summary) for card in cards[len(kept) :]]
        for message in old[len(kept) :]:
            try:
                await self._delete(service, conversation, message)
            except SendError:
                if kept:
                    raise  # else it would all be shown once more
        return BETWEEN.join([*kept, *new])

    async def _delete(self, service: str, conversation: str, message: str) -> None:
        await self._throttle.message(conversation)
        await self._call("DELETE", service, f"conversations/{_part(conversation)}/activities/{_part(message)}")

    async def private_chat(self, service: str, tenant: str, user: str) -> str:
        """The id of someone's private chat with Erbij, made if need be (the same each time)."""
        asked = {
            "isGroup": False,
            "bot": {"id": f"28:{self.app_id}" if self.app_id else "28:erbij"},
            "members": [{"id": user}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        }
        made = await self._call("POST", service, "conversations", asked)
        if not made.get("id"):
            raise Blocked
        return str(made["id"])

    async def channels(self, service: str, team: str) -> list[tuple[str, str, str]]:
        """The channels of a team that Erbij can see: id, name (empty for General), type."""
        found = await self._call("GET", service, f"teams/{_part(team)}/conversations")
        return [(c["id"], c.get("name") or "", c.get("type") or "standard") for c in found.get("conversations") or ()]

    async def members(self, service: str, team: str) -> list[tuple[str, str]]:
        """The first members of a team: Entra object id (or the Bot Framework's), name."""
        found = await self._call("GET", service, f"conversations/{_part(team)}/pagedmembers?pageSize={MEMBERS}")
        return [(_object_id(m), m.get("name") or "") for m in found.get("members") or ()]

    async def is_member(self, service: str, team: str, person: str) -> bool:
        """Whether someone, by their Entra object id or the Bot Framework's, is in a team that Erbij is in too."""
        if not self.app_id:  # Microsoft's Agents Playground looks people up by the Bot Framework's id alone
            return any(ident == person for ident, _name in await self.members(service, team))
        try:
            await self._call("GET", service, f"conversations/{_part(team)}/members/{_part(person)}")
        except NoMember:
            return False
        return True

    async def _call(self, method: str, service: str, path: str, body: Json | None = None) -> Json:
        """What the service answers.

        The service's URL is checked here, before a token can go to it; a redirect is not followed.
        """
        if not is_service(service, loopback=not self.app_id):
            raise Gone
        await self._throttle.request(service)
        url = f"{service.rstrip('/')}/v3/{path}"
        try:
            headers = await self._authorization()
            session = self._opened()
            async with session.request(
                method, url, json=body, headers=headers, allow_redirects=False, proxy=_proxy(service)
            ) as response:
                text = await response.text()
        except (ClientError, OSError, RuntimeError, ValueError) as fault:
            raise Outage(type(fault).__name__) from fault
        if response.status in (400, 404) and _code(text) == "MemberNotFoundInConversation":
            raise NoMember("not a member")
        if response.status >= 300:
            raise error_of(response.status, response.headers, text)
        return _object(text)

    async def _authorization(self) -> dict[str, str]:
        """The header that vouches for us; none in the try-out."""
        if not self.app_id:
            return {}
        if time.monotonic() - self._fetched > FRESH:
            if self._fetching is None:
                self._fetching = asyncio.create_task(self._fetch())
            await asyncio.shield(self._fetching)  # one for all who wait: they fail together, not one after the other
        return {"Authorization": f"Bearer {self._token}"}

    async def _fetch(self) -> None:
        try:
            self._token = await asyncio.get_running_loop().run_in_executor(self.pool, self.credentials.get_access_token)
            self._fetched = time.monotonic()
        finally:
            self._fetching = None

    def _opened(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=AT_ONCE),
                timeout=ClientTimeout(TIMEOUT),
                cookie_jar=DummyCookieJar(),
            )
        return self._session


class NoMember(Gone):
    """Someone is not among the members of a conversation, of which Erbij is one."""


def _card(card: Mapping[str, Any], summary: str) -> Json:
    return {
        "type": "message",
        "inputHint": "acceptingInput",
        "attachmentLayout": "list",
        "attachments": [{"contentType": CARD, "content": card}],
        "summary": summary,
    }


@functools.cache
def _proxy(service: str) -> str | None:
    """The proxy that the environment names for a service; aiohttp itself would look for it in a thread at each call."""
    url = urlsplit(service)
    return None if proxy_bypass(url.hostname or "") else getproxies().get(url.scheme)


def _part(text: str) -> str:
    """An id as one part of a path."""
    return quote(text, safe="")


def _object(text: str) -> Json:
    """The JSON object in an answer; empty when there is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _object_id(member: Json) -> str:
    return str(member.get("aadObjectId") or member.get("objectId") or member["id"])


def error_of(status: int, headers: Mapping[str, str], text: str) -> SendError:
    """What a refusal by Teams means for the sender."""
    after = _seconds(headers.get("Retry-After", ""))
    if status == 429 or (after and status in (412, 502, 503, 504)):
        return TooFast(after or 2.0)
    if status == 413 or "MessageSizeTooBig" in text[:2000]:
        return TooLarge("too large")
    if status == 403:
        return Blocked("not installed or blocked")
    if status in (404, 405, 410):
        return Gone("not there")
    if status == 400:
        return TooLarge("refused for its shape")
    return Outage(f"status {status}")


def _code(text: str) -> str:
    """The error's own code in an answer; empty when it has none."""
    error = _object(text).get("error")
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def _seconds(header: str) -> float:
    """A Retry-After in seconds (Teams sends no dates), at most ten minutes; 0 when there is none."""
    return min(float(header), 600.0) if header.isdecimal() else 0.0
