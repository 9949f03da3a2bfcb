"""What is counted, when, and that nothing else is left of what somebody answered."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from storage import check_in_pools, check_ins
from storage.check_in_pools import TERM, Counted, QuestionSet, tally
from storage.database import Database
from storage.keys import KeyFault
from storage.statement import Session
from storage.tables import metadata
from tests.storage.conftest import NOW, Here

WEEK = 7 * 86_400_000
CANARY = re.compile(r"canary-(\d+)-(\w+)-")
PURPOSES = ("ballot", "remark", "journal", "outbox", "letter")


def distinct(number: int) -> dict[str, str]:
    """Answers each of which is somebody's own, and known among all others by its words."""
    return {question: f"canary-{number}-{question}-" for question in (*check_ins.STATEMENTS, "remark")}


def held(session: Session, here: Here, *given: Mapping[str, Any], first: int = 0, now: int = NOW) -> int:
    """A round in which so many people, beginning with the first of them, answer this; how many were counted."""
    this = check_ins.open_round(session, here.id, now, now + 1000)
    for number, answers in enumerate(given, first):
        account = f"web:here{number}"
        assert check_ins.cast(session, here.id, this, here.people[number], account, answers, now) == "saved"
    return check_ins.close(session, here.id, this, now + 1000)


def scores(value: int = 3) -> dict[str, Any]:
    return dict.fromkeys(check_ins.STATEMENTS, value) | {"remark": None}


def pools(session: Session, here: Here) -> list[Counted]:
    """What was counted, the first pool first."""
    ids = dict.fromkeys(one.pool for one in reversed(check_ins.rounds(session, here.id)) if one.pool)
    found = (check_in_pools.counted(session, here.id, one) for one in ids)
    return [one for one in found if one]


def rows(session: Session, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session._execute(f"select {columns} from {table}", {}).fetchall()]


def count(session: Session, table: str) -> int:
    return int(rows(session, table, "count(*)")[0][0])


# ------------------------------------------------------------ what is opened, and together with what


@pytest.mark.parametrize("people", [0, 1, 4, 5, 6])
def test_fewer_than_five_stay_sealed(database: Database, here: Here, people: int) -> None:
    def work(session: Session) -> None:
        given = [scores(number % 5 + 1) | {"remark": f"canary-{number}-remark-"} for number in range(people)]
        assert held(session, here, *given) == (people if people >= 5 else 0)
        counted = pools(session, here)
        if people < 5:
            assert counted == []
            assert count(session, "carriedballot") == people
            assert (count(session, "answercount"), count(session, "remark")) == (0, 0)
            assert rows(session, "pool", "ballots") == [(0,)], "how few they are is told by no figure"
            return
        values = Counter(str(number % 5 + 1) for number in range(people))
        assert counted == [Counted("belonging.1", people, dict.fromkeys(check_ins.STATEMENTS, values))]
        assert count(session, "carriedballot") == 0
        [this] = check_ins.rounds(session, here.id)
        assert len(check_in_pools.remarks(session, here.id, this.pool, "remark")) == people

    database.run_now(work)


@pytest.mark.parametrize(
    ("sizes", "counted", "waiting"),
    [
        ((3, 3), [6], 0),
        ((4, 5), [9], 0),
        ((4, 0, 1), [5], 0),
        ((5, 4, 6), [5, 10], 0),
        ((1, 1, 1, 1), [], 4),
        ((6, 5, 2), [6, 5], 2),
    ],
)
def test_small_rounds_are_counted_with_the_next(
    database: Database, here: Here, sizes: tuple[int, ...], counted: list[int], waiting: int
) -> None:
    """A figure is stored of a pool only, so no round can be found by subtracting one figure from another."""

    def work(session: Session) -> None:
        for week, size in enumerate(sizes):
            held(session, here, *[scores()] * size, now=NOW + week * WEEK)
        assert [one.ballots for one in pools(session, here)] == counted
        assert all(one.counts["included"] == {"3": one.ballots} for one in pools(session, here))
        assert count(session, "carriedballot") == waiting
        told = {n for table in ("pool", "answercount") for row in rows(session, table) for n in row if type(n) is int}
        assert told - {0} - {n for (n,) in rows(session, "pool", "expires_at")} == set(counted)

    database.run_now(work)


def test_a_community_can_want_more_but_never_fewer(database: Database, here: Here) -> None:
    def work(session: Session) -> None:
        session._execute("update community set threshold = 8", {})
        assert [held(session, here, *[scores()] * size) for size in (7, 1)] == [0, 8]
        session._execute("update community set threshold = 1", {})
        assert held(session, here, *[scores()] * 4) == 0

    database.run_now(work)


def test_ballots_that_find_no_others_are_destroyed_unopened(database: Database, here: Here) -> None:
    def work(session: Session) -> None:
        held(session, here, *[scores()] * 4)
        check_in_pools.drop_expired(session, here.id, NOW + 1000 + TERM - 1)
        assert count(session, "carriedballot") == 4
        check_in_pools.drop_expired(session, here.id, NOW + 1000 + TERM)
        assert count(session, "carriedballot") == 0
        assert held(session, here, *[scores()] * 4, now=NOW + TERM + WEEK) == 0, "nothing of the old ones is counted"
        assert held(session, here, scores(), now=NOW + TERM + 2 * WEEK) == 5

    database.run_now(work)


def test_who_closes_after_the_term_does_not_open_them_either(database: Database, here: Here) -> None:
    """The night in which they are destroyed may not have come yet."""

    def work(session: Session) -> None:
        held(session, here, *[scores(1)] * 4)
        assert held(session, here, *[scores(2)] * 5, now=NOW + TERM + 1) == 5
        assert [one.counts["myself"] for one in pools(session, here)] == [{"2": 5}]
        assert count(session, "carriedballot") == 0

    database.run_now(work)


def test_the_term_begins_with_the_first_ballot_that_waits(database: Database, here: Here) -> None:
    def work(session: Session) -> None:
        held(session, here)
        held(session, here, scores(), now=NOW + WEEK)
        held(session, here, scores(), now=NOW + 2 * WEEK)
        assert rows(session, "pool", "expires_at") == [(NOW + WEEK + 1000 + TERM,)]

    database.run_now(work)


def test_a_clock_that_ran_ahead_lets_nothing_wait_longer(database: Database, here: Here) -> None:
    def work(session: Session) -> None:
        held(session, here, scores(), now=NOW + 10 * TERM)
        check_in_pools.drop_expired(session, here.id, NOW)
        check_in_pools.drop_expired(session, here.id, NOW + TERM)
        assert count(session, "carriedballot") == 0

    database.run_now(work)


def test_communities_and_question_sets_are_counted_apart(
    database: Database, here: Here, there: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(check_ins.QUESTION_SETS, "other.1", QuestionSet("other.1", ("included",), ()))

    def work(session: Session) -> None:
        held(session, here, *[scores()] * 3)
        elsewhere = check_ins.open_round(session, there.id, NOW, NOW + 1)
        other = check_ins.open_round(session, here.id, NOW, NOW + 1)
        session._execute(f"update round set question_set = 'other.1' where id = '{other}'", {})
        for number in range(3):
            check_ins.cast(session, there.id, elsewhere, there.people[number], f"web:there{number}", scores(), NOW)
            check_ins.cast(session, here.id, other, here.people[number], f"web:here{number}", scores(), NOW)
        assert [check_ins.close(session, c.id, r, NOW) for c, r in ((there, elsewhere), (here, other))] == [0, 0]
        assert count(session, "pool") == 3
        assert held(session, here, *[scores()] * 2) == 5

    database.run_now(work)


def test_answers_of_every_kind_are_counted() -> None:
    questions = QuestionSet("q", ("scale", "choice", "several", "yes_no"), ("why",))
    given: list[dict[str, Any]] = [
        {"scale": 4, "choice": "bus", "several": ["a", "b"], "yes_no": True, "why": "words"},
        {"scale": 4, "choice": None, "several": [], "yes_no": False},
        {"scale": 1, "several": ["b"], "more": "than asked"},
    ]
    assert tally(questions, given) == {
        ("scale", "4"): 2,
        ("scale", "1"): 1,
        ("choice", "bus"): 1,
        ("several", "a"): 1,
        ("several", "b"): 2,
        ("yes_no", "yes"): 1,
        ("yes_no", "no"): 1,
    }


def test_remarks_on_two_questions_lie_in_two_orders(
    database: Database, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("remark", "wish")
    monkeypatch.setitem(check_ins.QUESTION_SETS, "belonging.1", QuestionSet("belonging.1", ("included",), words))

    def work(session: Session) -> None:
        orders = set()
        for _ in range(4):
            held(session, here, *[scores() | {one: str(number) for one in words} for number in range(6)])
            sealed = rows(session, "remark", "question, id, sealed")
            orders.add(
                tuple(
                    tuple(session.keys.open("remark", i, bytes(b)).rstrip(b"\0") for q, i, b in sealed if q == one)
                    for one in words
                )
            )
            session._execute("delete from remark", {})
        assert all(sorted(one) == sorted(other) for one, other in orders)
        assert any(one != other for one, other in orders)

    database.run_now(work)


# ------------------------------------------------------------ trying to find out who answered what


def whole(session: Session, *, with_keys: bool) -> list[tuple[str, list[str]]]:
    """(table, texts) of each row there is; with the keys in hand also what opens of it."""
    found = []
    for table in metadata.sorted_tables:
        unseen = ", 'xmin ' || xmin::text" if session.dialect == "postgresql" else ""
        for row in rows(session, f'"{table.name}"', f"*{unseen}"):
            texts = [value.hex() if isinstance(value, bytes) else str(value) for value in row]
            sealed = [value for value in row if isinstance(value, bytes) and with_keys]
            found.append((table.name, texts + [text for one in sealed for text in opened(session, texts, one)]))
    return found


def opened(session: Session, texts: list[str], sealed: bytes) -> list[str]:
    plain = []
    for identity, purpose in itertools.product(texts, PURPOSES):
        try:
            plain.append(session.keys.open(purpose, identity, sealed).decode())
        except KeyFault:
            continue
    return plain


@pytest.mark.parametrize("people", [1, 4, 5, 6])
def test_no_row_holds_two_answers_and_none_leads_to_a_person(database: Database, here: Here, people: int) -> None:
    """Each participant, each answer: first with the database alone, then with its keys as well."""
    this = database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 1))
    for number in range(people):  # each in a transaction of their own, as it is
        who, account = here.people[number], f"web:here{number}"
        database.run_now(lambda s, w=who, a=account, n=number: check_ins.cast(s, here.id, this, w, a, distinct(n), NOW))
    database.run_now(lambda s: check_ins.close(s, here.id, this, NOW))
    clear = database.run_now(lambda s: whole(s, with_keys=False))
    for table, texts in clear:
        found = {match.groups() for text in texts for match in CANARY.finditer(text)}
        assert len(found) <= (people >= 5), table
    if people < 5:
        assert not any("canary" in text for _, texts in clear for text in texts)
    with_keys = database.run_now(lambda s: whole(s, with_keys=True))
    answers: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for table, texts in with_keys:
        found = {match.groups() for text in texts for match in CANARY.finditer(text)}
        if found:
            answers[table] |= found
            assert not set(texts) & {*here.people, *(f"here{n}" for n in range(people))}
        assert len(found) <= 1 or table == "carriedballot", table
    expected = {"carriedballot"} if people < 5 else {"answercount", "remark"}
    assert set(answers) == expected
    assert len(set().union(*answers.values())) == people * 6
    for number in range(people):
        reached = chain(with_keys, here.people[number], {here.id})
        assert not any("canary" in text for text in reached)


def chain(found: list[tuple[str, list[str]]], start: str, known: set[str]) -> set[str]:
    """All that is in rows which are joined to a text, or to one of those, by any id, text or transaction."""
    reached, edge = set[str](), {start}
    while edge:
        reached |= edge
        near = {text for _, texts in found if edge & set(texts) for text in texts}
        edge = {text for text in near if len(text) > 9 or text.startswith("xmin")} - reached - known
    return reached


@pytest.mark.parametrize("people", [1, 4, 5, 6])
def test_the_database_is_the_same_whoever_of_them_answered_otherwise(
    database: Database, here: Here, people: int
) -> None:
    """Each participant is the one who gave another answer, to each question; ids and ciphertexts aside."""

    def world(session: Session, odd: int, question: str) -> str:
        held(session, here, *[scores() | ({question: 1} if number == odd else {}) for number in range(people)])
        kept = [
            (table, [len(v) if isinstance(v, bytes) else v for v in row if not is_id(v)])
            for table in ("participation", "spentvote", "ballot", "carriedballot", "pool", "answercount", "remark")
            for row in rows(session, table)
        ]
        for table in ("carriedballot", "answercount", "remark"):
            session._execute(f"delete from {table}", {})
        session._execute("update round set pool_id = null", {})
        session._execute("delete from round", {})
        session._execute("delete from pool", {})
        return json.dumps(sorted(kept, key=str))

    for question in check_ins.STATEMENTS:
        worlds = {database.run_now(lambda s, o=odd, q=question: world(s, o, q)) for odd in range(people)}
        assert len(worlds) == 1


def is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) == 22
