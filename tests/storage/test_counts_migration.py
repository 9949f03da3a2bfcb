"""Check-ins that were opened before answers were counted: nothing is kept of them but counts and remarks apart."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

from storage import check_in_pools, check_ins, communities
from storage.database import Database
from storage.keys import Masters
from storage.migrate import upgrade
from storage.statement import Session
from tests.conftest import _create
from tests.data import lay
from tests.storage.conftest import opened

RECORDED = json.loads((Path(__file__).parent / "databases" / "0001.json").read_text())
"""Three communities, written by the code of version 0001: what its tables held, and ``told``: who answered what."""
POOLS = {"many": [[0, 1], [2, 3], [4, 5, 6]], "few": [], "one": [[0]]}
"""Which rounds are counted together: of 1 and 6, 2 and 3, 0, 5 and 2 ballots; of 1, 0 and 3 none; 7 alone."""


class Undo(Exception):
    """Leaves the database as it was, for the next test."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the recorded database, brought to this version."""
    bare = f"sqlite:///{tmp_path_factory.mktemp('recorded') / 'erbij.sqlite3'}"
    if request.param == "postgresql":
        server: str = request.getfixturevalue("postgresql_server")
        name = f"m{uuid4().hex}"
        _create(server, name, "template0")
        bare = server.format(name=name)
    event.listen(Engine, "connect", _careless)
    lay(bare, "0001", {name: [_plain(row) for row in rows] for name, rows in RECORDED["tables"].items()})
    upgrade(bare)
    event.remove(Engine, "connect", _careless)
    return bare


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: b64decode(value["bytes"]) if isinstance(value, dict) else value for name, value in row.items()}


def _careless(connection: Any, _record: object) -> None:
    """As SQLite comes from most hands: what is deleted stays in the file until something is written over it."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA secure_delete=OFF")


@pytest.fixture
def after(migrated: str) -> Iterator[Database]:
    with opened(migrated, Masters(RECORDED["master_key"])) as database:
        yield database


def rows(session: Session, table: str, columns: str = "*") -> list[Any]:
    return [tuple(row) for row in session._execute(f"select {columns} from {table}", {}).fetchall()]


def told(slug: str, weeks: list[int]) -> list[dict[str, Any]]:
    return [one for week in weeks for one in RECORDED["told"][slug][week]["answers"]]


@pytest.mark.parametrize("slug", POOLS)
def test_what_was_opened_becomes_counts_of_at_least_five(after: Database, slug: str) -> None:
    def work(session: Session) -> None:
        found = communities.by_slug(session, slug)
        assert found is not None
        here = found.id
        of_round = {one.id: one.pool for one in check_ins.rounds(session, here)}
        *over, runs = [of_round[one["round"]] for one in RECORDED["told"][slug]]
        assert not runs
        assert all(over)
        for weeks in POOLS[slug]:
            [pool] = {over[week] for week in weeks}
            counted, answers = check_in_pools.counted(session, here, pool), told(slug, weeks)
            assert counted is not None
            assert (counted.question_set, counted.ballots) == (check_ins.BELONGING.name, len(answers))
            for question in check_ins.STATEMENTS:
                assert counted.counts[question] == Counter(str(one[question]) for one in answers)
            written = check_in_pools.remarks(session, here, pool, "remark")
            assert sorted(written) == sorted(one["remark"] for one in answers if one["remark"])
        assert len(set(over)) == max(1, len(POOLS[slug]))

    after.run_now(work)


def test_each_account_got_a_mark_of_its_own(after: Database) -> None:
    marks = [row[0] for row in after.run_now(lambda s: rows(s, "account", "mark"))]
    assert len(marks) == len(set(marks)) == len(RECORDED["tables"]["account"]) > 10
    assert min(map(len, marks)) >= 32


def test_no_row_is_left_that_holds_a_persons_answers_or_who_took_part(after: Database) -> None:
    def work(session: Session) -> None:
        assert {row[1] for row in rows(session, "answercount", "pool_id, n")} <= set(range(1, 10))
        remarks = rows(session, "remark", "id, sealed")
        old = {one["id"]: b64decode(one["remark"]["bytes"]) for one in RECORDED["tables"]["checkinanswer"]}
        assert len(remarks) == 7 + 5 + 7 + 7
        assert {row[0]: bytes(row[1]) for row in remarks}.items() <= old.items()
        running = {one[-1]["round"] for one in RECORDED["told"].values()}
        assert {row[0] for row in rows(session, "participation", "round_id")} == running - {
            RECORDED["told"]["one"][-1]["round"]
        }

    after.run_now(work)
    with pytest.raises(Exception, match="checkinanswer"):
        after.run_now(lambda s: rows(s, "checkinanswer"))


def test_the_order_of_remarks_is_not_that_of_the_answers(after: Database) -> None:
    """In the order in which they lie; SQLite keeps them by their random ids, before and after."""
    before = [one["id"] for one in RECORDED["tables"]["checkinanswer"]]
    kept: dict[str, list[str]] = {}
    for pool, remark in after.run_now(lambda s: rows(s, "remark", "pool_id, id")):
        kept.setdefault(pool, []).append(remark)
    assert sorted(map(len, kept.values())) == [5, 7, 7, 7]
    if after.dialect == "postgresql":
        assert any(ids != sorted(ids, key=before.index) for ids in kept.values())


@pytest.mark.parametrize("slug", ["many", "few"])
def test_a_round_that_runs_goes_on(after: Database, slug: str) -> None:
    """Who answered it before cannot again, and its ballots, sealed by the old version, are counted with new ones."""

    def work(session: Session) -> None:
        found = communities.by_slug(session, slug)
        assert found is not None
        here = found.id
        this = check_ins.get_round(session, here, RECORDED["told"][slug][-1]["round"])
        assert this is not None
        people = [row[0] for row in rows(session, f"member where community_id = '{here}'", "id")]
        voted = {row[0] for row in rows(session, f"participation where round_id = '{this.id}'", "member_id")}
        answers, results = dict.fromkeys(check_ins.STATEMENTS, 3) | {"remark": "new"}, []
        for number, member in enumerate(sorted(people, key=voted.__contains__)[-5:]):
            account = f"web:new{number}"
            results.append(check_ins.cast(session, here, this.id, member, account, answers, this.opens_at))
        assert results == ["saved", "saved", "twice", "twice", "twice"]
        assert check_ins.close(session, here, this.id, this.closes_at) == 5
        closed = check_ins.get_round(session, here, this.id)
        assert closed is not None
        written = check_in_pools.remarks(session, here, closed.pool, "remark")
        assert sorted(written) == sorted([f"{slug} now 0", f"{slug} now 2", "new", "new"])
        raise Undo

    with pytest.raises(Undo):
        after.run_now(work)


def test_what_is_dropped_is_in_no_file_any_more(migrated: str) -> None:
    """PostgreSQL drops the table's file with the table; SQLite keeps the pages."""
    url = make_url(migrated)
    if url.drivername != "sqlite":
        return
    path = Path(str(url.database))
    raw = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    dropped = {one["round"] for one in RECORDED["told"]["few"][:-1]}
    answers = RECORDED["tables"]["checkinanswer"]
    assert any(one["round_id"] in dropped for one in answers)
    for one in answers:
        sealed = b64decode(one["remark"]["bytes"])
        for piece in (sealed[:100], sealed[-100:]):  # a row may go on in another page
            assert raw.count(piece) == (0 if one["round_id"] in dropped else 1)
