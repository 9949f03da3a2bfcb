"""What the endpoint lets in: one test for each rule that a request can break."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import time_machine
from botframework.connector.auth import JwtTokenExtractor
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.teams.trust import is_service
from flows.seam import Incoming, Reply, Text
from tests.adapters.teams.world import APP, World, world


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


async def test_a_new_key_is_fetched_after_an_hour(teams: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await teams.post(teams.activity(text="hello"))
    teams.keys.published.append(teams.keys.public("next"))
    token = teams.keys.token(serviceurl=teams.service.url, kid="next")
    assert (await teams.post(teams.activity(), token=token))[0] == 401
    assert teams.keys.fetched == 1
    from datetime import timedelta

    metadata = JwtTokenExtractor.get_open_id_metadata(teams.keys.url)
    monkeypatch.setattr(metadata, "last_updated", metadata.last_updated - timedelta(hours=2))
    assert (await teams.post(teams.activity(), token=token))[0] == 200
    assert teams.keys.fetched == 2


async def test_keys_that_cannot_be_fetched_are_503(teams: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from botframework.connector.auth import ChannelValidation

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
