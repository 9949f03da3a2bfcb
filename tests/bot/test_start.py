"""What must be so on this machine before Erbij starts: a place, a key and its database, a free port."""

from __future__ import annotations

import asyncio
import os
import pty
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from bot import start
from bot.cli import app
from storage import migrate
from storage.database import Database
from storage.keys import Masters, new_key
from tests.bot.refusals import (
    REAL,
    cli,
    fine,
    free_door,
    no_run,
    refused,
)
from tests.bot.test_program import PATIENCE
from tests.conftest import _postgresql

__all__ = ["free_door", "no_run"]  # fixtures of every test here

# ------------------------------------------------------------ places


def test_a_folder_that_is_a_file() -> None:
    Path("data").write_text("")
    refused(
        "The database data/tryout.sqlite3 cannot be kept there: data is no folder.",
        "Move it away, or name another place in ERBIJ_DATABASE_URL.",
    )


def test_a_database_that_is_a_folder() -> None:
    Path("data/tryout.sqlite3").mkdir(parents=True, mode=0o700)
    refused(
        "The database data/tryout.sqlite3 cannot be kept there: data/tryout.sqlite3 is a folder, not a file.",
        "Move it away, or name another place in ERBIJ_DATABASE_URL.",
    )


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which we may not write, as another user than root."""
    folder = Path(tempfile.mkdtemp(prefix="erbij-"))
    monkeypatch.chdir(folder)
    Path("data").mkdir()
    Path("data").chmod(0o555)
    folder.chmod(0o555)
    if not os.geteuid():
        os.seteuid(65534)
        yield folder
        os.seteuid(0)
    else:
        yield folder
        for one in (folder, folder / "data"):
            one.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_is_read_only(locked: Path) -> None:
    refused(
        "The database data/tryout.sqlite3 cannot be kept there: the user who runs Erbij may not write in data.",
        "Let it (chown), or name another place in ERBIJ_DATABASE_URL.",
    )


def test_a_folder_that_could_not_be_made(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "sqlite:///deep/er/x.sqlite3")
    refused(
        f"The database deep/er/x.sqlite3 cannot be kept there: the user who runs Erbij may not write in {locked}.",
        "Let it (chown), or name another place in ERBIJ_DATABASE_URL.",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"\xff\xfe",
            "The try-out's key file: data/tryout.key holds no text; it must hold the secret and nothing else.",
        ),
        (None, "The try-out's key file: data/tryout.key is a folder. Move it away, and put the file there."),
    ],
    ids=["binary", "folder"],
)
def test_a_key_file_that_is_none(begun: Path, content: bytes | None, said: str) -> None:
    key = begun.with_suffix(".key")
    key.unlink()
    key.mkdir(mode=0o700) if content is None else key.write_bytes(content)
    refused(said)


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["binary", "folder"])
def test_a_named_key_file_that_is_none(content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (REAL | {"ERBIJ_MASTER_KEY_FILE": "key"}).items():
        monkeypatch.setenv(name, value)
    Path("key").mkdir() if content is None else Path("key").write_bytes(content)
    why = "is a folder. Move it away, and put the file there."
    refused(
        f"ERBIJ_MASTER_KEY_FILE: key {'holds no text; it must hold the secret and nothing else.' if content else why}"
    )


# ------------------------------------------------------------ a key and its database


@pytest.fixture
def begun(empty: Path) -> Path:
    """The database of a try-out that has run."""
    path = Path("data/tryout.sqlite3")
    path.parent.mkdir(mode=0o700)
    path.write_bytes(empty.read_bytes())
    path.chmod(0o600)
    path.with_suffix(".key").write_text(key := new_key())
    path.with_suffix(".key").chmod(0o600)
    database = Database(f"sqlite:///{path}", Masters(key))
    database.open()
    database.close()
    return path


def test_a_check_changes_nothing(begun: Path) -> None:
    before = {one: one.stat().st_mtime_ns for one in begun.parent.iterdir()}
    fine()
    assert {one: one.stat().st_mtime_ns for one in begun.parent.iterdir()} == before


def test_a_check_before_the_first_start_makes_nothing() -> None:
    fine()
    assert not list(Path.cwd().iterdir())


def test_a_database_without_its_key(begun: Path) -> None:
    begun.with_suffix(".key").unlink()
    refused(
        "The key data/tryout.key is missing, and no other opens the database data/tryout.sqlite3.",
        "Put the key back. To begin anew, move that database away.",
    )
    assert "The key data/tryout.key is missing" in cli.invoke(app, ["outbox"]).output


def test_a_database_on_postgresql_without_its_key(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url := _postgresql(request))
    first = Database(url, Masters(new_key()))
    first.open()
    first.close()
    refused("The key data/tryout.key is missing, and no other opens the database on PostgreSQL.")


def test_a_key_without_its_database(begun: Path) -> None:
    begun.unlink()
    refused(
        "The key data/tryout.key is there, but not its database data/tryout.sqlite3.",
        "If there was one, put it back. To make a new, empty one: erbij migrate",
    )
    assert cli.invoke(app, ["migrate"]).exit_code == 0
    assert "its key is made at the next start" in fine()


def test_a_master_key_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (REAL | {"ERBIJ_MASTER_KEY": new_key()}).items():
        monkeypatch.setenv(name, value)
    refused(
        "There is a master key, but no database data/erbij.sqlite3 (ERBIJ_DATABASE_URL).",
        "If there was one, put it back. To make a new, empty one: erbij migrate",
    )


def test_a_key_of_another_database(begun: Path) -> None:
    begun.with_suffix(".key").write_text(new_key())
    refused("Put the one that it was made with into ERBIJ_MASTER_KEY, behind newer ones, with a comma between.")


@pytest.mark.parametrize("answer", ["n", "y"])
async def test_at_a_terminal_it_is_asked_whether_to_begin_anew(begun: Path, answer: str) -> None:
    begun.unlink()  # noqa: ASYNC240  a file of a test
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", stdin=theirs, stdout=theirs, stderr=asyncio.subprocess.DEVNULL
    )
    os.close(theirs)

    def until(words: bytes) -> bytes:
        said = b""
        while words not in said:
            said += os.read(ours, 4096)
        return said

    async with asyncio.timeout(PATIENCE):
        asked = await asyncio.to_thread(until, b"[y/N]:")
        assert b"The key data/tryout.key is there, but not its database" in asked
        os.write(ours, f"{answer}\n".encode())
        if answer == "y":
            await asyncio.to_thread(until, b"Stop with Ctrl+C.")
            process.terminate()
        assert await process.wait() == (answer == "n")
    os.close(ours)
    assert begun.exists() == (answer == "y")  # noqa: ASYNC240  a file of a test


# ------------------------------------------------------------ databases that do not fit


def changed(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_database_of_a_later_version(begun: Path) -> None:
    changed(begun, "update alembic_version set version_num = '9999'")
    knows = f"this Erbij knows those up to {migrate.newest()}"
    said = f"The database is of version 9999, and {knows}: another one has used it."
    refused(said, "Start that one, or a newer one, or put back a backup from before.")
    assert said in cli.invoke(app, ["migrate"]).output
    assert said in cli.invoke(app, ["outbox"]).output


def test_a_database_whose_tables_do_not_fit(begun: Path) -> None:
    changed(begun, "drop table audit")
    refused(
        f"The database's tables are not those of its version {migrate.newest()}: the table audit is missing.",
        "It was changed by hand, or made by an Erbij that was never released.",
        "Put a backup in its place whose tables fit, or name a new database in ERBIJ_DATABASE_URL.",
    )


def test_a_file_that_is_no_database(begun: Path) -> None:
    begun.write_bytes(b"nonsense" * 1_000)
    refused(
        "The database data/tryout.sqlite3 cannot be used: file is not a database.",
        "Put a backup in its place, or name another place in ERBIJ_DATABASE_URL.",
    )


def test_a_postgresql_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    for name, value in (REAL | {"ERBIJ_MASTER_KEY": new_key()}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ERBIJ_DATABASE_URL", f"postgresql://u:canary@127.0.0.1:{port}/x")
    refused("Does it run, and is ERBIJ_DATABASE_URL right?")
    assert "canary" not in cli.invoke(app, ["check"]).output


# ------------------------------------------------------------ ports


@pytest.mark.parametrize("name", ["ERBIJ_PORT", "ERBIJ_METRICS_PORT"])
def test_a_port_in_use(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(start, "_SOON", 0.01)
        monkeypatch.setenv(name, str(port))
        result = cli.invoke(app, ["check"])
    assert result.exit_code == 1
    assert f"wrong {name}: something listens on 127.0.0.1:{port} already." in result.output
    assert f"Stop it, or set {name} to another port." in result.output


def test_an_address_that_this_machine_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (REAL | {"ERBIJ_MASTER_KEY": new_key(), "ERBIJ_HOST": "192.0.2.1"}).items():
        monkeypatch.setenv(name, value)
    said = cli.invoke(app, ["check"]).output
    assert "wrong ERBIJ_HOST: this machine has no address 192.0.2.1." in said


def test_why_a_port_cannot_be_had() -> None:
    said = start.cannot_listen("ERBIJ_PORT", "127.0.0.1", 80, PermissionError(13, "Permission denied"))
    assert said.splitlines()[1] == "Set a port above 1023."


# ------------------------------------------------------------ the command line itself


def test_it_says_its_version() -> None:
    assert cli.invoke(app, ["--version"]).output == f"Erbij {version('erbij')}\n"


def test_help_says_what_it_does_without_a_command() -> None:
    said = " ".join(cli.invoke(app, ["--help"]).output.split())
    assert (
        "Without a command it runs, until Ctrl+C: the try-out where no platform is set, and else what is set." in said
    )
