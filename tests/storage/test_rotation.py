"""Erasing reaches backups: once the master key of their day is destroyed, nothing that was told opens from them."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.engine import make_url

from storage import case_release, case_telling, case_work, cases, conversations, receipts
from storage.database import Database
from storage.keys import KeyFault, Keys, Masters, new_key, unseal
from storage.meta import database_key
from storage.rotation import Behind, behind, rotate
from storage.statement import Session
from storage.tables import metadata
from tests.conftest import _create
from tests.storage.conftest import DAY, NOW, Here, found, opened

CANARY = "CANARY at lunch"
PURPOSES = ("journal", "letter", "ballot", "remark", "outbox", "codes")
Rows = list[tuple[object, ...]]


class Programme:
    """A community with a case in each stage: on its way, with the mentors, and half told."""

    def __init__(self, url: str) -> None:
        self.url, self.old = url, new_key()
        with opened(url, Masters(self.old)) as database:
            self.here: Here = database.run_now(lambda s: found(s, "here"))
            self.erased = self._tell(database)
            self.kept = self._tell(database)
            database.run_now(
                lambda s: conversations.add(s, "c", self.here.id, self.here.people[0], CANARY.encode(), NOW)
            )
            database.run_now(lambda s: receipts.hide(s, self.here.id, self.here.people[0], CANARY, NOW))
            self.on_its_way = database.run_now(rows)
            database.run_now(lambda s: case_release.release(s, self.here.id))
            self.with_mentors = database.run_now(rows)
            self.waits = self._tell(database)

    def _tell(self, database: Database) -> str:
        tag = uuid4().hex * 2
        return database.run_now(lambda s: case_telling.tell(s, self.here.id, tag, {"issue": CANARY}, DAY))

    def erase(self) -> None:
        with opened(self.url, Masters(self.old)) as database:
            assert database.run_now(lambda s: case_work.erase(s, self.here.id, self.erased, self.here.people[1], NOW))

    def rotate(self, new: str) -> dict[str, int]:
        with opened(self.url, Masters(f"{new},{self.old}")) as database:
            done = database.run_now(rotate)
            assert not any(database.run_now(rotate).values())
            return done


@pytest.fixture
def programme(url: str) -> Programme:
    return Programme(url)


@pytest.fixture
def backup(url: str, programme: Programme, request: pytest.FixtureRequest) -> str:
    """A copy of the database as it was before anything was erased."""
    address = make_url(url)
    if url.startswith("sqlite"):
        path = Path(str(address.database))
        shutil.copy(path, path.with_suffix(".backup"))
        return f"sqlite:///{path.with_suffix('.backup')}"
    server: str = request.getfixturevalue("postgresql_server")
    name = f"r{uuid4().hex}"
    _create(server, name, str(address.database))
    return server.format(name=name)


def rows(session: Session) -> Rows:
    return [
        tuple(row) for table in metadata.tables for row in session._execute(f"select * from {table}", {}).fetchall()
    ]


def readable(found_rows: Rows, masters: Masters, root: bytes) -> bytes:
    """All that opens of a backup's rows, by every way there is: master keys, the database key, keys of cases."""
    keys = Keys(masters, root)
    texts = {value for row in found_rows for value in row if isinstance(value, str)}
    sealed = {bytes(value) for row in found_rows for value in row if isinstance(value, bytes | memoryview)}
    plain: list[bytes] = []
    for blob in sealed:
        for text in texts:
            for purpose in PURPOSES:
                for open_it in (keys.open, keys.open_passing):
                    with suppress(KeyFault):
                        plain.append(open_it(purpose, text, blob))
            with suppress(KeyFault):
                of_case = AESGCM(masters.unwrap(blob, f"case:{text}"))
                plain += _words(of_case, text, sealed)
    return b"".join(plain)


def _words(of_case: AESGCM, case: str, sealed: set[bytes]) -> list[bytes]:
    plain = []
    for blob in sealed:
        with suppress(KeyFault):
            plain.append(unseal(of_case, f"{case}:0:student", blob))
    return plain


def root_of(url: str, key: str) -> bytes:
    with opened(url, Masters(key)) as database:
        return database.run_now(lambda s: database_key(s, database.masters))


def test_without_the_key_of_its_day_a_backup_shows_nothing_that_was_told(programme: Programme) -> None:
    new = new_key()
    programme.erase()
    assert programme.rotate(new) == {
        "belonging_case": 1,
        "caseletter": 1,
        "letterkey": 1,
        "conversation": 1,
        "receiptkey": 1,
    }
    today = root_of(programme.url, new)
    for taken in (programme.on_its_way, programme.with_mentors):
        assert CANARY.encode() in readable(taken, Masters(programme.old), today), "while the old key is there"
        assert CANARY.encode() not in readable(taken, Masters(new), today)


def test_a_backup_is_restored_with_the_key_of_its_day_and_with_no_other(programme: Programme, backup: str) -> None:
    new = new_key()
    programme.erase()
    programme.rotate(new)
    with pytest.raises(KeyFault), opened(backup, Masters(new)):
        pass
    with opened(backup, Masters(f"{new},{programme.old}")) as restored:
        view = restored.run_now(lambda s: cases.read(s, programme.here.id, programme.erased))
        assert view is not None
        assert view.text == {"issue": CANARY}


def test_after_a_rotation_everything_goes_on_without_the_old_key(programme: Programme) -> None:
    new = new_key()
    programme.erase()
    programme.rotate(new)
    with opened(programme.url, Masters(new)) as database:
        here = programme.here

        def look(s: Session) -> tuple[object, ...]:
            conversation = conversations.find(s, here.id, here.people[0], "c")
            return (
                case_release.release(s, here.id),
                conversation and conversation[2],
                cases.read(s, here.id, programme.erased),
            )

        assert database.run_now(look) == ([programme.waits], CANARY.encode(), None)
        for case in (programme.kept, programme.waits):
            view = database.run_now(lambda s, c=case: cases.read(s, here.id, c))  # type: ignore[misc]
            assert view.text == {"issue": CANARY}


def test_what_still_needs_an_older_key_is_counted(programme: Programme) -> None:
    new = new_key()
    with opened(programme.url, Masters(f"{new},{programme.old}")) as database:
        assert database.run_now(behind) == Behind(older=6, lost=0)  # the key of the look-up values too
        database.run_now(rotate)
        assert database.run_now(behind) == Behind(older=0, lost=0)
        database.run_now(lambda s: conversations.add(s, "d", programme.here.id, programme.here.people[2], b"new", NOW))
        assert database.run_now(behind) == Behind(older=0, lost=0)
    with opened(programme.url, Masters(f"{programme.old},{new}")) as late:  # a process that was not started again
        late.run_now(lambda s: conversations.add(s, "e", programme.here.id, programme.here.people[2], b"old", NOW))
    with opened(programme.url, Masters(new)) as database:
        assert database.run_now(behind) == Behind(older=0, lost=1)


def test_what_does_not_open_holds_no_rotation_up_and_is_counted(programme: Programme) -> None:
    new = new_key()
    with opened(programme.url, Masters(f"{new},{programme.old}")) as database:

        def spoil(s: Session) -> None:
            tell = case_telling.tell(s, programme.here.id, uuid4().hex * 2, {"issue": CANARY}, DAY)
            conversations.add(s, "d", programme.here.id, programme.here.people[2], b"mine", NOW)
            assert tell
            for table, column in (
                ("caseletter", "sealed"),
                ("conversation", "journal"),
                ("belonging_case", "wrapped_key"),
            ):
                s._execute(f"update {table} set {column} = {GARBAGE[s.dialect]} where id in {FIRST.format(table)}", ())

        database.run_now(spoil)
        database.run_now(rotate)
        assert database.run_now(behind) == Behind(older=0, lost=3)


GARBAGE = {"sqlite": "x'6761726261676521'", "postgresql": "'garbage!'::bytea"}
FIRST = "(select min(id) from {})"
