"""Messages that nobody waits for: where they go, what they replace, and what each refusal means."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from adapters.teams import connector
from adapters.teams.address import Address, address_of
from flows.faults import Blocked, Gone, Outage, SendError, TooFast, TooLarge
from flows.seam import Button, Buttons, Incoming, Outgoing, Part, Reply, Space, Text
from tests.adapters.teams.schema import elements
from tests.adapters.teams.world import APP, TEAM, TENANT, World, silent_server, world

STUDENTS = "19:students@thread.tacv2"
POST = (Text("A new check-in."), Buttons((Button("s.check_in.x", "Start", "primary"),)))


async def nothing(_incoming: Incoming) -> Reply:
    return Reply()


@pytest.fixture
async def teams() -> AsyncIterator[World]:
    async with world(nothing) as made:
        await made.post(made.activity(text="hello"))  # tells the tenant's service URL
        yield made


def to_place(parts: tuple[Part, ...] = POST, **fields: str) -> Outgoing:
    return Outgoing("id", Space("teams", f"{TENANT}:{TEAM}"), parts, place=STUDENTS, **fields)


def to_person(world: World, conversation: str = "", **fields: str) -> Outgoing:
    address = Address(world.service.url, TENANT, "29:sam", conversation).text()
    return Outgoing("id", Space("teams", TENANT), POST, person="oid-sam", address=address, **fields)


async def test_a_post_and_its_edit(teams: World) -> None:
    sent = await teams.adapter.send(to_place())
    [message] = teams.service.messages[STUDENTS].values()
    assert message["summary"] == "A new check-in."
    assert await teams.adapter.send(to_place((Text("Closed."),), edits=sent.message)) == sent
    [card] = teams.service.cards(STUDENTS)
    assert "Closed." in card["speak"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "ActivityNotFoundInConversation"), (403, "ServiceError"), (400, "BadArgument")],
    ids=["not found", "deleted", "not known"],
)
async def test_what_somebody_deleted_is_shown_anew_and_known_under_its_new_id(
    teams: World, status: int, code: str
) -> None:
    """As Teams says it: 403 "Unknown" of a message that was deleted, 404 of one that never was there."""
    sent = await teams.adapter.send(to_place())
    teams.service.messages[STUDENTS].clear()
    teams.service.faults.append(web.json_response({"error": {"code": code}}, status=status))
    again = await teams.adapter.send(to_place((Text("Taken."),), edits=sent.message))
    assert again != sent
    assert list(teams.service.messages[STUDENTS]) == [again.message]
    assert await teams.adapter.send(to_place((Text("Answered."),), edits=again.message)) == again
    [card] = teams.service.cards(STUDENTS)
    assert "Answered." in card["speak"]


async def test_an_edit_where_erbij_may_not_write_is_gone(teams: World) -> None:
    sent = await teams.adapter.send(to_place())
    teams.service.faults += [web.Response(status=403, text="{}") for _ in range(2)]
    with pytest.raises(Gone):
        await teams.adapter.send(to_place((Text("Taken."),), edits=sent.message))


async def test_an_edit_grows_and_shrinks_with_its_words(teams: World) -> None:
    long = tuple(Text(f"{n} " + "word " * 3000) for n in range(6))
    sent = await teams.adapter.send(to_place((Text("Short."),)))
    longer = await teams.adapter.send(to_place(long, edits=sent.message))
    cards = teams.service.cards(STUDENTS)
    assert len(cards) > 1
    shown = [run["text"] for card in cards for run in elements(card) if run.get("type") == "TextRun"]
    assert "".join("".join(shown).split()) == "".join("".join(part.text.split()) for part in long)
    assert longer.message.split("|") == list(teams.service.messages[STUDENTS])
    again = await teams.adapter.send(to_place((Text("Short again."),), edits=longer.message))
    assert again == sent
    [card] = teams.service.cards(STUDENTS)
    assert "Short again." in card["speak"]


async def test_to_a_person(teams: World) -> None:
    await teams.adapter.send(to_person(teams, "a:known"))
    assert "a:known" in teams.service.messages
    await teams.adapter.send(to_person(teams))
    assert len(teams.service.messages["a:29:sam"]) == 1
    await teams.adapter.send(Outgoing("id", Space("teams", TENANT), POST, person="oid-kim"))
    assert "a:oid-kim" in teams.service.messages
    teams.service.blocked.add("oid-eve")
    with pytest.raises(Blocked):
        await teams.adapter.send(Outgoing("id", Space("teams", TENANT), POST, person="oid-eve"))
    with pytest.raises(Gone):
        await teams.adapter.send(Outgoing("id", Space("teams", TENANT), POST))


@pytest.mark.parametrize(
    ("status", "headers", "error", "seconds"),
    [
        (429, {"Retry-After": "7"}, TooFast, 7),
        (429, {}, TooFast, 2),
        (412, {}, Outage, None),
        (412, {"Retry-After": "3"}, TooFast, 3),
        (500, {}, Outage, None),
        (502, {}, Outage, None),
        (504, {"Retry-After": "99999"}, TooFast, 600),
        (413, {}, TooLarge, None),
        (400, {}, TooLarge, None),
        (401, {}, Outage, None),
        (403, {}, Blocked, None),
        (404, {}, Gone, None),
        (302, {"Location": "http://127.0.0.1:9/"}, Outage, None),
    ],
)
async def test_refusals(
    teams: World, status: int, headers: dict[str, str], error: type[SendError], seconds: float | None
) -> None:
    teams.service.faults.append(web.Response(status=status, headers=headers, text="{}"))
    with pytest.raises(error) as raised:
        await teams.adapter.send(to_person(teams, "a:1"))
    assert getattr(raised.value, "seconds", None) == seconds
    assert teams.service.messages.get("a:1", {}) == {}
    assert teams.service.faults == []


async def test_a_channel_where_erbij_may_not_write_is_gone(teams: World) -> None:
    teams.service.faults.append(web.Response(status=403, text="{}"))
    with pytest.raises(Gone):
        await teams.adapter.send(to_place())


async def test_no_token_goes_to_another_host(teams: World) -> None:
    teams.service.tokens.clear()
    evil = teams.service.url.replace("127.0.0.1", "localhost")
    address = Address(evil, TENANT, "29:sam", "a:1").text()
    with pytest.raises(Gone):
        await teams.adapter.send(Outgoing("id", Space("teams", TENANT), POST, person="oid-sam", address=address))
    assert teams.service.tokens == set()


async def test_a_service_that_is_away_is_an_outage(teams: World) -> None:
    await teams.service.server.close()
    with pytest.raises(Outage):
        await teams.adapter.send(to_place())


async def test_a_token_is_used_again_until_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    def fetch(force_refresh: bool = False) -> str:
        fetched.append(f"token{len(fetched)}")
        return fetched[-1]

    async with world(nothing) as other:
        other.adapter._connector.credentials.get_access_token = fetch
        await other.post(other.activity(text="hello"))
        for _ in range(3):
            await other.adapter.send(to_place())
        assert len(fetched) == 1
        monkeypatch.setattr(connector, "FRESH", -1.0)
        await other.adapter.send(to_place())
        assert other.service.tokens == {"Bearer token0", "Bearer token1"}


async def test_no_token_is_an_outage(teams: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(force_refresh: bool = False) -> str:
        raise PermissionError

    monkeypatch.setattr(connector, "FRESH", -1.0)
    teams.adapter._connector.credentials.get_access_token = refused
    with pytest.raises(Outage):
        await teams.adapter.send(to_place())


async def test_a_silent_server_of_tokens_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "TIMEOUT", 0.2)
    one = connector.Connector(APP, "secret", TENANT)
    async with silent_server() as (url, called):
        monkeypatch.setenv("HTTPS_PROXY", url)
        began = time.monotonic()
        calls = [one.channels("https://smba.trafficmanager.net/emea/", TEAM) for _ in range(10)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {Outage}
        assert time.monotonic() - began < 3
        assert 1 <= len(called) <= 2, "one asks for all, and once more"
        await one.close()


def test_the_environments_proxy_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    connector._proxy.cache_clear()
    assert connector._proxy("https://smba.trafficmanager.net/emea/") == "http://proxy.invalid:3128"
    assert connector._proxy("http://127.0.0.1:3978/") is None
    connector._proxy.cache_clear()


@pytest.mark.parametrize("text", ["", "{}", "[]", "x", '{"service":1,"tenant":"","user":""}', "null"])
def test_an_odd_address_is_none(text: str) -> None:
    assert address_of(text) is None
