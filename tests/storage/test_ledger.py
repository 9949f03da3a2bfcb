"""The ledger of erasures: what it says to whom, and a restored backup that is brought up to date by it."""

from __future__ import annotations

import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from storage import (
    accounts,
    case_release,
    case_telling,
    case_work,
    cases,
    erasures,
    forgetting,
    members,
    replay,
    role_grants,
)
from storage.database import Database
from storage.erasures import Doubtful
from storage.keeping import Person
from storage.keys import Masters, new_key
from storage.ledger import Ledger, LedgerFault, Line
from storage.replay import Behind
from storage.rotation import rotate
from storage.statement import Session
from tests.conftest import _create
from tests.raw import rows, tables_with
from tests.storage.conftest import DAY, NOW, Here, found

TAG = "ab" * 32
NOTHING = Behind((), ())
OF_THREE = "web\nhere3"
"""How the account of the fourth person reads in its row."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "erbij.ledger"


class Place:
    """A database with a ledger beside it, and backups of the database alone."""

    def __init__(self, url: str, path: Path, copy: Callable[[str], str]) -> None:
        self.url, self.path, self._copy = url, path, copy
        self.key = new_key()
        with self.open() as database:
            self.here: Here = database.run_now(lambda s: found(s, "here"))
            self.there: Here = database.run_now(lambda s: found(s, "there"))

    @contextmanager
    def open(self, url: str = "", key: str = "", path: Path | None = None) -> Iterator[Database]:
        database = Database(url or self.url, Masters(key or self.key), path or self.path)
        database.open()
        try:
            yield database
        finally:
            database.close()

    def backup(self) -> str:
        """The address of a copy of the database as it is now."""
        return self._copy(self.url)

    def forget(self, account: str) -> dict[str, int]:
        def work(session: Session) -> dict[str, int]:
            [person] = forgetting.of_account(session, account)
            return forgetting.forget(session, person, NOW)

        with self.open() as database:
            return database.run_now(work)

    def replayed(self, url: str = "") -> Behind:
        with self.open(url) as database:
            before = database.run_now(replay.behind)
            done = database.run_now(lambda s: replay.replay(s, NOW))
            assert done == before
            assert database.run_now(replay.behind) == NOTHING
            assert database.run_now(lambda s: replay.replay(s, NOW)) == NOTHING
            return done


@pytest.fixture
def place(url: str, path: Path, request: pytest.FixtureRequest) -> Place:
    def copy(url: str) -> str:
        address, name = make_url(url), f"l{uuid4().hex}"
        if url.startswith("sqlite"):
            to = Path(str(address.database)).with_name(name)
            shutil.copy(str(address.database), to)
            return f"sqlite:///{to}"
        server: str = request.getfixturevalue("postgresql_server")
        _create(server, name, str(address.database))
        return server.format(name=name)

    return Place(url, path, copy)


# ------------------------------------------------------------ the file


def test_it_is_for_its_owner_alone_and_holds_nothing_but_hashes(place: Place, path: Path) -> None:
    assert place.forget("web:here3")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [line] = Ledger(path).lines()
    assert (line.what, len(line.id), len(line.accounts)) == ("person", 16, 1)
    text = path.read_text()
    assert set(text) <= set("0123456789abcdef\n =person")
    assert not [word for word in ("here", "web", place.here.id, *place.here.people) if word in text]
    with place.open() as database:
        assert line.id == database.run_now(lambda s: erasures.member_id(s, place.here.id, place.here.people[3]))
        assert line.id != database.run_now(lambda s: erasures.member_id(s, place.here.id, place.here.people[4]))


def test_many_write_at_once_and_what_was_torn_spoils_no_other_line(path: Path) -> None:
    lines = [Line("person", bytes([n]) * 16, (bytes([99]) * 16,)) for n in range(90)]
    Ledger(path).append(lines[0])
    with path.open("ab") as file:
        file.write(b"person 0a0b")  # of a process that was killed

    def write(some: list[Line]) -> None:
        for line in some:
            Ledger(path).append(line)

    writers = [threading.Thread(target=write, args=(lines[1 + n :: 3],)) for n in range(3)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert sorted(line.id for line in Ledger(path).lines()) == [line.id for line in lines]


def test_who_can_write_to_it_without_the_key_erases_nobody(place: Place, path: Path) -> None:
    """By the hash of an account that stands in it they could else erase whoever came back."""
    place.forget("web:here3")
    with place.open() as database:
        database.run_now(lambda s: members.add_member(s, place.here.id, "web", "here", "here3"))
    [line] = Ledger(path).lines()
    for forged in (replace(line, id=bytes(16)), replace(line, id=bytes(16), signature=b"")):
        Ledger(path).append(forged)
    assert place.replayed() == NOTHING
    with place.open() as database:
        assert database.run_now(lambda s: accounts.member_of(s, place.here.id, "web:here3"))
        assert database.run_now(erasures.doubtful) == Doubtful(torn=0, foreign=2)
        assert database.run_now(erasures.missing) == 0


def test_a_line_that_was_cut_is_noticed_and_stops_nothing(place: Place, path: Path) -> None:
    place.forget("web:here3")
    backup = place.backup()
    place.forget("web:here4")
    whole = path.read_bytes().splitlines()[-1]
    for cut in (1, 20):
        with path.open("ab") as file:
            file.write(b"\n" + whole[:-cut])
    with place.open() as database:
        assert database.run_now(erasures.doubtful) == Doubtful(torn=2, foreign=0)
        assert database.run_now(erasures.missing) == 0
    assert len(place.replayed(backup).people) == 1


def test_a_line_that_nobody_signed_erases_nobody_and_is_never_signed(place: Place, path: Path) -> None:
    """Not even where its id is known: the accounts beside it could be anybody's, copied from another line."""
    place.forget("web:here3")
    backup = place.backup()
    place.forget("web:here4")
    signed = path.read_text()
    path.write_text("\n".join(line.text for line in Ledger(path).lines()) + "\n")
    assert place.replayed() == NOTHING
    assert "=" not in path.read_text()
    with place.open() as database:
        assert database.run_now(erasures.missing) == 2
        assert database.run_now(erasures.doubtful).foreign == 2
    assert place.replayed(backup) == NOTHING
    path.write_text(signed)
    assert len(place.replayed(backup).people) == 1


def test_without_a_line_in_the_ledger_nobody_is_forgotten(place: Place, path: Path) -> None:
    path.mkdir(parents=True)  # a folder is in the way
    with pytest.raises(LedgerFault, match="cannot be written"):
        place.forget("web:here3")
    with place.open() as database:
        assert database.run_now(lambda s: accounts.member_of(s, place.here.id, "web:here3")) == place.here.people[3]


def test_whether_it_could_be_written_is_seen_without_making_it(path: Path, tmp_path: Path) -> None:
    Ledger().check()
    Ledger(path).check()
    assert not path.parent.exists()
    Ledger(path).append(Line("case", bytes(16)))
    Ledger(path).check()
    for wrong in (tmp_path, path / "below a file"):
        with pytest.raises(LedgerFault):
            Ledger(wrong).check()


def test_who_has_no_ledger_is_forgotten_all_the_same(database: Database, here: Here) -> None:
    def work(session: Session) -> dict[str, int]:
        return forgetting.forget(session, forgetting.of_member(session, here.id, here.people[0]), NOW)

    assert database.run_now(work) == {"account": 1, "member": 1}
    assert database.run_now(work) == {}
    assert len(database.run_now(lambda s: rows(s, "erasure"))) == 1


# ------------------------------------------------------------ a backup is restored


def test_who_was_forgotten_since_is_forgotten_again(place: Place) -> None:
    restored = place.backup()
    assert place.forget("web:here3") == {"account": 1, "member": 1}
    assert place.replayed() == NOTHING
    member = place.here.people[3]
    with place.open(restored) as database:
        assert tables_with(database, member, OF_THREE) == {"account", "member"}
    assert place.replayed(restored).people == (Person(place.here.id, member, ("web:here3",)),)
    with place.open(restored) as database:
        assert tables_with(database, member, OF_THREE) == set()
        assert tables_with(database, "web\nhere4", place.there.people[3]) == {"account", "member"}


def test_accounts_that_were_linked_after_the_backup_are_both_forgotten(place: Place) -> None:
    restored = place.backup()
    with place.open() as database:
        stays, goes = place.here.people[1:3]
        assert database.run_now(lambda s: accounts.merge(s, place.here.id, stays, goes))
    place.forget("web:here1")
    assert {one.member for one in place.replayed(restored).people} == {stays, goes}


def test_who_was_only_named_is_not_named_again(place: Place) -> None:
    def name(session: Session) -> None:
        role_grants.grant(session, place.here.id, role_grants.Grant("mentor", "web", "person", "robin", "Robin"))

    with place.open() as database:
        database.run_now(name)
    restored = place.backup()
    assert place.forget("web:robin") == {"rolegrant": 1}
    assert place.replayed(restored).people == (Person(place.here.id, None, ("web:robin",)),)
    with place.open(restored) as database:
        assert tables_with(database, "robin", "Robin") == set()
        # Named once more after that, they stay.
        database.run_now(name)
    assert place.replayed(restored) == NOTHING


def test_who_came_back_is_somebody_new(place: Place) -> None:
    place.forget("web:here3")
    with place.open() as database:
        database.run_now(lambda s: members.add_member(s, place.here.id, "web", "here", "here3"))
    assert place.replayed() == NOTHING
    later = place.backup()
    assert place.replayed(later) == NOTHING
    # Forgotten once more, they are so in a backup of the time in between, too.
    place.forget("web:here3")
    assert len(place.replayed(later).people) == 1


def test_a_new_master_key_changes_nothing(place: Place) -> None:
    restored, old, new = place.backup(), place.key, new_key()
    place.forget("web:here3")
    with place.open(key=f"{new},{old}") as database:
        database.run_now(rotate)
    place.key = new
    place.forget("web:here4")
    assert place.replayed() == NOTHING
    place.key = f"{new},{old}"
    assert {one.accounts for one in place.replayed(restored).people} == {("web:here3",), ("web:here4",)}


def test_another_database_recognises_nobody(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    place.forget("web:here3")
    to = tmp_path / "other.sqlite3"
    shutil.copy(request.getfixturevalue("empty_sqlite"), to)
    stranger = Place(f"sqlite:///{to}", place.path, str)
    assert stranger.replayed() == NOTHING
    assert place.replayed() == NOTHING


# ------------------------------------------------------------ cases


def test_a_case_that_was_erased_is_erased_again_also_where_it_is_still_a_letter(place: Place) -> None:
    here = place.here.id
    with place.open() as database:
        case = database.run_now(lambda s: case_telling.tell(s, here, TAG, {"issue": "CANARY"}, DAY))
        kept = database.run_now(lambda s: case_telling.tell(s, here, TAG[::-1], {"issue": "kept"}, DAY))
    on_its_way = place.backup()
    with place.open() as database:
        database.run_now(lambda s: case_release.release(s, here))
    released = place.backup()
    with place.open() as database:
        assert database.run_now(lambda s: case_work.erase(s, here, case, "", NOW))
        assert database.run_now(lambda s: case_work.erase(s, here, case, "", NOW)) is False
    assert case not in place.path.read_text()

    assert place.replayed(released).cases == ((here, case),)
    assert place.replayed(on_its_way) == NOTHING
    for url in (released, on_its_way):
        with place.open(url) as database:
            database.run_now(lambda s: case_release.release(s, here))
            assert tables_with(database, "CANARY") == set()
            assert database.run_now(lambda s: cases.read(s, here, kept)) is not None


# ------------------------------------------------------------ in the middle of it


def test_killed_between_the_ledger_and_the_commit(place: Place) -> None:
    member = place.here.people[3]

    def work(session: Session) -> None:
        forgetting.forget(session, forgetting.of_member(session, place.here.id, member), NOW)
        raise RuntimeError("killed")

    with place.open() as database, pytest.raises(RuntimeError):
        database.run_now(work)
    with place.open() as database:
        assert tables_with(database, member, OF_THREE) == {"account", "member"}
    assert len(place.replayed().people) == 1
    with place.open() as database:
        assert tables_with(database, member, OF_THREE) == set()


def test_a_transaction_that_is_run_again_counts_once(place: Place) -> None:
    """Whoever shares a transaction with something that fails is run a second time, alone."""
    member, tries = place.here.people[3], list[int]()

    def work(session: Session) -> None:
        tries.append(1)
        forgetting.forget(session, forgetting.of_member(session, place.here.id, member), NOW + len(tries))
        if len(tries) == 1:
            raise RuntimeError("somebody else's fault")

    with place.open() as database:
        with pytest.raises(RuntimeError):
            database.run_now(work)
        database.run_now(work)
        database.run_now(lambda s: members.add_member(s, place.here.id, "web", "here", "here3"))
    assert len(Ledger(place.path).lines()) == 1
    assert place.replayed() == NOTHING
