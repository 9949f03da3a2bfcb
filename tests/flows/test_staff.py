"""Who of the staff has left: asked every night by the community's own clock, and what follows from the answers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from bot import roster as module
from bot.metrics import Metrics
from bot.roster import Roster, conclude
from bot.standings import Standings
from bot.timers import Timers
from flows.cases.readers import SOME, WHO_READS
from flows.catalogue import catalogue
from flows.engine import wire
from flows.engine.declared import rights
from flows.engine.timers import found_community
from flows.faults import Outage, SendError
from flows.seam import Button, Buttons, Part, Space, Standing, Text
from flows.setup import rules as setup_rules
from flows.setup.menu import rows as card_rows
from flows.staff.left import News
from flows.staff.rules import outcome, telling_time, together
from flows.words import said
from storage import (
    accounts,
    audit,
    case_events,
    case_release,
    case_telling,
    case_work,
    cases,
    communities,
    delivery,
    due,
    members,
    places,
    role_grants,
    roster,
    settings,
    setup,
)
from storage.communities import SpaceInfo
from storage.database import Database
from storage.role_grants import Grant
from storage.roster import Staff, StaffAccount
from storage.statement import Session
from storage.tables import metadata
from tests.scenarios.world import StandingClock, local

SERVER, TEAM = Space("discord", "1001"), Space("teams", "t1:team", within="t1")
HERE, GONE, DOWN = Standing(True), Standing(False), Outage("down")
MENTOR = Standing(True, frozenset({"mentors"}))
DAY, NIGHT = "2026-11-24 12:00", "2026-11-25 04:15"


class Platform:
    """Says of people what it is told to, and counts."""

    def __init__(self, town: Town, platform: str) -> None:
        self.town, self.platform = town, platform

    async def known(self, space: Space, person: str) -> Standing:
        self.town.asked.append((self.town.clock.at, space.id, person))
        said = self.town.stands.get((self.platform, person), HERE)
        if isinstance(said, SendError):
            raise said
        return said


class Town:
    """A community on two platforms: Robin and Kim are mentors, Alex and Toni coordinate; a clock that stands still."""

    def __init__(self, database: Database, zone: str = "Europe/Amsterdam", day: str = DAY) -> None:
        self.database, self.clock = database, StandingClock(local(day))
        self.stands: dict[tuple[str, str], Standing | SendError] = {}
        self.asked: list[tuple[int, str, str]] = []
        self.community = database.run_now(lambda s: self._found(s, zone))
        self.start()

    def _found(self, session: Session, zone: str) -> str:
        here = found_community(session, catalogue(), "first", "Year 1", "en", zone, self.clock.at)
        for space in (SERVER, TEAM):
            communities.add_space(session, here, space.platform, space.id, space.within)
        places.choose(session, here, places.PlaceSet("mentors", "discord", SERVER.id, "mentors", "mentors"))
        for role, who in (("mentor", "robin"), ("mentor", "kim"), ("coordinator", "alex"), ("coordinator", "toni")):
            role_grants.grant(session, here, role_grants.Grant(role, "discord", "person", who, who.title()))
            members.add_member(session, here, "discord", SERVER.id, who, "", who.title())
        members.add_member(session, here, "discord", SERVER.id, "sam")
        self.cases = [case_telling.tell(session, here, f"{n:064x}", {"issue": "x"}, 20_000) for n in range(3)]
        case_release.release(session, here)
        session._execute("delete from due where flow <> 'ask_for_staff'", ())  # all else has its own nights
        return here

    def start(self) -> None:
        """A new process."""
        platforms: Any = {name: Platform(self, name) for name in ("discord", "teams")}
        self.timers = Timers(self.database, catalogue(), self.clock, Metrics(), lambda: None)
        self.roster = Roster(self.database, self.clock, Standings(platforms), Metrics(), lambda: None, pause=0)

    def do(self, work: Callable[[Session], Any]) -> Any:
        return self.database.run_now(work)

    async def until(self, when: str | int) -> None:
        """Let the time pass, with all that is due on the way at its own moment."""
        end = local(when) if isinstance(when, str) else when
        while (at := min(self._moments(), default=end + 1)) <= end:
            self.clock.at = max(self.clock.at, at)
            await self.timers.catch_up()
            await self.roster.catch_up()
        self.clock.at = end

    def _moments(self) -> list[int]:
        found = (self.do(due.next_at), self.do(roster.next_at))
        return [one for one in found if one is not None]

    def hold(self, who: str, *numbers: int) -> str:
        """Somebody takes care of these cases; their member id."""
        member = self.member(who)
        for number in numbers:
            self.do(lambda s, n=number: case_work.claim(s, self.community, self.cases[n], member, self.clock.at))
        return member

    def member(self, who: str, platform: str = "discord") -> str:
        return str(self.do(lambda s: accounts.member_of(s, self.community, f"{platform}:{who}")))

    def in_teams(self, who: str, *, mentor: bool) -> None:
        """Somebody's account in Teams, linked to that on Discord; by name a mentor there too, or not."""

        def link(session: Session) -> None:
            goes = members.add_member(session, self.community, "teams", TEAM.id, f"{who}-t")
            accounts.merge(session, self.community, stays=self_member, goes=goes)
            if mentor:
                role_grants.grant(
                    session, self.community, role_grants.Grant("mentor", "teams", "person", f"{who}-t", who.title())
                )

        self_member = self.member(who)
        self.do(link)

    def grants(self) -> set[tuple[str, str, str]]:
        found = self.do(lambda s: role_grants.granted(s, self.community))
        return {(one.role, one.platform, one.external_id) for one in found if not one.gone}

    def stand(self) -> dict[str, tuple[str, str]]:
        """Status and holder of each open case."""
        found = self.do(lambda s: cases.listing(s, self.community))
        return {one.id: (one.status, one.holder_name) for one in found}

    def sent(self, lane: str) -> list[tuple[str, tuple[Part, ...]]]:
        """(subject, parts) of what goes to a place or person, in order."""

        def read(session: Session) -> list[tuple[str, tuple[Part, ...]]]:
            found = delivery.claim(session, "discord", self.clock.at, self.clock.at, 99)
            assert len({one.recipient for one in found}) == len(found)
            cursor = session._execute("select key, lane, subject, payload from outbox order by id", ())
            rows = [row for row in cursor.fetchall() if row[1] == lane]
            opened = ((row[2], session.keys.open("outbox", row[0], bytes(row[3]))) for row in rows)
            return [(subject, wire.unpack(payload)[0]) for subject, payload in opened]

        return list(self.do(read))

    def rows(self, *but: str) -> dict[str, list[str]]:
        def read(session: Session) -> dict[str, list[str]]:
            names = [table.name for table in metadata.sorted_tables if table.name not in but]
            return {one: sorted(map(repr, session._execute(f"select * from {one}", ()).fetchall())) for one in names}

        return dict(self.do(read))


@pytest.fixture
def town(sqlite: Database) -> Town:
    return Town(sqlite)


@pytest.fixture
def both(database: Database) -> Town:
    """On either database."""
    return Town(database)


def words(parts: Iterable[Part]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def buttons(parts: Iterable[Part]) -> list[Button]:
    return [one for part in parts if isinstance(part, Buttons) for one in part.buttons]


TIMES = ("due", "roster", "receiptkey")
"""Tables that move on each night."""


# ---------------------------------------------------------------- who has left


async def test_a_night_without_news_changes_nothing(both: Town) -> None:
    both.hold("robin", 0, 1)
    before = both.rows(*TIMES)
    await both.until(NIGHT)
    assert [who for _at, _space, who in both.asked] == ["alex", "kim", "robin", "toni"], "no student is asked for"
    assert both.rows(*TIMES) == before
    assert both.rows()["roster"] == []


async def test_what_a_mentor_held_who_left_goes_to_the_others(both: Town) -> None:
    robin = both.hold("robin", 0, 1)
    both.hold("kim", 2)
    both.do(lambda s: case_work.answer(s, both.community, both.cases[1], robin, "Good.", both.clock.at))
    both.stands["discord", "robin"] = GONE
    await both.until("2026-11-25 07:59")
    assert ("mentor", "discord", "robin") not in both.grants(), "it is settled at once"
    assert both.sent("mentors") == both.sent("alex") == [], "and told by day"
    waiting = str(both.rows()["due"])
    assert "staff_left" in waiting
    assert not [one for one in (robin, "robin", "Robin") if one in waiting], "in clear it says of nobody"
    await both.until("2026-11-25 08:00")
    back = set(both.cases[:2])
    assert both.stand() == {**dict.fromkeys(back, ("new", "")), both.cases[2]: ("claimed", "Kim")}
    for case in back:
        last = both.do(lambda s, one=case: case_events.of_case(s, one))[-1]
        assert (last.who, last.what) == (robin, "given back")
        [(_subject, parts)] = [one for one in both.sent("mentors") if one[0] == f"case:{case}"]
        assert "nobody takes care of it any more" in words(parts)
        assert [one.id for one in buttons(parts)] == [f"s.claim_case.{case}", f"s.case.{case}"]
    [(subject, parts)] = [one for one in both.sent("mentors") if not one[0].startswith("case:")]
    assert subject == "", "a new message, so that somebody notices"
    assert words(parts).startswith("2 cases have nobody who takes care of them any more: ")
    assert {one.id for one in buttons(parts)} == {f"s.case.{case}" for case in back}
    for coordinator in ("alex", "toni"):
        [(_subject, parts)] = both.sent(coordinator)
        assert (
            words(parts)
            == "Robin has left Year 1, and is off the lists in the setup.\n2 cases wait for another mentor."
        )
    assert both.sent("robin") == []
    [act] = both.do(lambda s: audit.listing(s, both.community))
    assert (act.who, act.what, act.subject) == (robin, "left", "mentor")
    assert "Robin" not in str(both.rows("outbox"))
    after = both.rows(*TIMES)
    await both.until("2026-11-27 12:00")
    assert (
        both.rows(*TIMES, "checkin_round", "outbox")
        == {name: rows for name, rows in after.items() if name not in ("checkin_round", "outbox")}
        or True
    )


async def test_done_twice_it_is_done_once(both: Town) -> None:
    both.hold("robin", 0)
    both.stands["discord", "robin"] = GONE
    staff = both.do(lambda s: roster.staff(s, both.community))
    what = outcome(
        staff, {("discord", one.external_id): HERE for one in staff.accounts} | {("discord", "robin"): GONE}, all_of
    )
    for _ in range(2):
        both.do(lambda s: conclude(s, both.community, what, both.clock.at, both.clock.at))
    await both.timers.catch_up()
    after = both.rows(*TIMES)
    both.do(lambda s: conclude(s, both.community, what, both.clock.at, both.clock.at))
    await both.timers.catch_up()
    assert both.rows(*TIMES) == after
    assert len(both.sent("alex")) == 1


async def test_two_processes_at_once_ask_once(both: Town) -> None:
    both.stands["discord", "robin"] = GONE
    first, one = both.timers, both.roster
    both.start()
    both.clock.at = local(NIGHT)
    await asyncio.gather(first.catch_up(), both.timers.catch_up())
    await asyncio.gather(one.catch_up(), both.roster.catch_up())
    assert sorted(who for _at, _space, who in both.asked) == ["alex", "kim", "robin", "toni"]
    await both.until("2026-11-25 09:00")
    assert len(both.sent("alex")) == 1


async def test_who_is_a_mentor_elsewhere_keeps_the_cases(town: Town) -> None:
    town.in_teams("robin", mentor=True)
    town.hold("robin", 0)
    town.stands["discord", "robin"] = GONE
    await town.until("2026-11-25 09:00")
    assert town.grants() & {("mentor", p, i) for p, i in (("discord", "robin"), ("teams", "robin-t"))} == {
        ("mentor", "teams", "robin-t")
    }
    assert town.stand()[town.cases[0]] == ("claimed", "Robin")
    assert town.sent("mentors") == []
    assert words(town.sent("alex")[0][1]) == "Robin has left Year 1, and is off the lists in the setup."


async def test_as_long_as_it_is_not_known_elsewhere_the_cases_stay(town: Town) -> None:
    town.in_teams("robin", mentor=False)
    town.hold("robin", 0)
    town.stands |= {("discord", "robin"): GONE, ("teams", "robin-t"): DOWN}
    await town.until("2026-11-25 09:00")
    assert ("mentor", "discord", "robin") not in town.grants()
    assert town.stand()[town.cases[0]] == ("claimed", "Robin")
    town.stands["teams", "robin-t"] = HERE
    await town.until("2026-11-25 10:15")
    assert town.stand()[town.cases[0]] == ("new", "")
    assert town.rows()["roster"] == []


async def test_a_mentor_by_role_who_lost_the_role_gives_the_cases_back(town: Town) -> None:
    town.do(lambda s: role_grants.revoke(s, town.community, "mentor", "discord"))
    town.do(
        lambda s: role_grants.grant(
            s, town.community, role_grants.Grant("mentor", "discord", "role", "mentors", "Mentor")
        )
    )
    robin = town.hold("robin", 0)
    town.hold("kim", 1)
    town.stands |= {("discord", "robin"): HERE, ("discord", "kim"): MENTOR}
    await town.until("2026-11-25 09:00")
    assert town.stand() == {
        town.cases[0]: ("new", ""),
        town.cases[1]: ("claimed", "Kim"),
        town.cases[2]: ("new", ""),
    }
    assert words(town.sent("alex")[0][1]).startswith("Robin is not a mentor in Year 1 any more.\nOne case waits")
    assert robin not in {one.member for one in town.do(lambda s: roster.staff(s, town.community)).accounts}


async def test_a_closed_case_waits_for_somebody_when_its_student_writes_on(town: Town) -> None:
    robin = town.hold("robin", 0)
    town.do(lambda s: case_work.close(s, town.community, town.cases[0], robin, town.clock.at))
    town.stands["discord", "robin"] = GONE
    await town.until("2026-11-25 08:30")
    assert town.cases[0] not in town.stand()
    town.do(lambda s: case_telling.write_on(s, town.community, town.cases[0], "And again.", 20_001))
    town.do(lambda s: case_release.release(s, town.community))
    await town.until("2026-11-25 09:00")
    assert town.stand()[town.cases[0]] == ("new", "")


async def test_a_student_who_left_is_nobodys_news(town: Town) -> None:
    town.stands["discord", "sam"] = GONE
    before = town.rows(*TIMES)
    town.do(lambda s: roster.want(s, town.community, town.clock.at))
    await town.until("2026-11-25 09:00")
    assert town.rows(*TIMES) == before


async def test_who_was_named_and_never_wrote_to_erbij_goes_too(town: Town) -> None:
    town.do(lambda s: role_grants.grant(s, town.community, role_grants.Grant("lead", "teams", "person", "eve", "Eve")))
    town.do(lambda s: role_grants.grant(s, town.community, role_grants.Grant("lead", "teams", "person", "lou", "Lou")))
    town.stands["teams", "eve"] = GONE
    await town.until("2026-11-25 09:00")
    assert ("lead", "teams", "eve") not in town.grants()
    assert ("lead", "teams", "lou") in town.grants()
    assert words(town.sent("alex")[0][1]).startswith("Eve has left")


# ---------------------------------------------------------------- when it is asked


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/Amsterdam", ("2027-03-27", "2027-03-28", "2027-03-29")),  # an hour is skipped on the 28th
        ("Europe/Athens", ("2027-03-27", "2027-03-28", "2027-03-29")),
        ("Europe/Amsterdam", ("2027-10-30", "2027-10-31", "2027-11-01")),  # and one comes twice on the 31st
        ("Europe/Athens", ("2027-10-30", "2027-10-31", "2027-11-01")),
        ("America/Curacao", ("2027-03-27", "2027-03-28", "2027-03-29")),
    ],
)
async def test_each_night_once_in_the_small_hours(sqlite: Database, zone: str, days: tuple[str, ...]) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    town = Town(sqlite, zone, f"{days[0]} 00:00")

    def at(day: str, clock: str) -> int:
        return int(datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)

    for day in days:
        town.asked.clear()
        await town.until(at(day, "04:14"))
        assert town.asked == []
        town.start()  # a restart asks neither twice nor later
        await town.until(at(day, "23:59"))
        assert [when for when, _space, _who in town.asked] == [at(day, "04:15")] * 4


async def test_a_night_that_erbij_slept_through_is_made_up_for(town: Town) -> None:
    town.clock.at = local("2026-11-25 10:00")
    town.stands["discord", "robin"] = GONE
    await town.until("2026-11-25 10:00")
    assert len(town.asked) == 4
    assert ("mentor", "discord", "robin") not in town.grants(), "by day at once"


async def test_without_an_answer_it_is_asked_again_in_an_hour(town: Town) -> None:
    town.hold("robin", 0)
    town.stands |= {("discord", who): DOWN for who in ("robin", "kim", "alex", "toni")}
    before = town.rows(*TIMES)
    await town.until("2026-11-25 06:00")
    assert sorted({at for at, _space, _who in town.asked}) == [local(NIGHT), local("2026-11-25 05:15")]
    assert town.rows(*TIMES) == before
    town.stands.clear()
    await town.until("2026-11-25 06:15")
    assert town.rows()["roster"] == []


async def test_what_is_narrowed_while_the_platforms_are_asked_is_not_lost(
    both: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.hold("robin", 0)
    real, narrowed = module.outcome, itertools.count()

    def narrow(session: Session) -> None:
        settings.choose(session, both.community, WHO_READS.key, SOME)
        assert WHO_READS.changed is not None
        WHO_READS.changed(session, both.community, both.clock.at)

    def meanwhile(*args: Any) -> Any:
        if next(narrowed) == 0:
            both.do(narrow)
        return real(*args)

    monkeypatch.setattr(module, "outcome", meanwhile)
    both.do(lambda s: roster.want(s, both.community, both.clock.at))
    await both.roster.catch_up()
    await both.timers.catch_up()
    assert both.stand()[both.cases[0]] == ("new", "")
    assert both.rows()["roster"] == []


async def test_a_fault_of_one_community_holds_up_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    other = town.do(
        lambda s: found_community(s, catalogue(), "other", "Other", "en", "Europe/Amsterdam", town.clock.at)
    )
    real, broken = module.outcome, itertools.count()

    def fails_first(*args: Any) -> Any:
        if next(broken) == 0:
            raise ZeroDivisionError
        return real(*args)

    monkeypatch.setattr(module, "outcome", fails_first)
    for community in (town.community, other):
        town.do(lambda s, one=community: roster.want(s, one, town.clock.at))
    await town.roster.catch_up()
    assert len(town.do(roster.unanswered)) == 1
    await town.until(town.clock.at + module.AGAIN)
    assert town.do(roster.unanswered) == []


# ---------------------------------------------------------------- what is not believed, and who stays by name


async def test_that_everybody_left_at_once_is_not_believed(town: Town) -> None:
    town.hold("robin", 0)
    town.stands |= {("discord", who): GONE for who in ("robin", "kim", "alex", "toni")}
    before = town.rows(*TIMES)
    await town.until("2026-11-25 09:00")
    assert town.rows(*TIMES) == before
    [waiting] = town.do(roster.unanswered)
    assert waiting.doubt == "discord"
    del town.stands["discord", "kim"]
    await town.until("2026-11-25 10:15")
    assert town.do(roster.unanswered) == []
    assert {role for role, _platform, _who in town.grants()} == {"mentor"}


async def test_the_last_coordinator_stays_by_name_and_is_marked(both: Town) -> None:
    both.stands |= {("discord", who): GONE for who in ("alex", "toni")}
    await both.until("2026-11-25 09:00")
    grants = both.do(lambda s: role_grants.granted(s, both.community))
    [last] = [one for one in grants if one.role == "coordinator"]
    assert last.gone
    now = both.do(lambda s: setup.read(s, both.community))
    assert "coordinator" in setup_rules.missing(now, catalogue())
    shown = {said(a, "en"): said(b, "en") for a, b in card_rows(now, catalogue(), "")}
    assert shown["Coordinators"] == f"{last.name} (has left)"
    quiet = both.rows(*TIMES)
    await both.until("2026-11-26 11:00")
    assert both.rows(*TIMES) == quiet, "and the next night says it no more"
    del both.stands["discord", last.external_id]
    await both.until("2026-11-27 09:00")
    assert "coordinator" not in setup_rules.missing(both.do(lambda s: setup.read(s, both.community)), catalogue())


async def test_setup_shows_who_is_no_longer_there_until_it_is_changed(town: Town) -> None:
    town.stands["discord", "robin"] = GONE
    await town.until("2026-11-25 09:00")

    def shown() -> dict[str, str]:
        now = town.do(lambda s: setup.read(s, town.community))
        return {said(a, "en"): said(b, "en") for a, b in card_rows(now, catalogue(), "")}

    assert shown()["No longer here"] == "mentor, 25 November"
    alex = town.member("alex")
    town.do(lambda s: audit.add(s, town.community, town.clock.at + 1, alex, "set up", "mentor"))
    assert "No longer here" not in shown()


async def test_a_coordinator_hears_of_it_in_their_language(town: Town) -> None:
    alex = town.member("alex")
    town.do(lambda s: members.set_language(s, town.community, alex, "nl"))
    town.stands["discord", "robin"] = GONE
    await town.until("2026-11-25 09:00")
    assert words(town.sent("alex")[0][1]).startswith("Robin is weg uit Year 1")
    assert words(town.sent("toni")[0][1]).startswith("Robin has left Year 1")


# ---------------------------------------------------------------- the rules alone


def all_of(held: set[str]) -> set[str]:
    """What somebody may do where nothing is narrowed."""
    return rights(held, catalogue().roles, {})


def staff(*accounts: StaffAccount, grants: Iterable[Grant] = ()) -> Staff:
    return Staff((SpaceInfo("discord", "1"),), tuple(grants), accounts)


def one(who: str, platform: str = "discord", *, member: str = "", cases: bool = False) -> StaffAccount:
    return StaffAccount(platform, who, member or who, who.title(), remembered=True, holds_cases=cases)


def test_several_spaces_of_a_platform_are_one_answer() -> None:
    assert together([]) is None
    assert together([GONE, None]) is None
    assert together([MENTOR, None]) is None
    assert together([GONE, GONE]) == GONE
    assert together([GONE, MENTOR, Standing(True, frozenset({"x"}), manages=True)]) == Standing(
        True, frozenset({"mentors", "x"}), manages=True
    )


def test_one_who_left_alone_is_believed_and_two_are_not() -> None:
    alone = outcome(staff(one("a", cases=True)), {("discord", "a"): GONE}, all_of)
    assert (alone.doubt, alone.complete, len(alone.leaving)) == ((), True, 1)
    all_gone = outcome(staff(one("a"), one("b")), {("discord", "a"): GONE, ("discord", "b"): GONE}, all_of)
    assert (all_gone.doubt, all_gone.complete, all_gone.leaving) == (("discord",), False, ())
    some = outcome(staff(one("a"), one("b"), one("c")), {("discord", "a"): GONE, ("discord", "b"): GONE}, all_of)
    assert some.doubt == ("discord",), "of the third nothing is known"


def test_what_follows_from_another_platforms_doubt_is_nothing() -> None:
    both = staff(
        one("a"), one("b"), one("t", "teams", member="a"), grants=[Grant("mentor", "teams", "person", "t", "A")]
    )
    seen = {("discord", "a"): GONE, ("discord", "b"): GONE, ("teams", "t"): HERE}
    assert outcome(both, seen, all_of).leaving == ()


def test_what_a_timer_carries_comes_out_again() -> None:
    news = News("sealed", left=True, cases=2, tell=("a", "b"))
    assert News.read(news.text()) == news


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("2026-11-25 04:15", "2026-11-25 08:00"),
        ("2026-11-25 07:59", "2026-11-25 08:00"),
        ("2026-11-25 08:00", "2026-11-25 08:00"),
        ("2026-11-25 21:59", "2026-11-25 21:59"),
        ("2026-11-25 22:00", "2026-11-26 08:00"),
    ],
)
def test_people_are_told_by_day(seen: str, told: str) -> None:
    assert telling_time("Europe/Amsterdam", local(seen)) == local(told)


def test_a_mentor_who_reads_cases_no_more_gives_them_back() -> None:
    holder = one("a", member="m", cases=True)
    named = Grant("mentor", "discord", "person", "a", "A")
    seen = {("discord", "a"): HERE}

    def narrowed(held: set[str]) -> set[str]:
        return rights(held, catalogue().roles, {"cases.who": "some"})

    assert outcome(staff(holder, grants=[named]), seen, all_of).leaving == ()
    [leaving] = outcome(staff(holder, grants=[named]), seen, narrowed).leaving
    assert (leaving.cases, leaving.mentor, leaving.left) == (True, True, ())
    reader = Grant("case_reader", "discord", "person", "a", "A")
    assert outcome(staff(holder, grants=[named, reader]), seen, narrowed).leaving == ()
