"""One client who tries to hold the running host up: others get through meanwhile, and what was theirs stays."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, TCPConnector

from adapters.web import guard, haste
from bot import slow
from bot.http import Host
from bot.time import Clock
from flows.cases import receipt
from flows.cases.six_questions import SixQuestions
from storage import conversations
from storage.database import Database
from tests.bot.host import host, ids
from tests.bot.test_slow import Hash

PAGE = "/c/teacher-education-1"
STORY = [("v.issue", "CANARY"), *(("field", f"line:{one}") for one in SixQuestions.model_fields)]
ATTACKER, OTHER = "192.0.2.1", "192.0.2.2"
SEND = "Give it to the mentors"
_numbers = itertools.count()


class Visitors:
    """People without an account, each behind an address that the proxy tells."""

    def __init__(self, http: ClientSession, here: Host) -> None:
        self.http, self.port, self.url = http, here.port, f"http://127.0.0.1:{here.port}{PAGE}"

    async def posts(self, address: str, *more: tuple[str, str], **form: str) -> tuple[int, str]:
        headers = {"X-Forwarded-For": address, "Content-Type": "application/x-www-form-urlencoded"}
        async with self.http.post(self.url, data=urlencode([*form.items(), *more]), headers=headers) as answer:
            return answer.status, await answer.text()

    async def by_hand(self, address: str) -> tuple[int, str]:
        """A first answer to a page that was never opened."""
        return await self.posts(address, *STORY, form=f"f.{next(_numbers):08}.belonging_case.")

    async def shows(self, address: str) -> str:
        """The page before a case is sent."""
        form = ids((await self.posts(address, start="tell"))[1], "form")[0]
        return (await self.posts(address, *STORY, form=form))[1]

    async def sends(self, address: str, page: str) -> str:
        return (await self.posts(address, button=first_button(page)))[1]


def first_button(page: str) -> str:
    return next(one for one in ids(page, "button") if one.startswith("c.") and ":" not in one)


@asynccontextmanager
async def visited(database: Database, clock: Clock) -> AsyncIterator[Visitors]:
    connector = TCPConnector(limit=0)
    async with host(database, clock, behind_proxy=True) as here, ClientSession(connector=connector) as http:
        yield Visitors(http, here)


@pytest.fixture
async def visitors(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch, hash_: None
) -> AsyncIterator[Visitors]:
    """On a clock that stands still: all of it happens within one minute, in which an address has little."""
    made = guard.Site(behind_proxy=True, clock=lambda: 0.0, per_client=400)
    monkeypatch.setattr("bot.http.site", lambda _settings: made)
    async with visited(database, clock) as one:
        yield one


@pytest.fixture
def hash_(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that costs nothing."""
    monkeypatch.setattr(receipt, "tag", lambda words, _salt: words.encode().hex()[:64].ljust(64, "0"))


def waiting(database: Database) -> list[Any]:
    rows = database.run_now(lambda s: s._execute("select id from conversation where member_id = ''", {}).fetchall())
    return [row[0] for row in rows]


async def test_a_thousand_first_answers_of_one_client_shut_the_page_for_nobody_else(
    visitors: Visitors, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "OF_A_COMMUNITY", 40)
    monkeypatch.setattr(haste, "FIRST_ANSWERS", 8)
    mine = await visitors.shows(OTHER)
    [before] = waiting(database)
    refused = 0
    for _ in range(60):
        status, page = await visitors.by_hand(ATTACKER)
        assert (status, "CANARY" in page) == (200, True), "what was written stands there, taken or not"
        refused += "no room" in page
    assert len(waiting(database)) == 20, "half of the places"
    assert refused == 60 - 19
    assert before in waiting(database)
    assert SEND in await visitors.shows(OTHER)
    assert "Your six words" in await visitors.sends(OTHER, mine)


async def test_three_hundred_visitors_of_one_address_tell_their_case_within_a_minute_though_one_of_them_hammers(
    visitors: Visitors, database: Database
) -> None:
    async def tells() -> bool:
        page = await visitors.shows(OTHER)
        page = await visitors.sends(OTHER, page)
        while "One moment, please" in page:
            page = await visitors.sends(OTHER, page)
        return "Your six words" in page and "Thank you" in await visitors.sends(OTHER, page)

    hammered = [first_button(await visitors.shows(OTHER))[:-4] + "x" for _ in range(7)]
    for button in hammered:
        statuses = [(await visitors.posts(OTHER, button=button))[0] for _ in range(haste.PER_CONVERSATION + 1)]
        assert statuses[-1] == 429
    assert (await visitors.posts(OTHER, button=hammered[-1]))[0] == 429, "the steps of this address are used up"
    people = asyncio.Semaphore(20)

    async def one() -> bool:
        async with people:
            return await tells()

    told = await asyncio.gather(*(one() for _ in range(300)))
    assert told == [True] * 300
    assert database.run_now(lambda s: len(s._execute("select id from caseletter", {}).fetchall())) == 300


async def test_slow_hashes_of_one_client_leave_places_for_others(
    visitors: Visitors, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Hash()
    monkeypatch.setattr(receipt, "tag", made.tag)
    shown = [await visitors.shows(ATTACKER) for _ in range(slow.CROWDED + haste.AT_ONCE + 5)]
    mine = await visitors.shows(OTHER)
    sends = [asyncio.create_task(visitors.sends(ATTACKER, page)) for page in shown]
    try:
        async with asyncio.timeout(10):
            while sum(one.done() for one in sends) < 5:
                await asyncio.sleep(0)
        assert slow.CROWDED + haste.AT_ONCE < slow.WITHOUT_ACCOUNT
        assert all("One moment, please" in one.result() for one in sends if one.done())
        their = asyncio.create_task(visitors.sends(OTHER, mine))
        _done, pending = await asyncio.wait([their], timeout=0.2)
        assert pending, "it has its place, behind those that came before"
    finally:
        made.go.set()
    assert "Your six words" in await their
    answers = await asyncio.gather(*sends)
    assert all("Your six words" in page or "One moment, please" in page for page in answers)
    assert sum("Your six words" in page for page in answers) >= slow.CROWDED


async def test_large_bodies_of_one_client_leave_room_for_others(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_LARGE_EACH", 2)
    large, held = "a" * guard.LARGE, []
    head = f"POST {PAGE} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {ATTACKER}\r\nContent-Length: 100000\r\n"
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", visitors.port)
        writer.write(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\ntext=".encode())
        held.append((reader, writer))
    async with asyncio.timeout(10):
        while (await visitors.posts(ATTACKER, text=large))[0] != 503:
            pass
    assert (await visitors.posts(OTHER, text=large))[0] == 200
    assert (await visitors.posts(ATTACKER, text="small"))[0] == 200
    for _reader, writer in held:
        writer.close()
    async with asyncio.timeout(10):
        while (await visitors.posts(ATTACKER, text=large))[0] != 200:
            pass
