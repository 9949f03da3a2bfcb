"""Microsoft's Agents Playground: one Microsoft Teams, with a window in Chromium for each person.

One playground has one person at its keyboard, so everybody gets a playground of their own. To Erbij they are one Teams:
a :class:`Service` between them stands for Teams' own, gives each message to the windows that show it, tells once that
Erbij was added to the team, and checks every card against the schema, which the playground does not.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from tests.adapters.teams.schema import check_card
from tests.browser.test_web import DESKTOP

HERE = Path(__file__).parent
PLAYGROUND = HERE / "node_modules" / "@microsoft" / "m365agentsplayground"
TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
TEAM = "19:general@thread.tacv2"
"""The team, and its channel General: Teams gives both one id."""
MENTORS = "19:mentors@thread.tacv2"
PEOPLE = ("Sam", "Noor", "Robin", "Kim", "Alex", "Emma")
"""Everyone in the team: a playground wants one at the keyboard and five more."""
PATIENCE = 30


async def installed() -> Path:
    """The playground's program, installed from npm beside this file when it is not there yet."""
    if not (shutil.which("npm") and shutil.which("node")):
        raise AssertionError("Microsoft's Agents Playground needs node and npm: apt-get install nodejs npm")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]["@microsoft/m365agentsplayground"]
    with (HERE / ".playground.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        package = PLAYGROUND / "package.json"
        if not package.exists() or json.loads(package.read_text())["version"] != wanted:
            npm = await asyncio.create_subprocess_exec(
                "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=HERE,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            said, _ = await npm.communicate()
            assert npm.returncode == 0, f"npm could not install the playground:\n{said.decode()}"
    return PLAYGROUND / "cli.js"


def settings(who: str) -> dict[str, Any]:
    """A playground's own configuration, with this person at the keyboard. JSON is YAML too."""

    def one(name: str) -> dict[str, str]:
        mail = f"{name.lower()}@example.org"
        return {
            "id": f"29:{name.lower()}",
            "name": name,
            "givenName": name,
            "surname": "Example",
            "aadObjectId": f"oid-{name.lower()}",
            "userPrincipleName": mail,
            "email": mail,
        }

    return {
        "version": "0.1.1",
        "tenantId": TENANT,
        "bot": {"id": "28:erbij", "name": "Erbij"},
        "currentUser": one(who),
        "users": [one(name) for name in PEOPLE if name != who],
        "personalChat": {"id": f"a:{who.lower()}"},
        "groupChat": {"id": "19:group@thread.v2", "name": "Group"},
        "team": {
            "id": TEAM,
            "name": "Teacher education, year 1",
            "aadGroupId": "group",
            "channels": [{"id": MENTORS, "name": "mentors"}],
        },
    }


class Service:
    """Teams' service as Erbij sees it: one address for everyone, behind it each person's playground."""

    def __init__(self, erbij: str) -> None:
        self.windows: dict[str, str] = {}
        """Person -> the playground's own service."""
        self.cards = 0
        """How many cards were checked."""
        self.faults: list[AssertionError] = []
        """What was wrong with them."""
        self._erbij = erbij
        self._told: set[str] = set()
        """How Erbij was told that it was added to the team."""
        self._copies: dict[str, dict[str, str]] = {}
        """A message's id as Erbij knows it -> its id in each person's playground."""
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_post("/api/messages", self._to_erbij)
        app.router.add_post("/v3/conversations", self._private_chat)
        app.router.add_route("*", "/v3/{rest:.+}", self._passed_on)
        self.server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self.server.start_server()
        self._session = ClientSession()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._session.close()
        await self.server.close()

    @property
    def url(self) -> str:
        """What Erbij is told."""
        return str(self.server.make_url("/")).rstrip("/")

    async def _to_erbij(self, request: web.Request) -> web.Response:
        """What someone did. Each playground tells for each channel that Erbij was added; Teams tells it once a team."""
        body = await request.json()
        kind, chat = body["type"], body["conversation"].get("conversationType")
        if chat == "channel" and kind in ("installationUpdate", "conversationUpdate"):
            if kind in self._told:
                return web.Response()
            self._told.add(kind)
        async with self._session.post(self._erbij, json=body) as answer:
            return web.Response(body=await answer.read(), status=answer.status, content_type=answer.content_type)

    async def _private_chat(self, request: web.Request) -> web.Response:
        """The private chat of someone who has a window; nobody else has added Erbij."""
        user = (await request.json())["members"][0]["id"].removeprefix("29:")
        if user.title() in self.windows:
            return web.json_response({"id": f"a:{user}"}, status=201)
        return web.json_response({"error": {"code": "BotNotInConversationRoster"}}, status=403)

    async def _passed_on(self, request: web.Request) -> web.Response:
        """To every window; those that have no such conversation say so, and the first that has one answers."""
        body = await request.json() if request.can_read_body else None
        self._check(body or {})
        *path, last = request.match_info["rest"].split("/")
        answers: dict[str, tuple[int, Any]] = {}
        for who, service in self.windows.items():
            known = self._copies.get(last, {}).get(who, last)
            url = f"{service}/v3/{'/'.join([*path, known])}"
            async with self._session.request(request.method, url, json=body) as answer:
                answers[who] = (answer.status, await answer.json(content_type=None))
        good = {who: (status, said) for who, (status, said) in answers.items() if status < 300}
        status, said = next(iter((good or answers).values()))
        if request.method == "POST" and good:
            self._copies[said["id"]] = {who: told["id"] for who, (_status, told) in good.items()}
        return web.json_response(said, status=status)

    def _check(self, activity: dict[str, Any]) -> None:
        for one in activity.get("attachments") or ():
            self.cards += 1
            try:
                check_card(one["content"])
            except AssertionError as wrong:
                self.faults.append(wrong)


@dataclass
class Window:
    """One person's playground in Chromium."""

    page: Page

    async def go(self, name: str) -> None:
        """Look at a channel by its name, or at the private chat."""
        wanted = "Personal Chat" if name == "private" else re.compile(rf" - {name}$")
        await self.page.get_by_role("treeitem", name=wanted).click()

    def last(self) -> Locator:
        """The newest card that is shown."""
        return self.page.locator(".ac-adaptiveCard").last

    async def reads(self, text: str) -> None:
        """Wait until the newest card holds this."""
        await expect(self.last()).to_contain_text(text)

    async def use(self, label: str | re.Pattern[str]) -> None:
        """Press a button of the newest card, and wait for Erbij's answer: with it the card is drawn again."""
        async with self.page.expect_response(re.compile("/v1/invoke")):
            await self.last().get_by_role("button", name=label, exact=True).click()

    async def press(self, label: str | re.Pattern[str], then: str) -> None:
        """Press a button of the newest card, which must then hold ``then``."""
        await self.use(label)
        await self.reads(then)

    async def choose(self, question: str, answer: str) -> None:
        """Choose from a menu of the newest card."""
        await self.last().get_by_role("combobox", name=question).click()
        await self.page.get_by_role("option", name=answer, exact=True).click()

    async def tick(self, question: str, *answers: str) -> None:
        """Choose several from a menu of the newest card."""
        await self.last().get_by_role("combobox", name=question).click()
        for answer in answers:
            await self.page.get_by_role("menuitemcheckbox", name=answer, exact=True).click()
        await self.page.keyboard.press("Escape")

    async def write(self, question: str, text: str) -> None:
        """Answer an open question of the newest card."""
        await self.last().get_by_label(question).fill(text)

    async def say(self, text: str, then: str) -> None:
        """Type a message to Erbij in the private chat."""
        await self.page.locator("[data-lexical-editor]").last.fill(text)
        await self.page.get_by_role("button", name="Send Message").last.click()
        await self.reads(then)


class Teams:
    """Microsoft Teams for a few people: ``await teams.window("Sam")`` gives each a window."""

    def __init__(self, browser: Browser, folder: Path, program: Path, service: Service) -> None:
        self.service = service
        self._browser, self._folder, self._program = browser, folder, program
        self._stack = AsyncExitStack()

    async def window(self, who: str, size: ViewportSize = DESKTOP) -> Window:
        """A playground with this person at its keyboard; opening it adds Erbij for them."""
        address = await self._stack.enter_async_context(self._playground(who))
        self.service.windows[who] = f"{address}/_connector"
        page = await self._browser.new_page(viewport=size)
        await page.goto(address)
        window = Window(page)
        await window.go("private")
        return window

    async def close(self) -> None:
        """End the playgrounds."""
        await self._stack.aclose()

    @asynccontextmanager
    async def _playground(self, who: str) -> AsyncIterator[str]:
        """A playground's process; its address."""
        home = self._folder / who
        home.mkdir()
        (home / ".m365agentsplayground.yml").write_text(json.dumps(settings(who)))
        process = await asyncio.create_subprocess_exec(
            "node", str(self._program), "-e", f"{self.service.url}/api/messages", "-c", "msteams", "-p", "0",
            "--service-url", self.service.url, "--disable-telemetry",
            cwd=home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                while (found := re.search(rb"Listening on (\d+)", await process.stdout.readline())) is None:
                    assert process.returncode is None, "the playground did not start"
            yield f"http://localhost:{int(found[1])}"
        finally:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def teams(browser: Browser, folder: Path, endpoint: str) -> AsyncIterator[Teams]:
    """A Teams in which Erbij is at ``endpoint``."""
    async with Service(endpoint) as service:
        made = Teams(browser, folder, await installed(), service)
        try:
            yield made
        finally:
            await made.close()
        assert service.faults == []
