"""The box of a round: who took part, once each, and sealed ballots; and what is gone when it is closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from storage import accounts, check_in_pools, check_ins, members
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from tests.storage.conftest import NOW, Here, forget, found, opened

SCORES = {"accepted": 4, "appreciated": 3, "included": 5, "supported": 2, "myself": 1}


def answers(number: int) -> dict[str, Any]:
    """Answers by which the person can be told apart."""
    return SCORES | {"accepted": number % 5 + 1, "remark": f"remark of {number}"}


@pytest.fixture
def round_id(database: Database, here: Here) -> str:
    return database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 1000))


def cast(database: Database, here: Here, round_id: str, number: int, now: int = NOW) -> str:
    return database.run_now(lambda s: put(s, here, round_id, number, now))


def put(session: Session, here: Here, round_id: str, number: int, now: int = NOW) -> str:
    who = here.people[number]
    return check_ins.cast(session, here.id, round_id, who, f"web:here{number}", answers(number), now)


def took_part(database: Database, here: Here, round_id: str, number: int) -> bool:
    who = here.people[number]
    return database.run_now(lambda s: check_ins.took_part(s, here.id, round_id, who, f"web:here{number}"))


def close(database: Database, here: Here, round_id: str, now: int = NOW + 1000) -> int:
    return database.run_now(lambda s: check_ins.close(s, here.id, round_id, now))


def remarks(database: Database, here: Here, round_id: str) -> list[str]:
    def read(session: Session) -> list[str]:
        this = check_ins.get_round(session, here.id, round_id)
        assert this is not None
        return check_in_pools.remarks(session, here.id, this.pool, "remark")

    return database.run_now(read)


def rows(session: Session, table: str, columns: str = "*") -> list[Any]:
    return list(session._execute(f"select {columns} from {table}", {}).fetchall())


def stored(database: Database, table: str, columns: str = "*") -> list[Any]:
    return database.run_now(lambda s: rows(s, table, columns))


def test_everyone_answers_a_round_once_and_only_while_it_is_open(database: Database, here: Here, round_id: str) -> None:
    assert cast(database, here, round_id, 0) == "saved"
    assert cast(database, here, round_id, 0) == "twice"
    assert cast(database, here, round_id, 1, NOW + 1000) == "closed"
    assert took_part(database, here, round_id, 0)
    assert not took_part(database, here, round_id, 1)
    assert len(stored(database, "ballot")) == 1


def test_remarks_of_any_length_come_back_as_they_were(database: Database, here: Here, round_id: str) -> None:
    written = [None, "", "é" * 2000, '{"a": 1}', " spaces ", "🙂", "x" * 1024]

    def send(session: Session) -> None:
        for number, remark in enumerate(written):
            given = SCORES | {"remark": remark}
            check_ins.cast(session, here.id, round_id, here.people[number], f"web:here{number}", given, NOW)

    database.run_now(send)
    assert close(database, here, round_id) == len(written)
    assert sorted(remarks(database, here, round_id)) == sorted(filter(None, written))
    assert len({len(bytes(row[0])) for row in stored(database, "remark", "sealed")}) == 1


@pytest.mark.parametrize("people", [1, 4, 5, 6])
def test_who_took_part_is_forgotten_when_the_round_is_closed(
    database: Database, here: Here, round_id: str, people: int
) -> None:
    for number in range(people):
        cast(database, here, round_id, number)
    database.run_now(lambda s: check_ins.forget_voter(s, here.id, here.people[0], ["web:here0"]))
    assert stored(database, "spentvote")
    assert close(database, here, round_id) == (people if people >= 5 else 0)
    assert [stored(database, table) for table in ("participation", "spentvote", "ballot")] == [[], [], []]
    assert not took_part(database, here, round_id, 0)


def test_a_closed_round_stays_closed_whatever_the_clock_says(database: Database, here: Here, round_id: str) -> None:
    for number in range(5):
        cast(database, here, round_id, number)
    assert close(database, here, round_id, NOW + 10**10) == 5
    assert [cast(database, here, round_id, number) for number in (0, 5)] == ["closed", "closed"]
    assert close(database, here, round_id, NOW) == 0
    this = database.run_now(lambda s: check_ins.get_round(s, here.id, round_id))
    assert this is not None
    assert this.pool
    assert this.closes_at == NOW + 1000


def test_another_community_reads_and_changes_nothing(
    database: Database, here: Here, there: Here, round_id: str
) -> None:
    for number in range(5):
        cast(database, here, round_id, number)

    def elsewhere(s: Session) -> tuple[object, ...]:
        return (
            check_ins.get_round(s, there.id, round_id),
            check_ins.cast(s, there.id, round_id, there.people[0], "web:there0", SCORES, NOW),
            check_ins.took_part(s, there.id, round_id, here.people[0], "web:here0"),
            check_ins.close(s, there.id, round_id, NOW),
            check_ins.rounds(s, there.id),
        )

    assert database.run_now(elsewhere) == (None, "closed", False, 0, [])
    assert close(database, here, round_id) == 5
    [this] = database.run_now(lambda s: check_ins.rounds(s, here.id))
    for whose, count in ((here, 5), (there, 0)):
        counted = database.run_now(lambda s, c=whose.id: check_in_pools.counted(s, c, this.pool))
        written = database.run_now(lambda s, c=whose.id: check_in_pools.remarks(s, c, this.pool, "remark"))
        assert (counted.ballots if counted else 0, len(written)) == (count, count)


# ------------------------------------------------------------ leaving and coming back


def test_who_leaves_and_comes_back_has_no_second_vote(database: Database, here: Here, round_id: str) -> None:
    for number in range(4):
        cast(database, here, round_id, number)
    gone = here.people[0]

    def leave_and_return(session: Session) -> list[object]:
        forget(session, here.id, gone)
        back = members.add_member(session, here.id, "web", "here", "here0")
        after = check_ins.open_round(session, here.id, NOW, NOW + 1000)
        return [
            check_ins.took_part(session, here.id, round_id, back, "web:here0"),
            check_ins.cast(session, here.id, round_id, back, "web:here0", SCORES, NOW),
            check_ins.took_part(session, here.id, after, back, "web:here0"),
            check_ins.cast(session, here.id, after, back, "web:here0", SCORES, NOW),
        ]

    assert database.run_now(leave_and_return) == [True, "twice", False, "saved"]
    everything = database.run_now(lambda s: repr([rows(s, t) for t in ("participation", "spentvote", "ballot")]))
    assert gone not in everything
    assert cast(database, here, round_id, 4) == "saved"
    assert close(database, here, round_id) == 5, "the vote of who left counts"


def test_each_of_several_accounts_is_spent(database: Database, here: Here, round_id: str) -> None:
    stays, goes = here.people[:2]

    def work(session: Session) -> list[object]:
        assert accounts.merge(session, here.id, stays, goes)
        check_ins.cast(session, here.id, round_id, stays, "web:here1", SCORES, NOW)
        forget(session, here.id, stays)
        tried: list[object] = []
        back = [members.add_member(session, here.id, "web", "here", f"here{n}") for n in (0, 1)]
        for number, member in enumerate(back):
            tried.append(check_ins.cast(session, here.id, round_id, member, f"web:here{number}", SCORES, NOW))
        accounts.merge(session, here.id, *back)
        tried.append(check_ins.took_part(session, here.id, round_id, back[0], "web:here0"))
        return tried

    assert database.run_now(work) == ["twice", "twice", True]


def test_who_left_two_communities_is_not_known_for_one(
    database: Database, here: Here, there: Here, round_id: str
) -> None:
    """Someone who was in both is in neither known by the same fingerprint, nor is any account found by it."""

    def work(session: Session) -> None:
        elsewhere = check_ins.open_round(session, there.id, NOW, NOW + 1)
        for community, round_, who in ((here, round_id, here.people[0]), (there, elsewhere, there.people[0])):
            check_ins.cast(session, community.id, round_, who, "discord:1", SCORES, NOW)
            check_ins.forget_voter(session, community.id, who, ["discord:1"])
        assert len({bytes(row[0]) for row in rows(session, "spentvote", "account")}) == 2

    database.run_now(work)


def test_who_did_not_vote_can_after_coming_back(database: Database, here: Here, round_id: str) -> None:
    def work(session: Session) -> str:
        forget(session, here.id, here.people[0])
        back = members.add_member(session, here.id, "web", "here", "here0")
        return check_ins.cast(session, here.id, round_id, back, "web:here0", SCORES, NOW)

    assert database.run_now(work) == "saved"


# ------------------------------------------------------------ trying to find out who answered what


@pytest.mark.parametrize("people", [1, 4, 5, 6])
def test_no_unseen_column_joins_an_answer_to_a_person(
    database: Database, here: Here, round_id: str, people: int
) -> None:
    for number in range(people):
        cast(database, here, round_id, number)
    after = ("carriedballot",) if people < 5 else ("answercount", "remark")
    if database.dialect == "sqlite":
        for table in ("participation", "spentvote", "ballot", *after):
            with pytest.raises(Exception, match="rowid"):
                stored(database, table, "rowid")
    unseen = "id" if database.dialect == "sqlite" else "xmin::text"
    before = {row[0] for row in stored(database, "ballot", unseen)}
    assert len(before) == people
    cipher = {bytes(row[0]) for row in stored(database, "ballot", "sealed")}
    close(database, here, round_id)
    if database.dialect == "postgresql":
        xmins = {row[0] for table in after for row in stored(database, table, unseen)}
        assert len(xmins) == 1
        assert not xmins & before
    if people < 5:
        assert not before & {row[0] for row in stored(database, "carriedballot", unseen)}
        assert not cipher & {bytes(row[0]) for row in stored(database, "carriedballot", "sealed")}


@pytest.mark.parametrize("people", [4, 8])
def test_the_order_of_what_is_stored_says_nothing_of_the_order_of_people(
    database: Database, here: Here, people: int
) -> None:
    """In the order in which the database keeps the rows, among ballots that wait and among remarks."""
    orders = set()

    def order(session: Session) -> tuple[str, ...]:
        table, purpose = ("carriedballot", "ballot") if people < 5 else ("remark", "remark")
        sealed = [session.keys.open(purpose, row[0], bytes(row[1])) for row in rows(session, table, "id, sealed")]
        session._execute(f"delete from {table}", {})
        session._execute("update pool set expires_at = null", {})
        return tuple(text.decode().partition("remark of ")[2][:1] for text in sealed)

    for _ in range(6):
        this = database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 9))
        for number in range(people):
            cast(database, here, this, number)
        close(database, here, this)
        orders.add(database.run_now(order))
    assert all(len(one) == people for one in orders)
    assert len(orders) > 1


def test_a_ballot_needs_no_page_of_its_own(sqlite: Database) -> None:
    """SQLite puts what is longer than a quarter of a page on another one: 4,096 bytes for each check-in."""
    people = 60
    here = sqlite.run_now(lambda s: found(s, "here", people))
    this = sqlite.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 1000))

    def pages() -> int:
        return int(sqlite.run_now(lambda s: s._execute("PRAGMA page_count", ()).fetchone())[0])

    before = pages()
    given = SCORES | {"remark": "Ich fühlte mich hier über Tage übersehen. " * 12}
    for number, member in enumerate(here.people):
        sqlite.run_now(
            lambda s, n=number, m=member: check_ins.cast(s, here.id, this, m, f"web:here{n}", given, NOW)  # type: ignore[misc]
        )
    assert (pages() - before) * 4096 / people < 2_500, "ballot and participation, with their indexes"


def test_a_sealed_ballot_shows_neither_text_nor_its_length(database: Database, here: Here, round_id: str) -> None:
    def send(session: Session, number: int, remark: str) -> None:
        given = SCORES | {"remark": remark}
        check_ins.cast(session, here.id, round_id, here.people[number], f"web:here{number}", given, NOW)

    for number, remark in enumerate(("", "CANARY", "CANARY" * 100)):
        database.run_now(lambda s, n=number, r=remark: send(s, n, r))
    database.run_now(lambda s: send(s, 3, "CANARY" * 500))
    sealed = [bytes(row[0]) for row in stored(database, "ballot", "sealed")]
    assert len({len(one) for one in sealed}) == 2, "only what is very long shows, until the round is closed"
    close(database, here, round_id)
    carried = [bytes(row[0]) for row in stored(database, "carriedballot", "sealed")]
    assert len({len(one) for one in carried}) == 1, "and then it does not any more"
    assert not any(b"CANARY" in one or b"accepted" in one for one in sealed + carried)


# ------------------------------------------------------------ at the same moment


@pytest.fixture
def other(url: str, masters: Masters) -> Iterator[Database]:
    """Another process."""
    with opened(url, masters) as door:
        yield door


def both(url: str, first: tuple[Database, Callable[[Session], Any]], second: tuple[Database, Any]) -> list[Any]:
    """What two transactions give, of which the second begins while the first is not committed yet."""
    done, commit = threading.Event(), threading.Event()

    def held(session: Session) -> Any:
        result = first[1](session)
        session._execute("select 1", ())
        done.set()
        assert commit.wait(30)
        return result

    with ThreadPoolExecutor(2) as threads, psycopg.connect(url, autocommit=True) as watching:
        one = threads.submit(first[0].run_now, held)
        assert done.wait(30)
        two = threads.submit(second[0].run_now, second[1])
        try:
            while not two.done() and not waits(watching):
                pass
            assert not two.done(), "the second does not wait for the first"
        finally:
            commit.set()
        return [one.result(), two.result()]


def waits(watching: psycopg.Connection[Any]) -> bool:
    """Whether any transaction in this database waits for another one."""
    found = watching.execute(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    return found.fetchone() is not None


postgresql_only = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@postgresql_only
def test_closing_waits_for_who_is_sending(
    url: str, database: Database, other: Database, here: Here, round_id: str
) -> None:
    for number in range(4):
        cast(database, here, round_id, number)
    sending = (other, lambda s: put(s, here, round_id, 4))
    closing = (database, lambda s: check_ins.close(s, here.id, round_id, NOW))
    assert both(url, sending, closing) == ["saved", 5]
    assert [stored(database, table) for table in ("participation", "ballot")] == [[], []]


@postgresql_only
def test_who_sends_while_it_is_being_closed_came_too_late(
    url: str, database: Database, other: Database, here: Here, round_id: str
) -> None:
    for number in range(4):
        cast(database, here, round_id, number)
    closing = (other, lambda s: check_ins.close(s, here.id, round_id, NOW))
    sending = (database, lambda s: put(s, here, round_id, 4))
    assert both(url, closing, sending) == [0, "closed"]
    assert [stored(database, table) for table in ("participation", "ballot")] == [[], []]
    assert len(stored(database, "carriedballot")) == 4


@postgresql_only
def test_two_processes_close_a_round_once(
    url: str, database: Database, other: Database, here: Here, round_id: str
) -> None:
    for number in range(5):
        cast(database, here, round_id, number)

    def closing(s: Session) -> int:
        return check_ins.close(s, here.id, round_id, NOW)

    assert both(url, (other, closing), (database, closing)) == [5, 0]
    assert len(stored(database, "remark")) == 5


@postgresql_only
def test_two_rounds_that_end_at_once_come_together(
    url: str, database: Database, other: Database, here: Here, round_id: str
) -> None:
    again = database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 1000))
    for number in range(3):
        cast(database, here, round_id, number)
        cast(database, here, again, number)
    one = (other, lambda s: check_ins.close(s, here.id, round_id, NOW))
    two = (database, lambda s: check_ins.close(s, here.id, again, NOW))
    assert both(url, one, two) == [0, 6]
    assert [row[0] for row in stored(database, "pool", "ballots")] == [6]


@postgresql_only
@pytest.mark.parametrize("leaving", ["parting", "forgetting"])
def test_who_parts_or_leaves_while_it_is_being_closed_is_not_remembered(
    url: str, database: Database, other: Database, here: Here, round_id: str, leaving: str
) -> None:
    stays, goes = here.people[:2]
    database.run_now(lambda s: accounts.merge(s, here.id, stays, goes))
    cast(database, here, round_id, 0)
    closing = (other, lambda s: check_ins.close(s, here.id, round_id, NOW))
    leaves: dict[str, Callable[[Session], object]] = {
        "parting": lambda s: accounts.split(s, here.id, stays, "web:here1"),
        "forgetting": lambda s: check_ins.forget_voter(s, here.id, stays, ["web:here0", "web:here1"]),
    }
    both(url, closing, (database, leaves[leaving]))
    assert [stored(database, table) for table in ("participation", "spentvote")] == [[], []]


def test_a_closing_that_breaks_off_changes_nothing(database: Database, here: Here, round_id: str) -> None:
    early = database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 1))
    for number in range(3):
        cast(database, here, early, number)
    close(database, here, early)
    for number in range(4):
        cast(database, here, round_id, number)
    tables = ("round", "pool", "participation", "ballot", "carriedballot", "answercount", "remark")

    def all_of_it(s: Session) -> list[list[Any]]:
        return [sorted(map(repr, rows(s, table))) for table in tables]

    before = database.run_now(all_of_it)

    def breaks(session: Session) -> None:
        assert check_ins.close(session, here.id, round_id, NOW) == 7
        rows(session, "remark")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.run_now(breaks)
    assert database.run_now(all_of_it) == before
    assert close(database, here, round_id) == 7
