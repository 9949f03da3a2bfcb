"""A mentor who left the server or team reads no case any more: with the platforms' own word, on the whole product."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot import standings
from flows.engine.sentences import UNANSWERED, no_member
from flows.words import said
from storage import case_release, case_telling, cases, communities, role_grants
from storage.database import Database
from storage.statement import Session
from storage.tables import metadata
from tests.adapters.teams.world import BOT, TEAM
from tests.scenarios.world import World
from tests.surfaces.discord import DiscordSurface
from tests.surfaces.teams import TeamsSurface

COMMUNITY = "Teacher education, year 1"
LEFT = said(no_member(COMMUNITY), "en")
NO_ANSWER = said(UNANSWERED, "en")
SECRET = "Everyone speaks about holidays that we cannot pay for."
LATER = standings.FRESH * 1000
"""Milliseconds after which what a platform said is asked again."""


class Story:
    """Robin takes care of a case, and has it open in private."""

    def __init__(self, world: World, surface: DiscordSurface | TeamsSurface) -> None:
        self.world, self.surface = world, surface

    def _cast(self, session: Session) -> None:
        self.here = communities.every(session)[0].id
        self.case = case_telling.tell(session, self.here, "0" * 64, {"issue": SECRET}, 1)
        case_release.release(session, self.here)
        role_grants.grant(
            session,
            self.here,
            role_grants.Grant("coordinator", self.surface.name, "person", self.surface.person_ids["Alex"], "Alex"),
        )

    async def begin(self) -> None:
        self.world.database.run_now(self._cast)
        surface = self.surface
        for who in ("Alex", "Kim", "Robin"):
            await surface.command(who, "help")
        await surface.say("Robin", "cases")
        await self.press("[Read ")
        assert any(SECRET in line for line in await surface.seen("Robin"))
        await self.press("[Take case ")
        await surface.press("Robin", "Write an answer")
        if isinstance(surface, DiscordSurface):  # where a form opens in a window of its own
            opener = surface.opener("Robin")
            assert opener is not None
            self.opener, self.window = opener, await surface.click("Robin", *opener)

    async def press(self, label: str, who: str = "Robin") -> None:
        """The first button that begins so."""
        lines = await self.surface.seen(who)
        await self.surface.press(who, next(one[1:-1] for one in lines if one.startswith(label)))

    def rows(self, *but: str) -> dict[str, list[str]]:
        def read(session: Session) -> dict[str, list[str]]:
            names = [table.name for table in metadata.sorted_tables if table.name not in but]
            every = {one: map(tuple, session._execute(f"select * from {one}", ()).fetchall()) for one in names}
            return {one: sorted(repr(row) for row in rows if row[0] != "log") for one, rows in every.items()}

        return self.world.database.run_now(read)

    async def tries(self, *, words: str) -> None:
        """Robin writes, presses an old button and sends the form that stood open: each is answered by these words."""
        surface = self.surface
        await surface.say("Robin", "cases")
        assert await surface.seen("Robin") == [words]
        if isinstance(surface, DiscordSurface):
            surface._mark("Robin")
            shown = await surface.click("Robin", *self.opener)
            assert shown.modal is None
            assert words in await surface.seen("Robin")
            surface._mark("Robin")
        await self.send()
        assert words in await surface.seen("Robin")
        assert not any(SECRET in line for line in await surface.seen("Robin"))

    async def send(self) -> None:
        """The form that stood open."""
        surface, text = self.surface, "Good that you tell this."
        if isinstance(surface, DiscordSurface):
            [control] = (self.window.modal or {})["components"]
            await surface._submit("Robin", self.opener[0], self.window, {control["component"]["custom_id"]: text})
        else:
            await surface.fill("Robin", {"What would you like to say?": text})

    async def answered(self) -> bool:
        view = await self.world.database.run(lambda s: cases.read(s, self.here, self.case))
        return view is not None and len(view.messages) > 0

    async def handed_back(self) -> None:
        """What follows is seen by everybody whom it concerns."""
        await self.world.catch_up()
        await self.world.move_to("2026-11-23 10:30")
        line = (await self.world.database.run(lambda s: cases.listing(s, self.here)))[0]
        assert (line.status, line.holder) == ("new", "")
        posts = await self.surface.posts("mentors")
        assert sum("nobody who takes care of" in one for one in posts) == 1
        news = await self.surface.seen("Alex")
        assert "One case waits for another mentor." in news
        assert any(one.startswith("Robin") for one in news)
        await self.surface.say("Kim", "cases")
        await self.press("[Read ", "Kim")
        await self.press("[Take case ", "Kim")
        assert (await self.world.database.run(lambda s: cases.listing(s, self.here)))[0].holder_name == "Kim"


@asynccontextmanager
async def told(database: Database, surface_type: type[DiscordSurface | TeamsSurface]) -> AsyncIterator[Story]:
    world = World(database)
    async with surface_type(world.receive) as surface:
        await world.open(surface)
        try:
            story = Story(world, surface)
            await story.begin()
            yield story
        finally:
            await world.close()


@pytest.fixture
async def on_discord(sqlite: Database) -> AsyncIterator[Story]:
    async with told(sqlite, DiscordSurface) as story:
        yield story


@pytest.fixture
async def in_teams(sqlite: Database) -> AsyncIterator[Story]:
    async with told(sqlite, TeamsSurface) as story:
        yield story


# ---------------------------------------------------------------- Discord


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_mentor_who_left_the_server(on_discord: Story, restarted: bool) -> None:
    surface = on_discord.surface
    assert isinstance(surface, DiscordSurface)
    await surface.leave("Robin")
    on_discord.world.clock.at += LATER
    if restarted:
        await on_discord.world.restart()
    await on_discord.world.settle()
    before = on_discord.rows("eventseen", "roster")
    await on_discord.tries(words=LEFT)
    assert on_discord.rows("eventseen", "roster") == before
    await on_discord.handed_back()


async def test_a_mentor_who_left_every_server_that_erbij_is_in(on_discord: Story) -> None:
    surface = on_discord.surface
    assert isinstance(surface, DiscordSurface)
    surface.env.create_guild(name="Another server")
    await surface.leave("Robin")
    await on_discord.world.restart()
    before = on_discord.rows("eventseen", "roster")
    await on_discord.tries(words=LEFT)
    assert on_discord.rows("eventseen", "roster") == before


async def test_a_stranger_on_discord_becomes_no_member(on_discord: Story) -> None:
    surface = on_discord.surface
    assert isinstance(surface, DiscordSurface)
    before = on_discord.rows("eventseen")
    stranger = surface.env.create_user("Eve")
    await stranger.send_dm("tell")
    assert on_discord.rows("eventseen") == before


async def test_while_discord_does_not_say_nothing_opens_and_nothing_is_lost(
    on_discord: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_discord.world.clock.at += LATER
    before = on_discord.rows()

    async def broken(*_args: object) -> None:
        raise OSError

    with monkeypatch.context() as down:
        down.setattr("discord.Guild.fetch_member", broken)
        await on_discord.tries(words=NO_ANSWER)
        assert on_discord.rows() == before
    await on_discord.surface.fill("Robin", {"What would you like to say?": "Good that you tell this."})
    assert await on_discord.answered()


async def test_a_mentor_by_role_who_lost_the_role(on_discord: Story) -> None:
    surface = on_discord.surface
    assert isinstance(surface, DiscordSurface)

    def by_role(session: Session) -> None:
        role_grants.revoke(session, on_discord.here, "mentor", "discord")
        role_grants.grant(
            session,
            on_discord.here,
            role_grants.Grant("mentor", "discord", "role", surface.role_ids["mentors"], "Mentor"),
        )

    on_discord.world.database.run_now(by_role)
    await surface.say("Robin", "/cases")
    assert any(line.startswith("[Read ") for line in await surface.seen("Robin"))
    surface.env.backend.get_guild(surface.guild.id).members[surface.people["Robin"].id].role_ids = []
    await on_discord.world.move_to("2026-11-24 09:00")
    line = (await on_discord.world.database.run(lambda s: cases.listing(s, on_discord.here)))[0]
    assert (line.status, line.holder) == ("new", "")
    await surface.say("Robin", "cases")
    assert not any(line.startswith("[Read ") and line != "[Read an answer]" for line in await surface.seen("Robin"))


# ---------------------------------------------------------------- Teams


def is_out(story: Story, who: str = "Robin") -> None:
    """Somebody is taken out of the team."""
    assert isinstance(story.surface, TeamsSurface)
    service = story.surface.world.service
    service.members[TEAM] = [one for one in service.members[TEAM] if one["name"] != who]


async def test_a_mentor_who_was_taken_out_of_the_team(in_teams: Story) -> None:
    is_out(in_teams)
    in_teams.world.clock.at += LATER
    before = in_teams.rows("eventseen", "roster")
    await in_teams.tries(words=LEFT)
    assert in_teams.rows("eventseen", "roster") == before
    await in_teams.handed_back()


async def test_teams_says_that_somebody_was_taken_out(in_teams: Story) -> None:
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    is_out(in_teams)
    before = in_teams.rows("eventseen", "roster")
    await surface.world.post(removed(surface, "29:an-id-of-teams-own"))
    assert in_teams.rows("eventseen", "roster") == before, "who removed them did nothing else"
    await in_teams.tries(words=LEFT)  # within the five minutes
    await in_teams.handed_back()


async def test_nobody_loses_anything_by_word_alone(in_teams: Story) -> None:
    """What Teams tells of one channel, or what is told wrongly, is asked first."""
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    await in_teams.world.catch_up()  # what is on its way arrives first
    before = in_teams.rows("eventseen", "roster", "due", "receiptkey")
    await surface.world.post(removed(surface, "29:robin"))
    await in_teams.world.catch_up()
    assert in_teams.rows("eventseen", "roster", "due", "receiptkey") == before
    await in_teams.send()
    assert await in_teams.answered()


async def test_erbij_itself_taken_out_is_still_that(in_teams: Story) -> None:
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    await surface.world.post(removed(surface, BOT))
    assert in_teams.rows()["place"] == []
    assert in_teams.rows()["roster"] == []


def removed(surface: TeamsSurface, who: str) -> dict[str, object]:
    """As Teams documents it: the sender is whoever removed them, and they have an id of Teams' own only."""
    made = surface.world.activity(
        "alex", channel=TEAM, type="conversationUpdate", membersRemoved=[{"id": who}], channelData={}
    )
    return made | {
        "conversation": {"isGroup": True, "conversationType": "channel", "id": TEAM},
        "channelData": {
            "team": {"id": TEAM},
            "eventType": "teamMemberRemoved",
            "tenant": {"id": surface.space.within},
        },
    }


async def silent() -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


def refusing(status: int, code: str = "", **headers: str) -> Callable[[], Awaitable[web.Response]]:
    async def says() -> web.Response:
        return web.json_response({"error": {"code": code, "message": ""}}, status=status, headers=headers)

    return says


@pytest.mark.parametrize(
    "says",
    [
        refusing(403, "BotNotInConversationRoster"),
        refusing(404, "ConversationNotFound"),
        refusing(404),
        refusing(400, "BadSyntax"),
        refusing(429, **{"Retry-After": "30"}),
        refusing(500, "ServiceError"),
        silent,
    ],
    ids=["not in the roster", "no conversation", "no code", "bad syntax", "too fast", "fault", "hangs"],
)
async def test_while_teams_does_not_say_nothing_opens_and_nothing_is_lost(
    in_teams: Story, says: Callable[[], Awaitable[web.Response]], monkeypatch: pytest.MonkeyPatch
) -> None:
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    in_teams.world.clock.at += LATER
    monkeypatch.setattr(standings, "DEADLINE", 0.05)
    surface.world.service.says = says
    before = in_teams.rows()
    await in_teams.tries(words=NO_ANSWER)
    assert in_teams.rows() == before
    surface.world.service.says = None
    in_teams.world.runtime.standings.forget(surface.space)
    await in_teams.send()
    assert await in_teams.answered()


@pytest.mark.parametrize("status", [400, 404])
async def test_that_somebody_is_no_member_is_known_by_its_code(in_teams: Story, status: int) -> None:
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    surface.world.service.says = refusing(status, "MemberNotFoundInConversation")
    assert not (await surface.adapter.known(surface.space, "oid-robin")).member
    surface.world.service.says = None
    assert (await surface.adapter.known(surface.space, "oid-robin")).member


async def test_a_stranger_in_the_tenant_becomes_no_member(in_teams: Story) -> None:
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    before = in_teams.rows("eventseen")
    for fields in ({"text": "tell"}, {"type": "installationUpdate", "action": "add"}):
        await surface.world.post(surface.world.activity("eve", **fields))
    assert in_teams.rows("eventseen") == before
    assert surface.world.service.asked.count("oid-eve") == 1, "remembered for five minutes"


async def test_a_students_second_press_in_teams_asks_nothing(in_teams: Story) -> None:
    surface = in_teams.surface
    assert isinstance(surface, TeamsSurface)
    await surface.say("Sam", "help")
    in_teams.world.clock.at += 2 * LATER
    await surface.say("Sam", "help")
    assert surface.world.service.asked.count("oid-sam") == 1
