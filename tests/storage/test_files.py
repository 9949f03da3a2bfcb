"""What Erbij makes on disk is for its owner alone, whatever the umask says."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import files, meta
from storage.database import Database
from storage.keys import Masters
from storage.migrate import upgrade


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(params=[0o000, 0o022, 0o377], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_new_database_its_log_and_its_folders(tmp_path: Path, masters: Masters) -> None:
    path = tmp_path / "new" / "data" / "erbij.sqlite3"
    upgrade(f"sqlite:///{path}")
    assert rights(path) == 0o600
    database = Database(f"sqlite:///{path}", masters)
    database.open()
    database.run_now(lambda s: meta.put(s, "x", b"y"))
    there = sorted(path.parent.iterdir())
    assert [one.name for one in there] == ["erbij.sqlite3", "erbij.sqlite3-shm", "erbij.sqlite3-wal"]
    assert {rights(one) for one in there} == {0o600}
    assert {rights(path.parent), rights(path.parent.parent)} == {0o700}
    database.close()


@pytest.mark.usefixtures("umask")
def test_a_database_that_is_opened_before_it_was_made(tmp_path: Path, masters: Masters) -> None:
    path = tmp_path / "new" / "erbij.sqlite3"
    with pytest.raises(sqlite3.Error):
        Database(f"sqlite:///{path}", masters).open()
    assert (rights(path), rights(path.parent)) == (0o600, 0o700)


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    files.file(tmp_path / "x")
    assert rights(tmp_path) == 0o750


def test_a_file_that_is_there_keeps_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("mine")
    path.chmod(0o644)
    files.file(path, "other")
    assert (path.read_text(), rights(path)) == ("mine", 0o644)
    assert files.open_to_others(path)
    files.close_to_others(path)
    assert (rights(path), files.open_to_others(path)) == (0o600, False)
    assert not files.open_to_others(tmp_path / "missing")
