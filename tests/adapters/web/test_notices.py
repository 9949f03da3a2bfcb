"""Privacy and terms: in each language, for everyone, and true to what the code does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from adapters.teams.package import manifest
from adapters.web.notices import NOTICES
from flows.catalogue import catalogue
from flows.engine.flow import EVERYONE, NO_ACCOUNT, STUDENT
from flows.words import LANGUAGES, said
from storage.check_in_pools import TERM
from storage.communities import FEWEST
from storage.keeping import Days
from storage.tables import keeping
from tests.adapters.web.conftest import World, serve

each_notice = pytest.mark.parametrize("name", NOTICES)


@pytest.fixture
async def asked() -> AsyncIterator[World]:
    """A web that names whom to ask."""
    async for one in serve(World(), chat=False, contact="privacy@example.org"):
        yield one


@each_notice
@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_says_all_in_each_language(plain: World, name: str, language: str) -> None:
    async with plain.http.get(f"/{name}?lang={language}") as response:
        assert response.status == 200
        assert response.headers["Content-Language"] == language
        assert "script-src" not in response.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert not response.cookies
        page = HTMLParser(await response.text())
    text = page.text()
    for heading, told in NOTICES[name].sections:
        for one in (heading, *told):
            assert said(one, language) in text
    assert [one.tag for one in page.css("h1, h2")] == ["h1", *["h2"] * (len(NOTICES[name].sections) + 1)]
    assert len(page.css("nav a")) == len(LANGUAGES)


async def test_whom_to_ask(asked: World, plain: World) -> None:
    page = HTMLParser(await (await asked.http.get("/privacy")).text())
    assert [one.attributes["href"] for one in page.css("main a")] == ["mailto:privacy@example.org"]
    assert HTMLParser(await (await plain.http.get("/privacy")).text()).css("main a") == []


@pytest.mark.parametrize("contact", ["Room 2.14, <b>Kim</b>", "javascript:alert(1)", "a@b.org?body=x"])
async def test_other_words_than_an_address_are_words(contact: str) -> None:
    async for world in serve(World(), chat=False, contact=contact):
        page = HTMLParser(await (await world.http.get("/terms")).text())
        assert contact in page.text()
        assert page.css("main a") == []
        assert page.css("main b") == []


async def test_every_page_for_people_leads_there(plain: World) -> None:
    pages = [await plain.http.get("/"), await plain.http.get("/c/first?lang=de")]
    pages.append(await plain.http.post("/c/first?lang=de", data={"start": "tell"}))
    for page in pages:
        links = {one.attributes["href"] for one in HTMLParser(await page.text()).css("footer a")}
        assert {link.split("?")[0] for link in links if link} == {"/privacy", "/terms"}


async def test_the_teams_package_names_these_pages(plain: World) -> None:
    developer = manifest("app", plain.url, [])["developer"]
    for key in ("privacyUrl", "termsOfUseUrl"):
        assert (await plain.http.get(developer[key].removeprefix(plain.url))).status == 200


def test_what_is_said_of_time_is_what_the_code_does() -> None:
    text = " ".join(said(one, "en") for _heading, told in NOTICES["privacy"].sections for one in told)
    kept = {str(one.table.__tablename__): one.kept.days for one in keeping() if isinstance(one.kept, Days)}
    assert kept["outbox"] == 90
    assert "90 days" in text
    assert kept["audit"] == 365
    assert "a year" in text
    assert f"unopened after {TERM // (7 * 24 * 60 * 60 * 1000)} weeks" in text
    assert f"at least {FEWEST} filled-in check-ins" in text
    assert f"If {FEWEST} filled-in check-ins" in text
    assert "three days" in text
    for flow in catalogue().flows.values():
        if not flow.who or flow.who & {EVERYONE, NO_ACCOUNT, STUDENT}:
            assert flow.expires_after.days <= 3, flow.name
