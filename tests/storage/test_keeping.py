"""Every table says what it holds of people; every time that is said is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text
from sqlmodel import AutoString

from storage.database import Database
from storage.days import DAY
from storage.housekeeping import tidy
from storage.keeping import Days, Keeping
from storage.statement import Session
from storage.tables import keeping, metadata
from tests.raw import rows
from tests.storage.conftest import NOW, Here

OF_NOBODY = {
    "of a programme": "community.id community.slug community.name community.language community.time_zone "
    "setting.key setting.value",
    "of a server, a team, a channel or a page": "communityspace.platform communityspace.external_id "
    "communityspace.within place.kind place.platform place.space_id place.external_id place.name outbox.platform "
    "outbox.space_id outbox.message roster.doubt",
    "a random id": "accountletter.id audit.id caseletter.id conversation.id pool.id belonging_case.id carriedballot.id "
    "remark.id round.id ballot.id answercount.pool_id carriedballot.pool_id remark.pool_id round.pool_id "
    "ballot.round_id participation.round_id spentvote.round_id caseevent.case_id casemessage.case_id",
    "what something is, in words of the program": "audit.what audit.subject due.flow due.wall due.last outbox.subject "
    "outbox.state outbox.fault outbox.why fanout.audience fanout.why fanout.subject pool.question_set remark.question "
    "round.question_set answercount.question answercount.value belonging_case.status caseevent.what casemessage.author "
    "rolegrant.role rolegrant.platform rolegrant.kind",
    "a keyed hash, or computed from a key": "due.subject erasure.line eventseen.fingerprint code.fingerprint "
    "caseletter.lookup outbox.key outbox.fanout fanout.key returnpath.id belonging_case.receipt",
    "goes with its row, by the columns that name its member": "account.platform account.space_id account.mark "
    "account.roles attention.time_zone "
    "member.language",
    "keys, and facts about the database": "meta.name meta.value",
    "what is told to many alike, and of what it is": "fanout.payload fanout.argument",
    "what was told or answered, without whose it is": "carriedballot.sealed remark.sealed ballot.sealed "
    "casemessage.sealed",
    "a mark that leads to nobody once its account is gone": "returnpath.sealed",
}
"""Columns of text and bytes in which nobody stands, and why."""
NOBODYS = {column for columns in OF_NOBODY.values() for column in columns.split()}


def undeclared(tables: MetaData, declared: Iterable[Keeping]) -> set[str]:
    """Tables, and columns that are no number, of which nobody says what becomes of them or that nobody is in them."""
    by_name = {str(one.table.__tablename__): one for one in declared}
    missed = set()
    for table in tables.sorted_tables:
        one = by_name.get(table.name)
        if one is None:
            missed.add(table.name)
            continue
        known = {
            one.member,
            *one.names,
            *one.names_nobody,
            *([one.sealed.column] if one.sealed else []),
            "community_id",
        }
        missed |= {
            name
            for column in table.columns
            if not isinstance(column.type, Integer)
            if column.name not in known and (name := f"{table.name}.{column.name}") not in NOBODYS
        }
    return missed


def test_the_list_of_what_names_nobody_holds_nothing_else() -> None:
    there = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns}
    assert NOBODYS - there == set()
    named = {f"{one.table.__tablename__}.{column}" for one in keeping() for column in (one.member, *one.names)}
    assert NOBODYS & named == set()


def test_every_table_is_declared_and_every_column_that_names_somebody() -> None:
    missed = sorted(undeclared(metadata, keeping()))
    assert not missed, f"say in KEEPING, beside the table, what becomes of {', '.join(missed)}"
    assert len(keeping()) == len({one.table for one in keeping()}), "a table is declared twice"


def test_a_table_that_nobody_declared_is_found_out() -> None:
    more = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(more)
    Table("attendance", more, Column("id", String, primary_key=True), Column("at", BigInteger))
    assert undeclared(more, keeping()) == {"attendance"}
    for column in (
        Column("nickname", AutoString),
        Column("story", Text),
        Column("picture", LargeBinary),
        Column("how_many", BigInteger),
    ):
        more.tables["round"].append_column(column)
    assert undeclared(more, keeping()) == {"attendance", "round.nickname", "round.story", "round.picture"}


def test_what_names_somebody_is_erased_and_told() -> None:
    for one in keeping():
        assert bool(one.member or one.names) == bool(one.erase or one.stays), one.table
        assert not (one.erase and one.stays), one.table


# ------------------------------------------------------------ every time that is said is kept

TIMED = [one for one in keeping() if isinstance(one.kept, Days)]


def plant(session: Session, table: Table, here: Here, given: dict[str, Any], number: int) -> None:
    """A row with something of the right kind in each column."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given:
            values[column.name] = given[column.name]
        elif column.name == "community_id":
            values[column.name] = here.id
        elif column.name == "member_id" or column.foreign_keys:
            values[column.name] = here.people[number]
        elif column.name == "state":
            values[column.name] = "dead"
        elif isinstance(column.type, LargeBinary):
            values[column.name] = f"{column.name}{number}".encode()
        elif isinstance(column.type, Integer):
            values[column.name] = number + 1
        else:
            values[column.name] = f"{column.name}{number}"
    marks = [f"${n}" if session.dialect == "postgresql" else "?" for n in range(1, len(values) + 1)]
    session._execute(
        f"insert into {table.name} ({', '.join(values)}) values ({', '.join(marks)})", tuple(values.values())
    )


@pytest.mark.parametrize("one", TIMED, ids=lambda one: one.table.__tablename__)
def test_a_time_that_is_said_is_kept(database: Database, here: Here, one: Keeping) -> None:
    kept, table = one.kept, metadata.tables[str(one.table.__tablename__)]
    assert isinstance(kept, Days)
    # In the column's own unit: the first moment that must stay, and the one before it.
    stays = (NOW - kept.days * DAY) // kept.unit
    database.run_now(lambda s: plant(s, table, here, {kept.since: stays}, 0))
    database.run_now(lambda s: plant(s, table, here, {kept.since: stays - 1}, 1))
    database.run_now(lambda s: tidy(s, here.id, NOW))
    left = database.run_now(lambda s: rows(s, table.name))
    assert [row[kept.since] for row in left] == [stays]


def test_no_community_tidies_up_in_another(database: Database, here: Here, there: Here) -> None:
    table = metadata.tables["audit"]
    for number, one in enumerate((here, there)):
        database.run_now(lambda s, n=number, one=one: plant(s, table, one, {"at": 1}, n))  # type: ignore[misc]
    database.run_now(lambda s: tidy(s, here.id, NOW))
    assert [row["community_id"] for row in database.run_now(lambda s: rows(s, "audit"))] == [there.id]


def test_what_a_turn_wrote_of_somebody_while_they_were_forgotten_goes_at_night(database: Database, here: Here) -> None:
    def wrote(session: Session) -> None:
        for number, who in enumerate(("nobody any more", here.people[0], "")):
            given = {"member_id": who, "who": who, "expires_at": NOW + DAY, "at": NOW}
            for name in ("conversation", "audit"):
                plant(session, metadata.tables[name], here, given, number)

    database.run_now(wrote)
    database.run_now(lambda s: tidy(s, here.id, NOW))
    talks, acts = (database.run_now(lambda s, t=t: rows(s, t)) for t in ("conversation", "audit"))  # type: ignore[misc]
    assert sorted(row["member_id"] for row in talks) == ["", here.people[0]]
    assert sorted(row["who"] for row in acts) == ["", "", here.people[0]]
