from __future__ import annotations

import threading

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import communities, delivery, members, outbox, posts, undelivered
from storage.database import Database
from storage.days import DAY as DAY_MS
from storage.housekeeping import tidy
from storage.keys import Masters
from storage.statement import Session
from tests.storage.conftest import NOW, Here, found, settled


def put(session: Session, here: Here, key: str, lane: str = "mentors", **more: object) -> bool:
    values = {"private": False, "subject": "", "payload": key.encode(), "at": NOW} | more
    return outbox.add(session, outbox.Message(key, here.id, "web", "here", lane, **values))  # type: ignore[arg-type]


def claim(database: Database, now: int = NOW, most: int = 10) -> list[delivery.Waiting]:
    return database.run_now(lambda s: delivery.claim(s, "web", now, now + 1000, most))


def test_the_same_key_is_queued_once(database: Database, here: Here) -> None:
    assert database.run_now(lambda s: put(s, here, "a"))
    assert not database.run_now(lambda s: put(s, here, "a"))
    assert database.run_now(outbox.depth).waiting == 1


def test_order_is_kept_within_a_lane_and_lanes_do_not_wait_for_each_other(database: Database, here: Here) -> None:
    for key, lane in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")):
        database.run_now(lambda s, k=key, at=lane: put(s, here, k, at))
    first = claim(database)
    assert [row.key for row in first] == ["a1", "b1"]
    assert claim(database) == []
    database.run_now(lambda s: delivery.sent(s, first[0].id, "m1"))
    database.run_now(lambda s: delivery.retry(s, first[1].id, NOW + 5000, "Outage"))
    assert [row.key for row in claim(database, NOW + 1)] == ["a2"]
    assert database.run_now(lambda s: delivery.next_at(s, "web")) == NOW + 1001
    assert [row.key for row in claim(database, NOW + 5000)] == ["a2", "b1"]


def test_a_look_costs_the_same_whatever_waits_behind_it_or_was_sent_before(sqlite: Database) -> None:
    """Counted in steps of SQLite's own machine, which no other program slows down."""
    here = sqlite.run_now(lambda s: found(s, "here"))

    def steps() -> int:
        settled(sqlite)
        connection, taken = sqlite.lanes[0].connection, [0]
        connection.set_progress_handler(lambda: taken.__setitem__(0, taken[0] + 1), 1)
        [row] = claim(sqlite)
        assert sqlite.run_now(lambda s: delivery.next_at(s, "web")) == NOW + 1000
        connection.set_progress_handler(None, 0)
        sqlite.run_now(lambda s: delivery.sent(s, row.id, "m"))
        return taken[0]

    sqlite.run_now(lambda s: [put(s, here, f"m{n}", subject=f"about {n}") for n in range(100)])
    few = steps()
    sqlite.run_now(lambda s: [put(s, here, f"n{n}", subject=f"about {n}") for n in range(2000)])
    for row in range(200):
        sqlite.run_now(lambda s, row=row: delivery.sent(s, row, "m"))  # type: ignore[misc]
    assert steps() < 1.2 * few


def test_a_lease_runs_out(database: Database, here: Here) -> None:
    database.run_now(lambda s: put(s, here, "a"))
    assert len(claim(database)) == 1
    assert claim(database, NOW + 999) == []
    assert [row.key for row in claim(database, NOW + 1000)] == ["a"]


def test_a_dead_letter_frees_its_lane_and_comes_back_when_asked(database: Database, here: Here) -> None:
    database.run_now(lambda s: put(s, here, "a"))
    database.run_now(lambda s: put(s, here, "b"))
    [row] = claim(database)
    database.run_now(lambda s: delivery.bury(s, row.id, "Gone"))
    assert [one.key for one in claim(database)] == ["b"]
    depth = database.run_now(outbox.depth)
    assert (depth.waiting, depth.dead, depth.oldest_dead) == (1, 1, NOW)
    assert [(line.state, line.fault) for line in database.run_now(lambda s: undelivered.rows(s, 10))] == [
        ("dead", "Gone"),
        ("waiting", ""),
    ]
    assert database.run_now(lambda s: undelivered.revive(s, NOW)) == 1
    assert [one.key for one in claim(database)] == ["a"]


def test_a_later_message_of_a_subject_edits_the_earlier_one_and_stands_in_its_place(
    database: Database, here: Here
) -> None:
    for key, subject in (("new", "case:1"), ("other", ""), ("taken", "case:1")):
        database.run_now(lambda s, k=key, about=subject: put(s, here, k, subject=about))
    edits = []
    for number in range(3):
        [row] = claim(database, NOW + number)
        edits.append(row.edits)
        message = row.edits or f"m{number}"
        database.run_now(lambda s, i=row.id, m=message: delivery.sent(s, i, m, True))
    assert edits == ["", "", "m0"]
    standing = database.run_now(lambda s: posts.standing(s, "web", here.id, "mentors"))
    assert standing == [posts.Standing("new", b"taken"), posts.Standing("other", b"other")], (
        "under the key by which windows know the first one"
    )


def test_payloads_are_sealed_and_gone_once_sent(database: Database, here: Here) -> None:
    database.run_now(lambda s: put(s, here, "a", payload=b"CANARY"))
    raw = database.run_now(lambda s: s._execute("select payload from outbox", {}).fetchone()[0])
    assert b"CANARY" not in bytes(raw)
    [row] = claim(database)
    assert row.payload == b"CANARY"
    database.run_now(lambda s: delivery.sent(s, row.id, "m"))
    assert bytes(database.run_now(lambda s: s._execute("select payload from outbox", {}).fetchone()[0])) == b""


def test_a_private_message_goes_to_the_address_that_is_known_now(database: Database, here: Here) -> None:
    database.run_now(lambda s: put(s, here, "a", "here3", private=True))
    database.run_now(lambda s: members.set_address(s, "web", "here3", "new address"))
    assert [row.address for row in claim(database)] == ["new address"]


def test_two_processes_never_claim_the_same(url: str, masters: Masters, database: Database, here: Here) -> None:
    for number in range(60):
        database.run_now(lambda s, n=number: put(s, here, f"k{n}", f"lane{n % 7}"))
    seen: list[str] = []
    lock = threading.Lock()

    def deliver() -> None:
        other = Database(url, masters)
        other.open()
        while other.run_now(outbox.depth).waiting:
            for row in other.run_now(lambda s: delivery.claim(s, "web", NOW, NOW + 60_000, 3)):
                with lock:
                    seen.append(row.key)
                other.run_now(lambda s, i=row.id: delivery.sent(s, i, "m"))
        other.close()

    threads = [threading.Thread(target=deliver) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(seen) == sorted(f"k{n}" for n in range(60))
    for lane in range(7):
        mine = [int(key[1:]) for key in seen if int(key[1:]) % 7 == lane]
        assert mine == sorted(mine)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["sent", "retry", "bury", "lose"])), max_size=12))
def test_whatever_goes_wrong_each_is_delivered_once_and_in_order(
    sqlite: Database, story: list[tuple[str, str]]
) -> None:
    def clear(session: Session) -> Here:
        session._execute("delete from outbox", {})
        session._execute("delete from community", {})
        return Here(communities.add_community(session, "c", "C", "en", "UTC"), ())

    here = sqlite.run_now(clear)
    for number, (lane, _) in enumerate(story):
        sqlite.run_now(lambda s, n=number, at=lane: put(s, here, str(n), at))
    fate = {str(n): end for n, (_, end) in enumerate(story)}
    done: list[int] = []
    now = NOW
    while sqlite.run_now(outbox.depth).waiting:
        for row in claim(sqlite, now, 2):
            end = fate[row.key]
            if end in ("retry", "lose"):
                fate[row.key] = "sent"
            if end == "retry":
                sqlite.run_now(lambda s, i=row.id, at=now + 3000: delivery.retry(s, i, at, "Outage"))
            elif end != "lose":
                done.append(int(row.key))
                act = delivery.sent if end == "sent" else delivery.bury
                sqlite.run_now(lambda s, i=row.id, do=act: do(s, i, "m"))
        now += 1000
    assert sorted(done) == list(range(len(story)))
    for lane in "abc":
        mine = [n for n in done if story[n][0] == lane]
        assert mine == sorted(mine)


def dead(database: Database, here: Here, key: str, lane: str = "here3", why: str = "Blocked", **more: object) -> None:
    database.run_now(lambda s: put(s, here, key, lane, **{"private": True} | more))
    [row] = [one for one in claim(database) if one.key == key]
    database.run_now(lambda s: delivery.bury(s, row.id, why))


def reached(database: Database, here: Here, person: str = "here3", tried: int = NOW + 10_000) -> list[str]:
    database.run_now(lambda s: undelivered.reached(s, "web", here.id, person, NOW, written=NOW - 1000, tried=tried))
    return [row.key for row in claim(database)]


def test_who_is_there_again_gets_what_could_not_be_delivered(database: Database, here: Here) -> None:
    dead(database, here, "one")
    dead(database, here, "two", why="Gone")
    dead(database, here, "too large", why="TooLarge")
    dead(database, here, "old", at=NOW - 2000)
    dead(database, here, "of someone else", lane="here4")
    dead(database, here, "to a place", private=False)
    assert reached(database, here, "here5") == []
    assert reached(database, here) == ["one"]
    [row] = database.run_now(lambda s: [line for line in undelivered.rows(s, 9) if line.id == 1])
    database.run_now(lambda s: delivery.sent(s, row.id, "m"))
    assert [one.key for one in claim(database)] == ["two"]


def test_another_community_s_letters_stay_where_they_are(database: Database, here: Here, there: Here) -> None:
    dead(database, here, "one")
    assert reached(database, there) == []


def test_who_was_tried_just_now_waits(database: Database, here: Here) -> None:
    dead(database, here, "one")
    assert reached(database, here, tried=NOW - 1000) == []


def test_what_a_later_message_replaced_does_not_come_after_it(database: Database, here: Here) -> None:
    dead(database, here, "first", subject="pairing")
    dead(database, here, "other")
    database.run_now(lambda s: put(s, here, "second", "here3", private=True, subject="pairing"))
    [row] = claim(database)
    database.run_now(lambda s: delivery.sent(s, row.id, "m"))
    assert reached(database, here) == ["other"]
    assert database.run_now(lambda s: undelivered.revive(s, NOW)) == 0
    assert database.run_now(outbox.depth).dead == 1


def test_giving_up_is_counted_from_the_revival(database: Database, here: Here) -> None:
    dead(database, here, "one")
    database.run_now(lambda s: undelivered.revive(s, NOW + 99_999))
    [row] = claim(database, NOW + 99_999)
    assert (row.attempts, row.tried_since) == (0, NOW + 99_999)
    database.run_now(lambda s: delivery.bury(s, row.id, "Blocked"))
    assert [line.created_at for line in database.run_now(lambda s: undelivered.rows(s, 9))] == [NOW]


def test_old_dead_letters_are_thrown_away_and_what_waits_is_not(database: Database, here: Here) -> None:
    dead(database, here, "one")
    database.run_now(lambda s: put(s, here, "waits"))
    database.run_now(lambda s: tidy(s, here.id, NOW + 90 * DAY_MS))
    assert database.run_now(outbox.depth) == outbox.Depth(1, NOW, 1, NOW)
    database.run_now(lambda s: tidy(s, here.id, NOW + 90 * DAY_MS + 1))
    assert database.run_now(outbox.depth) == outbox.Depth(1, NOW)
