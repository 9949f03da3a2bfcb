"""Reading: a Bot Framework activity (JSON as it came) becomes one small value, or nothing.

Read as plain JSON, not through botbuilder's model: the model loses the conversation's tenant and
changes an invoke's action from what its own types promise.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.teams.trust import tenant_of
from flows.seam import Act, Added, Arrived, Changed, Left, Removed, Said

_AT = re.compile(r"</?at[^>]*>")
_PLACED = re.compile(r"<(quoted|attachment)\b[^<>]*(?:/>|>[^<>]*</\1>)", re.IGNORECASE)
"""Where Teams puts a quoted message or a file into a text: the text stands around it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One activity that concerns Erbij."""

    id: str
    service: str
    tenant: str
    conversation: str
    personal: bool
    user: str
    """The Bot Framework's id of the person."""
    person: str
    name: str
    locale: str
    team: str = ""
    place: str = ""
    invoke: str = ""
    """The invoke's name when an answer is expected in the response."""
    card: str = ""
    """The message whose card was used."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What a card or dialog sent; empty for all else."""
    act: Act | None = None
    """What was done, when no card tells it."""
    added: bool = False
    """True for who added Erbij to the team."""
    inside: bool = False
    """True where only members of the team can act: in its channels, but those that are shared with others."""


def read(body: Mapping[str, Any]) -> Event | None:
    """The event in an activity; None for what Erbij leaves alone (reactions, typing, bots, edits in channels)."""
    person, chat = _dict(body, "from"), _dict(body, "conversation")
    channel_data = _dict(body, "channelData")
    user, conversation = _text(person, "id"), _text(chat, "id")
    if not user or not conversation or user.startswith("28:") or person.get("role") == "bot":
        return None
    kind = chat.get("conversationType") or ("groupChat" if chat.get("isGroup") else "personal")
    team = _text(_dict(channel_data, "team"), "id")
    channel = _text(_dict(channel_data, "channel"), "id") or conversation.split(";")[0]
    event = Event(
        id=f"{conversation}:{_text(body, 'id') or _digest(body)}",
        service=_text(body, "serviceUrl"),
        tenant=tenant_of(body),
        conversation=conversation,
        personal=kind == "personal",
        inside=kind == "channel" and _dict(channel_data, "channel").get("type") != "shared",
        user=user,
        person=_text(person, "aadObjectId") or user,
        name=_text(person, "name"),
        locale=_text(body, "locale"),
        team=team if kind == "channel" else "",
        place="" if kind == "personal" else channel,
        card=_text(body, "replyToId"),
    )
    return _with_act(event, body)


def _with_act(event: Event, body: Mapping[str, Any]) -> Event | None:
    kind = body.get("type")
    if kind == "message":
        data = body.get("value")
        if isinstance(data, dict) and data:
            return replace(event, data=data)
        return replace(event, act=Said(_typed(body), files=_has_files(body)))
    if kind in ("messageUpdate", "messageDelete"):
        return _edited(event, body)
    if kind == "invoke":
        return _invoked(event, body)
    if kind == "installationUpdate":
        return _installed(event, body, _text(body, "action"))
    return _changed(event, body) if kind == "conversationUpdate" else None


def _invoked(event: Event, body: Mapping[str, Any]) -> Event | None:
    name, value = _text(body, "name"), _dict(body, "value")
    if name == "adaptiveCard/action":
        data = _dict(value, "action").get("data")
    elif name in ("task/fetch", "task/submit"):
        data = value.get("data")
    else:
        return None
    return replace(event, invoke=name, data=data if isinstance(data, dict) else {})


def _installed(event: Event, body: Mapping[str, Any], action: str) -> Event | None:
    """Added or removed. Teams tells it twice (also as members added): both get one id, so one effect."""
    if action not in ("add", "remove"):
        return None  # add-upgrade, remove-upgrade: a new version, nothing for people
    hour = _text(body, "timestamp")[:13]
    if action == "add":
        event = replace(event, id=f"{event.conversation}:arrived:{hour}", added=bool(event.team))
        return replace(event, act=Added() if event.team else Arrived())
    if event.personal:
        return None  # one person's private chat, not the community
    return replace(event, id=f"{event.conversation}:removed:{hour}", act=Removed())


def _changed(event: Event, body: Mapping[str, Any]) -> Event | None:
    """Erbij added or removed, a channel or team deleted, or somebody gone from the team; who comes is not followed."""
    us = _text(_dict(body, "recipient"), "id")
    what = _text(_dict(body, "channelData"), "eventType")
    if what == "channelDeleted":
        return replace(event, act=Removed(place=event.place))
    if what in ("teamDeleted", "teamHardDeleted"):
        return replace(event, act=Removed())
    for members, action in (("membersAdded", "add"), ("membersRemoved", "remove")):
        listed = body.get(members)
        if us and isinstance(listed, list) and any(isinstance(m, dict) and m.get("id") == us for m in listed):
            return _installed(event, body, action)
    # Teams names them by ids of its own, and tells of private channels in the same way: so who it was is asked.
    return replace(event, act=Left()) if event.team and body.get("membersRemoved") else None


def _edited(event: Event, body: Mapping[str, Any]) -> Event | None:
    """A message that was edited or deleted in private; one event an hour, because one answer is enough."""
    what = _text(_dict(body, "channelData"), "eventType")
    if not event.personal or what not in ("editMessage", "softDeleteMessage"):
        return None  # undeleted, or a change that Teams itself made
    return replace(event, id=f"{event.conversation}:changed:{_text(body, 'timestamp')[:13]}", act=Changed())


def _has_files(body: Mapping[str, Any]) -> bool:
    """Whether pictures or files came along; the text itself comes as an attachment too, as HTML."""
    attachments = body.get("attachments")
    listed = attachments if isinstance(attachments, list) else []
    kinds = [_text(one, "contentType") for one in listed if isinstance(one, dict)]
    return any(kind and not kind.startswith("text/") and kind != "messageReference" for kind in kinds)


def _typed(body: Mapping[str, Any]) -> str:
    """The text without the mention of Erbij, and what it quotes; other people's mentions stay as names."""
    text, us = _text(body, "text"), _text(_dict(body, "recipient"), "id")
    entities = body.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        if isinstance(entity, dict) and entity.get("type") == "mention":
            tag = entity.get("text")
            if _dict(entity, "mentioned").get("id") == us and isinstance(tag, str) and tag:
                text = text.replace(tag, " ")
    return html.unescape(_AT.sub("", _PLACED.sub(" ", text))).replace("\xa0", " ").strip()


def _dict(part: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = part.get(key)
    return value if isinstance(value, dict) else {}


def _text(part: Mapping[str, Any], key: str) -> str:
    value = part.get(key)
    return value if isinstance(value, str) else ""


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32]
