"""Who runs Erbij is told what is wrong and what to do: by ``erbij check`` and at the start, in the same words.

Nothing is made or changed by a check, nor by a start that is refused.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pty
import re
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot import formats, start
from bot.cli import app
from bot.program import Program
from bot.settings import load
from bot.tryout import SLUG
from storage import audit, communities, members, migrate, setup
from storage.database import Database
from storage.keys import Masters, new_key
from storage.statement import Session
from tests.bot.test_program import PATIENCE

cli = CliRunner()
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y"
ID = "11111111-2222-3333-4444-555555555555"
REAL = {"ERBIJ_DISCORD_TOKEN": TOKEN}
TEAMS = {"ERBIJ_TEAMS_APP_ID": ID, "ERBIJ_TEAMS_APP_SECRET": "s", "ERBIJ_TEAMS_TENANTS": ID}
DATABASES = "Write sqlite:///data/erbij.sqlite3, or postgresql://user:password@host/name."
LIKE = "Write https:// and the name by which people reach Erbij: https://erbij.example.org"
NOISE = re.compile(r"Traceback|pydantic|sqlalche|\(Background|For further information|Error:")


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A start that should have been refused fails here instead of running."""

    async def run(_program: Program, _ready: object) -> None:
        raise AssertionError("it started")

    monkeypatch.setattr(Program, "run", run)
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def free_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nothing else listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ERBIJ_PORT", str(one.getsockname()[1]))


def files(folder: Path) -> dict[str, bytes | None]:
    return {
        str(one.relative_to(folder)): one.read_bytes() if one.is_file() else None for one in sorted(folder.rglob("*"))
    }


def refused(*said: str) -> None:
    """Both refuse, in these lines among them, and leave all files as they are."""
    before = files(Path.cwd())
    for words in (["check"], []):
        result = cli.invoke(app, words)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exception
        lines = [line.removeprefix("wrong ").strip() for line in result.output.splitlines()]
        assert [one for one in said if one not in lines] == [], result.output
        assert NOISE.search(result.output) is None, result.output
        assert files(Path.cwd()) == before


def fine() -> str:
    result = cli.invoke(app, ["check"])
    assert result.exit_code == 0, result.output
    return result.output


SETTINGS: list[tuple[dict[str, str], tuple[str, ...]]] = [
    ({"ERBIJ_PORT": "99999"}, ("ERBIJ_PORT is 99999; ports go from 1 to 65535. Choose another one, 3978 say.",)),
    ({"ERBIJ_PORT": "-1"}, ("ERBIJ_PORT is -1; ports go from 1 to 65535. Choose another one, 3978 say.",)),
    ({"ERBIJ_PORT": "many"}, ("ERBIJ_PORT is 'many', and must be a whole number, 3978 say.",)),
    (
        {"ERBIJ_METRICS_PORT": "70000"},
        ("ERBIJ_METRICS_PORT is 70000; ports go from 1 to 65535. Choose another one, 3978 say.",),
    ),
    ({"ERBIJ_TRYOUT": "perhaps"}, ("ERBIJ_TRYOUT is 'perhaps', and must be true or false.",)),
    (
        {"ERBIJ_DATABSE_URL": "sqlite:///x.sqlite3"},
        ("ERBIJ_DATABSE_URL: there is no such setting. Did you mean ERBIJ_DATABASE_URL?",),
    ),
    ({"erbij_tenants": "x"}, ("erbij_tenants: there is no such setting. Did you mean ERBIJ_TEAMS_TENANTS?",)),
    ({"ERBIJ_COLOUR": "blue"}, ("ERBIJ_COLOUR: there is no such setting. Remove it.",)),
    (
        {"ERBIJ_DATABASE_URL": "mysql://u:canary@h/x"},
        (f"ERBIJ_DATABASE_URL begins with mysql://, which Erbij does not know. {DATABASES}",),
    ),
    (
        {"ERBIJ_DATABASE_URL": "canary"},
        (f"ERBIJ_DATABASE_URL is no address of a database. {DATABASES}",),
    ),
    (
        {"ERBIJ_DATABASE_URL": "postgresql://u:canary@h:many/x"},
        (f"ERBIJ_DATABASE_URL is no address of a database. {DATABASES}",),
    ),
    *(
        (
            {"ERBIJ_DATABASE_URL": url},
            ("ERBIJ_DATABASE_URL names no file: write sqlite:/// (three slashes) and its path.",),
        )
        for url in ("sqlite://", "sqlite://data/x.sqlite3", "sqlite:///:memory:")
    ),
    *(
        (
            REAL | {"ERBIJ_DISCORD_TOKEN": token},
            ("ERBIJ_DISCORD_TOKEN is no bot token: copy it again from Discord's developer page, under Bot.",),
        )
        for token in ("hello", "a.b.c", "Bot " + TOKEN, "MTIz.x", "MTIz..y", "é.x.y")
    ),
    (
        TEAMS | {"ERBIJ_TEAMS_TENANTS": "contoso"},
        (
            f"ERBIJ_TEAMS_TENANTS holds 'contoso'; a tenant's id looks like {ID}.",
            "Copy it from Microsoft Entra: Overview, Tenant ID.",
        ),
    ),
    (
        TEAMS | {"ERBIJ_TEAMS_APP_ID": "not-a-guid"},
        (
            f"ERBIJ_TEAMS_APP_ID is 'not-a-guid'; an app's id looks like {ID}.",
            "Copy it from the app registration in Microsoft Entra: Application (client) ID.",
        ),
    ),
    (
        {"ERBIJ_PUBLIC_URL": "http://erbij.example.org"},
        (
            "ERBIJ_PUBLIC_URL begins with http://; browsers and Teams need https://erbij.example.org.",
            "The proxy before Erbij speaks https: see docs/proxy.md.",
        ),
    ),
    *(
        (
            {"ERBIJ_PUBLIC_URL": url},
            (f"ERBIJ_PUBLIC_URL is {url!r}, which is no web address. {LIKE}",),
        )
        for url in ("erbij.example.org", "https:", "https://[half", "ftp://x.org", "https://x.org:many")
    ),
    (
        {"ERBIJ_PUBLIC_URL": "https://example.org/erbij/"},
        (f"ERBIJ_PUBLIC_URL holds more than a name: Erbij cannot live under a path. {LIKE}",),
    ),
    *(
        (
            REAL | {"ERBIJ_MASTER_KEY": key},
            (
                "ERBIJ_MASTER_KEY holds no master key: each is 44 characters, several have commas between.",
                "Put back the one that the database was made with; before there is one, 'erbij keys new' makes it.",
            ),
        )
        for key in ("canary", "Y2FuYXJ5", "é")
    ),
    (
        REAL,
        (
            "ERBIJ_MASTER_KEY is missing: set the one that the database was made with.",
            "Before there is a database, 'erbij keys new' makes one; keep it somewhere safe.",
        ),
    ),
    (
        REAL | {"ERBIJ_MASTER_KEY_FILE": "none"},
        ("ERBIJ_MASTER_KEY_FILE: there is no file none. Put it back, or name the right one.",),
    ),
]


@pytest.mark.parametrize(("given", "said"), SETTINGS, ids=[str(given) for given, _ in SETTINGS])
def test_a_setting_that_is_wrong(given: dict[str, str], said: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    if "ERBIJ_DISCORD_TOKEN" in given or "ERBIJ_TEAMS_APP_ID" in given:
        given = {"ERBIJ_MASTER_KEY": new_key()} | given if "MASTER_KEY" not in said[0] else given
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    refused(*said)
    assert "canary" not in cli.invoke(app, ["check"]).output


def test_what_is_right_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    given = TEAMS | REAL | {"ERBIJ_TEAMS_APP_ID": ID.upper(), "ERBIJ_PUBLIC_URL": "https://erbij.example.org/"}
    for name, value in (given | {"ERBIJ_MASTER_KEY": new_key()}).items():
        monkeypatch.setenv(name, value)
    assert cli.invoke(app, ["migrate"]).exit_code == 0
    assert "real communities" in fine()
    assert (load().teams_app_id, load().public_url) == (ID, "https://erbij.example.org")


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_PROT", "1")
    Path("erbij.toml").write_text('hots = "x"\nport = "x"')
    Path("erbij.toml").chmod(0o600)
    monkeypatch.delenv("ERBIJ_PORT")
    refused(
        "ERBIJ_PROT: there is no such setting. Did you mean ERBIJ_PORT?",
        "ERBIJ_HOTS: there is no such setting. Did you mean ERBIJ_HOST? It stands in erbij.toml.",
        "ERBIJ_PORT is 'x', and must be a whole number, 3978 say.",
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: p.mkdir(), "erbij.toml is a folder; move it away, or put a file with settings there."),
        (lambda p: p.write_bytes(b"\xff\xfe"), "erbij.toml cannot be read: it is no text. Save it as UTF-8."),
    ],
)
def test_a_file_of_settings_that_is_none(make: Callable[[Path], object], said: str) -> None:
    make(Path("erbij.toml"))
    refused(said)


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
        "Put the key back. To begin anew, move data/tryout.sqlite3 away.",
    )
    assert "The key data/tryout.key is missing" in cli.invoke(app, ["outbox"]).output


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


# ------------------------------------------------------------ coordinators

ALEX = "123456789012345678"


class Year:
    """A database with one community on Discord, as the command line finds it."""

    def __init__(self, path: Path, key: str) -> None:
        self.url, self.key, self.id = f"sqlite:///{path}", key, ""

    def now(self, work: Callable[[Session], object]) -> object:
        database = Database(self.url, Masters(self.key))
        database.open()
        try:
            return database.run_now(work)
        finally:
            database.close()

    def found(self, slug: str, name: str) -> str:
        def work(session: Session) -> str:
            here = communities.add_community(session, slug, name, "en", "UTC")
            communities.add_space(session, here, "discord", slug)
            communities.add_space(session, here, "page", slug)
            return here

        return str(self.now(work))

    def coordinators(self) -> list[tuple[str, str, str]]:
        rows = self.now(lambda s: setup.read(s, self.id).grants)
        return [(one.platform, one.external_id, one.name) for one in rows]  # type: ignore[attr-defined]

    def acts(self) -> list[tuple[str, str, str]]:
        rows = self.now(lambda s: audit.listing(s, self.id))
        return [(one.who, one.what, one.subject) for one in rows]  # type: ignore[attr-defined]


@pytest.fixture
def year(empty: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    path = Path("year.sqlite3").absolute()
    path.write_bytes(empty.read_bytes())
    one = Year(path, new_key())
    one.id = one.found("year-1", "Year 1")
    monkeypatch.setenv("ERBIJ_DATABASE_URL", one.url)
    monkeypatch.setenv("ERBIJ_MASTER_KEY", one.key)
    return one


def call(*words: str) -> Result:
    return cli.invoke(app, ["coordinator", *words])


def test_a_coordinator_is_named_and_it_is_on_record(year: Year) -> None:
    said = call("add", "discord", ALEX, "--name", "Alex").output
    assert said == "Alex is a coordinator of Year 1 now. With the word setup in the chat they go on.\n"
    assert year.coordinators() == [("discord", ALEX, "Alex")]
    assert year.acts() == [("", "named on the command line", "coordinator")]
    assert "already" in call("add", "discord", ALEX).output
    assert len(year.acts()) == 1


def test_who_left_and_was_the_last_is_named_again(year: Year) -> None:
    call("add", "discord", ALEX, "--name", "Alex")
    year.now(lambda s: members.set_gone(s, year.id, members.granted(s, year.id)[0], gone=True))
    assert "is a coordinator of Year 1 now" in call("add", "discord", ALEX).output
    assert "Nobody is a coordinator" not in cli.invoke(app, ["check"]).output


def test_a_coordinator_is_taken_away_but_never_the_last(year: Year) -> None:
    call("add", "discord", ALEX, "--name", "Alex")
    last = call("remove", "discord", ALEX)
    assert (last.exit_code, "is the last coordinator of Year 1." in last.output) == (1, True)
    call("add", "discord", "9" * 18)
    assert call("remove", "discord", ALEX).output == "Alex is no coordinator of Year 1 any more.\n"
    assert [one[1] for one in year.coordinators()] == ["9" * 18]
    assert year.acts()[0] == ("", "taken away on the command line", "coordinator")
    assert "Those who are: without a name (discord 999999999999999999)." in call("remove", "discord", ALEX).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("discord", "alex"), "'alex' is no id of a person on Discord: that is a number of 17 to 20 digits."),
        (("teams", "alex"), f"'alex' is no id of a person in Teams: it looks like {formats.ID_LIKE}."),
        (("teams", ID), "Year 1 is not on teams. It is on: discord."),
        (("slack", "x"), "Year 1 is not on slack. It is on: discord."),
        (("page", "x"), "Year 1 is not on page. It is on: discord."),
        (("discord", ALEX, "--community", "year-2"), "There is no community with the address year-2."),
    ],
)
def test_who_cannot_be_named_is_said_kindly(year: Year, words: tuple[str, ...], said: str) -> None:
    for command in ("add", "remove"):
        result = call(command, *words)
        assert result.exit_code == 1
        assert said in result.output.splitlines()
    assert year.coordinators() == year.acts() == []


def test_of_several_communities_one_is_named(year: Year) -> None:
    year.found("year-2", "Year 2")
    result = call("add", "discord", ALEX)
    assert (result.exit_code, "Those that are: year-1, year-2." in result.output) == (1, True)
    assert "of Year 2 now" in call("add", "discord", ALEX, "--community", "year-2").output
    assert year.coordinators() == []


def test_without_a_community_nobody_can_be_named(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bare.sqlite3").write_bytes(empty.read_bytes())
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "sqlite:///bare.sqlite3")
    monkeypatch.setenv("ERBIJ_MASTER_KEY", new_key())
    assert "No community is set up yet" in call("add", "discord", ALEX, "--community", SLUG).output
