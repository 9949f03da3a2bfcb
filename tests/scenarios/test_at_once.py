"""What two people do at the same moment, and what comes from someone without an account."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count

import pytest

from bot.runtime import REMEMBERED
from flows.seam import Act, Button, Buttons, Command, Filled, Form, Incoming, Person, Pressed, Reply, Space, Text
from storage import case_release, communities, conversations, role_grants
from storage.database import Database
from storage.statement import Session
from tests.scenarios.world import World

HERE = Space("web", "first")
PAGE = Space("page", "first")
PEOPLE = {"Sam": "student", "Noor": "student", "Robin": "mentor", "Kim": "mentor"}
GUESS = "bado kemi lina tiva sore mapi"
SIX = {"issue": "Nobody asked me.", **dict.fromkeys(("involved", "teacher", "student", "others", "belonging"))}


class Alone:
    """Acts without a surface: straight through the product's door."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.events = count()

    async def act(self, who: str, act: Act, event: str = "") -> Reply:
        person = Person(who.lower(), who) if who else None
        space = HERE if who else PAGE
        return await self.world.runtime.receive(Incoming(event or f"e{next(self.events)}", space, person, act))

    async def case(self, who: str) -> str:
        """Tell a case to the end; the receipt's words."""
        form = form_of(await self.act(who, Command("tell")))
        asked = await self.act(who, Filled(form.id, SIX))
        shown = await self.act(who, Pressed(button_of(asked, "Give it to the mentors").id))
        words = next(text for part in shown.parts if hasattr(part, "rows") for _, text in part.rows)
        await self.act(who, Pressed(button_of(shown, "Yes, I have kept them").id))
        return str(words)

    async def released(self) -> str:
        """Release what waits; the only case."""

        def release(session: Session) -> str:
            community = communities.every(session)[0].id
            [case] = case_release.release(session, community)
            return case

        return await self.world.database.run(release)


@pytest.fixture
async def alone(database: Database) -> AsyncIterator[Alone]:
    world = World(database)

    def found(session: Session) -> None:
        from flows.catalogue import catalogue
        from flows.engine.timers import found_community

        here = found_community(session, catalogue(), "first", "Year 1", "en", "Europe/Amsterdam", world.clock.now())
        for space in (HERE, PAGE):
            communities.add_space(session, here, space.platform, space.id)
        for who, role in PEOPLE.items():
            role_grants.grant(session, here, role_grants.Grant(role, "web", "person", who.lower()))

    await database.run(found)
    yield Alone(world)
    await world.runtime.stop()


async def test_two_mentors_claim_at_once_and_one_wins(alone: Alone) -> None:
    await alone.case("Sam")
    start = f"s.claim_case.{await alone.released()}"
    one, other = await asyncio.gather(alone.act("Robin", Pressed(start)), alone.act("Kim", Pressed(start)))
    said = sorted(len(reply.parts) for reply in (one, other))
    assert said[0] == 1, "the one who came second is told who has it"
    assert said[1] > 1, "the other reads the case"


async def test_the_same_check_in_twice_at_once_counts_once(alone: Alone) -> None:
    from storage import check_ins

    def opened(session: Session) -> str:
        community = communities.every(session)[0].id
        now = alone.world.clock.now()
        return check_ins.open_round(session, community, now, now + 1000)

    this = await alone.world.database.run(opened)
    form = form_of(await alone.act("Sam", Pressed(f"s.check_in.{this}")))
    values = dict.fromkeys(("accepted", "appreciated", "included", "supported", "myself"), 4) | {"remark": None}
    send = button_of(await alone.act("Sam", Filled(form.id, values)), "Send").id
    await asyncio.gather(*(alone.act("Sam", Pressed(send)) for _ in range(5)))
    ballots = f"select count(*) from ballot where round_id = '{this}'"
    assert await alone.world.database.run(lambda s: s._execute(ballots, {}).fetchone()[0]) == 1


async def test_a_repeated_event_tells_a_case_once(alone: Alone) -> None:
    form = form_of(await alone.act("Sam", Command("tell")))
    asked = await alone.act("Sam", Filled(form.id, SIX))
    send = Pressed(button_of(asked, "Give it to the mentors").id)
    first = await alone.act("Sam", send, "same")
    again = await alone.act("Sam", send, "same")
    assert first == again
    assert await alone.released()


async def test_someone_elses_button_does_nothing(alone: Alone) -> None:
    form = form_of(await alone.act("Sam", Command("tell")))
    reply = await alone.act("Noor", Filled(form.id, SIX))
    assert [part for part in reply.parts if isinstance(part, Form | Buttons)] == []


async def test_the_case_page_needs_no_account(alone: Alone) -> None:
    words = await alone.case("")
    case = await alone.released()
    await alone.act("Robin", Pressed(f"s.claim_case.{case}"))
    form = form_of(await alone.act("Robin", Pressed(f"s.answer_case.{case}")))
    await alone.act("Robin", Filled(form.id, {"text": "Good that you tell this."}))

    form = form_of(await alone.act("", Command("answer")))
    read = await alone.act("", Filled(form.id, {"words": words.upper().replace(" ", "-")}))
    assert "Good that you tell this." in str(read.parts)


async def test_guessing_receipts_leads_nowhere(alone: Alone) -> None:
    await alone.case("Sam")
    await alone.released()
    for number in range(10):
        reply = await alone.act("Noor", Command("answer"))
        while forms := [part for part in reply.parts if isinstance(part, Form)]:
            guess = " ".join(["bado", "kemi", "lina", "tiva", "sore", "mapi"[: 3 + number % 2]])
            reply = await alone.act("Noor", Filled(forms[0].id, {"words": guess}))
        assert "Nobody asked me." not in str(reply.parts)


async def test_another_community_cannot_read_a_case(alone: Alone, database: Database) -> None:
    await alone.case("Sam")
    case = await alone.released()

    def found(session: Session) -> None:
        other = communities.add_community(session, "second", "Year 2", "en", "UTC")
        communities.add_space(session, other, "web", "second")
        role_grants.grant(session, other, role_grants.Grant("mentor", "web", "person", "eve"))

    await database.run(found)
    await alone.act("Robin", Pressed(f"s.claim_case.{case}"))
    before = str(await alone.act("Kim", Pressed(f"s.case.{case}")))
    for flow in ("case", "claim_case", "answer_case", "note_case", "close_case"):
        incoming = Incoming(flow, Space("web", "second"), Person("eve", "Eve"), Pressed(f"s.{flow}.{case}"))
        reply = await alone.world.runtime.receive(incoming)
        for form in (part for part in reply.parts if isinstance(part, Form)):
            filled = Incoming(f"{flow}!", incoming.space, incoming.person, Filled(form.id, {"text": "From outside."}))
            reply = await alone.world.runtime.receive(filled)
        assert "Nobody asked me." not in str(reply.parts)
    assert str(await alone.act("Kim", Pressed(f"s.case.{case}"))) == before


async def test_a_thousand_wrong_receipts_lock_nobody_out(alone: Alone) -> None:
    """Always the same kind words, nothing that grows, and the one who holds the right words is answered meanwhile."""
    words = await alone.case("Sam")
    await alone.released()
    answers: Counter[str] = Counter()
    for number in range(1000):
        # Most have not even the shape of a receipt; a few are hashed, slowly and in vain.
        guess = GUESS if number % 50 == 0 else f"guess {number}"
        form = form_of(await alone.act("Noor", Command("answer")))
        said = shape(await alone.act("Noor", Filled(form.id, {"words": guess})))
        answers[said.replace(guess, "...")] += 1
    assert len(answers) == 1, "nothing else is ever said"
    assert len(alone.world.runtime._replies) <= REMEMBERED
    assert await alone.world.database.run(conversations.count) == 1, "Sam is still asked how to hear of answers"

    forms = [form_of(await alone.act("", Command("answer"))).id for _ in range(20)]
    flood = [asyncio.create_task(alone.act("", Filled(form, {"words": GUESS}))) for form in forms]
    read = await alone.act("Sam", Filled(form_of(await alone.act("Sam", Command("answer"))).id, {"words": words}))
    assert "Nobody asked me." in str(read.parts)
    assert len({shape(reply) for reply in await asyncio.gather(*flood)}) == 1


def shape(reply: Reply) -> str:
    """What a reply says, without the ids in it."""
    return " | ".join(part.text if isinstance(part, Text) else type(part).__name__ for part in reply.parts)


def form_of(reply: Reply) -> Form:
    [form] = [part for part in reply.parts if isinstance(part, Form)]
    return form


def button_of(reply: Reply, label: str) -> Button:
    [found] = [b for part in reply.parts if isinstance(part, Buttons) for b in part.buttons if b.label == label]
    return found
