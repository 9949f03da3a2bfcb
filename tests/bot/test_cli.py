from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.program import Program
from bot.settings import load
from bot.tryout import SLUG
from storage import (
    case_release,
    case_telling,
    communities,
    delivery,
    meta,
    outbox,
    places,
    role_grants,
    roster,
)
from storage import settings as chosen
from storage.database import Database
from storage.keys import Masters, new_key
from storage.statement import Session
from tests.storage.conftest import opened

run = CliRunner()


def test_check_before_the_first_start_is_fine() -> None:
    result = run.invoke(app, ["check"])
    assert result.exit_code == 0
    assert "the try-out" in result.output


def test_check_says_what_is_wrong_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_HOST", "0.0.0.0")
    result = run.invoke(app, ["check"])
    assert result.exit_code == 1
    assert "this machine only" in result.output


def test_check_names_a_setting_that_nobody_knows() -> None:
    Path("erbij.toml").write_text("porrt = 1")
    result = run.invoke(app, ["check"])
    assert result.exit_code == 1
    assert "ERBIJ_PORRT" in result.output


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:////proc/none/x.sqlite3", "nonsense"])
def test_check_of_an_unusable_database_shows_no_traceback(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url)
    monkeypatch.setenv("ERBIJ_MASTER_KEY", new_key())
    result = run.invoke(app, ["check"])
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_check_sees_a_master_key_that_does_not_fit(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", str(database.url))
    monkeypatch.setenv("ERBIJ_MASTER_KEY", new_key())
    result = run.invoke(app, ["check"])
    assert result.exit_code == 1
    assert "does not fit" in result.output


def test_check_misses_the_address_of_a_page_that_all_cases_go_to(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{empty.parent}/doorbell.sqlite3", Masters(key := new_key()))
    (empty.parent / "doorbell.sqlite3").write_bytes(empty.read_bytes())
    database.open()
    here = database.run_now(lambda s: communities.add_community(s, SLUG, "Year 1", "en", "UTC"))
    database.run_now(lambda s: chosen.choose(s, here, "cases.where", "page"))
    database.close()
    monkeypatch.setenv("ERBIJ_DATABASE_URL", str(database.url))
    monkeypatch.setenv("ERBIJ_MASTER_KEY", key)
    assert "Year 1: My page has no address yet" in run.invoke(app, ["check"]).output
    monkeypatch.setenv("ERBIJ_PUBLIC_URL", "https://erbij.example.org")
    assert "case page only" not in run.invoke(app, ["check"]).output


@pytest.mark.parametrize("command", ["check", "outbox", "migrate"])
def test_no_command_reaches_postgresql_in_the_clear(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "postgresql://192.0.2.1/x?connect_timeout=1")
    monkeypatch.setenv("ERBIJ_MASTER_KEY", new_key())
    result = run.invoke(app, [command])
    assert result.exit_code == 1
    assert "ERBIJ_DATABASE_URL reaches PostgreSQL on 192.0.2.1 without encryption" in result.output
    assert "cannot be used" not in result.output


def test_check_tells_a_secret_file_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_MASTER_KEY_FILE", "none")
    result = run.invoke(app, ["check"])
    assert (result.exit_code, "ERBIJ_MASTER_KEY_FILE: there is no file none." in result.output) == (1, True)


def test_check_tells_what_others_may_read_and_the_start_closes_it() -> None:
    run.invoke(app, ["migrate"])
    run.invoke(app, ["outbox"])
    path, key, toml, secret = map(Path, ("data/tryout.sqlite3", "data/tryout.key", "erbij.toml", "secret"))
    assert "open to others" not in run.invoke(app, ["check"]).output
    toml.write_text("port = 1")
    secret.write_text(key.read_text())
    for one in (path, key, path.parent, toml, secret):
        one.chmod(0o755)
    said = run.invoke(app, ["check"]).output
    assert f"wrong {path} is open to others" in said
    assert f"wrong {key} is open to others" in said
    assert "chmod go-w" not in said, "containers make their volumes so: what counts are the files"
    path.parent.chmod(0o775)
    assert "wrong Others on this machine may put files into the folder" in run.invoke(app, ["check"]).output
    path.parent.chmod(0o755)
    assert "erbij.toml" not in said, "nothing secret is in it"
    program = Program(load())
    program.open()
    program.database.close()
    assert {one.stat().st_mode & 0o077 for one in path.parent.iterdir()} == {0}
    said = run.invoke(app, ["check"])
    assert said.exit_code == 0, "a folder that others may look into, and nothing in it that they can read"
    toml.write_text('master_key_file = "secret"\nteams_app_secret = "x"')
    said = run.invoke(app, ["check"]).output
    assert f"{path} is open" not in said
    assert f"{key} is open" not in said
    assert "wrong erbij.toml holds a secret and is open to others on this machine: chmod 600 erbij.toml" in said
    assert "wrong secret holds a secret" in said


def test_check_tells_when_what_was_erased_left_the_log(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("erbij.sqlite3").write_bytes(empty.read_bytes())
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "sqlite:///erbij.sqlite3")
    monkeypatch.setenv("ERBIJ_MASTER_KEY", key := new_key())
    running = Database("sqlite:///erbij.sqlite3", Masters(key))
    running.open()
    for _ in range(2):
        running.run_now(lambda _: None)
    assert "ok    The database's log was emptied on 20" in run.invoke(app, ["check"]).output
    with closing(sqlite3.connect("erbij.sqlite3", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("select * from meta").fetchall()
        running.run_now(lambda s: meta.put(s, "x", b""))
        said = run.invoke(app, ["check"]).output
        assert "ok    The database's log is emptied within a minute of a change. It was last emptied on 20" in said
        running.run_now(lambda s: meta.put(s, "log", b"1795000000000 1794900000000"))
        said = run.invoke(app, ["check"]).output
        assert "wrong What was erased since 2026-11-18 11:06 UTC still lies in the database's log" in said
        assert "It was last emptied on 2026-11-17 07:20 UTC." in said
    running.close()
    assert "ok    The database has no log" in run.invoke(app, ["check"]).output


def test_check_counts_the_letters_that_a_release_could_not_open(
    url: str, master_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(session: Session) -> None:
        here = communities.add_community(session, "here", "Here", "en", "UTC")
        for number in range(3):
            case_telling.tell(session, here, f"{number:064}", {"issue": "x"}, 1)
        session._execute(SPOIL[session.dialect], ())
        assert len(case_release.release(session, here)) == 2

    with opened(url, Masters(master_key)) as database:
        database.run_now(spoil)
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url)
    monkeypatch.setenv("ERBIJ_MASTER_KEY", master_key)
    result = run.invoke(app, ["check"])
    assert result.exit_code == 1
    assert "Letters that did not open when cases were released: 1." in " ".join(result.output.split())


SPOIL = {
    "sqlite": "update caseletter set sealed = x'00' where id = (select min(id) from caseletter)",
    "postgresql": "update caseletter set sealed = '\\x00' where id = (select min(id) from caseletter)",
}


def test_check_says_what_a_community_still_misses(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{empty.parent}/setup.sqlite3", Masters(key := new_key()))
    (empty.parent / "setup.sqlite3").write_bytes(empty.read_bytes())
    database.open()

    def begun(session: Session) -> str:
        communities.add_community(session, "unnamed", "", "en", "UTC")
        here = communities.add_community(session, "year-1", "Year 1", "en", "UTC")
        for kind in ("students", "mentors"):
            places.choose(session, here, places.PlaceSet(kind, "discord", "1", kind, kind))
        role_grants.grant(session, here, role_grants.Grant("lead", "discord", "role", "9"))
        role_grants.grant(session, here, role_grants.Grant("coordinator", "discord", "person", "8"))
        return here

    here = database.run_now(begun)
    monkeypatch.setenv("ERBIJ_DATABASE_URL", str(database.url))
    monkeypatch.setenv("ERBIJ_MASTER_KEY", key)
    said = run.invoke(app, ["check"]).output
    assert "A setup was begun in a chat and is not finished" in said
    assert "wrong Year 1: Nobody is a mentor yet" in said
    assert "wrong Year 1: The team leads have no channel yet." in said
    assert said.count("wrong Year 1") == 2

    database.run_now(lambda s: role_grants.grant(s, here, role_grants.Grant("mentor", "discord", "role", "7")))
    database.run_now(lambda s: places.choose(s, here, places.PlaceSet("leads", "discord", "1", "leads", "leads")))
    database.close()
    assert "Year 1 has its channels and its people." in run.invoke(app, ["check"]).output


def test_check_says_whose_staff_was_not_answered_for(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{empty.parent}/roster.sqlite3", Masters(key := new_key()))
    (empty.parent / "roster.sqlite3").write_bytes(empty.read_bytes())
    database.open()
    now = time.time_ns() // 1_000_000

    def begun(session: Session) -> None:
        for number, since in ((1, now - 3_600_000), (2, now - 25 * 3_600_000), (3, now)):
            here = communities.add_community(session, f"year-{number}", f"Year {number}", "en", "UTC")
            role_grants.grant(session, here, role_grants.Grant("coordinator", "discord", "person", "8", "Alex"))
            roster.want(session, here, since)
        roster.doubt(session, here, "discord")
        role_grants.set_gone(session, here, role_grants.granted(session, here)[0], gone=True)

    database.run_now(begun)
    database.close()
    monkeypatch.setenv("ERBIJ_DATABASE_URL", str(database.url))
    monkeypatch.setenv("ERBIJ_MASTER_KEY", key)
    said = run.invoke(app, ["check"]).output
    assert "Year 1: for a day" not in said
    assert "wrong Year 2: for a day no platform has said of some of the staff" in said
    assert "wrong Year 3: by discord all of the staff left at once" in said
    assert "Year 2: Nobody is a coordinator" not in said
    assert "wrong Year 3: Nobody is a coordinator" in said


def test_migrate_twice() -> None:
    assert "at version" in run.invoke(app, ["migrate"]).output
    assert "already" in run.invoke(app, ["migrate"]).output


def test_keys_new_is_a_master_key() -> None:
    Masters(run.invoke(app, ["keys", "new"]).output.strip())


def test_keys_rotate_lets_the_old_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    old, fresh = new_key(), new_key()
    run.invoke(app, ["migrate"])
    monkeypatch.setenv("ERBIJ_MASTER_KEY", old)
    assert run.invoke(app, ["outbox"]).exit_code == 0
    monkeypatch.setenv("ERBIJ_MASTER_KEY", f"{fresh},{old}")
    assert run.invoke(app, ["keys", "rotate"]).exit_code == 0
    assert "Nothing needs an older master key" in run.invoke(app, ["check"]).output
    monkeypatch.setenv("ERBIJ_MASTER_KEY", fresh)
    assert "older master key" not in run.invoke(app, ["check"]).output
    assert run.invoke(app, ["outbox"]).exit_code == 0
    monkeypatch.setenv("ERBIJ_MASTER_KEY", old)
    assert run.invoke(app, ["outbox"]).exit_code == 1


@pytest.fixture
def letters(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one community, a channel, and messages that died each in their way; its URL."""
    key, url = new_key(), f"sqlite:///{tmp_path}/letters.sqlite3"
    (tmp_path / "letters.sqlite3").write_bytes(empty.read_bytes())
    database = Database(url, Masters(key))
    database.open()
    database.run_now(_letters)
    database.close()
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url)
    monkeypatch.setenv("ERBIJ_MASTER_KEY", key)
    monkeypatch.setenv("COLUMNS", "300")
    return url


def _letters(session: Session) -> None:
    here = communities.add_community(session, SLUG, "Year 1", "en", "UTC")
    places.choose(session, here, places.PlaceSet("mentors", "discord", "space", "555", "mentor-room"))
    for number, (lane, why) in enumerate(
        [
            ("sam-777", "Blocked"),
            ("555", "Gone"),
            ("444", "Gone"),
            ("555", "Outage, for three days"),
            ("555", "KeyError, for three days"),
            ("555", "TooLarge"),
            ("555", ""),
        ],
        1,
    ):
        payload, private = b"CANARY", lane.startswith("sam")
        outbox.add(
            session,
            outbox.Message(
                f"k{number}", here, "discord", "s", lane, private=private, subject="", payload=payload, at=0
            ),
        )
        if why:
            delivery.bury(session, number, why)


def test_outbox_says_what_died_and_why_and_nothing_of_whom_or_what(letters: str) -> None:
    shown = run.invoke(app, ["outbox"]).output
    assert "1 waiting, 6 given up." in shown
    for words in (
        "Year 1",
        "a person",
        "the person does not take private messages from Erbij; it goes when the person next writes to Erbij",
        "mentors channel",
        "the channel is not there any more, or Erbij may not write there",
        "a channel no longer used",
        "the platform did not answer, for three days",
        "a fault of Erbij itself (KeyError): see the log, for three days",
        "the message was refused for its size or shape",
        "1970-01-01 00:00 UTC",
    ):
        assert words in shown
    assert not any(secret in shown for secret in ("sam", "777", "555", "444", "CANARY", "mentor-room"))


def test_outbox_shows_what_died_before_what_waits(letters: str) -> None:
    shown = run.invoke(app, ["outbox", "--most", "6"]).output
    assert shown.count("given up") == 1 + 6
    assert "waits" not in shown


def test_outbox_tries_again_what_was_given_up(letters: str) -> None:
    assert "6 to be tried again" in run.invoke(app, ["outbox", "--retry"]).output
    shown = run.invoke(app, ["outbox"]).output
    assert "7 waiting, 0 given up." in shown
    assert "--retry" not in shown


def test_discord_invite_reads_the_application_from_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DISCORD_TOKEN", "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y")
    assert "client_id=123456789012345678" in run.invoke(app, ["discord", "invite"]).output
    monkeypatch.setenv("ERBIJ_DISCORD_TOKEN", "nonsense")
    assert run.invoke(app, ["discord", "invite"]).exit_code == 1


def test_teams_package_says_what_it_needs() -> None:
    result = run.invoke(app, ["teams", "package"])
    assert result.exit_code == 1
    assert "ERBIJ_TEAMS_APP_ID" in result.output


def test_teams_package_lists_the_flows_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_TEAMS_APP_ID", "11111111-2222-3333-4444-555555555555")
    monkeypatch.setenv("ERBIJ_PUBLIC_URL", "https://erbij.example.org")
    assert run.invoke(app, ["teams", "package", "made.zip"]).exit_code == 0
    with ZipFile("made.zip") as package:
        manifest = json.loads(package.read("manifest.json"))
    listed = [one["title"] for one in manifest["bots"][0]["commandLists"][0]["commands"]]
    assert {"help", "tell", "answer", "cancel"} <= set(listed)
