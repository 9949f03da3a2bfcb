"""Students tell, take back, stop and answer, all by the product itself; then someone reads the files of SQLite byte by
byte, with the master key of that day in hand and all that ever stood in the rows."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.runtime import Runtime
from bot.time import Clock
from flows.catalogue import catalogue
from flows.engine.timers import found_community
from flows.seam import Act, Buttons, Card, Command, Filled, Form, Incoming, Person, Pressed, Reply, Space
from storage import case_release, check_in_pools, check_ins, communities, conversations, log, receipts
from storage.database import Database
from storage.days import DAY
from storage.statement import Session
from tests.raw import rows

HERE, PAGE = Space("web", "first"), Space("page", "first")
STORY = "They laughed when I asked. "
PIECE = 16
"""Bytes of something sealed by which it is recognised."""
SEALED = {
    "belonging_case": "wrapped_key",
    "casemessage": "sealed",
    "caseletter": "sealed",
    "letterkey": "sealed",
    "conversation": "journal",
    "returnpath": "sealed",
    "ballot": "sealed",
    "carriedballot": "sealed",
    "receiptkey": "sealed",
}


class Sam:
    """A student at the product's door, and whoever gets hold of the files."""

    def __init__(self, database: Database, space: Space) -> None:
        self.database, self.space, self.clock = database, space, Clock()
        self.runtime = Runtime(database, catalogue(), self.clock, Metrics())
        self.events = itertools.count()
        self.here = database.run_now(self._found)

    def _found(self, session: Session) -> str:
        here = found_community(session, catalogue(), "first", "Year 1", "en", "UTC", self.clock.now())
        for space in (HERE, PAGE):
            communities.add_space(session, here, space.platform, space.id)
        return here

    async def does(self, act: Act) -> Reply:
        person = None if self.space is PAGE else Person("sam", "Sam")
        return await self.runtime.receive(Incoming(f"e{next(self.events)}", self.space, person, act))

    async def presses(self, reply: Reply, label: str) -> Reply:
        buttons = [b for part in reply.parts if isinstance(part, Buttons | Form) for b in part.buttons]
        return await self.does(Pressed(next(one.id for one in buttons if one.label == label)))

    async def fills(self, reply: Reply, text: str) -> Reply:
        [form] = [part for part in reply.parts if isinstance(part, Form)]
        return await self.does(Filled(form.id, {field.name: text for field in form.fields}))

    async def shows(self) -> Reply:
        """The case as it is before it is sent."""
        return await self.fills(await self.does(Command("tell")), STORY * 20)

    async def tells(self) -> str:
        """A case up to its receipt; the six words."""
        receipt = await self.presses(await self.shows(), "Give it to the mentors")
        [card] = [part for part in receipt.parts if isinstance(part, Card) and not part.aside]
        await self.presses(receipt, "Yes, I have kept them")
        return card.rows[0][1]

    async def takes_back(self, words: str) -> None:
        seen = await self.fills(await self.does(Command("answer")), words)
        await self.presses(await self.presses(seen, "Take back and erase"), "Yes")

    def sealed(self) -> set[bytes]:
        """Everything that stands in the rows now and is somebody's words, or a key to them."""

        def read(session: Session) -> set[bytes]:
            every = (
                row[0] for table, column in SEALED.items() for row in session._execute(f"select {column} from {table}")
            )
            return {bytes(value) for value in every if value}

        return self.database.run_now(read)

    def raw(self, *endings: str) -> bytes:
        """The files as they lie there, once what was due has been done."""
        self.database.run_now(lambda _: None)
        paths = [Path(f"{self.database.url.database}{ending}") for ending in endings or ("", "-wal", "-shm")]
        return b"".join(path.read_bytes() for path in paths)


def found(sealed: set[bytes], raw: bytes) -> int:
    """How many of these there is any piece of."""
    return sum(any(one[at : at + PIECE] in raw for at in range(0, len(one) - PIECE, PIECE)) for one in sealed)


@pytest.fixture(params=[HERE, PAGE], ids=["with an account", "on the page"])
def sam(request: pytest.FixtureRequest, sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Sam:
    monkeypatch.setattr(log, "BETWEEN", 0.0)
    return Sam(sqlite, request.param)


async def test_of_what_was_taken_back_nothing_is_left(sam: Sam) -> None:
    words = await sam.tells()
    ever = sam.sealed()
    sam.database.run_now(lambda s: case_release.release(s, sam.here))
    ever |= sam.sealed()
    await sam.takes_back(words)
    ever |= sam.sealed()
    assert len(ever) >= 4
    assert found(ever, sam.raw()) >= 3, "the case is there before"
    sam.database.run_now(lambda s: case_release.release(s, sam.here))
    still = sam.sealed()
    raw = sam.raw()
    assert found(ever - still, raw) == 0
    assert STORY.encode() not in raw
    wrapped = sam.database.masters.newest
    assert raw.count(wrapped) == 1 + len([one for one in still if one.startswith(wrapped)]), "the database's key alone"


async def test_a_letter_shares_no_commit_in_the_log_with_a_conversation(sam: Sam) -> None:
    shown = await sam.shows()
    before = sam.sealed()
    await sam.presses(shown, "Give it to the mentors")
    letter = sam.database.run_now(lambda s: bytes(s._execute("select sealed from caseletter").fetchone()[0]))
    assert found({letter}, sam.raw("")) == 1
    assert found({letter} | before, sam.raw("-wal")) == 0
    assert found(before, sam.raw()) == 0, "the conversation in which it was told"


async def test_a_closed_check_in_leaves_no_ballot_beside_a_name(sam: Sam) -> None:
    def cast(session: Session) -> str:
        now = sam.clock.now()
        this = check_ins.open_round(session, sam.here, now, now + 1000)
        session._execute("insert into member (id, community_id, language, name) values ('sam', ?, '', '')", [sam.here])
        answers = dict.fromkeys(check_ins.STATEMENTS, 4)
        assert check_ins.cast(session, sam.here, this, "sam", "web:sam", answers, now) == "saved"
        return this

    this = sam.database.run_now(cast)
    ever = sam.sealed()
    assert found(ever, sam.raw("-wal")) == 1
    sam.database.run_now(lambda s: check_ins.close(s, sam.here, this, sam.clock.now()))
    assert found(ever, sam.raw()) == 0


async def test_what_was_stopped_is_gone_at_once(sam: Sam) -> None:
    shown = await sam.shows()
    ever = sam.sealed()
    again = await sam.presses(shown, "Back")
    ever |= sam.sealed()
    sure = await sam.presses(again, "Stop")
    ever |= sam.sealed()
    await sam.presses(sure, "Yes, erase it")
    assert found(ever, sam.raw()) == 0


async def test_what_nobody_came_back_to_is_gone_when_its_time_is_over(sam: Sam) -> None:
    await sam.shows()
    ever = sam.sealed()
    assert found(ever, sam.raw()) == 1
    sam.database.run_now(lambda s: conversations.expire(s, sam.clock.now() + 3 * DAY))
    assert found(ever, sam.raw()) == 0


async def test_the_key_of_the_six_words_is_gone_after_its_hour(sam: Sam) -> None:
    await sam.presses(await sam.shows(), "Give it to the mentors")
    keys = sam.database.run_now(lambda s: {bytes(row["sealed"]) for row in rows(s, "receiptkey")})
    assert found(keys, sam.raw()) == 1
    sam.database.run_now(lambda s: receipts.turn(s, sam.clock.now() + receipts.LIFE))
    assert found(keys, sam.raw()) == 0


async def test_ballots_that_found_no_others_are_gone_after_their_term(sam: Sam) -> None:
    def cast(session: Session) -> None:
        now = sam.clock.now()
        this = check_ins.open_round(session, sam.here, now, now + 1000)
        session._execute("insert into member (id, community_id, language, name) values ('sam', ?, '', '')", [sam.here])
        check_ins.cast(session, sam.here, this, "sam", "web:sam", dict.fromkeys(check_ins.STATEMENTS, 4), now)
        check_ins.close(session, sam.here, this, now)

    sam.database.run_now(cast)
    ever = sam.sealed()
    assert found(ever, sam.raw()) == 1
    sam.database.run_now(lambda s: check_in_pools.drop_expired(s, sam.here, sam.clock.now() + check_in_pools.TERM))
    assert found(ever, sam.raw()) == 0


async def test_that_somebody_took_part_is_gone_when_it_is_forgotten(sam: Sam) -> None:
    def cast(session: Session) -> None:
        now = sam.clock.now()
        this = check_ins.open_round(session, sam.here, now, now + 1000)
        session._execute("insert into member values ('SAM-AS-A-MEMBER', ?, '', '')", [sam.here])
        check_ins.cast(
            session, sam.here, this, "SAM-AS-A-MEMBER", "web:sam", dict.fromkeys(check_ins.STATEMENTS, 4), now
        )

    sam.database.run_now(cast)
    sam.database.run_now(lambda s: check_ins.forget_voter(s, sam.here, "SAM-AS-A-MEMBER", ["web:sam"]))
    with_rounds = sam.raw("-wal")
    assert b"SAM-AS-A-MEMBER" not in with_rounds


async def test_whatever_ends_leaves_the_log_within_a_minute(sam: Sam, monkeypatch: pytest.MonkeyPatch) -> None:
    assert log.LATEST <= 60
    monkeypatch.setattr(log, "LATEST", 0.0)
    shown = await sam.shows()
    ever = sam.sealed()
    again = await sam.presses(shown, "Back")
    assert found(ever, sam.raw()) == 0, "what was written over"
    ever |= sam.sealed()
    sure = await sam.presses(again, "Stop")
    ever |= sam.sealed()
    await sam.presses(sure, "Yes, erase it")
    assert sam.database.run_now(conversations.count) == 0
    assert found(ever, sam.raw()) == 0
