"""Students tell, choose to be told, are answered and told, all by the product itself; then a reader of the whole
database, who lacks only the keys, tries to find out whose case is whose."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import count

import pytest

from bot.metrics import Metrics
from bot.timers import Timers
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.seam import Act, Button, Buttons, Card, Command, Filled, Form, Incoming, Person, Pressed, Reply, Space
from storage import cases, communities, outbox, role_grants
from storage.database import Database
from storage.statement import Session
from storage.tables import metadata
from tests.scenarios.world import World, local

HERE = Space("web", "first")
MENTOR = "robin"
STUDENTS = ("sam", "noor", "lou", "mika", "toni")
CHOOSE = "sam", "noor", "lou"
OF_CASES = ("belonging_case", "casemessage", "caseevent", "caseletter", "returnpath")
SIX = ("issue", "involved", "teacher", "student", "others", "belonging")


@dataclass
class Row:
    """One row as a reader sees it, with what the database keeps beside it unasked."""

    table: str
    values: dict[str, object]
    transactions: set[str] = field(default_factory=set)


class Story:
    """People at the product's own door, and the clock."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.world = World(database)
        self.timers = Timers(database, catalogue(), self.world.clock, Metrics(), lambda: None)
        self.events = count()
        self.case_of: dict[str, str] = {}

    async def act(self, who: str, act: Act) -> Reply:
        person = Person(who, who.title())
        return await self.world.runtime.receive(Incoming(f"e{next(self.events)}", HERE, person, act))

    async def press(self, who: str, reply: Reply, label: str) -> Reply:
        found: list[Button] = [b for part in reply.parts if isinstance(part, Buttons) for b in part.buttons]
        return await self.act(who, Pressed(next(b.id for b in found if b.label == label)))

    async def fill(self, who: str, reply: Reply, values: dict[str, str | None]) -> Reply:
        [form] = [part for part in reply.parts if isinstance(part, Form)]
        return await self.act(who, Filled(form.id, values))

    async def tell(self, who: str, choice: str) -> None:
        text = f"told by {who} " * len(self.case_of)
        asked = await self.fill(who, await self.act(who, Command("tell")), dict.fromkeys(SIX) | {"issue": text + "x"})
        shown = await self.press(who, asked, "Give it to the mentors")
        assert any(isinstance(part, Card) and part.title == "Your six words" for part in shown.parts)
        self.case_of[who] = ""
        asked = await self.press(who, shown, "Yes, I have kept them")
        if choice:
            await self.press(who, asked, choice)

    async def until(self, when: str) -> list[list[Row]]:
        """Let what is due happen; every row of the database after each of it."""
        self.world.clock.at = local(when)
        seen = []
        while await self.timers._some():
            seen.append(await self.all_rows())
        await self.timers.catch_up()
        return seen

    async def answer(self, case: str) -> None:
        await self.act(MENTOR, Pressed(f"s.claim_case.{case}"))
        form = await self.act(MENTOR, Pressed(f"s.answer_case.{case}"))
        self.world.clock.at += 60_000
        await self.fill(MENTOR, form, {"text": "Good that you tell this."})

    async def listing(self) -> list[str]:
        return [line.id for line in await self.database.run(lambda s: cases.listing(s, community_of(s)))]

    async def all_rows(self) -> list[Row]:
        """Every row of every table."""
        return await self.database.run(lambda s: [row for table in metadata.tables for row in dump(s, table)])


def community_of(session: Session) -> str:
    return communities.every(session)[0].id


def dump(session: Session, table: str) -> list[Row]:
    unasked = ", xmin::text, xmax::text" if session.dialect == "postgresql" else ""
    cursor = session._execute(f"select *{unasked} from {table}", {})
    names = [column[0] for column in cursor.description]
    found = []
    for one in cursor.fetchall():
        values = dict(zip(names, one, strict=True))
        transactions = {str(values.pop(name)) for name in ("xmin", "xmax") if name in values} - {"0"}
        found.append(Row(table, values, transactions))
    return found


@pytest.fixture
async def story(database: Database) -> AsyncIterator[Story]:
    one = Story(database)

    def found(session: Session) -> None:
        now = one.world.clock.now()
        here = found_community(session, catalogue(), "first", "Year 1", "en", "Europe/Amsterdam", now)
        communities.add_space(session, here, HERE.platform, HERE.id)
        role_grants.grant(session, here, role_grants.Grant("mentor", "web", "person", MENTOR))
        for student in STUDENTS:
            role_grants.grant(session, here, role_grants.Grant("student", "web", "person", student))

    await database.run(found)
    yield one
    await one.world.runtime.stop()


async def told_and_answered(story: Story) -> list[list[Row]]:
    """Five cases of a day, answered and told of; the messages still wait, which shows a reader the most."""
    for who in STUDENTS:
        await story.tell(who, "Also a message here" if who in CHOOSE else "Only my six words" if who == "mika" else "")
    await story.until("2026-11-23 13:00")
    for case in await story.listing():
        await story.answer(case)
    return await story.until("2026-11-23 17:00")


def about(rows: list[Row], *needles: str) -> list[Row]:
    return [row for row in rows if any(str(value) in needles for value in row.values.values())]


def shown(row: Row) -> set[object]:
    """Values long enough to recognise something by."""
    return {value for value in row.values.values() if len(str(value)) > 6}


async def test_the_story_is_what_it_should_be(story: Story) -> None:
    await told_and_answered(story)
    rows = await story.all_rows()
    assert sorted(str(row.values["lane"]) for row in rows if row.table == "outbox") == sorted(CHOOSE)
    assert sum(row.table == "belonging_case" for row in rows) == len(STUDENTS)
    assert sum(row.table == "returnpath" for row in rows) == len(STUDENTS)


async def test_no_value_stands_with_a_student_and_with_a_case(story: Story) -> None:
    await told_and_answered(story)
    rows = await story.all_rows()
    everywhere = {row.values["id"] for row in rows if row.table == "community"} | {"student"}
    of_cases = {value for row in rows if row.table in OF_CASES for value in shown(row)} - everywhere
    for who in STUDENTS:
        member = next(str(row.values["member_id"]) for row in about(rows, who) if row.table == "account")
        mine = about(rows, who, member)
        assert len(mine) >= 2
        assert not [value for row in mine for value in shown(row) if value in of_cases]


async def test_no_transaction_wrote_of_a_student_and_of_a_case(story: Story) -> None:
    seen = await told_and_answered(story)
    if story.database.dialect == "sqlite":
        for table in OF_CASES:  # SQLite numbers rows, not transactions; these tables have no numbers
            with pytest.raises(Exception, match="rowid"):
                await story.database.run(lambda s, t=table: s._execute(f"select rowid from {t}", {}))  # type: ignore[misc]
        return
    reminded, *seen = seen
    assert not any(row.table == "outbox" for row in reminded), "at five past one, when nothing has waited long enough"
    assert [any(row.table == "outbox" for row in rows) for rows in seen] == [True, True], "told, then released"
    for rows in seen:
        of_cases = transactions(row for row in rows if row.table in OF_CASES)
        mentor = next(str(row.values["member_id"]) for row in about(rows, MENTOR) if row.table == "account")
        people = [row for row in rows if row.table in ("outbox", "conversation", "account", "member")]
        of_students = [row for row in people if not {MENTOR, mentor} & set(map(str, row.values.values()))]
        assert {row.table for row in of_students} >= {"account", "member"}
        assert not of_cases & transactions(of_students)
        assert len({tuple(row.transactions) for row in rows if row.table == "returnpath"}) == 1


def transactions(rows: Iterable[Row]) -> set[str]:
    return {number for row in rows for number in row.transactions}


async def test_neither_sizes_nor_times_tell(story: Story) -> None:
    await told_and_answered(story)
    rows = await story.all_rows()
    news = [row.values for row in rows if row.table == "outbox"]
    assert len({len(bytes(one["payload"])) for one in news}) == 1  # type: ignore[call-overload]
    assert len({one["created_at"] for one in news}) == 1
    answered = {row.values["at"] for row in rows if row.table == "caseevent" and row.values["what"] == "answered"}
    assert len(answered) == len(STUDENTS)
    assert min(int(str(one["created_at"])) for one in news) - max(int(str(at)) for at in answered) > 60_000
    assert len({len(bytes(row.values["sealed"])) for row in rows if row.table == "returnpath"}) == 1  # type: ignore[call-overload]


async def test_the_order_of_messages_is_not_the_order_of_telling_or_of_answers(story: Story) -> None:
    await told_and_answered(story)
    orders = set()
    for day in range(24, 30):
        for case in await story.listing():
            await story.answer(case)
        await story.until(f"2026-11-{day} 09:00")
        rows = [row.values for row in await story.all_rows() if row.table == "outbox"]
        rows.sort(key=lambda one: int(str(one["id"])))
        orders.add(tuple(str(one["lane"]) for one in rows[-len(CHOOSE) :]))
    assert len(orders) > 1


async def test_an_answer_of_the_last_minute_waits_for_the_next_moment(story: Story) -> None:
    await story.tell("sam", "Also a message here")
    await story.until("2026-11-23 13:00")
    story.world.clock.at = local("2026-11-23 16:58") + 30_000
    [case] = await story.listing()
    await story.answer(case)
    await story.until("2026-11-23 17:00")
    assert (await story.database.run(outbox.depth)).waiting == 0
    await story.until("2026-11-24 09:00")
    assert (await story.database.run(outbox.depth)).waiting == 1
