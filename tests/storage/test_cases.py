from __future__ import annotations

import secrets
import threading
from typing import Any

import pytest

from storage import case_release, case_telling, case_times, case_work, cases, conversations
from storage.database import Database
from storage.days import DAY as DAY_MS
from storage.keys import KeyFault, Masters, new_key
from storage.rotation import rotate
from storage.statement import Session
from tests.storage.conftest import DAY, NOW, Here, opened

TEXT = {"happened": "CANARY at lunch", "felt": "alone", "wished": None}


def tell(database: Database, here: Here, tag: str = "", text: dict[str, Any] = TEXT) -> str:
    tag = tag or secrets.token_hex(32)
    return database.run_now(lambda s: case_telling.tell(s, here.id, tag, text, DAY))


def release(database: Database, here: Here) -> list[str]:
    return database.run_now(lambda s: case_release.release(s, here.id))


def read(database: Database, here: Here, case: str) -> cases.CaseView | None:
    return database.run_now(lambda s: cases.read(s, here.id, case))


def words(view: cases.CaseView | None) -> list[tuple[str, str]]:
    assert view is not None
    return [(one.author, one.text) for one in view.messages]


def test_a_case_from_telling_to_closing(database: Database, here: Here) -> None:
    tag = "ab" * 32
    case = tell(database, here, tag)
    robin, kim = here.people[:2]

    def mine(s: Session) -> cases.CaseView | None:
        return case_telling.by_receipt(s, here.id, tag)

    coming = database.run_now(mine)
    assert coming is not None
    assert (coming.id, coming.status, coming.text) == (case, "new", {"happened": "CANARY at lunch", "felt": "alone"})
    assert read(database, here, case) is None
    assert database.run_now(lambda s: case_telling.write_on(s, here.id, case, "and then", DAY)) == case_telling.DONE
    assert words(database.run_now(mine)) == [("student", "and then")]

    assert release(database, here) == [case]
    assert release(database, here) == []
    assert words(read(database, here, case)) == [("student", "and then")]

    first = database.run_now(lambda s: case_work.claim(s, here.id, case, robin, NOW))
    second = database.run_now(lambda s: case_work.claim(s, here.id, case, kim, NOW))
    assert first == case_work.Claim(won=True, holder=robin, holder_name="Person 0")
    assert second == case_work.Claim(won=False, holder=robin, holder_name="Person 0")
    assert database.run_now(lambda s: case_work.answer(s, here.id, case, robin, "thank you", NOW))
    assert database.run_now(lambda s: case_work.note(s, here.id, case, robin, "between us", NOW))

    seen = database.run_now(mine)
    assert seen is not None
    assert (seen.status, words(seen)) == ("answered", [("student", "and then"), ("mentor", "thank you")])
    assert ("note", "between us") in words(read(database, here, case))

    assert database.run_now(lambda s: case_telling.write_on(s, here.id, case, "one more", DAY + 1)) == case_telling.DONE
    assert release(database, here) == [case]
    again = read(database, here, case)
    assert again is not None
    assert again.status == "claimed"
    assert database.run_now(lambda s: case_work.close(s, here.id, case, robin, NOW))
    assert not database.run_now(lambda s: case_work.close(s, here.id, case, robin, NOW))
    assert database.run_now(lambda s: cases.listing(s, here.id)) == []
    record = database.run_now(lambda s: cases.record(s, here.id, case))
    assert [(one.who, one.what) for one in record] == [
        ("", "received"),
        ("", "written on"),
        (robin, "claimed"),
        (robin, "answered"),
        (robin, "noted"),
        ("", "written on"),
        (robin, "closed"),
    ]
    assert all(one.at % DAY_MS == 0 for one in record if not one.who)


def test_a_student_who_writes_on_opens_a_closed_case_again(database: Database, here: Here) -> None:
    case = tell(database, here)
    release(database, here)
    database.run_now(lambda s: case_work.claim(s, here.id, case, here.people[0], NOW))
    database.run_now(lambda s: case_work.close(s, here.id, case, here.people[0], NOW))
    database.run_now(lambda s: case_telling.write_on(s, here.id, case, "wait", DAY))
    assert release(database, here) == [case]
    assert [line.id for line in database.run_now(lambda s: cases.listing(s, here.id))] == [case]


def test_a_closed_case_takes_no_answer_that_nobody_would_be_told_of(database: Database, here: Here) -> None:
    case = tell(database, here)
    release(database, here)
    robin = here.people[0]
    database.run_now(lambda s: case_work.claim(s, here.id, case, robin, NOW))
    database.run_now(lambda s: case_work.close(s, here.id, case, robin, NOW))
    before = database.run_now(lambda s: cases.record(s, here.id, case))
    assert not database.run_now(lambda s: case_work.answer(s, here.id, case, robin, "too late", NOW))
    assert database.run_now(lambda s: cases.status(s, here.id, case)) == "closed"
    assert database.run_now(lambda s: cases.record(s, here.id, case)) == before


def test_the_text_is_nowhere_in_the_clear(database: Database, here: Here) -> None:
    case = tell(database, here)
    tables = ("caseletter", "belonging_case", "casemessage", "caseevent")

    def everything(s: Session) -> bytes:
        found = [s._execute(f"select * from {table}", {}).fetchall() for table in tables]
        return b"".join(bytes(v) if isinstance(v, bytes) else str(v).encode() for t in found for r in t for v in r)

    assert b"CANARY" not in database.run_now(everything)
    release(database, here)
    database.run_now(lambda s: case_work.claim(s, here.id, case, here.people[0], NOW))
    assert database.run_now(lambda s: case_work.answer(s, here.id, case, here.people[0], "CANARY", NOW))
    assert b"CANARY" not in database.run_now(everything)


def test_letters_of_different_lengths_look_alike(database: Database, here: Here) -> None:
    tell(database, here)
    tell(database, here, text={"happened": "x" * 600})
    lengths = database.run_now(lambda s: s._execute("select length(sealed) from caseletter", {}).fetchall())
    assert len(set(lengths)) == 1


def test_no_unseen_column_joins_a_case_to_its_student(database: Database, here: Here) -> None:
    """The student's conversation is written in the same transaction as the letter, the case is not."""

    def turn(s: Session) -> str:
        conversations.add(s, secrets.token_hex(8), here.id, here.people[3], b"journal", NOW)
        return case_telling.tell(s, here.id, secrets.token_hex(32), TEXT, DAY)

    told = {database.run_now(turn) for _ in range(4)}
    assert set(release(database, here)) == told

    def follow(s: Session) -> None:
        conversations.add(s, "follow", here.id, here.people[4], b"journal", NOW)
        case_telling.write_on(s, here.id, min(told), "more", DAY)

    database.run_now(follow)
    release(database, here)

    def attack(s: Session) -> None:
        if s.dialect == "sqlite":
            for table in ("caseletter", "belonging_case", "casemessage", "caseevent"):
                with pytest.raises(Exception, match="rowid"):
                    s._execute(f"select rowid from {table}", {})
            return
        people = set(s._execute("select xmin::text from conversation", {}).fetchall())
        for table in ("belonging_case", "casemessage", "caseevent"):
            assert not people & set(s._execute(f"select xmin::text from {table}", {}).fetchall())

    database.run_now(attack)


def test_the_order_in_which_mentors_get_cases_is_not_the_order_of_telling(database: Database, here: Here) -> None:
    orders = set()
    for _ in range(6):
        told = [tell(database, here) for _ in range(6)]
        orders.add(tuple(told.index(case) for case in release(database, here)))
    assert len(orders) > 1


def test_what_is_taken_back_is_erased_at_the_next_moment_and_its_mentors_hear_of_it(
    database: Database, here: Here
) -> None:
    case = tell(database, here)
    release(database, here)
    for _pressed_twice in range(2):
        database.run_now(lambda s: case_telling.take_back(s, here.id, case, DAY))
    assert read(database, here, case) is not None
    assert release(database, here) == [case]
    assert read(database, here, case) is None
    assert release(database, here) == []
    record = database.run_now(lambda s: cases.record(s, here.id, case))
    assert [(one.what, one.who) for one in record] == [("received", ""), ("erased", "")]


def test_of_what_is_told_and_taken_back_between_two_moments_nobody_hears(database: Database, here: Here) -> None:
    case, other = tell(database, here), tell(database, here)
    database.run_now(lambda s: case_telling.take_back(s, here.id, case, DAY))
    assert release(database, here) == [other]
    assert read(database, here, case) is None


def test_another_community_takes_nothing_back(database: Database, here: Here, there: Here) -> None:
    case = tell(database, here)
    release(database, here)
    database.run_now(lambda s: case_telling.take_back(s, there.id, case, DAY))
    assert release(database, there) == []
    assert read(database, here, case) is not None


def test_erasing_the_key_erases_the_case(database: Database, here: Here) -> None:
    tag = "cd" * 32
    case = tell(database, here, tag)
    release(database, here)
    assert database.run_now(lambda s: case_work.erase(s, here.id, case, here.people[0], NOW))
    assert read(database, here, case) is None
    assert database.run_now(lambda s: case_telling.by_receipt(s, here.id, tag)) is None
    assert not database.run_now(lambda s: case_work.answer(s, here.id, case, here.people[0], "x", NOW))
    assert database.run_now(lambda s: case_telling.write_on(s, here.id, case, "x", DAY)) == case_telling.GONE
    assert database.run_now(lambda s: s._execute("select count(*) from casemessage", {}).fetchone()[0]) == 0
    assert [one.what for one in database.run_now(lambda s: cases.record(s, here.id, case))] == ["received", "erased"]


def test_words_of_one_case_do_not_open_in_another(database: Database, here: Here) -> None:
    one, two = tell(database, here), tell(database, here)
    release(database, here)

    def swap(s: Session) -> None:
        s._execute(
            "update casemessage set sealed = (select m.sealed from casemessage m where m.case_id = "
            + ("?" if s.dialect == "sqlite" else "$1")
            + ") where case_id = "
            + ("?" if s.dialect == "sqlite" else "$2"),
            (one, two),
        )

    database.run_now(swap)
    with pytest.raises(KeyFault):
        read(database, here, two)
    assert read(database, here, one) is not None


def test_a_new_master_key_wraps_again_and_the_old_one_can_go(
    url: str, master_key: str, database: Database, here: Here
) -> None:
    case = tell(database, here)
    release(database, here)
    new = new_key()
    both, fresh, strange = Masters(f"{new},{master_key}"), Masters(new), Masters(new_key())
    with opened(url, both) as rotating:
        assert rotating.run_now(rotate)["belonging_case"] == 1
        assert rotating.run_now(rotate)["belonging_case"] == 0
    with opened(url, fresh) as after:
        assert after.run_now(lambda s: cases.read(s, here.id, case)) is not None
    with pytest.raises(KeyFault), opened(url, strange):
        pass


def test_another_community_reads_and_changes_nothing(database: Database, here: Here, there: Here) -> None:
    tag = "ef" * 32
    case, waiting = tell(database, here, tag), tell(database, here)
    release(database, here)
    other = tell(database, here)
    me = there.people[0]

    def elsewhere(s: Session) -> list[object]:
        return [
            cases.read(s, there.id, case),
            case_telling.by_receipt(s, there.id, tag),
            case_work.claim(s, there.id, case, me, NOW),
            case_work.answer(s, there.id, case, me, "x", NOW),
            case_work.note(s, there.id, case, me, "x", NOW),
            case_work.close(s, there.id, case, me, NOW),
            case_work.erase(s, there.id, case, me, NOW),
            case_telling.write_on(s, there.id, case, "x", DAY) != case_telling.GONE,
            cases.listing(s, there.id),
            cases.record(s, there.id, case),
            case_release.release(s, there.id),
        ]

    assert not any(database.run_now(elsewhere))
    database.run_now(lambda s: case_telling.write_on(s, there.id, other, "x", DAY))
    database.run_now(lambda s: case_telling.take_back(s, there.id, other, DAY))
    assert release(database, there) == []
    assert read(database, here, waiting) is not None
    assert words(read(database, here, case)) == []
    assert release(database, here) == [other]
    assert release(database, there) == []
    assert words(read(database, here, other)) == []


def test_two_mentors_at_once_have_one_winner(url: str, masters: Masters, database: Database, here: Here) -> None:
    if url.startswith("sqlite"):
        return  # one writer at a time
    case = tell(database, here)
    release(database, here)
    won: list[bool] = []

    def claim(door: Database, who: str) -> None:
        got = door.run_now(lambda s: case_work.claim(s, here.id, case, who, NOW))
        won.append(got is not None and got.won)

    with opened(url, masters) as other:
        doors = zip((database, other), here.people, strict=False)
        threads = [threading.Thread(target=claim, args=pair) for pair in doors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(won) == [False, True]


def test_how_long_answers_took_is_read_from_the_cases_of_one_community(sqlite: Database) -> None:
    """Neither table is read as a whole, however many other communities there are."""

    def plan(session: Session) -> list[str]:
        text, order, _fixed = case_times._since.sql("sqlite")
        return [row[3] for row in session._execute("explain query plan " + text, [0] * len(order)).fetchall()]

    steps = sqlite.run_now(plan)
    assert not [one for one in steps if one.startswith("SCAN")], steps
    assert [one for one in steps if "ix_belonging_case_community_id (community_id=?)" in one]
