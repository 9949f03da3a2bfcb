"""Interactions as Discord sends them, odd ones too; and answers within its time."""

from __future__ import annotations

from typing import Any

import pytest

from flows.seam import Act, Filled, Opened, Pressed, Reply, Text
from tests.adapters.discord.conftest import CHECK_IN, START, Flows
from tests.surfaces.discord import DiscordSurface


def raw(world: DiscordSurface, kind: int, data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One INTERACTION_CREATE from Sam in the students' channel, as documented; None takes a key away."""
    sam = world.people["Sam"]
    payload: dict[str, Any] = {
        "id": "1300000000000000001",
        "application_id": str(world.env.backend.application_id),
        "type": kind,
        "token": "unusable",
        "version": 1,
        "data": data,
        "guild_id": world.space.id,
        "channel_id": world.place_ids["students"],
        "channel": {
            "id": world.place_ids["students"],
            "type": 0,
            "guild_id": world.space.id,
            "name": "students",
            "position": 0,
        },
        "locale": "nl",
        "guild_locale": "en-US",
        "app_permissions": "0",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 0,
        "attachment_size_limit": 10485760,
        "member": {
            "user": {"id": str(sam.id), "username": "Sam", "discriminator": "0", "avatar": None, "global_name": None},
            "roles": [world.role_ids["students"]],
            "permissions": "32",
            "joined_at": "2026-09-01T08:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        },
    }
    payload.update(changes)
    return {key: value for key, value in payload.items() if value is not None}


BUTTON = {"custom_id": "c.conversation.1.yes", "component_type": 2}
LABEL = {"type": 18, "id": 1, "component": {"type": 21, "id": 2, "custom_id": "scale=s1", "value": "4"}}


@pytest.mark.parametrize(
    ("kind", "data", "act"),
    [
        (3, BUTTON, Pressed("c.conversation.1.yes")),
        (3, {"custom_id": "=0=c.conversation.1", "component_type": 2}, Opened("c.conversation.1")),
        (3, {"custom_id": "=x=made.by.hand", "component_type": 2}, Pressed("=x=made.by.hand")),
        (3, {"custom_id": "=0=", "component_type": 2}, Pressed("=0=")),
        (3, {"custom_id": "made by \u202e hand '; --", "component_type": 99}, Pressed("made by \u202e hand '; --")),
        (5, {"custom_id": "c.f.1", "components": [LABEL]}, Filled("c.f.1", {"s1": 4})),
        (
            5,  # inputs as they were before labels existed
            {
                "custom_id": "c.f.1",
                "components": [{"type": 1, "components": [{"type": 4, "custom_id": "line=a", "value": "words"}]}],
            },
            Filled("c.f.1", {"a": "words"}),
        ),
        (
            5,  # components of a later Discord, text between inputs, ids and values of another shape
            {
                "custom_id": "c.f.1",
                "components": [
                    {"type": 77, "custom_id": "unknown"},
                    {"type": 10, "id": 3},
                    {"type": 18, "component": {"type": 21, "custom_id": "scale=s1", "value": "many"}},
                    {"type": 18, "component": {"type": 3, "custom_id": "options=o", "values": []}},
                    {"type": 18, "component": {"type": 8, "custom_id": "pick=p", "values": ["9"]}},
                    {"type": 18, "component": {"type": 4, "custom_id": "line=l", "value": ""}},
                ],
            },
            Filled("c.f.1", {"s1": None, "o": None, "p": None, "l": None}),
        ),
        (5, {"custom_id": "c.f.1", "components": []}, Filled("c.f.1", {})),
    ],
)
async def test_payloads(world: DiscordSurface, flows: Flows, kind: int, data: dict[str, Any], act: Act) -> None:
    world.env.backend.emit("INTERACTION_CREATE", raw(world, kind, data))
    await world.env.settle()
    event = flows.seen[-1]
    assert event.act == act
    assert (event.event, event.locale, event.place) == ("1300000000000000001", "nl", world.place_ids["students"])
    assert event.person is not None
    assert event.person.roles == {world.role_ids["students"]}
    assert event.person.manages


async def test_thread_counts_as_its_channel(world: DiscordSurface, flows: Flows) -> None:
    thread = {
        "id": "1300000000000000009",
        "type": 11,
        "guild_id": world.space.id,
        "parent_id": world.place_ids["mentors"],
        "name": "aside",
        "owner_id": "1",
        "message_count": 0,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": "2026-11-21T08:00:00+00:00",
            "locked": False,
        },
    }
    world.env.backend.emit(
        "INTERACTION_CREATE", raw(world, 3, BUTTON, channel=thread, channel_id="1300000000000000009")
    )
    await world.env.settle()
    assert flows.seen[-1].place == world.place_ids["mentors"]


async def test_unknown_server_is_passed_on_as_it_is(world: DiscordSurface, flows: Flows) -> None:
    world.env.backend.emit("INTERACTION_CREATE", raw(world, 3, BUTTON, guild_id="1300000000000000007"))
    await world.env.settle()
    assert flows.seen[-1].space.id == "1300000000000000007"
    assert flows.seen[-1].person is not None
    assert flows.seen[-1].person.roles == frozenset()


async def test_event_without_a_person_has_no_effect(world: DiscordSurface, flows: Flows) -> None:
    world.env.backend.emit("INTERACTION_CREATE", raw(world, 3, BUTTON, member=None))
    await world.env.settle()
    assert flows.seen == []


# ---------------------------------------------------------------- time


async def test_slow_turn_asks_for_time_and_answers_later(world: DiscordSurface, flows: Flows) -> None:
    flows.takes = 10.0
    flows.say(Text("One."), START)
    await world.command("Sam", "help")
    await world.env.advance_time(11)
    assert await world.seen("Sam") == ["One.", "[Start]"]
    flows.say(Text("Two."))
    await world.press("Sam", "Start")
    await world.env.advance_time(11)
    assert await world.seen("Sam") == ["Two."]
    assert [r.json["type"] for r in world.env.http_requests if r.path.endswith("/callback")] == [5, 6]


async def test_form_too_late_for_a_modal_is_offered_again(world: DiscordSurface, flows: Flows) -> None:
    flows.say(CHECK_IN)
    await world.command("Sam", "check-in")
    flows.takes = 2.0
    opener = world.opener("Sam")
    assert opener is not None
    shown = await world.click("Sam", *opener)
    await world.env.advance_time(3)
    assert shown.modal is None
    flows.takes = 0.0
    assert "That took a little too long. Please press the button once more." in await world.seen("Sam")
    opener = world.opener("Sam")
    assert opener is not None
    assert (await world.click("Sam", *opener)).modal is not None


@pytest.mark.parametrize("code", [10062, 10015, 50027])
async def test_expired_token_in_a_private_chat_falls_back_to_a_message(
    world: DiscordSurface, flows: Flows, code: int
) -> None:
    flows.say(Text("Hello."), START)
    await world.say("Sam", "hi")
    world.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=code, times=None)
    world.env.inject_error("POST", "/webhooks/*", status=404, code=code, times=None)
    flows.say(Text("Late, but here."))
    await world.press("Sam", "Start")
    assert "Late, but here." in await world.seen("Sam")


async def test_expired_token_in_a_channel_writes_to_nobody(world: DiscordSurface, flows: Flows) -> None:
    world.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062, times=None)
    await world.command("Sam", "help")
    assert await world.seen("Sam") == []
    assert await world.posts("students") == []


async def test_nothing_to_say_is_still_an_answer(world: DiscordSurface, flows: Flows) -> None:
    flows.then = lambda _event: Reply(())
    await world.command("Sam", "help")
    assert await world.seen("Sam") == ["All right."]
