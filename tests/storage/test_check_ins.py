from __future__ import annotations

from typing import Any

import pytest

from storage import check_ins
from storage.database import Database
from storage.statement import Session
from tests.storage.conftest import NOW, Here

SCORES = {"accepted": 4, "appreciated": 3, "included": 5, "supported": 2, "myself": 1}


def answers(number: int) -> dict[str, Any]:
    """Answers by which the person can be told apart."""
    return SCORES | {"accepted": number % 5 + 1, "remark": f"remark of {number}"}


@pytest.fixture
def round_id(database: Database, here: Here) -> str:
    return database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 1000))


def cast(database: Database, here: Here, round_id: str, number: int, now: int = NOW) -> str:
    who = here.people[number]
    return database.run_now(lambda s: check_ins.cast(s, here.id, round_id, who, answers(number), now))


def test_everyone_answers_a_round_once_and_only_while_it_is_open(database: Database, here: Here, round_id: str) -> None:
    assert cast(database, here, round_id, 0, NOW - 1) == "closed"
    assert cast(database, here, round_id, 0) == "saved"
    assert cast(database, here, round_id, 0) == "twice"
    assert cast(database, here, round_id, 1, NOW + 1000) == "closed"
    assert database.run_now(lambda s: check_ins.took_part(s, round_id, here.people[0]))
    assert not database.run_now(lambda s: check_ins.took_part(s, round_id, here.people[1]))
    assert database.run_now(lambda s: check_ins.how_many(s, round_id)) == 1


def test_ballots_are_opened_when_the_round_is_over(database: Database, here: Here, round_id: str) -> None:
    for number in range(8):
        cast(database, here, round_id, number)
    assert database.run_now(lambda s: check_ins.answers_of(s, here.id, round_id)) == []
    assert [database.run_now(lambda s: check_ins.close(s, here.id, round_id, NOW + 1000)) for _ in range(2)] == [8, 0]
    opened = database.run_now(lambda s: check_ins.answers_of(s, here.id, round_id))
    assert sorted(one.remark for one in opened) == [f"remark of {n}" for n in range(8)]
    assert cast(database, here, round_id, 9, NOW + 1000) == "closed"


def test_remarks_of_any_length_and_none_come_back_as_they_were(database: Database, here: Here, round_id: str) -> None:
    remarks = [None, "", "é" * 2000, '{"a": 1}', " spaces ", "🙂"]
    for who, remark in zip(here.people, remarks, strict=False):
        given = SCORES | {"remark": remark}
        database.run_now(lambda s, w=who, g=given: check_ins.cast(s, here.id, round_id, w, g, NOW))
    database.run_now(lambda s: check_ins.close(s, here.id, round_id, NOW))
    opened = database.run_now(lambda s: check_ins.answers_of(s, here.id, round_id))
    assert sorted(one.remark for one in opened) == sorted(remark or "" for remark in remarks)


def test_who_took_part_is_forgotten_some_time_after_the_round(database: Database, here: Here, round_id: str) -> None:
    cast(database, here, round_id, 0)
    database.run_now(lambda s: check_ins.close(s, here.id, round_id, NOW + 1000))
    assert [database.run_now(lambda s, t=at: check_ins.forget_who(s, NOW + t)) for at in (1000, 1001)] == [0, 1]
    assert not database.run_now(lambda s: check_ins.took_part(s, round_id, here.people[0]))
    assert len(database.run_now(lambda s: check_ins.answers_of(s, here.id, round_id))) == 1


# ------------------------------------------------------------ trying to find out who answered what

SYSTEM = {"sqlite": ("rowid",), "postgresql": ("xmin::text", "ctid::text")}


def rows(session: Session, table: str, columns: str) -> list[Any]:
    return list(session._execute(f"select {columns} from {table}", {}).fetchall())


def test_no_unseen_column_joins_an_answer_to_a_person(database: Database, here: Here, round_id: str) -> None:
    for number in range(9):
        cast(database, here, round_id, number)
    database.run_now(lambda s: check_ins.close(s, here.id, round_id, NOW))

    def attack(s: Session) -> None:
        if s.dialect == "sqlite":
            for table in ("participation", "ballot", "checkinanswer"):
                with pytest.raises(Exception, match="rowid"):
                    rows(s, table, "rowid")
            return
        took_part = rows(s, "participation", "xmin::text")
        opened = rows(s, "checkinanswer", "xmin::text")
        assert len(set(took_part)) == 9
        assert len(set(opened)) == 1
        assert not set(opened) & set(took_part)

    database.run_now(attack)


def test_the_order_of_answers_says_nothing_of_the_order_of_people(database: Database, here: Here) -> None:
    orders = set()
    for _ in range(6):
        this = database.run_now(lambda s: check_ins.open_round(s, here.id, NOW, NOW + 9))
        for number in range(8):
            cast(database, here, this, number)
        database.run_now(lambda s, r=this: check_ins.close(s, here.id, r, NOW))
        opened = database.run_now(lambda s, r=this: check_ins.answers_of(s, here.id, r))
        orders.add(tuple(one.remark for one in opened))
    assert len(orders) > 1


def test_a_sealed_ballot_shows_neither_text_nor_its_length(database: Database, here: Here, round_id: str) -> None:
    for number, remark in enumerate(("", "CANARY", "CANARY" * 100)):
        given = SCORES | {"remark": remark}
        who = here.people[number]
        database.run_now(lambda s, w=who, g=given: check_ins.cast(s, here.id, round_id, w, g, NOW))
    sealed = [bytes(row[0]) for row in database.run_now(lambda s: rows(s, "ballot", "sealed"))]
    assert len({len(one) for one in sealed}) == 1
    assert not any(b"CANARY" in one or b"accepted" in one for one in sealed)
    database.run_now(lambda s: check_ins.close(s, here.id, round_id, NOW))
    kept = [bytes(row[0]) for row in database.run_now(lambda s: rows(s, "checkinanswer", "remark"))]
    assert len({len(one) for one in kept}) == 1
    assert not any(b"CANARY" in one for one in kept)


def test_another_community_reads_and_changes_nothing(
    database: Database, here: Here, there: Here, round_id: str
) -> None:
    for number in range(5):
        cast(database, here, round_id, number)

    def elsewhere(s: Session) -> tuple[object, ...]:
        return (
            check_ins.get_round(s, there.id, round_id),
            check_ins.cast(s, there.id, round_id, there.people[0], SCORES, NOW),
            check_ins.close(s, there.id, round_id, NOW),
            check_ins.answers_of(s, there.id, round_id),
            check_ins.rounds(s, there.id),
        )

    assert database.run_now(elsewhere) == (None, "closed", 0, [], [])
    assert database.run_now(lambda s: check_ins.close(s, here.id, round_id, NOW)) == 5
