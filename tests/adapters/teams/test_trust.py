"""What the endpoint lets in: one test for each rule that a request can break."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio import StreamWriter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from botframework.connector.auth import ChannelValidation
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.teams import keys
from adapters.teams.keys import HOUR, SigningKeys
from adapters.teams.trust import is_service
from flows.seam import Incoming, Reply, Text
from tests.adapters.teams.world import APP, World, silent_server, world


class Heard:
    """A receive that keeps what it was given."""

    def __init__(self) -> None:
        self.got: list[Incoming] = []

    async def __call__(self, incoming: Incoming) -> Reply:
        self.got.append(incoming)
        return Reply((Text("Hello."),))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def teams(heard: Heard) -> AsyncIterator[World]:
    async with world(heard) as made:
        yield made


async def test_a_good_request_is_answered(teams: World, heard: Heard) -> None:
    assert (await teams.post(teams.activity(text="hello")))[0] == 200
    assert len(heard.got) == 1
    assert teams.service.tokens == {"Bearer stub"}
    assert teams.keys.fetched == 1


_now = int(time.time())
_BAD: dict[str, Callable[[World], str]] = {
    "none": lambda w: "",
    "garbage": lambda w: "not-a-token",
    "three dots": lambda w: "a.b.c",
    "expired": lambda w: w.keys.token(serviceurl=w.service.url, exp=_now - 600),
    "not yet": lambda w: w.keys.token(serviceurl=w.service.url, nbf=_now + 3600),
    "no expiry": lambda w: w.keys.token(serviceurl=w.service.url, exp=None),
    "audience": lambda w: w.keys.token(serviceurl=w.service.url, aud="another-app"),
    "issuer": lambda w: w.keys.token(serviceurl=w.service.url, iss="https://login.example.org"),
    "emulator": lambda w: w.keys.token(
        serviceurl=w.service.url,
        iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/",
        appid=APP,
    ),
    "signature": lambda w: w.keys.token(
        serviceurl=w.service.url, key=rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ),
    "key": lambda w: w.keys.token(serviceurl=w.service.url, kid="unknown"),
    "no key id": lambda w: w.keys.token(serviceurl=w.service.url, kid=""),
    "algorithm": lambda w: w.keys.token(serviceurl=w.service.url, key="x" * 64, algorithm="HS256"),
    "endorsement": lambda w: w.keys.token(serviceurl=w.service.url, kid="webchat"),
    "endorsements missing": lambda w: w.keys.token(serviceurl=w.service.url, kid="bare"),
}


@pytest.mark.parametrize("fault", _BAD)
async def test_a_bad_token_is_401(teams: World, heard: Heard, fault: str) -> None:
    teams.keys.published += [teams.keys.public("webchat", ("webchat",)), teams.keys.public("bare", ())]
    status, answer = await teams.post(teams.activity(text="hello"), token=_BAD[fault](teams))
    assert (status, answer) == (401, None)
    assert heard.got == []


async def test_a_good_token_is_good_until_it_ends(teams: World, heard: Heard) -> None:
    token = teams.keys.token(serviceurl=teams.service.url, exp=_now + 1200)
    for _ in range(2):
        assert (await teams.post(teams.activity(text="hello"), token=token))[0] == 200
    with time_machine.travel(_now + 1200 + 600, tick=False):
        assert (await teams.post(teams.activity(text="hello"), token=token))[0] == 401
    assert len(heard.got) == 2


async def test_a_good_token_proves_nothing_for_another_service(teams: World, heard: Heard) -> None:
    token = teams.keys.token(serviceurl=teams.service.url)
    assert (await teams.post(teams.activity(text="hello"), token=token))[0] == 200
    elsewhere = teams.activity(serviceUrl="https://smba.trafficmanager.net/emea/")
    assert (await teams.post(elsewhere, token=token))[0] == 403
    assert (await teams.post(teams.activity(text="hello"), token=token[:-4] + "AAAA"))[0] == 401
    assert len(heard.got) == 1


async def test_the_scheme_must_be_bearer(teams: World) -> None:
    token = teams.keys.token(serviceurl=teams.service.url)
    assert (await teams.post(teams.activity(), token="", Authorization=f"Basic {token}"))[0] == 401
    assert (await teams.post(teams.activity(), token="", Authorization=token))[0] == 401


def age(teams: World, seconds: float) -> None:
    """Time passes for the keys, and for what was found good by them."""
    SigningKeys.at(teams.keys.url)._fetched -= seconds
    teams.adapter._gate._good.clear()


@pytest.fixture
async def silent(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[StreamWriter]]:
    """A key server that never says a word; who called it."""
    monkeypatch.setattr(keys, "DEADLINE", 0.2)
    async with silent_server() as (url, called):
        monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", f"{url}/{uuid4().hex}")
        yield called


async def test_a_silent_key_server_holds_nobody_up(teams: World, heard: Heard, silent: list[StreamWriter]) -> None:
    began = time.monotonic()
    tokens = [teams.keys.token(serviceurl=teams.service.url, nonce=number) for number in range(20)]
    answers = await asyncio.gather(*(teams.post(teams.activity(text="hello"), token=token) for token in tokens))
    assert {status for status, _answer in answers} == {503}
    assert (await teams.post(teams.activity(text="hello")))[0] == 503, "at once: it was tried just now"
    assert time.monotonic() - began < 2
    assert len(silent) == 1, "one asks for all"
    assert heard.got == []


async def test_known_keys_go_on_while_the_key_server_is_silent(
    teams: World, silent: list[StreamWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ChannelValidation.open_id_metadata_endpoint
    with monkeypatch.context() as before:
        before.setattr(ChannelValidation, "open_id_metadata_endpoint", teams.keys.url)
        assert (await teams.post(teams.activity(text="hello")))[0] == 200
    known = SigningKeys.at(teams.keys.url)
    known._url = address
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", teams.keys.url)
    monkeypatch.setattr(keys, "DEADLINE", 30.0)
    age(teams, 30 * HOUR)
    for _ in range(3):
        assert (await teams.post(teams.activity(text="hello")))[0] == 200
        age(teams, 0)
    assert known._fetching is not None, "it still waits for an answer"
    known._fetching.cancel()
    monkeypatch.setattr(keys, "DEADLINE", 0.1)
    age(teams, 60 * HOUR)
    assert (await teams.post(teams.activity(text="hello")))[0] == 503, "not for ever"


async def test_keys_are_fetched_again_when_they_can_be(teams: World, monkeypatch: pytest.MonkeyPatch) -> None:
    teams.keys.published, published = [{"no": "key"}], teams.keys.published
    monkeypatch.setattr(keys, "AGAIN", -1.0)
    assert (await teams.post(teams.activity(text="hello")))[0] == 503
    teams.keys.published = published
    assert (await teams.post(teams.activity(text="hello")))[0] == 200


async def test_a_new_key_is_fetched_after_an_hour(teams: World) -> None:
    await teams.post(teams.activity(text="hello"))
    teams.keys.published.append(teams.keys.public("next"))
    token = teams.keys.token(serviceurl=teams.service.url, kid="next")
    assert (await teams.post(teams.activity(), token=token))[0] == 401
    assert teams.keys.fetched == 1
    age(teams, 2 * HOUR)
    assert (await teams.post(teams.activity(), token=token))[0] == 200
    assert teams.keys.fetched == 2


async def test_keys_that_cannot_be_fetched_are_503(teams: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChannelValidation, "open_id_metadata_endpoint", "http://127.0.0.1:9/none")
    assert (await teams.post(teams.activity(text="hello")))[0] == 503


def _without(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in keys}


async def test_the_service_url_is_there_the_tokens_own_and_allowed(teams: World, heard: Heard) -> None:
    assert (await teams.post(_without(teams.activity(), "serviceUrl")))[0] == 403
    assert (await teams.post(teams.activity(serviceUrl="https://smba.trafficmanager.net/emea/")))[0] == 403
    foreign = "https://evil.trafficmanager.net/"
    token = teams.keys.token(serviceurl=foreign)
    assert (await teams.post(teams.activity(serviceUrl=foreign), token=token))[0] == 403
    bare = teams.keys.token(serviceurl=None)
    assert (await teams.post(teams.activity(), token=bare))[0] == 403
    assert heard.got == []


async def test_other_tenants_and_channels_are_403(teams: World, heard: Heard) -> None:
    other = {"tenant": {"id": "bbbbbbbb-0000-4000-8000-000000000002"}}
    body = teams.activity(channelData=other)
    assert (await teams.post(body))[0] == 403
    body["conversation"] = {"id": "a:1", "conversationType": "personal"}
    assert (await teams.post(body))[0] == 403
    nobody = teams.activity(channelData={}, conversation={"id": "a:1", "conversationType": "personal"})
    assert (await teams.post(nobody))[0] == 403
    assert (await teams.post(teams.activity(channelId="webchat")))[0] == 403
    assert heard.got == []


async def test_shapes_that_are_no_activity(teams: World) -> None:
    assert (await teams.post(b"{" + b" " * 300_000))[0] == 413
    assert (await teams.post(b"{"))[0] == 400
    assert (await teams.post(b"[1]"))[0] == 400
    assert (await teams.post(b"{}"))[0] == 400
    assert (await teams.post(b"[" * 100_000))[0] == 400
    raw = json.dumps(teams.activity()).encode()
    assert (await teams.post(raw, **{"Content-Type": "text/plain"}))[0] == 415
    odd: dict[str, Any]
    for odd in ({"from": "x"}, {"conversation": []}, {"channelData": 1}, {"value": [1]}, {"type": "invoke"}):
        status, _answer = await teams.post(teams.activity() | odd)
        assert status in (200, 403)


async def test_an_app_id_without_tenants_serves_nobody(heard: Heard) -> None:
    async with world(heard, tenants=frozenset()) as teams:
        assert (await teams.post(teams.activity(text="hello")))[0] == 403


async def test_without_an_app_id_only_this_machine(heard: Heard) -> None:
    async with world(heard, app_id="", tenants=frozenset()) as teams:
        assert (await teams.post(teams.activity(text="hello"), token=""))[0] == 200
        assert (await teams.post(teams.activity(), token="", **{"X-Forwarded-For": "192.0.2.1"}))[0] == 403
        outside = teams.activity(serviceUrl="https://example.org/")
        assert (await teams.post(outside, token=""))[0] == 403
        assert len(heard.got) == 1
        assert heard.got[0].person
        assert not heard.got[0].person.added


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://smba.trafficmanager.net/emea/", True),
        ("https://smba.trafficmanager.net:443/amer/", True),
        ("https://SMBA.trafficmanager.net/teams", True),
        ("http://smba.trafficmanager.net/emea/", False),
        ("https://smba.trafficmanager.net:8443/", False),
        ("https://smba.trafficmanager.net.example.org/", False),
        ("https://x.smba.trafficmanager.net/", False),
        ("https://user@smba.trafficmanager.net/", False),
        ("https://smba.trafficmanager.net@example.org/", False),
        ("https://smba.trafficmanager.net:bad/", False),
        ("http://127.0.0.1:1/", False),
        (None, False),
        ("", False),
    ],
)
def test_service_urls(url: object, allowed: bool) -> None:
    assert is_service(url, loopback=False) is allowed
