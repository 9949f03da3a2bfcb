"""Two members become one without loss, and an account becomes a member of its own again."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import UniqueConstraint

from storage import (
    accounts,
    audit,
    case_news,
    case_release,
    case_telling,
    case_work,
    cases,
    check_ins,
    communities,
    conversations,
    due,
    members,
    people,
    role_grants,
)
from storage.database import Database
from storage.keys import Masters
from storage.statement import Session
from storage.tables import metadata
from tests.storage.conftest import DAY, NOW, Here, forget, opened

SLUGS = itertools.count()
TAG = "ab" * 16
ANSWERS = dict.fromkeys(check_ins.STATEMENTS, 3)


def merge(database: Database, here: Here, stays: str, goes: str) -> bool:
    return database.run_now(lambda s: accounts.merge(s, here.id, stays, goes))


def cast(session: Session, here: Here, round_id: str, member: str, account: str) -> str:
    return check_ins.cast(session, here.id, round_id, member, account, ANSWERS, NOW)


def of(database: Database, here: Here, member: str) -> list[str]:
    return database.run_now(lambda s: [one.account for one in members.accounts(s, here.id, member)])


def everything(database: Database) -> str:
    return database.run_now(
        lambda s: repr(
            [
                [tuple(row) for row in s._execute(f"select * from {t.name}", {}).fetchall()]
                for t in metadata.sorted_tables
            ]
        )
    )


def test_accounts_and_what_is_known_of_them_go_together(database: Database, here: Here) -> None:
    stays, goes = here.people[:2]

    def work(session: Session) -> list[str]:
        members.set_language(session, here.id, goes, "nl")
        role_grants.grant(session, here.id, role_grants.Grant("mentor", "web", "person", "here1"))
        grants = [tuple(row) for row in session._execute("select * from rolegrant", {}).fetchall()]
        assert accounts.merge(session, here.id, stays, goes)
        assert [tuple(row) for row in session._execute("select * from rolegrant", {}).fetchall()] == grants
        known = [people.who(session, "web", "here", person) for person in ("here0", "here1")]
        return [one.member + one.language for one in known if one is not None]

    assert database.run_now(work) == [stays + "nl", stays + "nl"]
    assert of(database, here, stays) == ["web:here0", "web:here1"]
    assert goes not in everything(database)


def test_who_took_part_twice_took_part_once_and_no_answer_is_touched(database: Database, here: Here) -> None:
    stays, goes = here.people[:2]

    def work(session: Session) -> None:
        both, one = (check_ins.open_round(session, here.id, NOW, NOW + DAY) for _ in range(2))
        for round_id, number in ((both, 0), (both, 1), (one, 1), (both, 2)):
            assert cast(session, here, round_id, here.people[number], f"web:here{number}") == "saved"
        before = [tuple(row) for row in session._execute("select * from ballot order by id", {}).fetchall()]
        accounts.merge(session, here.id, stays, goes)
        took_part = session._execute(f"select member_id from participation where round_id = '{both}'", {}).fetchall()
        assert {row[0] for row in took_part} == {stays, here.people[2]}
        assert cast(session, here, one, stays, "web:here0") == "twice"
        assert check_ins.took_part(session, here.id, both, here.people[2], "web:here2")
        assert [tuple(row) for row in session._execute("select * from ballot order by id", {}).fetchall()] == before

    database.run_now(work)


def test_cases_conversations_timers_and_the_record_follow(database: Database, here: Here) -> None:
    stays, goes = here.people[:2]

    def work(session: Session) -> None:
        case = case_telling.tell(session, here.id, TAG, {"what": "A word"}, DAY)
        case_release.release(session, here.id)
        case_work.claim(session, here.id, case, goes, NOW)
        audit.add(session, here.id, NOW, goes, "exported")
        conversations.add(session, "c1", here.id, goes, b"{}", NOW + 1)
        due.add(session, "k1", here.id, "remind", f"{goes}.week", NOW)
        due.add(session, "k2", here.id, "remind", "somebody else", NOW)
        accounts.merge(session, here.id, stays, goes)
        assert [line.holder for line in cases.listing(session, here.id)] == [stays]
        assert [change.who for change in cases.record(session, here.id, case)] == ["", stays]
        assert [act.who for act in audit.listing(session, here.id)] == [stays]
        assert conversations.find(session, here.id, stays, "c1") == ("c1", 1, b"{}", NOW + 1)
        rows = session._execute("select argument from due order by id", {}).fetchall()
        assert [row[0] for row in rows] == [f"{stays}.week", "somebody else"]
        view = case_telling.by_receipt(session, here.id, TAG)
        assert view is not None
        assert view.text == {"what": "A word"}

    database.run_now(work)
    assert goes not in everything(database)


def test_nobody_is_joined_across_communities_or_with_nobody(database: Database, here: Here, there: Here) -> None:
    before = everything(database)
    assert not merge(database, here, here.people[0], there.people[0])
    assert not merge(database, here, here.people[0], here.people[0])
    assert not merge(database, here, here.people[0], "")
    assert everything(database) == before


async def test_each_types_the_others_code_at_once(url: str, masters: Masters, database: Database, here: Here) -> None:
    one, two = here.people[:2]
    with opened(url, masters) as other:
        done = await asyncio.gather(
            database.run(lambda s: accounts.merge(s, here.id, one, two)),
            other.run(lambda s: accounts.merge(s, here.id, two, one)),
        )
    assert sorted(done) == [False, True]
    assert sorted(of(database, here, one) + of(database, here, two)) == ["web:here0", "web:here1"]


def test_an_account_begins_anew_but_cannot_answer_an_open_round_again(database: Database, here: Here) -> None:
    stays, goes = here.people[:2]

    def work(session: Session) -> None:
        over = check_ins.open_round(session, here.id, NOW - 9, NOW + 9)
        now = check_ins.open_round(session, here.id, NOW, NOW + 9)
        cast(session, here, over, stays, "web:here0")
        cast(session, here, now, stays, "web:here0")
        check_ins.close(session, here.id, over, NOW)
        members.set_language(session, here.id, stays, "de")
        accounts.merge(session, here.id, stays, goes)
        alone = accounts.split(session, here.id, stays, "web:here0")
        assert accounts.member_of(session, here.id, "web:here0") == alone
        assert accounts.member_of(session, here.id, "web:here1") == stays
        known = people.who(session, "web", "here", "here0")
        assert known is not None
        assert (known.member, known.language, known.name) == (alone, "de", "")
        assert cast(session, here, now, alone, "web:here0") == "twice"
        assert not check_ins.took_part(session, here.id, over, alone, "web:here0")
        # The last account of a member stays where it is.
        assert accounts.split(session, here.id, stays, "web:here1") == ""
        assert accounts.split(session, here.id, stays, "web:here2") == ""
        # Joined and separated again, it is still one person.
        accounts.merge(session, here.id, alone, stays)
        assert session._execute("select count(*) from participation", {}).fetchone()[0] == 1

    database.run_now(work)


STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "part", "answer", "leave"]), st.integers(0, 3), st.integers(0, 3)), max_size=12
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STEPS)
def test_however_people_join_and_part_a_person_answers_once(
    sqlite: Database, steps: list[tuple[str, int, int]]
) -> None:
    """Against a model: accounts in groups, which of them have had their say, and who was forgotten after that."""
    names = [f"web:x{n}" for n in range(4)]
    groups, answered, spent = {name: {name} for name in names}, set[str](), set[str]()

    def play(session: Session) -> None:
        slug = f"s{next(SLUGS)}"
        here = communities.add_community(session, slug, slug, "en", "UTC")
        for name in names:
            members.add_member(session, here, "web", slug, name.removeprefix("web:"))
        round_id = check_ins.open_round(session, here, NOW, NOW + 1)
        for what, one, other in steps:
            mine, theirs = names[one], names[other]
            member = accounts.member_of(session, here, mine)
            if what == "join":
                joined = accounts.merge(session, here, member, accounts.member_of(session, here, theirs))
                assert joined == (theirs not in groups[mine])
                together = groups[mine] | groups[theirs]
                groups.update(dict.fromkeys(together, together))
                answered.update(together if together & (answered | spent) else ())
            elif what == "part":
                assert bool(accounts.split(session, here, member, theirs)) == (
                    theirs in groups[mine] and len(groups[mine]) > 1
                )
                if theirs in groups[mine]:
                    rest = groups[theirs] - {theirs}
                    groups.update(dict.fromkeys(rest, rest) | {theirs: {theirs}})
            elif what == "leave":
                forget(session, here, member)
                spent.update(groups[mine] & answered)
                answered.difference_update(groups[mine])
                for name in groups[mine]:
                    groups[name] = {name}
                    members.add_member(session, here, "web", slug, name.removeprefix("web:"))
            else:
                outcome = check_ins.cast(session, here, round_id, member, mine, ANSWERS, NOW)
                assert outcome == ("twice" if mine in answered | spent else "saved")
                answered.update(groups[mine] if outcome == "saved" else ())
        for name in names:
            member = accounts.member_of(session, here, name)
            assert {one.account for one in members.accounts(session, here, member)} == groups[name]
        ballots = session._execute(f"select count(*) from ballot where round_id = '{round_id}'", {}).fetchone()[0]
        assert ballots <= len(names)

    sqlite.run_now(play)


def test_erbij_writes_where_someone_wants_it(database: Database, here: Here) -> None:
    one, two = here.people[:2]
    merge(database, here, one, two)
    for chosen, other in (("web:here1", "web:here0"), ("web:here0", "web:here1")):
        database.run_now(lambda s, chosen=chosen: accounts.write_to(s, here.id, one, chosen))
        assert of(database, here, one) == [chosen, other]


def test_of_an_answer_someone_hears_on_the_account_that_asked_for_it(database: Database, here: Here) -> None:
    stays, goes, mentor = here.people[:3]

    def work(session: Session) -> None:
        accounts.merge(session, here.id, stays, goes)
        accounts.write_to(session, here.id, stays, "web:here0")
        case = case_telling.tell(session, here.id, TAG, {"what": "A word"}, DAY)
        case_telling.hear_back(session, here.id, case, "web:here1")
        case_release.release(session, here.id)
        case_work.claim(session, here.id, case, mentor, NOW)
        case_work.answer(session, here.id, case, mentor, "thank you", NOW)
        assert case_news.take(session, here.id, NOW) == [case_news.Answered(stays, "web:here1")]

    database.run_now(work)


def keyed_by_member() -> list[Any]:
    return [column for column in accounts.mentions() if list(accounts.keys_with(column))]


@pytest.mark.parametrize("column", keyed_by_member(), ids=lambda column: f"{column.table.name}.{column.name}")
def test_what_both_have_is_worth_keeping_once_only(column: Any) -> None:
    """A row of which both have one is kept once: it must say nothing but that it is there."""
    keys = {
        c
        for k in column.table.constraints
        if k is column.table.primary_key or isinstance(k, UniqueConstraint)
        for c in k
    }
    more = {one.name for one in column.table.columns if one not in keys}
    assert more == set(), f"say beside its table what becomes of {more} when both members have a row"
