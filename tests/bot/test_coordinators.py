"""``erbij coordinator``: naming who coordinates from outside the chat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from click.testing import Result

from bot import formats
from bot.cli import app
from bot.tryout import SLUG
from flows.catalogue import catalogue
from flows.engine.take import take
from flows.seam import Act, Filled, Form, Incoming, Part, Person, Picked, Pressed, Space
from storage import audit, communities, role_grants, setup
from storage.database import Database
from storage.keys import Masters, new_key
from storage.setup import SetUp
from storage.statement import Session
from tests.bot.refusals import (
    ID,
    cli,
    free_door,
    no_run,
)

__all__ = ["free_door", "no_run"]  # fixtures of every test here

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
    year.now(lambda s: role_grants.set_gone(s, year.id, role_grants.granted(s, year.id)[0], gone=True))
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


def test_a_form_that_was_open_does_not_take_the_new_one_away_again(year: Year) -> None:
    """It shows who the coordinators were before, and keeping it would have them again, and nobody else."""
    call("add", "discord", ALEX, "--name", "Alex")

    def turn(session: Session, event: str, act: Act) -> tuple[Part, ...]:
        person = Incoming(event, Space("discord", "year-1"), Person(ALEX, "Alex"), act, locale="en")
        return take(session, catalogue(), person, 1_795_000_000_000).reply.parts

    def give(event: str, act: Act) -> tuple[Part, ...]:
        return cast("tuple[Part, ...]", year.now(lambda s: turn(s, event, act)))

    [form] = [part for part in give("opened", Pressed("s.setup_coordinators.")) if isinstance(part, Form)]
    other = give("other", Pressed("s.setup_about."))
    call("add", "discord", "9" * 18, "--name", "Kim")
    give("sent", Filled(form.id, {"people": (Picked(ALEX, "Alex"),), "role": None}))
    assert sorted(one[1] for one in year.coordinators()) == [ALEX, "9" * 18]
    [about] = [part for part in other if isinstance(part, Form)]
    given = {"name": "Year one", "language": "en", "time_zone": "UTC", "cases": "chat"}
    give("about", Filled(about.id, given))
    assert cast("SetUp", year.now(lambda s: setup.read(s, year.id))).name == "Year one", "another form stays open"


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
