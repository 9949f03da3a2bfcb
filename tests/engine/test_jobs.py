"""Jobs and their slow work: held meanwhile, done once whatever crashes, and in nobody's way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.metrics import Metrics
from bot.time import Clock
from bot.timers import Timers
from bot.worker import Worker, WorkFailed
from flows.engine import Asked, Capability, Catalogue, Steps, job
from flows.engine.flow import Recurring
from flows.engine.timers import HOUR, LEASE, Ran, Slow, fail_due, finish_slow, found_community, run_due
from flows.words import Msg
from storage import audit, communities, due, members, outbox, places, subjects
from storage.accounts import merge
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from tests.engine import slow_work
from tests.raw import rows, tables_with
from tests.storage.conftest import forget, opened

NOW = 1_795_000_000_000
ROOT = Path(__file__).parent.parent.parent
FAILS: set[str] = set()
"""The arguments at which ``note`` fails."""


@job("report")
async def report(steps: Steps, more: str) -> None:
    """Count, slowly, and post what came of it."""
    begun = await steps.now("now")
    await steps.do("before", note, steps.community, begun, f"begun with {more}")
    await steps.post("first", Msg("It begins."), place="students")
    found = await steps.work("sum", slow_work.add, int(more or 0), of=numbers)
    await steps.do("after", note, steps.community, begun, f"sum {found['sum']}")
    await steps.post("last", Msg("The sum is {n}.", {"n": found["sum"]}), place="students")


@job("about")
async def about(steps: Steps, member: str) -> None:
    """Count, slowly, for somebody."""
    found = await steps.work("sum", slow_work.add, 1, of=numbers)
    await steps.do("after", note, steps.community, 0, f"{found['sum']} for {member}")
    await steps.post("news", Msg("The sum is {n}.", {"n": found["sum"]}), member=member, why=Asked())


@job("hangs")
async def hangs(steps: Steps, mark: str) -> None:
    """Begin what never ends."""
    await steps.work("hang", slow_work.hang, mark)


@job("falls")
async def falls(steps: Steps) -> None:
    """Begin what fails."""
    await steps.work("fall", slow_work.fall, "CANARY")


@job("shared", shares=True)
async def shared(steps: Steps, what: str) -> None:
    """Write something down, together with others."""
    await steps.do("note", note, steps.community, 0, what)


@job("opens")
async def opens(steps: Steps, what: str) -> None:
    """The same for what opens a seal."""
    await steps.do("note", note, steps.community, 0, what)


@job("cancels", shares=True)
async def cancels(steps: Steps, subject: str) -> None:
    """Cancel what belongs to a subject."""
    await steps.never("no", subject)


@job("again")
async def again(steps: Steps, what: str) -> None:
    """Set itself once more, and cancel another."""
    now = await steps.now("now")
    await steps.later("next", "again", what, at=now + HOUR, subject="a session")
    await steps.never("no", "another session")


def note(session: Session, community: str, now: int, what: str) -> None:
    audit.add(session, community, now, "", "noted", what)
    if what in FAILS:
        raise ZeroDivisionError


def numbers(_session: Session) -> list[int]:
    return [1, 2, 3]


JOBS = (report, about, hangs, falls, shared, opens, cancels, again)
WEEKLY = Recurring("shared", "0 12 * * thu", 48)


class House:
    """A community, the clock's hands, and a look at what came of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.catalogue = Catalogue([Capability("tests", jobs=JOBS)])
        self.clock = Clock(wall=lambda: NOW, steady=lambda: 0)
        self.metrics = Metrics()
        self.timers = self.hands(database)
        self.here = database.run_now(lambda s: found_community(s, self.catalogue, "here", "Here", "en", "UTC", NOW))
        database.run_now(lambda s: communities.add_space(s, self.here, "web", "here"))
        database.run_now(
            lambda s: places.choose(s, self.here, places.PlaceSet("students", "web", "here", "all", "all"))
        )

    def hands(self, database: Database) -> Timers:
        """Those of one process."""
        return Timers(database, self.catalogue, self.clock, self.metrics, lambda: None)

    def add(self, job: str, argument: str = "", key: str = "", at: int = NOW) -> None:
        self.database.run_now(lambda s: due.add(s, key or f"{job} {argument}", self.here, job, argument, at))

    def begin(self, idle: bool = True, database: Database | None = None) -> list[Ran]:
        """What a process does that dies right after."""
        now = self.clock.now()
        return (database or self.database).run_now(lambda s: run_due(s, self.catalogue, now, [], idle=idle))

    def finish(self, slow: Slow, result: Any) -> list[Ran]:
        return self.database.run_now(lambda s: finish_slow(s, self.catalogue, slow, result, self.clock.now()))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.database.run_now(lambda s: rows(s, table))

    def noted(self) -> list[str]:
        return [row["subject"] for row in self.rows("audit") if row["what"] == "noted"]

    def due(self) -> dict[str, dict[str, Any]]:
        return {row["key"]: row for row in self.rows("due")}

    def passes(self, ms: int) -> None:
        self.clock.ahead += ms


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    FAILS.clear()
    yield House(database)
    FAILS.clear()


def slow_of(ran: list[Ran]) -> Slow:
    [one] = ran
    assert one.slow is not None
    return one.slow


SUM = {"sum": 10, "process": 1}

# ---------------------------------------------------------------- slow work


async def test_slow_work_runs_in_a_process_of_its_own_and_its_row_goes_with_the_result(house: House) -> None:
    house.add("report", "4", "the report")
    house.add("shared", "meanwhile", at=NOW + 1)
    await house.timers.catch_up()
    row = house.due()["the report"]
    assert (row["planned"], row["at"], row["attempts"]) == (NOW, NOW + LEASE, 1), "held"
    assert house.noted() == ["begun with 4"]
    assert "begun" not in str([row["journal"]]), "sealed"
    house.passes(1)
    await house.timers.catch_up()
    assert house.noted() == ["begun with 4", "meanwhile"], "nobody waits for it"
    await house.timers.finish()
    assert house.noted() == ["begun with 4", "meanwhile", "sum 10"]
    assert "the report" not in house.due()
    assert house.database.run_now(outbox.depth).waiting == 2
    assert house.timers.worker.process is None


async def test_a_worker_has_nothing_of_erbij(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_MASTER_KEY", "CANARY")
    found = await Worker().run(slow_work.look)
    assert found == {"settings": [], "modules": [], "files": []}


async def test_a_worker_that_is_killed_is_a_failure_like_any_other(house: House, tmp_path: Path) -> None:
    mark = tmp_path / "process"
    house.add("hangs", str(mark), "the job")
    await house.timers.catch_up()
    await there(mark)
    os.kill(int(mark.read_text()), signal.SIGKILL)
    await house.timers.finish()
    row = house.due()["the job"]
    assert (row["attempts"], row["at"], row["planned"]) == (1, NOW + 60_000, NOW)
    assert house.metrics.timers.labels("hangs", "failed")._value.get() == 1
    mark.unlink()
    house.passes(60_000)
    await house.timers.catch_up()
    await there(mark)
    assert house.due()["the job"]["attempts"] == 2, "it is tried again"
    assert house.timers.slow is not None
    house.timers.slow.cancel()
    await asyncio.gather(house.timers.slow, return_exceptions=True)
    assert not lives(int(mark.read_text())), "who stops Erbij stops the worker"


async def test_a_worker_ends_when_the_process_that_started_it_dies(tmp_path: Path) -> None:
    mark = tmp_path / "process"
    code = (
        "import asyncio; from bot.worker import Worker; from tests.engine.slow_work import hang; "
        f"asyncio.run(Worker().run(hang, {str(mark)!r}))"
    )
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
    await there(mark)
    program.kill()
    await program.wait()
    async with asyncio.timeout(30):
        while lives(int(mark.read_text())):
            await asyncio.sleep(0.01)


async def test_a_worker_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    mark, worker = tmp_path / "process", Worker(most=0.5)
    with pytest.raises(WorkFailed, match=r"more than 0\.5 s"):
        await worker.run(slow_work.hang, str(mark))
    if mark.exists():  # a busy machine may not have got so far
        assert not lives(int(mark.read_text()))


async def test_of_work_that_fails_no_text_is_told(house: House) -> None:
    with pytest.raises(WorkFailed, match=r"^ValueError$"):
        await Worker().run(slow_work.fall, "CANARY")
    house.add("falls", "", "the job")
    await house.timers.finish()
    assert house.due()["the job"]["attempts"] == 1


async def test_a_process_that_dies_with_its_worker_is_followed_by_another_once(
    house: House, url: str, masters: Masters
) -> None:
    house.add("report", "4", "the report")
    house.begin()
    with opened(url, masters) as other:
        hands = house.hands(other)
        await hands.finish()
        assert house.noted() == ["begun with 4"], "it is held"
        house.passes(LEASE)
        await hands.finish()
    assert house.noted() == ["begun with 4", "sum 10"], "what it did before is not done again"
    assert house.database.run_now(outbox.depth).waiting == 2
    assert "the report" not in house.due()


def test_a_result_of_an_older_try_is_discarded(house: House) -> None:
    house.add("report", "4")
    first = slow_of(house.begin())
    house.passes(LEASE)
    second = slow_of(house.begin())
    assert house.finish(first, SUM) == []
    assert house.noted() == ["begun with 4"]
    assert len(house.finish(second, SUM)) == 1
    assert house.finish(second, SUM) == [], "nor twice"
    assert house.noted() == ["begun with 4", "sum 10"]


def test_a_result_counts_though_the_clock_jumped_if_nobody_tried_again(house: House) -> None:
    house.add("report", "4")
    slow = slow_of(house.begin())
    house.passes(-3 * 24 * HOUR)
    assert house.begin() == []
    house.passes(30 * 24 * HOUR)
    assert len(house.finish(slow, SUM)) == 1


def test_work_that_was_cancelled_or_set_anew_meanwhile_comes_to_nothing(house: House) -> None:
    def set_(session: Session, argument: str, at: int) -> None:
        subjects.later(session, house.here, "report", argument, at, subject="a session")

    house.database.run_now(lambda s: set_(s, "1", NOW))
    slow = slow_of(house.begin())
    house.database.run_now(lambda s: set_(s, "2", NOW))
    assert house.finish(slow, SUM) == []
    slow = slow_of(house.begin())
    assert house.database.run_now(lambda s: subjects.never(s, house.here, "a session")) == 1
    assert house.finish(slow, SUM) == []
    assert house.noted() == ["begun with 1", "begun with 2"]


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_result_of_what_was_cancelled_or_set_anew_is_none_of_what_came_in_its_place(
    house: House, cancelled: bool
) -> None:
    """The new row may have its number, its moment and its count of tries."""

    def set_(session: Session, argument: str) -> None:
        subjects.later(session, house.here, "report", argument, NOW, subject="a session")

    house.database.run_now(lambda s: set_(s, "1"))
    old = slow_of(house.begin())
    if cancelled:
        house.database.run_now(lambda s: subjects.never(s, house.here, "a session"))
    house.database.run_now(lambda s: set_(s, "2"))
    house.database.run_now(lambda s: set_(s, "3"))
    new = slow_of(house.begin())
    assert house.finish(old, SUM) == []
    assert house.noted() == ["begun with 1", "begun with 3"]
    before = house.due()
    house.database.run_now(lambda s: fail_due(s, old.row, house.clock.now(), slow=True))
    assert house.due() == before, "nor is it put off by a failure of the old one"
    assert len(house.finish(new, {"sum": 11, "process": 1})) == 1
    assert house.noted() == ["begun with 1", "begun with 3", "sum 11"]


@pytest.mark.parametrize("tried_again", [False, True])
def test_who_links_accounts_while_slow_work_runs_gets_what_comes_of_it(house: House, tried_again: bool) -> None:
    def two(session: Session) -> list[str]:
        return [members.add_member(session, house.here, "web", "here", name, name, name) for name in ("a", "b")]

    goes, stays = house.database.run_now(two)
    house.database.run_now(lambda s: subjects.later(s, house.here, "about", goes, NOW, subject="s", whom=goes))
    slow = slow_of(house.begin())
    house.database.run_now(lambda s: merge(s, house.here, stays, goes))
    if tried_again:
        house.passes(LEASE)
        slow = slow_of(house.begin())
    assert len(house.finish(slow, SUM)) == 1
    assert house.noted() == [f"10 for {stays}"]
    assert len(house.rows("outbox")) == 1


def test_one_works_at_a_time_and_the_next_waits_without_being_tried(house: House) -> None:
    house.add("report", "1")
    house.add("report", "2")
    [ran] = house.begin(idle=False)
    assert (ran.slow, ran.over) == (None, False)
    assert [(row["attempts"], row["at"]) for row in house.rows("due")] == [(0, NOW), (0, NOW)]
    house.begin(idle=False)
    assert house.begin(idle=False) == []
    assert house.database.run_now(lambda s: due.next_at(s, idle=False)) is None
    assert house.database.run_now(due.next_at) == NOW
    assert slow_of(house.begin()).args == (1,)
    assert house.noted() == ["begun with 1", "begun with 2"], "each began once"


# ---------------------------------------------------------------- sharing a transaction


async def test_a_timer_that_fails_is_put_off_by_its_own_number_and_the_others_run(house: House) -> None:
    for number in range(5):
        house.add("shared", f"n{number}", f"k{number}")
    FAILS.add("n2")
    await house.timers.catch_up()
    assert house.noted() == ["n0", "n1", "n3", "n4"]
    [left] = house.due().values()
    assert (left["key"], left["attempts"], left["planned"], left["at"]) == ("k2", 1, NOW, NOW + 60_000)
    FAILS.clear()
    house.passes(60_000)
    await house.timers.catch_up()
    assert house.noted() == ["n0", "n1", "n3", "n4", "n2"]
    assert house.due() == {}


def test_what_opens_a_seal_shares_its_transaction_with_nobody(house: House) -> None:
    for number, job_ in enumerate(["shared", "shared", "opens", "shared", "opens", "opens", "shared"]):
        house.add(job_, f"n{number}", f"k{number}")
    groups = []
    while ran := house.begin():
        groups.append([one.job for one in ran])
    assert groups == [["shared", "shared"], ["opens"], ["shared"], ["opens"], ["opens"], ["shared"]]
    if house.database.dialect != "postgresql":
        return
    found = house.database.run_now(
        lambda s: s._execute("select subject, xmin::text from audit where what = 'noted' order by id", {}).fetchall()
    )
    of = {row[0]: row[1] for row in found}
    assert of["n0"] == of["n1"], "these open nothing"
    for opened_ in ("n2", "n4", "n5"):
        assert list(of.values()).count(of[opened_]) == 1
    assert len(set(of.values())) == 6


def test_two_processes_run_each_timer_once(house: House, url: str, masters: Masters) -> None:
    for number in range(200):
        house.add("shared", f"n{number}", f"k{number}")
    with opened(url, masters) as other:

        async def both() -> None:
            await asyncio.gather(house.timers.catch_up(), house.hands(other).catch_up())

        asyncio.run(both())
    assert sorted(house.noted()) == sorted(f"n{number}" for number in range(200))


# ---------------------------------------------------------------- of a subject, about somebody


def test_set_again_it_moves_and_a_cancelled_one_does_not_come(house: House) -> None:
    def set_(session: Session, subject: str, at: int, whom: str = "") -> None:
        subjects.later(session, house.here, "shared", f"{subject} of {whom}", at, subject=subject, whom=whom)

    for subject, whom in (("a", "m1"), ("a", "m2"), ("b", "m1")):
        house.database.run_now(lambda s, a=subject, b=whom: set_(s, a, NOW + 5, b))
    house.database.run_now(lambda s: set_(s, "a", NOW + 9, "m1"))
    assert sorted((row["argument"], row["at"], row["planned"]) for row in house.rows("due")) == [
        ("a of m1", NOW + 9, NOW + 9),
        ("a of m2", NOW + 5, NOW + 5),
        ("b of m1", NOW + 5, NOW + 5),
    ]
    assert house.database.run_now(lambda s: subjects.never(s, house.here, "a", "m2")) == 1
    assert house.database.run_now(lambda s: subjects.never(s, "elsewhere", "a")) == 0
    assert house.database.run_now(lambda s: subjects.never(s, house.here, "a")) == 1
    assert [row["argument"] for row in house.rows("due")] == ["b of m1"]


def test_what_is_cancelled_by_one_that_is_due_with_it_does_not_come(house: House) -> None:
    house.add("cancels", "a session")
    house.database.run_now(lambda s: subjects.later(s, house.here, "shared", "x", NOW, subject="a session"))
    house.add("shared", "y")
    assert [one.job for one in house.begin()] == ["cancels", "shared"]
    assert house.noted() == ["y"]
    assert house.due() == {}


def test_a_job_may_set_itself_again_and_cancel_others(house: House) -> None:
    house.database.run_now(lambda s: subjects.later(s, house.here, "again", "x", NOW, subject="a session"))
    house.database.run_now(lambda s: subjects.later(s, house.here, "shared", "y", NOW + 9, subject="another session"))
    house.begin()
    assert [(row["flow"], row["at"]) for row in house.rows("due")] == [("again", NOW + HOUR)]


def test_timers_name_nobody_and_go_or_follow_with_whom_they_are_about(house: House) -> None:
    def three(session: Session) -> list[str]:
        return [members.add_member(session, house.here, "web", "here", name, name, name) for name in ("a", "b", "c")]

    a, b, c = house.database.run_now(three)
    when = {a: NOW + 5, b: NOW + 7, c: NOW + 9}
    for who in (a, b, c):
        house.database.run_now(
            lambda s, w=who: subjects.later(s, house.here, "shared", "", when[w], subject="s", whom=w)
        )
    house.database.run_now(lambda s: subjects.later(s, house.here, "opens", "", NOW + 8, subject="s", whom=a))
    assert "due" not in tables_with(house.database, a, b, c)
    house.database.run_now(lambda s: merge(s, house.here, b, a))
    found = sorted((row["flow"], row["at"]) for row in house.rows("due"))
    assert found == [("opens", NOW + 8), ("shared", NOW + 5), ("shared", NOW + 9)], "of two for the same the sooner"
    house.database.run_now(lambda s: subjects.later(s, house.here, "shared", "", NOW + 6, subject="s", whom=b))
    assert len(house.rows("due")) == 3, "it is theirs, so it moves"
    house.database.run_now(lambda s: forget(s, house.here, b))
    assert [(row["flow"], row["at"]) for row in house.rows("due")] == [("shared", NOW + 9)]


def lives(process: int) -> bool:
    """Whether a process works still; what nobody has buried yet does not."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


async def there(mark: Path) -> None:
    """Until a worker has said which process it is."""
    async with asyncio.timeout(30):
        while not (mark.exists() and mark.read_text()):  # noqa: ASYNC240  another process writes it
            await asyncio.sleep(0.01)
