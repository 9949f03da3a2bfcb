"""At the door: headers, foreign posts, size, haste, kind errors, and nothing of anyone in a log."""

import pytest
from structlog.testing import capture_logs

from tests.adapters.web.conftest import World

ADDRESSES = (
    "/",
    "/clock",
    "/chat/s1",
    "/c/first",
    "/c/nowhere",
    "/nothing",
    "/static/erbij.css",
    "/static/..",
)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_response_has_the_strict_headers_and_no_cookie(world: World, address: str) -> None:
    async with world.http.get(address) as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors" in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in response.headers["Permissions-Policy"]
        assert "Set-Cookie" not in response.headers
        if not address.startswith("/static/e"):
            assert response.headers["Cache-Control"] == "no-store"


async def test_the_case_page_may_run_no_script(world: World) -> None:
    async with world.http.get("/c/first") as response:
        assert "script" not in response.headers["Content-Security-Policy"]
        assert "<script" not in await response.text()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize("address", ["/c/first", "/chat/s1/act", "/clock"])
async def test_a_post_from_another_site_is_refused(world: World, address: str, headers: dict[str, str]) -> None:
    async with world.http.post(address, data={"start": "tell", "text": "x", "move": "day"}, headers=headers) as r:
        assert r.status == 403
        assert "nothing was saved" in await r.text()
    assert world.got == []


async def test_our_own_posts_are_taken(world: World) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": world.url}, {}):
        async with world.http.post("/c/first", data={"start": "tell"}, headers=headers) as response:
            assert response.status == 200
    assert len(world.got) == 3


async def test_100_kb_of_text_reaches_the_flows(world: World) -> None:
    text = "é" * 50_000
    async with world.http.post("/c/first", data={"form": "f.1", "field": "line:a", "v.a": text}) as response:
        assert response.status == 200
    assert world.got[0].act.values == {"a": text}  # type: ignore[union-attr]


async def test_far_too_much_is_refused_kindly(world: World) -> None:
    async with world.http.post("/c/first", data=b"text=" + b"x" * 600_000) as response:
        assert response.status == 413
        assert "send a shorter one" in await response.text()


async def test_who_posts_too_fast_waits(hasty: World) -> None:
    statuses = []
    for _ in range(4):
        async with hasty.http.post("/c/first", data={"start": "tell"}, allow_redirects=False) as response:
            statuses.append(response.status)
    assert statuses == [303, 303, 303, 429]


async def test_a_fault_gives_a_kind_page_and_no_trace(world: World) -> None:
    world.fault = RuntimeError("secret-canary")
    with capture_logs() as logs:
        async with world.http.post("/c/first", data={"start": "tell"}) as response:
            text = await response.text()
    assert response.status == 500
    assert "not saved" in text
    assert "canary" not in text + str(logs)
    assert {
        "event": "web.fault",
        "fault": "RuntimeError",
        "route": "/c/{community}",
        "log_level": "error",
    } in logs


async def test_logs_hold_no_text_no_person_and_no_address(world: World) -> None:
    world.fault = RuntimeError("x")
    with capture_logs() as logs:
        await world.http.post("/chat/s1/act", data={"text": "canary-text"})
        await world.http.post("/chat/s1/act", data={"text": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
        await world.http.get("/chat/canary-person")
    assert len(logs) == 2
    for canary in ("canary", "s1", "127.0.0.1"):
        assert canary not in str(logs)


async def test_nothing_is_taken_before_the_program_is_ready(world: World) -> None:
    world.adapter._receive = None
    async with world.http.post("/c/first", data={"start": "tell"}) as response:
        assert response.status == 503
