"""Who chose to be told of answers, and whose case that is: tried to find out from the whole database."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, update

from storage import (
    case_key,
    case_news,
    case_release,
    case_telling,
    case_work,
    cases,
    conversations,
    letters,
    members,
    return_paths,
)
from storage.database import Database
from storage.keys import KeyFault, Masters
from storage.statement import Session, Statement, columns
from tests.raw import texts
from tests.storage.conftest import DAY, NOW, Here, opened

HOUR = 3_600_000
ACCOUNT = columns(members.Account)
MOVE = Statement(
    lambda _: update(members.Account).where(ACCOUNT.member_id == bindparam("old")).values(member_id=bindparam("new"))
)
PATH = columns(return_paths.ReturnPath)
SEAL = Statement(
    lambda _: update(return_paths.ReturnPath).where(PATH.id == bindparam("path")).values(sealed=bindparam("again"))
)
LEAVE = Statement(lambda _: delete(members.Account).where(ACCOUNT.member_id == bindparam("old")))
WAITS = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
PLACE = {"sqlite": "id", "postgresql": "ctid"}
"""Where a row lies."""


class Student:
    """Tells cases and chooses, each act in a transaction that names the student, as a turn does."""

    def __init__(self, database: Database, here: Here, member: str) -> None:
        self.database, self.here, self.member = database, here, member
        self.tag = secrets.token_hex(32)
        self.case = "none yet"

    def tell(self, felt: str = "alone") -> str:
        self.case = str(self._turn(lambda s: case_telling.tell(s, self.here.id, self.tag, {"issue": felt}, DAY)))
        return self.case

    def choose(self, *, here: bool) -> None:
        self._turn(lambda s: case_telling.hear_back(s, self.here.id, self.case, self._account(s) if here else ""))

    def _account(self, s: Session) -> str:
        return members.accounts(s, self.here.id, self.member)[0].account

    def write_on(self, case: str, text: str) -> None:
        self._turn(lambda s: case_telling.write_on(s, self.here.id, case, text, DAY))

    def _turn(self, act: Callable[[Session], object]) -> object:
        def turn(s: Session) -> object:
            conversations.add(s, secrets.token_hex(8), self.here.id, self.member, b"journal", NOW)
            return act(s)

        return self.database.run_now(turn)


class Staff:
    """A mentor and the clock."""

    def __init__(self, database: Database, here: Here) -> None:
        self.database, self.here, self.me = database, here, here.people[-1]

    def release(self) -> None:
        self.database.run_now(lambda s: case_release.release(s, self.here.id))

    def answer(self, case: str, at: int = NOW) -> None:
        self.database.run_now(lambda s: case_work.claim(s, self.here.id, case, self.me, at))
        assert self.database.run_now(lambda s: case_work.answer(s, self.here.id, case, self.me, "thank you", at))

    def close(self, case: str) -> None:
        self.database.run_now(lambda s: case_work.claim(s, self.here.id, case, self.me, NOW))
        assert self.database.run_now(lambda s: case_work.close(s, self.here.id, case, self.me, NOW))

    def erase(self, case: str) -> None:
        assert self.database.run_now(lambda s: case_work.erase(s, self.here.id, case, self.me, NOW))

    def told(self, until: int) -> list[str]:
        return [one.member for one in self.database.run_now(lambda s: case_news.take(s, self.here.id, until))]


@pytest.fixture
def staff(database: Database, here: Here) -> Staff:
    return Staff(database, here)


@pytest.fixture
def students(database: Database, here: Here) -> list[Student]:
    return [Student(database, here, member) for member in here.people[:6]]


def rows(database: Database, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return [
        tuple(row) for row in database.run_now(lambda s: s._execute(f"select {columns} from {table}", {}).fetchall())
    ]


def paths(database: Database) -> list[tuple[Any, ...]]:
    return rows(database, "returnpath", "id, sealed")


def test_who_chose_it_is_told_once_of_all_answers_since_the_last_moment(
    students: list[Student], staff: Staff, database: Database
) -> None:
    one, two, three = students[:3]
    told = [one.tell(), two.tell(), three.tell()]
    one.choose(here=True)
    two.choose(here=False)
    three.choose(here=True)
    staff.release()
    for case in told:
        staff.answer(case)
        staff.answer(case, NOW + 1)
    assert staff.told(NOW - 1) == []
    assert sorted(staff.told(NOW + HOUR)) == sorted([one.member, three.member])
    assert staff.told(NOW + HOUR) == []
    assert staff.told(NOW + 2 * HOUR) == []
    staff.answer(told[0], NOW + 3 * HOUR)
    assert staff.told(NOW + 4 * HOUR) == [one.member]


def test_the_last_choice_counts_and_may_come_later(students: list[Student], staff: Staff) -> None:
    one, two = students[:2]
    case, other = one.tell(), two.tell()
    for choice in (True, False, True):
        one.choose(here=choice)
    staff.release()
    two.choose(here=True)
    staff.release()
    staff.answer(case)
    staff.answer(other)
    assert sorted(staff.told(NOW)) == sorted([one.member, two.member])
    one.choose(here=False)
    staff.release()
    staff.answer(case, NOW + 1)
    assert staff.told(NOW + 2) == []


def test_someone_with_two_cases_is_told_once(students: list[Student], staff: Staff, database: Database) -> None:
    one = students[0]
    again = Student(database, one.here, one.member)
    told = [one.tell(), again.tell()]
    one.choose(here=True)
    again.choose(here=True)
    staff.release()
    for case in told:
        staff.answer(case)
    assert staff.told(NOW) == [one.member]


def test_who_is_another_member_by_now_is_found_and_who_left_is_not(
    students: list[Student], staff: Staff, database: Database
) -> None:
    one, two = students[:2]
    told = [one.tell(), two.tell()]
    one.choose(here=True)
    two.choose(here=True)
    staff.release()
    new = staff.here.people[7]

    def leave(s: Session) -> None:
        s.run(MOVE, new=new, old=one.member)
        s.run(LEAVE, old=two.member)

    database.run_now(leave)
    for case in told:
        staff.answer(case)
    assert staff.told(NOW) == [new]


def test_closing_destroys_the_address_and_a_last_answer_is_told_of_first(
    students: list[Student], staff: Staff, database: Database
) -> None:
    one, two = students[:2]
    quiet, answered = one.tell(), two.tell()
    one.choose(here=True)
    two.choose(here=True)
    staff.release()
    assert len(paths(database)) == 2
    staff.close(quiet)
    assert len(paths(database)) == 1
    staff.answer(answered)
    staff.close(answered)
    staff.release()  # still to be told of
    assert staff.told(NOW + HOUR) == [two.member]
    staff.release()
    assert paths(database) == []
    two.write_on(answered, "one more thing")  # opens the case again, but brings no address back
    staff.release()
    staff.answer(answered, NOW + 2 * HOUR)
    assert staff.told(NOW + 3 * HOUR) == []


def test_erasing_destroys_the_address_even_where_an_answer_is_to_be_told_of(
    students: list[Student], staff: Staff, database: Database
) -> None:
    one, two = students[:2]
    case, other = one.tell(), two.tell()
    one.choose(here=True)
    staff.release()
    staff.answer(case)
    staff.erase(case)
    assert len(paths(database)) == 1
    one.choose(here=True)
    staff.release()
    assert staff.told(NOW) == []
    staff.erase(other)
    assert paths(database) == []


def test_without_the_cases_key_an_address_is_not_found_and_not_opened(
    students: list[Student], staff: Staff, database: Database, here: Here
) -> None:
    students[0].tell()
    students[0].choose(here=True)
    staff.release()
    [(path, sealed)] = paths(database)
    wrong = secrets.token_bytes(32)
    assert database.run_now(lambda s: return_paths.mark(s, here.id, wrong)) == ""
    with pytest.raises(KeyFault):
        return_paths.unseal(return_paths.AESGCM(wrong), path, bytes(sealed))


def test_what_was_chosen_before_accounts_had_marks_still_counts(database: Database, here: Here) -> None:
    """The address was the platform and the person's id there: in rows, and in letters on their way."""
    released, waits, gone = (Student(database, here, member) for member in here.people[:3])
    staff, old = Staff(database, here), b'["web", "%s"]'
    for one in (released, waits, gone):
        one.tell()
    staff.release()

    def as_it_was(s: Session) -> None:
        for one, number in ((released, 0), (gone, 2)):
            row = s._execute(
                f"select id, wrapped_key from belonging_case where receipt = {literal(s, one.tag)}", ()
            ).fetchone()
            key = case_key.opened(s, *row)
            path = return_paths._path(key)
            sealed = return_paths.seal(return_paths.AESGCM(key), path, (old % b"here%d" % number).ljust(512))
            s.put(SEAL, path=path, again=sealed)
        said = json.dumps({"kind": "back", "tag": waits.tag, "to": ["web", "here1"], "number": 0}).encode()
        s.put(
            letters._add, id="old", community_id=here.id, lookup=None, sealed=s.keys.seal_passing("letter", "old", said)
        )
        s.run(LEAVE, old=gone.member)

    database.run_now(as_it_was)
    for case in [line.id for line in database.run_now(lambda s: cases.listing(s, here.id))]:
        staff.answer(case, NOW)
    assert staff.told(NOW) == [released.member], "before the first release, too"
    staff.release()
    shown = repr(texts(database))
    assert "here2" not in shown
    assert shown.count('"web", "here') == 0
    for case in [line.id for line in database.run_now(lambda s: cases.listing(s, here.id))]:
        staff.answer(case, NOW + 1)
    assert sorted(staff.told(NOW + 1)) == sorted([released.member, waits.member])


def literal(session: Session, tag: str) -> str:
    return f"decode('{tag}', 'hex')" if session.dialect == "postgresql" else f"x'{tag}'"


def test_another_community_is_told_nothing_and_destroys_nothing(
    students: list[Student], staff: Staff, database: Database, there: Here
) -> None:
    case = students[0].tell()
    students[0].choose(here=True)
    staff.release()
    staff.answer(case)
    elsewhere = Staff(database, there)
    database.run_now(lambda s: case_telling.hear_back(s, there.id, case, "web:there0"))
    elsewhere.release()
    assert elsewhere.told(NOW) == []
    assert staff.told(NOW) == [students[0].member]


@pytest.mark.parametrize("first", ["release", "close"])
def test_a_close_and_a_release_at_once_leave_no_address(
    students: list[Student], staff: Staff, database: Database, masters: Masters, url: str, first: str
) -> None:
    if url.startswith("sqlite"):
        return  # one writer at a time
    case = students[0].tell()
    students[0].choose(here=True)
    staff.release()
    database.run_now(lambda s: case_work.claim(s, staff.here.id, case, staff.me, NOW))
    begun, go_on = threading.Event(), threading.Event()

    def release(s: Session) -> None:
        case_release.release(s, staff.here.id)

    def close(s: Session) -> None:
        assert case_work.close(s, staff.here.id, case, staff.me, NOW)

    def holding(act: Callable[[Session], None], s: Session) -> None:
        act(s)
        begun.set()
        assert go_on.wait(30)

    one, other = (release, close) if first == "release" else (close, release)
    with opened(url, masters) as door:
        holder = threading.Thread(target=lambda: database.run_now(partial(holding, one)))
        waiter = threading.Thread(target=lambda: door.run_now(other))
        holder.start()
        assert begun.wait(30)
        waiter.start()
        with opened(url, masters) as watcher:
            until = time.monotonic() + 30
            while not watcher.run_now(lambda s: s._execute(WAITS, {}).fetchall()):
                assert time.monotonic() < until, "the second did not wait for the first"
        go_on.set()
        for thread in (holder, waiter):
            thread.join(30)
    assert paths(database) == []


# ------------------------------------------------------------ trying to join a student to a case


def test_every_open_case_has_a_row_of_one_length_whoever_chose_what(
    students: list[Student], staff: Staff, database: Database
) -> None:
    for number, one in enumerate(students):
        one.tell()
        if number:
            one.choose(here=number % 2 == 0)
    staff.release()
    kept = paths(database)
    assert len(kept) == len(students)
    assert len({len(bytes(sealed)) for _path, sealed in kept}) == 1


def test_the_letter_that_chooses_looks_like_any_other(students: list[Student], database: Database) -> None:
    students[0].tell()
    students[0].choose(here=True)
    students[1].choose(here=False)
    assert len({length for (length,) in rows(database, "caseletter", "length(sealed)")}) == 1


def test_the_order_of_telling_is_in_no_order_that_can_be_seen(
    students: list[Student], staff: Staff, database: Database
) -> None:
    told = [one.tell() for one in students]
    for one in students:
        one.choose(here=True)
    heard, lain = set(), set()
    for number in range(6):
        staff.release()
        lain.add(tuple(path for (path,) in rows(database, "returnpath order by " + PLACE[database.dialect], "id")))
        for case in told:
            staff.answer(case, NOW + number)
        heard.add(tuple(staff.told(NOW + number)))
    assert len(heard) > 1
    assert len(lain) > 1 or database.dialect == "sqlite"  # there a row lies where its random id puts it
