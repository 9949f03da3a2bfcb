"""Out to Teams: sends, edits and look-ups through botbuilder's connector, each off the loop.

botbuilder's connector is synchronous (requests), also where it is called async; a pool of its own
keeps slow sends from holding each other up. Each fault becomes one of the seam's send errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakSet

import structlog
from botbuilder.core import CardFactory, MessageFactory
from botbuilder.schema import Activity, ChannelAccount, ConversationParameters, ErrorResponseException
from botframework.connector import ConnectorClient
from botframework.connector.auth import MicrosoftAppCredentials
from botframework.connector.teams import TeamsConnectorClient
from msrest.exceptions import ClientException
from requests import RequestException, Response, Session
from urllib3.util import Retry

from adapters.teams.pace import Pace
from adapters.teams.trust import is_service
from flows.seam import Blocked, Gone, Outage, SendError, TooFast, TooLarge

log = structlog.get_logger()

T = TypeVar("T")
TIMEOUT = 10
"""Seconds for one call."""
WORKERS = 32
"""Calls at once: at a third of a second each, more than the 50 a second that Teams takes."""
GLOBAL_SERVICE = "https://smba.trafficmanager.net/teams/"
"""Where to send when no activity of a tenant has told its own service URL yet."""


class Connector:
    """Calls to the Teams service, with one cached token and one client for each service URL."""

    def __init__(self, app_id: str, app_secret: str, tenant: str = "") -> None:
        self.app_id = app_id
        self.pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="teams")
        self.credentials = MicrosoftAppCredentials(app_id, app_secret, channel_auth_tenant=tenant or None)
        self._sessions: WeakSet[Session] = WeakSet()
        self._pace = Pace()
        self._clients: dict[str, ConnectorClient] = {}
        self._teams: dict[str, TeamsConnectorClient] = {}

    async def warm(self) -> None:
        """Fetch the first token before anyone waits for it; a fault is told in the log, not raised."""
        if not self.app_id:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self.pool, self.credentials.get_access_token)
        except (PermissionError, OSError, ValueError) as fault:
            log.error("teams.token_not_fetched", fault=type(fault).__name__)  # noqa: TRY400 (may hold the app's id)

    def close(self) -> None:
        """Take no more calls."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        for session in list(self._sessions):
            session.close()

    async def post(self, service: str, conversation: str, card: Mapping[str, Any], summary: str) -> str:
        """Send a card; the id of the new message."""
        client, activity = self._client(service), _message(card, summary)
        await self._pace.message(conversation)
        sent = await self._call(lambda: client.conversations.send_to_conversation(conversation, activity))
        return str(sent.id or "") if sent else ""

    async def say(self, service: str, conversation: str, text: str) -> None:
        """Send a plain line of our own: never someone's words."""
        client, activity = self._client(service), MessageFactory.text(text)
        activity.text_format = "plain"
        await self._pace.message(conversation)
        await self._call(lambda: client.conversations.send_to_conversation(conversation, activity))

    async def edit(self, service: str, conversation: str, message: str, card: Mapping[str, Any], summary: str) -> None:
        """Show a card instead of an earlier message."""
        client, activity = self._client(service), _message(card, summary)
        activity.id = message
        await self._pace.message(conversation)
        await self._call(lambda: client.conversations.update_activity(conversation, message, activity))

    async def private_chat(self, service: str, tenant: str, user: str) -> str:
        """The id of someone's private chat with Erbij, made if need be (the same each time)."""
        client = self._client(service)
        asked = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=f"28:{self.app_id}" if self.app_id else "28:erbij"),
            members=[ChannelAccount(id=user)],
            tenant_id=tenant,
            channel_data={"tenant": {"id": tenant}},
        )
        made = await self._call(lambda: client.conversations.create_conversation(asked))
        if not made or not made.id:
            raise Blocked
        return str(made.id)

    async def channels(self, service: str, team: str) -> list[tuple[str, str, str]]:
        """The channels of a team that Erbij can see: id, name (empty for General), type."""
        client = self._team(service)
        found = await self._call(lambda: client.teams.get_teams_channels(team))
        return [(c.id, c.name or "", c.type or "standard") for c in found.conversations or ()]

    async def members(self, service: str, team: str) -> list[tuple[str, str]]:
        """The first 500 members of a team: Entra object id (or the Bot Framework's), name."""
        client = self._client(service)
        found = await self._call(lambda: client.conversations.get_conversation_paged_members(team, 500))
        return [(_object_id(m), m.name or "") for m in found.members or ()]

    def _client(self, service: str) -> ConnectorClient:
        if service not in self._clients:
            self._clients[service] = self._set_up(ConnectorClient, service)
        return self._clients[service]

    def _team(self, service: str) -> TeamsConnectorClient:
        if service not in self._teams:
            self._teams[service] = self._set_up(TeamsConnectorClient, service)
        return self._teams[service]

    def _set_up(self, kind: Callable[..., T], service: str) -> T:
        """A client for a service URL; the URL is checked here, before a token can go to it.

        A redirect of a send is not followed (msrest), and none takes the token along (requests).
        """
        if not is_service(service, loopback=not self.app_id):
            raise Gone
        client: Any = kind(self.credentials, base_url=service)
        client.config.retry_policy = lambda: Retry(0, read=False)  # Erbij's sender decides on retries.
        client.config.session_configuration_callback = self._kept
        client.config.connection.timeout = TIMEOUT
        made: T = client
        return made

    def _kept(self, session: Session, *_config: object, **kwargs: Any) -> dict[str, Any]:
        """Know each thread's session, so that its connections can be closed at the end."""
        self._sessions.add(session)
        return kwargs

    async def _call(self, call: Callable[[], Any]) -> Any:
        await self._pace.request()
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, call)
        except ErrorResponseException as fault:
            raise error_of(fault.response) from fault
        except (ClientException, RequestException, OSError, RuntimeError) as fault:
            raise Outage(type(fault).__name__) from fault


def _message(card: Mapping[str, Any], summary: str) -> Activity:
    activity = MessageFactory.attachment(CardFactory.adaptive_card(dict(card)))
    activity.summary = summary
    return activity


def _object_id(member: ChannelAccount) -> str:
    extra = member.additional_properties or {}
    return str(member.aad_object_id or extra.get("objectId") or member.id)


def error_of(response: Response | None) -> SendError:  # noqa: PLR0911 (one line for each refusal)
    """What a refusal by Teams means for the sender."""
    if response is None:
        return Outage("no answer")
    status, after = response.status_code, _seconds(response.headers.get("Retry-After", ""))
    if status == 429 or (after and status in (412, 502, 503, 504)):
        return TooFast(after or 2.0)
    if status == 413 or "MessageSizeTooBig" in response.text[:2000]:
        return TooLarge("too large")
    if status == 403:
        return Blocked("not installed or blocked")
    if status in (404, 405, 410):
        return Gone("not there")
    if status == 400:
        return TooLarge("refused for its shape")
    return Outage(f"status {status}")


def _seconds(header: str) -> float:
    """A Retry-After in seconds (Teams sends no dates), at most ten minutes; 0 when there is none."""
    return min(float(header), 600.0) if header.isdecimal() else 0.0
