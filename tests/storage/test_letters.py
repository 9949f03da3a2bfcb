"""Letters: found by a value that says nothing, at a price that does not grow; a release takes all that it can open."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from storage import case_release, case_telling, case_work, cases, letters, migrate, rotation
from storage.database import Database
from storage.ids import new_id
from storage.keys import Keys, Masters, new_key
from storage.meta import database_key
from storage.statement import Session
from tests.storage.conftest import DAY, Here, found, opened

TEXT = {"issue": "CANARY at lunch"}
WAITS = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
OLD_COMMUNITY = "insert into community values ('here', 'here', 'Here', 'en', 'UTC', 0)"


class Box:
    """One community's cases, by short calls."""

    def __init__(self, database: Database, here: str) -> None:
        self.database, self.here = database, here

    def tell(self, tag: str = "", **text: str) -> tuple[str, str]:
        """(tag, case)"""
        tag = tag or secrets.token_hex(32)
        return tag, self.database.run_now(lambda s: case_telling.tell(s, self.here, tag, text or TEXT, DAY))

    def write(self, case: str, text: str, *, account: bool = True) -> str:
        return self.database.run_now(lambda s: case_telling.write_on(s, self.here, case, text, DAY, account=account))

    def find(self, tag: str) -> cases.CaseView | None:
        return self.database.run_now(lambda s: case_telling.by_receipt(s, self.here, tag))

    def words(self, tag: str) -> list[str]:
        view = self.find(tag)
        assert view is not None
        return [one.text for one in view.messages]

    def release(self) -> list[str]:
        return self.database.run_now(lambda s: case_release.release(s, self.here))

    def rows(self, what: str, where: str = "true") -> list[Any]:
        return [
            bytes(value) if isinstance(value, bytes | memoryview) else value
            for (value,) in self.database.run_now(
                lambda s: s._execute(f"select {what} from caseletter where {where}", {}).fetchall()
            )
        ]

    def change(self, text: str, *values: Any) -> None:
        """A statement by hand, with ``?`` for values."""
        run_by_hand(self.database, text, *values)


def run_by_hand(database: Database, text: str, *values: Any) -> None:
    def go(s: Session) -> None:
        first, *rest = text.split("?")
        numbered = [f"${number}{part}" for number, part in enumerate(rest, 1)]
        s._execute(first + "".join(numbered) if s.dialect == "postgresql" else text, values)

    database.run_now(go)


@pytest.fixture
def box(database: Database, here: Here) -> Box:
    return Box(database, here.id)


# ------------------------------------------------------------ finding


@pytest.fixture
def opens(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is unsealed by a master key, by purpose."""
    seen = list[str]()
    assert database.keys is not None
    really = database.keys.open_passing

    def open_passing(purpose: str, identity: str, sealed: bytes) -> bytes:
        seen.append(purpose)
        return really(purpose, identity, sealed)

    monkeypatch.setattr(database.keys, "open_passing", open_passing)
    return seen


def test_who_comes_with_a_receipt_opens_their_own_letters_and_no_others(box: Box, opens: list[str]) -> None:
    tag, case = box.tell()
    for _other in range(30):
        box.tell()
    box.write(case, "and then")
    opens.clear()
    assert box.find(secrets.token_hex(32)) is None
    assert "letter" not in opens
    assert box.words(tag) == ["and then"]
    assert opens.count("letter") == 2
    opens.clear()
    box.write(case, "once more")
    assert opens.count("letter") == 1


def test_no_two_letters_of_a_case_have_a_value_in_common_nor_does_any_come_again(box: Box) -> None:
    tag, case = box.tell()
    seen = set[bytes]()
    for _day in range(3):
        for text in ("one", "two"):
            assert box.write(case, text) == case_telling.DONE
        values = box.rows("lookup")
        assert len(set(values)) == len(values) == 2 + (not seen)
        assert not seen & set(values)
        seen |= set(values)
        box.release()
    assert box.words(tag) == ["one", "two"] * 3


def test_a_backup_does_not_show_by_its_values_whose_a_letter_was(url: str) -> None:
    """Without the master key of its day no value is known again, not with all that there is today."""
    old, new = new_key(), new_key()
    with opened(url, Masters(old)) as database:
        here = database.run_now(lambda s: found(s, "here")).id
        box = Box(database, here)
        tag, case = box.tell()
        box.write(case, "more")
        values = set(box.rows("lookup"))
        sealed = [
            bytes(r[0]) for r in database.run_now(lambda s: s._execute("select sealed from letterkey", {})).fetchall()
        ]
        assert recognised(database.keys, here, sealed, tag, case) == values, "while the key of its day is there"
    with opened(url, Masters(f"{new},{old}")) as database:
        database.run_now(rotation.rotate)
        Box(database, here).release()
    with opened(url, Masters(new)) as database:
        root = database.run_now(lambda s: database_key(s, database.masters))
        assert recognised(Keys(Masters(new), root), here, sealed, tag, case) == set()


def recognised(keys: Keys | None, here: str, sealed: list[bytes], tag: str, case: str) -> set[bytes]:
    """The values of a case's letters, by every key that opens."""
    assert keys is not None
    found_values = set[bytes]()
    for one in sealed:
        try:
            key = keys.open_passing("letters", here, one)
        except letters.KeyFault:
            key = b""
        found_values |= (
            {letters.values(key, f"receipt:{tag}")[0], letters.values(key, f"case:{case}")[0]} if key else set()
        )
    return found_values


def test_a_new_master_key_loses_no_value(url: str) -> None:
    old, new = new_key(), new_key()
    with opened(url, Masters(old)) as database:
        here = database.run_now(lambda s: found(s, "here")).id
        tag, case = Box(database, here).tell()
    with opened(url, Masters(f"{new},{old}")) as database:
        database.run_now(rotation.rotate)
    with opened(url, Masters(new)) as database:
        assert Box(database, here).write(case, "more") == case_telling.DONE
        assert Box(database, here).words(tag) == ["more"]


def test_where_the_key_of_the_values_is_lost_writing_goes_on(url: str) -> None:
    """A process that was started without it: what waited is found again with the key, what is told now at once."""
    old, new = new_key(), new_key()
    with opened(url, Masters(old)) as database:
        here = database.run_now(lambda s: found(s, "here")).id
        before, _case = Box(database, here).tell()
        root = database.run_now(lambda s: database_key(s, database.masters))
        wrapped = Masters(new).wrap(root, "database")
        run_by_hand(database, "update meta set value = ? where name = 'database_key'", wrapped)
    with opened(url, Masters(new)) as database:
        box = Box(database, here)
        assert box.find(before) is None
        tag, case = box.tell()
        assert box.find(tag) is not None
        assert box.release() == [case]
    with opened(url, Masters(f"{new},{old}")) as database:
        assert Box(database, here).find(before) is not None
        assert len(Box(database, here).release()) == 1


# ------------------------------------------------------------ letters of before


@pytest.fixture
def before(bare_url: str, masters: Masters) -> tuple[str, list[dict[str, Any]]]:
    """A database of the first version, with letters that wait in it; and what stands in them."""
    migrate.upgrade(bare_url, to="0001")
    tag, case, other = "ab" * 32, new_id(), new_id()
    waiting: list[dict[str, Any]] = [
        {"kind": "telling", "case": case, "tag": tag, "text": json.dumps(TEXT), "day": DAY},
        {"kind": "telling", "case": other, "tag": "cd" * 32, "text": json.dumps(TEXT), "day": DAY},
        {"kind": "more", "case": case, "text": "second", "day": DAY, "number": 2},
        {"kind": "more", "case": case, "text": "first", "day": DAY, "number": 1},
        {"kind": "back", "tag": tag, "to": ["web", "sam"], "number": 0},
    ]
    with opened(bare_url, masters) as database:
        assert database.keys is not None
        run_by_hand(database, OLD_COMMUNITY)
        for letter in waiting:
            ident = new_id()
            sealed = database.keys.seal_passing("letter", ident, json.dumps(letter).encode())
            run_by_hand(
                database, "insert into caseletter (id, community_id, sealed) values (?, 'here', ?)", ident, sealed
            )
    return bare_url, waiting


def test_letters_that_waited_before_the_update_are_found_and_delivered(
    before: tuple[str, list[dict[str, Any]]], masters: Masters
) -> None:
    url, waiting = before
    tag, case = waiting[0]["tag"], waiting[0]["case"]
    migrate.upgrade(url)
    with opened(url, masters) as database:
        box = Box(database, "here")
        assert box.words(tag) == ["first", "second"]
        assert box.write(case, "third") == case_telling.DONE
        assert box.words(tag) == ["first", "second", "third"]
        new, _ = box.tell()
        assert box.find(new) is not None
        database.run_now(lambda s: case_telling.hear_back(s, "here", case, ""))
        assert len(box.release()) == 3
        assert box.words(tag) == ["first", "second", "third"]
        assert box.rows("id") == []


# ------------------------------------------------------------ a release beside a turn


def at_once(
    database: Database,
    url: str,
    masters: Masters,
    first: Callable[[Session], Any],
    second: Callable[[Session], Any],
) -> tuple[Any, Any]:
    """Both, in two processes: the second begins when the first has done everything but its commit, and must wait."""
    begun, go_on = threading.Event(), threading.Event()
    done: dict[str, Any] = {}

    def hold(s: Session) -> None:
        done["first"] = first(s)
        s.all(letters._unkeyed)  # what was put is sent
        begun.set()
        assert go_on.wait(30)

    with opened(url, masters) as door, opened(url, masters) as watcher:
        holder = threading.Thread(target=lambda: database.run_now(hold))
        waiter = threading.Thread(target=lambda: done.update(second=door.run_now(second)))
        holder.start()
        assert begun.wait(30)
        waiter.start()
        until = time.monotonic() + 30
        while not watcher.run_now(lambda s: s._execute(WAITS, {}).fetchall()):
            assert time.monotonic() < until, "the second did not wait for the first"
        go_on.set()
        for thread in (holder, waiter):
            thread.join(30)
    return done["first"], done["second"]


def test_a_student_who_writes_while_cases_are_released_is_found_and_in_order(
    box: Box, database: Database, url: str, masters: Masters
) -> None:
    if url.startswith("sqlite"):
        return  # one writer at a time
    tag, case = box.tell()
    box.write(case, "one")

    def write(text: str, s: Session) -> str:
        return case_telling.write_on(s, box.here, case, text, DAY)

    def release(s: Session) -> list[str]:
        return case_release.release(s, box.here)

    assert at_once(database, url, masters, release, partial(write, "two")) == ([case], case_telling.DONE)
    assert box.words(tag) == ["one", "two"]
    assert box.write(case, "three") == case_telling.DONE
    assert at_once(database, url, masters, partial(write, "four"), release) == (case_telling.DONE, [case])
    assert box.words(tag) == ["one", "two", "three", "four"]
    assert box.rows("id") == []


def test_who_reads_while_cases_are_released_sees_every_word_once(
    box: Box, database: Database, url: str, masters: Masters
) -> None:
    if url.startswith("sqlite"):
        return  # one writer at a time
    tag, case = box.tell()
    box.release()
    box.write(case, "one")

    def read(s: Session) -> list[str]:
        really, times = letters.find, []

        def find(session: Session, community: str, looked_up: list[bytes]) -> list[dict[str, Any]]:
            found_letters = really(session, community, looked_up)
            times.append(len(found_letters))
            if len(times) == 2:  # the case's own letters were read, and its messages were not
                with opened(url, masters) as other:
                    other.run_now(lambda s: case_release.release(s, box.here))
            return found_letters

        letters.find = find
        try:
            view = case_telling.by_receipt(s, box.here, tag)
        finally:
            letters.find = really
        assert len(times) > 2
        assert view is not None
        return [one.text for one in view.messages]

    assert database.run_now(read) == ["one"]


def test_the_same_case_written_on_from_two_devices_at_once_keeps_both(
    box: Box, database: Database, url: str, masters: Masters
) -> None:
    tag, case = box.tell()
    with opened(url, masters) as other:
        doors = [Box(database, box.here), Box(other, box.here)]
        threads = [threading.Thread(target=doors[n % 2].write, args=(case, f"{n}")) for n in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(30)
    assert sorted(box.words(tag)) == [str(n) for n in range(8)]


# ------------------------------------------------------------ what does not open


def test_a_letter_that_does_not_open_stops_no_other_and_is_kept(box: Box, database: Database) -> None:
    tag, case = box.tell()
    told = {box.tell()[1] for _ in range(3)}
    [broken] = [one for one in box.rows("id") if one not in letters_of(box, told)]
    box.change("update caseletter set sealed = ? where id = ?", b"garbage", broken)
    assert set(box.release()) == told
    assert box.rows("id") == [broken]
    assert database.run_now(letters.stuck) == 1
    assert box.release() == []
    assert box.rows("id") == [broken]
    assert box.find(tag) is None
    late, other = box.tell()
    assert box.find(late) is not None
    assert box.release() == [other]
    assert case not in box.release()


def test_what_came_after_a_letter_that_does_not_open_waits_for_it(box: Box) -> None:
    tag, case = box.tell()
    [first] = box.rows("id")
    [sealed] = box.rows("sealed")
    box.change("update caseletter set sealed = ?", b"garbage")
    box.write(case, "more")
    assert box.release() == []
    assert len(box.rows("id")) == 2
    box.change("update caseletter set sealed = ? where id = ?", sealed, first)
    assert box.words(tag) == ["more"]
    assert box.release() == [case]
    assert box.words(tag) == ["more"]
    assert box.rows("id") == []


def letters_of(box: Box, told: set[str]) -> set[str]:
    """The ids of the letters with which these cases were told."""

    def ids(s: Session) -> set[str]:
        return {
            one.id
            for one in letters._opened(s, s.all(letters._locked, community=box.here))[0]
            if one.letter.case in told
        }

    return box.database.run_now(ids)


def test_letters_whose_contents_were_swapped_do_not_open_and_come_right_again(box: Box, database: Database) -> None:
    (tag, _one), (_tag, _two) = box.tell(), box.tell()
    first, second = box.rows("id")
    a, b = (box.rows("sealed", f"id = '{one}'")[0] for one in (first, second))

    def swap(one: bytes, other: bytes) -> None:
        box.change("update caseletter set sealed = ? where id = ?", one, first)
        box.change("update caseletter set sealed = ? where id = ?", other, second)

    swap(b, a)
    assert box.release() == []
    assert database.run_now(letters.stuck) == 2
    swap(a, b)
    assert database.run_now(letters.stuck) == 0
    assert box.find(tag) is not None
    assert len(box.release()) == 2


def test_more_about_a_case_whose_key_does_not_open_waits_and_stops_nothing(box: Box, database: Database) -> None:
    (broken_tag, broken), (tag, fine) = box.tell(), box.tell()
    for case in (broken, fine):
        database.run_now(lambda s, case=case: case_telling.hear_back(s, box.here, case, "web:sam"))  # type: ignore[misc]
    box.release()
    [kept] = [
        bytes(row[0])
        for row in database.run_now(
            lambda s: s._execute(f"select wrapped_key from belonging_case where id = '{broken}'", {})
        ).fetchall()
    ]
    box.change("update belonging_case set wrapped_key = ? where id = ?", b"garbage", broken)
    for case in (broken, fine):
        assert box.write(case, "more") == case_telling.DONE
    new = box.tell()[1]
    assert set(box.release()) == {fine, new}
    assert box.words(tag) == ["more"]
    assert len(box.rows("id")) == 1
    assert paths(database) == 3, "the address of the one that does not open stays, though nobody can say which it is"
    box.change("update belonging_case set wrapped_key = ? where id = ?", kept, broken)
    assert box.release() == [broken]
    assert box.words(broken_tag) == ["more"]
    assert paths(database) == 3


def paths(database: Database) -> int:
    return len(database.run_now(lambda s: s._execute("select id from returnpath", {}).fetchall()))


def test_a_case_whose_key_does_not_open_can_be_closed_and_erased(box: Box, database: Database, here: Here) -> None:
    for act in (case_work.close, case_work.erase):
        _tag, case = box.tell()
        box.release()
        database.run_now(lambda s: case_work.claim(s, here.id, case, here.people[0], 1))  # noqa: B023
        box.change("update belonging_case set wrapped_key = ? where id = ?", b"garbage", case)
        assert database.run_now(lambda s: act(s, here.id, case, here.people[0], 1))  # noqa: B023
    box.change("update belonging_case set wrapped_key = ?", b"")
    box.tell()
    box.release()
    assert paths(database) == 1


def test_a_return_path_that_was_changed_stops_no_release(box: Box, database: Database) -> None:
    _tag, case = box.tell()
    database.run_now(lambda s: case_telling.hear_back(s, box.here, case, "web:sam"))
    box.release()
    box.change("update returnpath set sealed = ?", b"garbage")
    other = box.tell()[1]
    assert box.release() == [other]
    assert paths(database) == 2


# ------------------------------------------------------------ how much waits


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little room: six letters in a community, ten in all."""
    monkeypatch.setattr(letters, "OF_A_COMMUNITY", 6)
    monkeypatch.setattr(letters, "IN_ALL", 10)


def has_room(database: Database, here: Here, *, account: bool) -> bool:
    return database.run_now(lambda s: case_telling.room(s, here.id, account=account))


@pytest.mark.usefixtures("small")
def test_who_has_no_account_never_takes_the_room_of_those_who_have_one(database: Database, here: Here) -> None:
    box = Box(database, here.id)
    while has_room(database, here, account=False):
        box.tell()
    assert len(box.rows("id")) == 3
    assert box.write(box.tell()[1], "more", account=False) == case_telling.FULL
    while has_room(database, here, account=True):
        box.tell()
    assert len(box.rows("id")) == 6
    assert len(box.release()) == 6
    assert has_room(database, here, account=False)


@pytest.mark.usefixtures("small")
def test_there_is_a_bound_for_all_communities_together(database: Database, here: Here, there: Here) -> None:
    for number in range(5):
        assert has_room(database, there, account=False)
        Box(database, (here, there)[number % 2].id).tell()
    assert not has_room(database, there, account=False)
    for number in range(5):
        assert has_room(database, there, account=True)
        Box(database, (here, there)[number % 2].id).tell()
    assert not has_room(database, there, account=True)


@pytest.mark.usefixtures("small")
def test_telling_and_taking_back_without_an_account_never_takes_the_room_of_those_who_have_one(
    database: Database, here: Here
) -> None:
    box = Box(database, here.id)

    def tells(*, account: bool) -> str:
        if not has_room(database, here, account=account):
            return ""
        tag = secrets.token_hex(32)
        return database.run_now(lambda s: case_telling.tell(s, here.id, tag, TEXT, DAY, account=account))

    of_days_before = []
    for _day in range(4):
        of_days_before += [one for one in (tells(account=False) for _ in range(4)) if one]
        box.release()
    assert len(of_days_before) == 12
    for case in of_days_before:
        for _twice in range(2):
            assert database.run_now(lambda s, case=case: case_telling.take_back(s, here.id, case, DAY)) == "done"  # type: ignore[misc]
    assert len(box.rows("id")) == 12
    assert not tells(account=False)
    mine = [tells(account=True) for _ in range(7)]
    assert [bool(one) for one in mine] == [True] * 6 + [False]
    assert box.write(mine[0], "more") == case_telling.FULL
    assert database.run_now(lambda s: case_telling.hear_back(s, here.id, mine[0], "web:sam")) == case_telling.FULL
    assert set(box.release()) == {*mine[:6], *of_days_before}, "what was taken back is told to the mentors too"
    assert database.run_now(lambda s: s._execute("select * from accountletter", {}).fetchall()) == []
    assert tells(account=True)
    assert tells(account=False)


def test_who_comes_from_where_much_comes_from_leaves_room_for_others_also_when_they_take_it_all_back(
    database: Database, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "OF_A_COMMUNITY", 12)
    box, told = Box(database, here.id), []
    while database.run_now(lambda s: case_telling.room(s, here.id, account=False, crowded=True)):
        told.append(box.tell()[1])
    for case in told:
        database.run_now(lambda s, case=case: case_telling.take_back(s, here.id, case, DAY))  # type: ignore[misc]
    assert len(box.rows("id")) == 4
    assert has_room(database, here, account=False)


def test_one_case_has_room_for_so_many_letters_and_always_for_taking_it_back(box: Box, database: Database) -> None:
    tag, case = box.tell()
    for number in range(letters.OF_A_CASE):
        assert box.write(case, str(number)) == case_telling.DONE
    assert box.write(case, "one too many") == case_telling.FULL
    assert database.run_now(lambda s: case_telling.hear_back(s, box.here, case, "web:sam")) == case_telling.FULL
    assert box.words(tag) == [str(number) for number in range(letters.OF_A_CASE)]
    for _twice in range(2):
        assert database.run_now(lambda s: case_telling.take_back(s, box.here, case, DAY)) == case_telling.DONE
    assert len(box.rows("id")) == letters.OF_A_CASE + 2
    assert box.write(case, "too late") == case_telling.GONE
    assert box.release() == []
    assert box.rows("id") == []


def test_counting_what_waits_looks_into_an_index_alone(box: Box, database: Database) -> None:
    if database.dialect != "sqlite":
        return

    def plans(s: Session) -> str:
        found_plans = []
        counting = (letters._accounts_beyond, letters._accounts_beyond_here)
        for statement in (letters._beyond, letters._beyond_here, letters._found, *counting):
            text, order, _ = statement.sql("sqlite")
            found_plans.append(str(s._execute("explain query plan " + text, [0] * len(order)).fetchall()))
        return "\n".join(found_plans)

    plan = database.run_now(plans)
    assert plan.count("USING COVERING INDEX caseletter_lookup") == 2
    assert plan.count("INDEX caseletter_lookup (community_id=? AND lookup=?)") == 2
    assert plan.count("USING COVERING INDEX ix_accountletter_community_id") == 2
    assert "SCAN caseletter'" not in plan
