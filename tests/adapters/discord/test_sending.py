"""Messages that nobody waits for: delivered, edited, or refused with an error that the sender understands."""

from __future__ import annotations

import pytest

from adapters.discord import DiscordAdapter, invite_url
from flows.faults import Blocked, Gone, Outage, SendError, TooFast, TooLarge
from flows.pace import Pace
from flows.seam import Card, Outgoing, Space, Text
from tests.adapters.discord.conftest import START
from tests.surfaces.discord import DiscordSurface

ID = "a" * 22


def post(world: DiscordSurface, *texts: str, edits: str = "") -> Outgoing:
    return Outgoing(ID, world.space, tuple(map(Text, texts)), place=world.place_ids["mentors"], edits=edits)


async def test_edit_shows_the_new_message_instead(world: DiscordSurface) -> None:
    sent = await world.adapter.send(post(world, "New case."))
    again = await world.adapter.send(post(world, "Robin has this case.", edits=sent.message))
    assert again == sent
    assert await world.posts("mentors") == ["Robin has this case."]


async def test_edit_grows_and_shrinks_with_its_words(world: DiscordSurface) -> None:
    long = "word " * 2000
    sent = await world.adapter.send(post(world, "Short."))
    longer = await world.adapter.send(post(world, long, edits=sent.message))
    assert " ".join(await world.posts("mentors")).split() == long.split()
    await world.adapter.send(post(world, "Short again.", edits=longer.message))
    assert await world.posts("mentors") == ["Short again."]


@pytest.mark.parametrize("lost", [0, 1])
async def test_what_somebody_deleted_is_shown_anew_and_known_under_its_new_id(world: DiscordSurface, lost: int) -> None:
    long = "word " * 2000
    sent = await world.adapter.send(post(world, long))
    gone = sent.message.split(".")[lost]
    path = f"/channels/{world.place_ids['mentors']}/messages/{gone}"
    world.env.inject_error("PATCH", path, status=404, code=10008, times=None)
    world.env.inject_error("DELETE", path, status=404, code=10008, times=None)
    again = await world.adapter.send(post(world, long.replace("word", "more"), edits=sent.message))
    assert not set(again.message.split(".")) & set(sent.message.split("."))
    stands = " ".join(await world.posts("mentors")).split()
    assert stands.count("more") == 2000
    assert stands.count("word") < 1000, "the rest of the old one is taken away"
    assert await world.adapter.send(post(world, long, edits=again.message)) == again


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (500, 0), (429, 0)])
async def test_an_edit_that_is_refused_for_another_reason_is_not_posted_anew(
    world: DiscordSurface, status: int, code: int
) -> None:
    sent = await world.adapter.send(post(world, "New case."))
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=status, code=code, times=None)
    with pytest.raises(SendError):
        await world.adapter.send(post(world, "Robin has this case.", edits=sent.message))
    assert await world.posts("mentors") == ["New case."]


async def test_private_message_reaches_only_its_person(world: DiscordSurface) -> None:
    message = Outgoing(ID, world.space, (Text("For you."), START), person=world.person_ids["Sam"])
    await world.adapter.send(message)
    assert await world.seen("Sam") == ["For you.", "[Start]"]
    assert await world.seen("Noor") == []


async def test_words_never_become_pings_or_markup(world: DiscordSurface) -> None:
    words = "@everyone **bold** <@123> # no\n# heading\n- list\n> quote ||spoiler|| [a](https://x.y) https://a.b/c_d_e"
    await world.adapter.send(post(world, words))
    request = next(r for r in reversed(world.env.http_requests) if r.method == "POST" and "messages" in r.path)
    assert request.json["allowed_mentions"] == {"parse": []}
    assert request.json["nonce"] == ID
    assert request.json["enforce_nonce"] is True
    content = request.json["components"][0]["content"]
    assert r"\*\*bold\*\*" in content
    assert r"\<@123\>" in content
    assert "\n\\# heading\n\\- list\n\\> quote" in content
    assert "https://a.b/c_d_e" in content
    assert await world.posts("mentors") == [words]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, 50007, Blocked),
        (403, 50278, Blocked),
        (403, 40003, TooFast),
        (404, 10003, Gone),
        (404, 10004, Gone),
        (404, 10008, Gone),
        (403, 50001, Gone),
        (403, 50013, Gone),
        (400, 50035, TooLarge),
        (401, 0, Outage),
    ],
)
async def test_refusals_are_a_closed_set(world: DiscordSurface, status: int, code: int, error: type[SendError]) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=status, code=code, message="no", times=None)
    with pytest.raises(error):
        await world.adapter.send(post(world, "Hello."))


async def test_fault_of_discord_is_an_outage(world: DiscordSurface) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=503, times=None)
    with pytest.raises(Outage) as raised:
        await world.adapter.send(post(world, "Hello."))
    assert raised.value.retry


async def test_closed_private_messages_are_blocked(world: DiscordSurface) -> None:
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, message="no")
    with pytest.raises(Blocked):
        await world.adapter.send(Outgoing(ID, world.space, (Text("Hi"),), person=world.person_ids["Noor"]))


@pytest.mark.parametrize("place", ["", "general", "1"])
async def test_place_that_is_none_of_discords_is_gone(world: DiscordSurface, place: str) -> None:
    with pytest.raises(Gone):
        await world.adapter.send(Outgoing(ID, world.space, (Text("Hi"),), place=place))


async def test_send_before_the_connection_waits_for_it() -> None:
    adapter = DiscordAdapter("token")
    assert not adapter.up
    with pytest.raises(Outage):
        await adapter.send(Outgoing(ID, Space("discord", "1"), (Card("Hi", ()),), place="1"))


def test_invitation_asks_for_little() -> None:
    link = invite_url("123")
    assert "scope=bot+applications.commands" in link
    assert "client_id=123" in link
    assert f"permissions={1 << 10 | 1 << 11 | 1 << 14 | 1 << 44}" in link


async def test_pace_keeps_to_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("flows.pace.asyncio.sleep", sleep)
    pace = Pace(50)
    for _ in range(101):
        await pace.turn()
    assert 1.9 < waits[-1] <= 2.0
