"""``erbij person``: what is stored of somebody on paper, forgetting them, and a restored backup brought up to date."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.person import KINDS
from bot.program import Program
from bot.settings import Misconfigured, Settings
from storage import accounts, audit, case_release, case_telling, case_work, communities, members, role_grants
from storage.database import Database
from storage.keys import Masters, new_key
from storage.statement import Session
from storage.tables import keeping
from tests.raw import tables_with

run = CliRunner()
SAM, ROBIN = "sam-773311", "robin-884422"
NOW = 1_795_000_000_000
DAY = NOW // 86_400_000


class Place:
    """Two communities on one SQLite file, as the command line finds it."""

    def __init__(self, file: Path, key: str) -> None:
        self.file, self.key = file, key

    def now(self, work: Callable[[Session], object]) -> object:
        database = Database(f"sqlite:///{self.file}", Masters(self.key))
        database.open()
        try:
            return database.run_now(work)
        finally:
            database.close()

    def tables_with(self, *needles: str) -> set[str]:
        database = Database(f"sqlite:///{self.file}", Masters(self.key))
        database.open()
        try:
            return tables_with(database, *needles)
        finally:
            database.close()


@pytest.fixture
def place(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    key, file = new_key(), tmp_path / "people.sqlite3"
    shutil.copy(empty, file)
    one = Place(file, key)
    one.now(_settled)
    monkeypatch.setenv("ERBIJ_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("ERBIJ_MASTER_KEY", key)
    monkeypatch.setenv("COLUMNS", "300")
    return one


def _settled(session: Session) -> None:
    for slug in ("year-1", "year-2"):
        here = communities.add_community(session, slug, slug.replace("-", " ").title(), "en", "UTC")
        communities.add_space(session, here, "discord", slug)
        sam = members.add_member(session, here, "discord", slug, SAM, "address of sam")
        robin = members.add_member(session, here, "discord", slug, ROBIN, "address of robin", "Robin")
        other = members.add_member(session, here, "teams", f"{slug}-t", f"{SAM}-t")
        members.add_member(session, here, "discord", slug, "noor-995533")
        accounts.merge(session, here, sam, other)
        members.set_language(session, here, sam, "nl")
        role_grants.grant(session, here, role_grants.Grant("mentor", "discord", "person", ROBIN, "Robin"))
        role_grants.grant(session, here, role_grants.Grant("coordinator", "discord", "person", ROBIN, "Robin"))
        case = case_telling.tell(session, here, slug.encode().hex().ljust(64, "0"), {"issue": "told by noor"}, DAY)
        case_release.release(session, here)
        case_work.claim(session, here, case, robin, NOW)
        audit.add(session, here, NOW, robin, "set up", "mentors")


def erbij(*words: str, fails: bool = False) -> str:
    result = run.invoke(app, ["person", *words])
    assert result.exit_code == int(fails), result.output
    return result.output


def test_an_export_holds_what_is_theirs_and_nothing_of_others(place: Place) -> None:
    text = erbij("export", "discord", SAM, "--community", "year-1")
    told = json.loads(text)
    [here] = told["communities"]
    assert here == {
        "community": "Year 1",
        "address": "year-1",
        "accounts": [
            {"platform": "discord", "space": "year-1", "id": SAM, "address": "address of sam"},
            {"platform": "teams", "space": "year-1-t", "id": f"{SAM}-t", "address": ""},
        ],
        "language": "nl",
        "name": "",
        "roles": [],
        "conversations": 0,
        "messages": {"waiting": 0, "not_delivered": 0, "delivered": 0},
        "attention": {},
        "held_back": [],
        "timers": 0,
        "codes": 0,
        "cases": 0,
        "case_acts": [],
        "acts": [],
        "check_in": None,
    }
    assert any("without a name" in sentence for sentence in told["not_included"])
    assert not [one for one in (ROBIN, "Robin", "noor", "told by") if one in text]


def test_an_export_of_staff_says_what_they_did_and_for_nobody_else(place: Place) -> None:
    both = json.loads(erbij("export", "discord", ROBIN))["communities"]
    assert [one["address"] for one in both] == ["year-1", "year-2"]
    first = both[0]
    assert first["name"] == "Robin"
    assert first["roles"] == [
        {"role": "coordinator", "platform": "discord", "name": "Robin"},
        {"role": "mentor", "platform": "discord", "name": "Robin"},
    ]
    assert first["cases"] == 1
    assert first["case_acts"] == [{"at": "2026-11-18 11:06:40+00:00", "what": "claimed"}]
    assert first["acts"] == [{"at": "2026-11-18 11:06:40+00:00", "what": "set up", "subject": "mentors"}]


def test_forgetting_says_what_went_in_each_community(place: Place) -> None:
    said = erbij("forget", "discord", SAM)
    assert said.splitlines() == ["Year 1: erased: 2 accounts, 1 person.", "Year 2: erased: 2 accounts, 1 person."]
    assert place.tables_with(SAM) == set()
    assert place.tables_with(ROBIN, "noor-995533") >= {"account", "rolegrant"}
    assert place.file.with_suffix(".ledger").exists()


def test_in_one_community_alone(place: Place) -> None:
    assert erbij("forget", "teams", f"{SAM}-t", "--community", "year-2").startswith("Year 2: erased: 2 accounts")
    assert [one["address"] for one in json.loads(erbij("export", "discord", SAM))["communities"]] == ["year-1"]


def test_each_table_that_can_lose_rows_has_a_word() -> None:
    assert set(KINDS) == {str(one.table.__tablename__) for one in keeping() if one.erase}


def test_a_dry_run_changes_nothing(place: Place) -> None:
    before = place.file.read_bytes()
    said = erbij("forget", "discord", ROBIN, "--dry-run").splitlines()
    assert said[0].startswith("Year 1: would be erased: ")
    for one in ("1 account", "1 case in their hands, free again", "2 roles by name"):
        assert one in said[0]
    assert said[1] == "Year 1: that is its last coordinator. Name another one."
    assert place.file.read_bytes() == before
    assert not place.file.with_suffix(".ledger").exists()
    done = erbij("forget", "discord", ROBIN).splitlines()
    assert done[1] == "Year 1: that was its last coordinator. Name another one."
    assert [line.partition("erased: ")[2] for line in done] == [line.partition("erased: ")[2] for line in said]
    assert place.tables_with(ROBIN, "Robin") == set()


@pytest.mark.parametrize("word", ["export", "forget"])
def test_dry_words_where_nothing_is(place: Place, word: str) -> None:
    nobody = "Nothing is stored that names this person.\n"
    assert erbij(word, "discord", "nobody", fails=True) == nobody
    assert erbij(word, "teams", SAM, fails=True) == nobody
    assert "no community with the address elsewhere" in erbij(
        word, "discord", SAM, "--community", "elsewhere", fails=True
    )


def test_nothing_is_forgotten_when_the_ledger_cannot_be_written(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_LEDGER", str(place.file.parent))  # a folder
    assert "Nothing was forgotten.\nThe ledger of erasures" in erbij("forget", "discord", SAM, fails=True)
    assert place.tables_with(SAM) == {"account"}
    assert "cannot be written" in check()
    with pytest.raises(Misconfigured, match="cannot be written"):
        Program(Settings(tryout=False)).open()


# ------------------------------------------------------------ a restored backup


def check() -> str:
    return run.invoke(app, ["check"]).output


def test_check_and_replay_after_a_backup_was_restored(place: Place) -> None:
    backup = place.file.with_name("backup")
    shutil.copy(place.file, backup)
    assert "erasures are written down in" in check()
    assert erbij("replay") == "Nothing here was erased before.\n"
    erbij("forget", "discord", SAM)
    assert "Nobody is here who was forgotten" in check()
    shutil.copy(backup, place.file)
    assert "2 people and 0 cases are here that were erased" in check()
    assert erbij("replay") == "Erased again: 2 people and 0 cases.\n"
    assert place.tables_with(SAM) == set()
    assert "Nobody is here who was forgotten" in check()
    assert erbij("replay") == "Nothing here was erased before.\n"


def test_a_start_brings_a_restored_backup_up_to_date_too(place: Place) -> None:
    backup = place.file.with_name("backup")
    shutil.copy(place.file, backup)
    erbij("forget", "discord", SAM)
    shutil.copy(backup, place.file)
    program = Program(Settings(tryout=False))
    program.open()
    program.database.close()
    assert place.tables_with(SAM) == set()
    assert place.tables_with(ROBIN) >= {"account"}


def test_check_misses_a_ledger_that_was_lost_and_one_that_was_never_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    erbij("forget", "discord", SAM)
    place.file.with_suffix(".ledger").rename(place.file.with_name("elsewhere"))
    assert "2 erasures are not in the ledger" in check()
    erbij("forget", "discord", ROBIN)
    assert "2 erasures are not in the ledger" in check(), "a new one was begun"
    with place.file.with_name("elsewhere").open("a") as file:
        file.write(place.file.with_suffix(".ledger").read_text())
    monkeypatch.setenv("ERBIJ_LEDGER", str(place.file.with_name("elsewhere")))
    assert "Nobody is here who was forgotten" in check()


def test_on_postgresql_a_ledger_is_asked_for() -> None:
    url = "postgresql://localhost/erbij"
    assert Settings(database_url=url).ledger_path is None
    assert Settings(database_url=url, ledger="x/y").ledger_path == Path("x/y")
    for driver in ("sqlite", "sqlite+pysqlite"):
        assert Settings(database_url=f"{driver}:///data/erbij.sqlite3").ledger_path == Path("data/erbij.ledger")
        assert Settings(database_url=f"{driver}:///data/x.sqlite3?timeout=5").ledger_path == Path("data/x.ledger")
