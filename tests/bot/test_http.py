"""The host: whom it answers to, what it says of itself, what it makes of nonsense, and its metrics."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from adapters.web import guard
from bot.cli import app
from bot.http import UNNAMED_PROXY, Host, site
from bot.metrics import TOGETHER, Metrics
from bot.settings import Misconfigured, Settings, faults
from bot.time import Clock
from storage import meta
from storage.database import Database
from tests.bot.host import Answer, got, host, ids, posted, said
from tests.bot.test_door import Clients, clients  # noqa: F401  a fixture
from tests.bot.test_program import free_port

CASE_PAGE = "/c/teacher-education-1"
REAL = {"tryout": False, "discord_token": "x", "master_key": "x"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
async def here(database: Database, clock: Clock) -> AsyncIterator[Host]:
    """The host of the try-out."""
    async with host(database, clock) as made:
        yield made


# ------------------------------------------------------------ names


@pytest.mark.parametrize("path", [CASE_PAGE, "/", "/healthz", "/nothing", "/static/erbij.css", "/chat/sam/live"])
async def test_another_name_than_ours_gets_nothing(here: Host, path: str) -> None:
    answer = await got(here.port, path, Host="elsewhere.example:3978")
    assert answer.status == 421
    assert "teacher" not in answer.text.lower()


@pytest.mark.parametrize("path", [CASE_PAGE, "/clock", "/chat/sam/act", "/api/messages"])
async def test_another_name_than_ours_does_nothing(here: Host, clock: Clock, path: str) -> None:
    before = clock.ahead
    for type_, body in ((FORM, b"start=tell&move=day&text=hello"), ("application/json", b'{"type": "message"}')):
        answer = await posted(here.port, body, path, Host="rebound.example", Content_Type=type_)
        assert answer.status == 421
    assert clock.ahead == before


async def test_the_try_out_answers_to_this_machine_only(database: Database, clock: Clock) -> None:
    async with host(database, clock, public_url="https://erbij.example.org") as made:
        for name in ("localhost", f"127.0.0.1:{made.port}", "[::1]", "LOCALHOST."):
            assert (await got(made.port, Host=name)).status == 200
        for name in ("erbij.example.org", "192.0.2.7", "0.0.0.0", "[2001:db8::1]"):
            assert (await got(made.port, Host=name)).status == 421


async def test_for_real_it_answers_to_its_public_name_and_to_bare_addresses(database: Database, clock: Clock) -> None:
    async with host(database, clock, public_url="https://Erbij.example.org", **REAL) as made:
        for name in ("erbij.example.org", "erbij.example.org:443", "localhost", "192.0.2.7:3978", "[2001:db8::1]"):
            assert (await got(made.port, "/healthz", Host=name)).status == 200
        assert (await got(made.port, "/healthz", Host="erbij.example.com")).status == 421


def test_the_bound_host_is_a_name_of_ours() -> None:
    assert site(Settings(host="erbij.internal", **REAL)).names == {"erbij.internal"}


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("HTTP/1.1\r\n", 400),
        ("HTTP/1.1\r\nHost:\r\n", 421),
        ("HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        ("HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere.example\r\n", 400),
        ("HTTP/1.0\r\n", 200),  # the health check of an old balancer
        ("HTTP/1.0\r\nHost: elsewhere.example\r\n", 421),
    ],
)
async def test_a_request_names_one_host(here: Host, head: str, status: int) -> None:
    assert (await said(here.port, f"GET /healthz {head}Connection: close\r\n\r\n".encode())).status == status


async def test_an_address_in_the_request_line_is_not_believed(here: Host) -> None:
    answer = await said(
        here.port, b"GET http://localhost/ HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n"
    )
    assert answer.status == 421


# ------------------------------------------------------------ headers

EVERY_KIND = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /static/erbij.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\nConnection: close\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"POST /api/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{",
    b"nonsense\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
)


async def test_no_answer_names_a_version_or_lacks_the_strict_headers(here: Host) -> None:
    for request in EVERY_KIND:
        answer = await said(here.port, request)
        assert answer.status, request
        assert answer.headers["Server"] == "Erbij", request
        assert answer.headers["X-Content-Type-Options"] == "nosniff", request
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), request
        assert not any(word in answer.raw.lower() for word in (b"aiohttp", b"python", b"3.11", b"3.14")), request
        assert "Strict-Transport-Security" not in answer.headers


async def test_a_stream_has_the_strict_headers(here: Host, clients: Clients) -> None:  # noqa: F811
    reader, _writer = await clients.began(here.port, b"GET /chat/sam/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = Answer(await reader.readuntil(b"\r\n\r\n"))
    assert answer.headers["Server"] == "Erbij"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/privacy", "/healthz", "/nothing", "/static/erbij.css"])
async def test_an_https_address_is_kept_to(database: Database, clock: Clock, path: str) -> None:
    async with host(database, clock, public_url="https://erbij.example.org", **REAL) as made:
        answer = await got(made.port, path, Host="erbij.example.org")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


# ------------------------------------------------------------ nonsense

GZIP = b"\x1f\x8b\x08\x00nonsense"
MULTI = "multipart/form-data; boundary=x"
PART = b'--x\r\nContent-Disposition: form-data; name="start"\r\n\r\ntell\r\n'
BODIES: list[tuple[bytes, dict[str, str], int]] = [
    (b"start=tell", {"Content-Type": f"{FORM}; charset=foo"}, 415),
    (b"start=tell", {"Content-Type": f"{FORM}; charset=utf-16"}, 415),
    (b"start=tell", {"Content-Type": f"{FORM}; charset=idna"}, 415),
    (b"start=\xff\xfe", {}, 400),
    (b"\xed\xa0\x80", {}, 400),
    (b"start=tell", {"Content-Type": "multipart/form-data"}, 415),
    (PART, {"Content-Type": "multipart/form-data; boundary="}, 415),
    (PART, {"Content-Type": "multipart/form-data; boundary=" + "x" * 100}, 415),
    (PART, {"Content-Type": MULTI}, 415),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\ntell\r\n--x--\r\n", {"Content-Type": MULTI}, 415),
    (b"--x\r\nContent-Type: text/plain; charset=foo\r\n\r\ntell\r\n--x--\r\n", {"Content-Type": MULTI}, 415),
    (b"", {"Content-Type": "multipart/form-data"}, 415),
    (b"start=tell", {"Content-Type": "text/plain"}, 415),
    (b"start=tell", {"Content-Type": "nonsense"}, 415),
    (b"start=tell", {"Content-Type": ";;=;"}, 415),
    (b"start=tell", {"Content-Type": ""}, 415),
    (GZIP, {"Content-Encoding": "gzip"}, 415),
    (GZIP, {"Content-Encoding": "deflate"}, 415),
    (GZIP, {"Content-Encoding": "br"}, 415),
    (b"start=tell", {"Content-Encoding": "wonders"}, 415),
    (b"&a=" * 2_000, {}, 413),
    (b"a" * 524_289, {}, 413),
    (b"zzz\r\nstart=tell\r\n0\r\n\r\n", {"Content-Length": "", "Transfer-Encoding": "chunked"}, 400),
    (b"5\r\nstart-tell\r\n0\r\n\r\n", {"Content-Length": "", "Transfer-Encoding": "chunked"}, 400),
    (b"start=tell", {"Content-Length": "-1"}, 400),
    (b"start=tell", {"Content-Length": "ten"}, 400),
    (b"start=tell", {"Transfer-Encoding": "wonders"}, 400),
    (b"start=tell", {"Transfer-Encoding": "chunked"}, 400),
    (b"start=tell", {"Origin": "http://[half"}, 403),
]


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails when a test leaves a warning or worse in any log."""
    with capture_logs() as logs:
        yield
    assert [one for one in logs if one["log_level"] in {"warning", "error", "critical"}] == []
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("path", [CASE_PAGE, "/chat/sam/act", "/clock"])
async def test_a_broken_body_is_refused_and_nothing_for_the_log(here: Host, quiet: None, path: str) -> None:
    for body, headers, status in BODIES:
        answer = await posted(here.port, body, path, **headers)
        assert (headers, body[:40], answer.status) == (headers, body[:40], status)
        if status != 400 or not {"Content-Length", "Transfer-Encoding"} & set(headers):
            assert "<h1" in answer.text, (headers, body[:40])  # a kind page


async def test_large_bodies_are_read_a_few_at_a_time(
    here: Host,
    clients: Clients,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "MOST_LARGE", 2)
    large = b"text=" + b"a" * guard.LARGE
    head = f"POST {CASE_PAGE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n"
    await clients.began(here.port, f"{head}Content-Length: {len(large)}\r\n\r\n".encode() + large[:-1])
    _reader, of_unknown_length = await clients.began(here.port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    async with asyncio.timeout(20):
        while sum(one.request is not None for one in here._door._open) < 2:
            await asyncio.sleep(0)
    answer = await posted(here.port, large)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert (await posted(here.port, large[: guard.LARGE])).status < 400
    of_unknown_length.transport.abort()
    async with asyncio.timeout(20):
        while (await posted(here.port, large)).status >= 400:
            pass


JSON = {"Content-Type": "application/json"}
ACTIVITIES: list[tuple[bytes, dict[str, str], int]] = [
    (b"{", {}, 400),
    (b"\xff\xfe", {}, 400),
    (b"[" * 100_000, {}, 400),
    (b"[]", {}, 400),
    (b'{"type": 1}', {}, 400),
    (b"{}", {"Content-Type": "text/plain"}, 415),
    (GZIP, {"Content-Encoding": "gzip"}, 415),
    (b"{" + b" " * 300_000, {}, 413),
    (b"{" + b" " * 600_000, {}, 413),
    (b"zzz\r\n{}\r\n0\r\n\r\n", {"Content-Length": "", "Transfer-Encoding": "chunked"}, 400),
]


async def test_a_broken_activity_is_refused(here: Host, quiet: None) -> None:
    for body, headers, status in ACTIVITIES:
        answer = await posted(here.port, body, "/api/messages", **{**JSON, **headers})
        assert (headers, body[:40], answer.status) == (headers, body[:40], status)


NAMES: list[tuple[bytes, int]] = [
    (b"/static/" + b"x" * 5_000, 404),
    (b"/static/" + b"%00", 400),
    (b"/static/..%2f..%2fpyproject.toml", 404),
    (b"/static/%2e%2e", 404),
    (b"/static/\xff", 400),
    (b"/c/" + b"x" * 5_000, 404),
    (b"/c/%00", 400),
    (b"/c/%0d%0aSet-Cookie:x", 400),
    (b"/c/%ff", 404),
    (b"/c/%ed%a0%80", 404),
    (b"/c/\xff", 400),
    (b"/c/teacher-education-1?lang=\xff", 400),
    (b"/c/teacher-education-1?lang=%00", 400),
    (b"/c/teacher-education-1?lang=%ff", 200),
    (b"/c/teacher-education-1?lang=" + b"x" * 5_000, 200),
    (b"/chat/%00/live", 400),
    (b"/chat/" + b"x" * 5_000, 404),
    (b"/" + b"x" * 9_000, 400),
    (b"//", 404),
    (b"*", 400),
    (b"/%", 404),
    (b"http://[", 400),
]


async def test_a_strange_address_is_not_here(here: Host, quiet: None) -> None:
    for path, status in NAMES:
        head = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert (path[:40], (await said(here.port, head)).status) == (path[:40], status)


HEADERS = [
    ("Accept-Language", "\xff;q=nonsense,,;;"),
    ("Accept-Encoding", "\xff"),
    ("Range", "bytes=9-1"),
    ("Range", "nonsense"),
    ("If-Modified-Since", "Mon, 99 Abc 99999 99:99:99 GMT"),
    ("If-Range", "nonsense"),
    ("If-None-Match", '"'),
    ("If-Match", "nonsense"),
    ("Cookie", "a=b; =;;\xff"),
    ("X-Forwarded-For", "\xff"),
    ("Content-Type", "x" * 1_000),
    ("Content-Encoding", "gzip"),
    ("Expect", "nonsense"),
    ("Upgrade", "websocket"),
    ("Connection", "upgrade, close"),
]


@pytest.mark.parametrize("path", [CASE_PAGE, "/static/erbij.css", "/healthz"])
async def test_a_strange_header_is_no_fault(here: Host, path: str) -> None:
    with capture_logs() as logs:
        for name, value in HEADERS:
            line = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\nConnection: close\r\n\r\n"
            status = (await said(here.port, line.encode("latin-1"))).status
            assert 200 <= status < 500, (name, value, status)
    assert [one for one in logs if one["log_level"] == "error"] == []


async def test_what_is_no_http_is_refused_and_nothing_for_the_log(here: Host, quiet: None) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"nonsense\r\n\r\n"):
        assert (await said(here.port, nonsense)).status == 400


# ------------------------------------------------------------ haste


@pytest.mark.parametrize(
    ("lines", "same"),
    [
        (("192.0.2.1", "192.0.2.9"), False),  # the first was written by who asks
        (("192.0.2.1, 192.0.2.9",), False),
        (("192.0.2.9:1", "192.0.2.1:2"), True),
        (("::ffff:192.0.2.1",), True),
    ],
)
async def test_behind_a_proxy_the_last_address_counts(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, lines: tuple[str, ...], same: bool
) -> None:
    asked = f"GET {CASE_PAGE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    monkeypatch.setattr("bot.http.site", lambda _s: _narrow())
    async with host(database, clock, behind_proxy=True) as made:
        for _ in range(2):
            assert (await said(made.port, f"{asked}X-Forwarded-For: 192.0.2.1\r\n\r\n".encode())).status == 200
        more = "".join(f"X-Forwarded-For: {line}\r\n" for line in lines)
        assert (await said(made.port, f"{asked}{more}\r\n".encode())).status == (429 if same else 200)


def _narrow() -> guard.Site:
    return guard.Site(behind_proxy=True, per_client=2)


async def test_the_pages_that_only_read_are_counted_too_and_style_sheets_are_not(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.http.site", lambda _s: _narrow())
    async with host(database, clock) as made:
        assert [(await got(made.port)).status for _ in range(3)] == [200, 200, 429]
        assert (await got(made.port, "/static/erbij.css")).status == 200
        assert (await got(made.port, "/healthz")).status == 200


async def test_a_conversation_that_began_gets_on_when_its_address_is_used_up(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.http.site", lambda _s: _narrow())
    async with host(database, clock) as made:
        page = await posted(made.port, b"start=tell")
        assert [(await got(made.port)).status for _ in range(2)] == [200, 429]
        form = ids(page.text, "form")[0]
        shown = await posted(made.port, f"form={form}&field=line:issue&v.issue=words&field=line:involved".encode())
        assert shown.status == 200
        button = next(one for one in ids(shown.text, "button") if one.startswith(("c.", "f.")))
        assert (await posted(made.port, f"button={button}".encode())).status == 200
        made_up = await posted(made.port, b"button=c.1234567890.1.yes")
        assert made_up.status == 429
        assert made_up.headers["Retry-After"] == "60"


async def test_many_who_ask_for_its_health_cost_one_look(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage import outbox

    looks = []
    real = outbox.depth
    async with host(database, clock) as made:
        monkeypatch.setattr(outbox, "depth", lambda s: (looks.append(1), real(s))[1])
        answers = await asyncio.gather(*(got(made.port, "/healthz") for _ in range(30)))
    assert {one.status for one in answers} == {200}
    assert len(looks) == 1


# ------------------------------------------------------------ a proxy that nobody named


def noted(database: Database) -> bool:
    return database.run_now(lambda s: meta.get(s, UNNAMED_PROXY)) is not None


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_a_proxy_that_no_setting_names_is_told_once_and_found_by_check(
    database: Database, clock: Clock, header: str
) -> None:
    with capture_logs() as logs:
        async with host(database, clock) as made:
            assert not noted(database)
            for _ in range(3):
                await got(made.port, **{header: "192.0.2.7"})
            await made._noted
    assert [one["event"] for one in logs].count("http.unnamed_proxy") == 1
    assert "192.0.2.7" not in str(logs)
    assert noted(database)
    async with host(database, clock, behind_proxy=True) as made:
        assert not noted(database)
        await got(made.port, **{header: "192.0.2.7"})
    assert not noted(database)


async def test_without_a_proxy_nothing_is_noted(here: Host, database: Database) -> None:
    await got(here.port)
    assert here._noted is None
    assert not noted(database)


# ------------------------------------------------------------ metrics


async def test_the_metrics_are_not_on_the_host_that_the_world_reaches(here: Host) -> None:
    assert (await got(here.port, "/metrics")).status == 404


async def test_the_metrics_have_a_port_of_their_own_on_this_machine(database: Database, clock: Clock) -> None:
    port = free_port()
    async with host(database, clock, metrics_port=port):
        answer = await got(port, "/metrics")
        assert "erbij_outbox_messages" in answer.text
        assert (await got(port, "/metrics", Host="elsewhere.example")).status == 421
        assert (await got(port)).status == 404


async def test_a_taken_port_of_the_metrics_is_said_by_its_setting(database: Database, clock: Clock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Misconfigured, match="ERBIJ_METRICS_PORT"):
            async with host(database, clock, metrics_port=taken.getsockname()[1]):
                pass


def test_the_metrics_cannot_have_the_hosts_own_port() -> None:
    assert any("ERBIJ_METRICS_PORT" in one for one in faults(Settings(port=4000, metrics_port=4000)))


def test_what_one_person_did_does_not_show() -> None:
    metrics = Metrics()
    before = metrics.text()
    for _ in range(TOGETHER - 1):
        metrics.turn("page", "started", 0.3)
        assert metrics.text() == before
    metrics.turn("discord", "answered", 0.001)
    shown = metrics.text().decode()
    assert 'erbij_turns_total{kind="started",platform="page"} 19.0' in shown
    assert 'erbij_turn_seconds_count{platform="discord"} 1.0' in shown


# ------------------------------------------------------------ erbij check


def test_check_says_that_nobody_can_reach_the_pages_by_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from storage.keys import new_key

    monkeypatch.setenv("ERBIJ_DISCORD_TOKEN", "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y")
    monkeypatch.setenv("ERBIJ_MASTER_KEY", new_key())
    run = CliRunner()
    assert "ERBIJ_PUBLIC_URL is not set" not in run.invoke(app, ["check"]).output
    monkeypatch.setenv("ERBIJ_HOST", "0.0.0.0")
    assert "ERBIJ_PUBLIC_URL is not set" in run.invoke(app, ["check"]).output
    monkeypatch.setenv("ERBIJ_PUBLIC_URL", "https://erbij.example.org")
    assert "ERBIJ_PUBLIC_URL is not set" not in run.invoke(app, ["check"]).output


def test_the_page_about_proxies_says_what_the_code_does() -> None:
    from adapters.web import haste
    from bot import door, logs

    said = (Path(__file__).parents[2] / "docs/proxy.md").read_text()
    for claim in (
        f"| {door.HEAD_TIME:.0f} seconds, {door.MOST_HEAD // 1024} KB |",
        f"| {guard.BODY_TIME:.0f} seconds, {guard.MOST_BODY // 1024} KB; ",
        f"of more than {guard.LARGE // 1024} KB at most {guard.MOST_LARGE} at once |",
        f"| such large bodies of one address | {guard.MOST_LARGE_EACH} at once, ",
        f"| steps of conversations of one address | {haste.PER_CLIENT:,} a minute, and three more ",
        f"| {door.IDLE_TIME:.0f} seconds: ",
        f"(`ulimit -n`), {door.MOST:,} at most |",
        f"| {haste.PER_CLIENT:,} a minute, ",
        f"({haste.PER_CONVERSATION} a minute) |",
        f"| {logs.MOST} a minute, ",
        f"client_max_body_size {guard.MOST_BODY // 1024}k;",
        f"client_body_buffer_size {guard.MOST_BODY // 1024}k;",
        f"max_size {guard.MOST_BODY // 1024}KB",
    ):
        assert claim in said
