"""In any history of a community: each ballot is counted once, among enough others, or destroyed unopened."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import accounts, check_in_pools, check_ins, communities, members
from storage.check_in_pools import TERM, QuestionSet
from storage.database import Database
from storage.statement import Session
from tests.storage.conftest import NOW, forget
from tests.storage.test_check_in_pools import WEEK, count, rows

NAMES = tuple(f"x{n}" for n in range(7))
SLUGS = itertools.count()
SETS = ("belonging.1", "other.1")
OTHER = QuestionSet("other.1", ("accepted", "perhaps"), ("remark",))
STEP = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(SETS)),
    st.tuples(st.just("cast"), st.integers(0, 3), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("crowd"), st.integers(0, 3), st.integers(1, 7)),
    st.tuples(st.just("close"), st.integers(0, 3)),
    st.tuples(st.just("pass"), st.sampled_from((WEEK, 10 * WEEK, TERM, -WEEK))),
    st.tuples(st.just("night")),
    st.tuples(st.just("threshold"), st.sampled_from((5, 6, 9))),
    st.tuples(st.just("leave"), st.sampled_from(NAMES)),
    st.tuples(st.just("join"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("part"), st.sampled_from(NAMES)),
)


class History:
    """A community to which anything happens, and what must have become of each ballot, known by its first answer."""

    def __init__(self, session: Session) -> None:
        slug = f"h{next(SLUGS)}"
        self.s, self.now, self.threshold = session, NOW, 5
        self.here = communities.add_community(session, slug, slug, "en", "UTC")
        for name in NAMES:
            members.add_member(session, self.here, "web", slug, name)
        self.slug = slug
        self.running: list[tuple[str, str, dict[str, dict[str, Any]]]] = []
        self.counted = dict[str, list[dict[str, Any]]]()
        self.waiting = {one: dict[str, dict[str, Any]]() for one in SETS}
        self.until = dict.fromkeys(SETS, 0)
        self.destroyed = list[str]()
        self.labels = (f"b{n}" for n in itertools.count())
        self.given = list[str]()

    def member(self, name: str) -> str:
        return accounts.member_of(self.s, self.here, f"web:{name}")

    def open(self, questions: str) -> None:
        # Of a round the end is far away, so that only closing ends it.
        this = check_ins.open_round(self.s, self.here, self.now - TERM, self.now + 100 * TERM)
        self.s._execute(f"update round set question_set = '{questions}' where id = '{this}'", {})
        self.running.append((this, questions, {}))

    def cast(self, number: int, name: str, perhaps: bool) -> None:
        if number >= len(self.running):
            return
        this, _, box = self.running[number]
        label = next(self.labels)
        answers = {"accepted": label, "perhaps": "1" if perhaps else None, "remark": f"of {label}"}
        args = (self.here, this, self.member(name), f"web:{name}", answers, self.now)
        if check_ins.cast(self.s, *args) == "saved":
            box[label] = answers
            self.given.append(label)
        assert check_ins.cast(self.s, *args) == "twice"
        assert check_ins.took_part(self.s, *args[:4])

    def crowd(self, number: int, people: int) -> None:
        for name in NAMES[:people]:
            self.cast(number, name, False)

    def close(self, number: int) -> None:
        if number >= len(self.running):
            return
        this, questions, box = self.running.pop(number)
        waiting = self.waiting[questions]
        if waiting and self.until[questions] <= self.now:
            self._destroy(questions)
        if not waiting:
            self.until[questions] = self.now + TERM
        waiting |= box
        opened = check_ins.close(self.s, self.here, this, self.now)
        assert opened == (len(waiting) if len(waiting) >= self.threshold else 0)
        if opened:
            assert opened >= 5
            info = check_ins.get_round(self.s, self.here, this)
            assert info is not None
            self.counted[info.pool] = list(waiting.values())
            waiting.clear()

    def night(self) -> None:
        check_in_pools.drop_expired(self.s, self.here, self.now)
        for questions in SETS:
            if self.until[questions] <= self.now:
                self._destroy(questions)
            self.until[questions] = min(self.until[questions], self.now + TERM)

    def _destroy(self, questions: str) -> None:
        self.destroyed += self.waiting[questions]
        self.waiting[questions].clear()

    def threshold_(self, ballots: int) -> None:
        self.s._execute(f"update community set threshold = {ballots} where id = '{self.here}'", {})
        self.threshold = ballots

    def leave(self, name: str) -> None:
        member = self.member(name)
        theirs = [one.external_id for one in members.accounts(self.s, self.here, member)]
        forget(self.s, self.here, member)
        for one in theirs:
            members.add_member(self.s, self.here, "web", self.slug, one)

    def join(self, name: str, other: str) -> None:
        accounts.merge(self.s, self.here, self.member(name), self.member(other))

    def part(self, name: str) -> None:
        accounts.split(self.s, self.here, self.member(name), f"web:{name}")

    def pass_(self, ms: int) -> None:
        self.now += ms

    def check(self) -> None:
        """Every ballot is in one place, as it was cast; and no figure is of fewer than five."""
        where = f"community_id = '{self.here}'"
        of_pool = f"where pool_id in (select id from pool where {where})"
        of_round = f"where round_id in (select id from round where {where})"
        assert count(self.s, f"carriedballot {of_pool}") == sum(map(len, self.waiting.values()))
        assert count(self.s, f"ballot {of_round}") == sum(len(box) for _, _, box in self.running)
        closed = f"where round_id in (select id from round where {where} and pool_id is not null)"
        assert count(self.s, f"participation {closed}") == count(self.s, f"spentvote {closed}") == 0
        assert count(self.s, f"remark {of_pool}") == sum(map(len, self.counted.values()))
        pools_with = {row[0] for row in rows(self.s, f"pool where {where} and ballots > 0", "id")}
        assert pools_with == set(self.counted)
        for pool, ballots in self.counted.items():
            found = check_in_pools.counted(self.s, self.here, pool)
            assert found is not None
            assert found.ballots == len(ballots) >= 5
            assert found.counts["accepted"] == {one["accepted"]: 1 for one in ballots}
            perhaps = sum(bool(one["perhaps"]) for one in ballots) if found.question_set == "other.1" else 0
            assert sum(found.counts.get("perhaps", {}).values()) == perhaps
            written = check_in_pools.remarks(self.s, self.here, pool, "remark")
            assert sorted(written) == sorted(one["remark"] for one in ballots)

    def end(self) -> None:
        """All rounds are closed and a term passes: each ballot was counted once, or destroyed."""
        while self.running:
            self.close(0)
        self.now = max(self.now, *self.until.values())
        self.night()
        self.check()
        counted = [one["accepted"] for ballots in self.counted.values() for one in ballots]
        assert sorted(counted + self.destroyed) == sorted(self.given)
        for table in ("carriedballot", "ballot", "participation", "spentvote"):
            assert count(self.s, table) == 0


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(STEP, min_size=4, max_size=30))
def test_in_any_history_each_ballot_is_counted_once_among_enough_or_destroyed(
    sqlite: Database, steps: list[tuple[Any, ...]]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(check_ins.QUESTION_SETS, "other.1", OTHER)

        def play(session: Session) -> None:
            history = History(session)
            history.open("belonging.1")
            for what, *more in steps:
                act = getattr(history, {"threshold": "threshold_", "pass": "pass_"}.get(what, what))
                act(*more)
                history.check()
            history.end()

        sqlite.run_now(play)
