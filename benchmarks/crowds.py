"""Students on Discord and in Teams, as events.py lets them act: each act follows from what was shown before."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self

from aiohttp import ClientSession, ClientTimeout, TCPConnector
from platforms import Discord, Json, Teams

from tests.adapters.teams.world import APP, TEAM

SERVER, CHANNEL = "2001", "2002"
TEAMS_CHANNEL = "19:students@thread.tacv2"
EPHEMERAL = 64
PATIENCE = 30.0
"""Seconds after which an answer counts as lost."""


@dataclass(slots=True)
class Student:
    """Someone on their way through a check-in, with what they can use now."""

    id: str
    shown: Json | None = None
    """Discord: the message with the buttons. Teams: the card."""
    use: Any = None
    """Discord: the button's id, or the modal. Teams: the action's data."""
    message: str = ""
    tenant: Tenant | None = None


class Watch(Protocol):
    """Who times the answers."""

    def answered(self, event: str) -> None:
        """The first byte of an answer is there."""

    def put_off(self) -> None:
        """That answer only asked for patience."""

    def can(self, act: str, student: Student) -> None:
        """What a student can do next."""

    def thanked(self) -> None:
        """A check-in came to its end."""


class OnDiscord:
    """Interactions through the gateway, answers at the callback endpoint."""

    name = "Discord"
    acts = ("start", "open", "fill", "open", "fill", "confirm", "help")  # six questions are two forms

    def __init__(self, platform: Discord, round_: str, watch: Watch) -> None:
        self._platform, self._round, self._watch = platform, round_, watch
        self._ids = itertools.count(3 * 10**18)
        self._people: dict[str, Student] = {}
        platform.answered, platform.followed = self._answered, self._followed
        self._post = platform.message({}, CHANNEL)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None: ...

    def event(self) -> str:
        return str(next(self._ids))

    def newcomer(self) -> Student:
        return Student(self.event())

    async def send(self, event: str, act: str, who: Student) -> None:
        self._people[event] = who
        match act:
            case "start":
                await self._press(event, who, f"s.check_in.{self._round}", self._post)
            case "open" | "confirm":
                await self._press(event, who, who.use, who.shown)
            case "fill":
                data = {"custom_id": who.use["custom_id"], "components": list(map(_filled, who.use["components"]))}
                await self._interact(event, who, 5, data, message=who.shown)
            case "help":
                command = {"id": self._platform.commands["help"], "name": "help", "type": 1, "options": []}
                await self._interact(event, who, 2, command)

    async def _press(self, event: str, who: Student, button: str, message: Json | None) -> None:
        await self._interact(event, who, 3, {"custom_id": button, "component_type": 2}, message=message)

    async def _interact(self, event: str, who: Student, kind: int, data: Json, **more: Any) -> None:
        user = {"id": who.id, "username": "student", "discriminator": "0", "global_name": None, "avatar": None}
        member = {"user": user, "roles": [], "joined_at": "2026-09-01T12:00:00+00:00", "deaf": False, "mute": False}
        payload = {
            "id": event,
            "application_id": "1000",
            "type": kind,
            "token": event,
            "version": 1,
            "data": data,
            "guild_id": SERVER,
            "channel_id": CHANNEL,
            "channel": {"id": CHANNEL, "type": 0, "name": "students", "position": 0},
            "member": member | {"flags": 0, "permissions": "3072"},
            "locale": "en-US",
            "guild_locale": "en-US",
            "app_permissions": "3072",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "context": 0,
            "attachment_size_limit": 10_000_000,
        }
        await self._platform.tell("INTERACTION_CREATE", payload | more)

    def _answered(self, event: str, answer: Json) -> None:
        self._watch.answered(event)
        who = self._people[event]
        if answer["type"] in (5, 6):
            self._watch.put_off()
        elif answer["type"] == 9:
            who.use = answer["data"]
            self._watch.can("fill", who)
        elif "message" in answer:
            self._followed(event, answer["message"])

    def _followed(self, event: str, message: Json) -> None:
        who = self._people[event]
        for one in _walk(message["components"], "components"):
            button = str(one.get("custom_id") or "")
            if button.startswith("=") or button.endswith(".send"):
                who.use, who.shown = button, message | {"flags": EPHEMERAL | message["flags"]}
                self._watch.can("open" if button.startswith("=") else "confirm", who)
                return
            if str(one.get("content") or "").startswith("Thank you. Your answers are in"):
                self._watch.thanked()


def _filled(label: Json) -> Json:
    asked = label["component"]
    given = {"value": ""} if asked["type"] == 4 else {"value": "4"}
    return {
        "type": 18,
        "id": 1,
        "component": {"type": asked["type"], "id": 2, "custom_id": asked["custom_id"], **given},
    }


@dataclass(frozen=True, slots=True)
class Tenant:
    """An institution in Teams: its id, the service that its activities name, and the token that vouches for that."""

    id: str
    service: str
    token: str


class InTeams:
    """Activities posted to the endpoint with a signed token; the answer's first byte is its status line."""

    name = "Teams"
    acts = ("start", "fill", "confirm", "start", "fill", "confirm", "help")

    def __init__(self, platform: Teams, round_: str, watch: Watch, url: str, tenants: list[Tenant]) -> None:
        self._round, self._watch, self._url = round_, watch, url
        self._tenants = itertools.cycle(tenants)
        self._ids = itertools.count(1)
        self._people: dict[str, Student] = {}
        self._session: ClientSession
        platform.posted = self._posted

    def event(self) -> str:
        return f"e{next(self._ids)}"

    def newcomer(self) -> Student:
        who = Student(f"s{next(self._ids)}", tenant=next(self._tenants))
        self._people[f"a:29:{who.id}"] = who
        return who

    async def send(self, event: str, act: str, who: Student) -> None:
        match act:
            case "start":
                data = {"erbij": {"do": "press", "id": f"s.check_in.{self._round}"}}
                body = self._activity(event, who, channel=True) | _used(data)
            case "help":
                body = self._activity(event, who) | {"type": "message", "text": "help"}
            case _:
                body = self._activity(event, who) | _used(who.use) | {"replyToId": who.message}
        assert who.tenant is not None
        session, headers = self._session, {"Authorization": f"Bearer {who.tenant.token}"}
        async with session.post(self._url, json=body, headers=headers) as response:
            response.raise_for_status()
            self._watch.answered(event)
            answer = await response.json() if response.content_type == "application/json" else None
        if answer is not None and str(answer["value"]).startswith("One moment"):
            self._watch.put_off()
        elif act in ("fill", "confirm"):
            self._shown(who, answer["value"], who.message)

    async def __aenter__(self) -> Self:
        self._session = ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(PATIENCE))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()

    def _activity(self, event: str, who: Student, *, channel: bool = False) -> Json:
        assert who.tenant is not None
        tenant = who.tenant
        chat: Json = {"conversationType": "personal", "id": f"a:29:{who.id}", "tenantId": tenant.id}
        data: Json = {"tenant": {"id": tenant.id}}
        if channel:
            chat |= {"conversationType": "channel", "isGroup": True, "id": f"{TEAMS_CHANNEL};messageid=1"}
            data |= {"team": {"id": TEAM}, "channel": {"id": TEAMS_CHANNEL}}
        return {
            "id": event,
            "timestamp": "2026-11-21T14:00:00.123Z",
            "channelId": "msteams",
            "serviceUrl": tenant.service,
            "from": {"id": f"29:{who.id}", "name": "Student", "aadObjectId": f"oid-{who.id}"},
            "conversation": chat,
            "recipient": {"id": f"28:{APP}", "name": "Erbij"},
            "locale": "en-GB",
            "channelData": data,
        }

    def _posted(self, chat: str, message: str, activity: Json) -> None:
        self._shown(self._people[chat], activity["attachments"][0]["content"], message)

    def _shown(self, who: Student, card: Any, message: str) -> None:
        elements = list(_walk(card["body"], "items")) if isinstance(card, dict) else []
        for action in (action for one in elements for action in one.get("actions", ())):
            ours = action["data"]["erbij"]
            if ours["do"] == "fill":
                given = {f"in.{name}": "4" for name, kind in ours["fields"].items() if kind == "number"}
                who.use, who.message = action["data"] | given, message
                return self._watch.can("fill", who)
            if ours["id"].endswith(".send"):
                who.use, who.message = action["data"], message
                return self._watch.can("confirm", who)
        runs = (run["text"] for one in elements for run in one.get("inlines", ()))
        if any(text.startswith("Thank you. Your answers are in") for text in runs):
            self._watch.thanked()
        return None


def _used(data: Json) -> Json:
    value = {"action": {"type": "Action.Execute", "verb": "erbij", "data": data}}
    return {"type": "invoke", "name": "adaptiveCard/action", "value": value}


def _walk(elements: list[Json], inner: str) -> Iterator[Json]:
    for one in elements:
        yield one
        yield from _walk(one.get(inner) or [], inner)


Crowd = OnDiscord | InTeams
