"""The gate and audiences on a real database: what comes through, to whom, once, whatever fails or happens between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import bindparam, select

from bot.sender import _settling
from flows import attention as attention_flows
from flows import basics
from flows.attention.held_back import missed_by
from flows.engine import Asked, Audience, Capability, Catalogue, Duty, Rank, Steps, To, Unasked, job, wire
from flows.engine.flow import FlowFault
from flows.faults import Outage
from flows.gate import claim
from flows.gate.rules import BUDGET_KEY
from flows.seam import Text
from flows.words import Msg
from storage import accounts, attention, audiences, delivery, due, forgetting, held, members, settings, undelivered
from storage.attention import Wishes
from storage.check_ins import Participation
from storage.database import Database
from storage.days import DAY
from storage.keys import Masters
from storage.statement import Session, columns
from tests.due import run_due
from tests.raw import rows
from tests.storage.conftest import Here, opened


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Brussels")).timestamp() * 1000)


NOW = at("2026-11-18T10:00")
"""A Wednesday."""
HOUR = 3_600_000
_took_part = columns(Participation)
NOT_ANSWERED = Audience(
    "not_answered",
    (
        ~select(_took_part.member_id)
        .where(_took_part.member_id == audiences.member.id, _took_part.round_id == bindparam("argument"))
        .correlate(audiences.member.id.table)
        .exists(),
    ),
)
Way = Callable[[Steps], object]


class Post:
    """What the job of the next test posts, by a name."""

    def __init__(self) -> None:
        self.ways: dict[str, Way] = {}


POST = Post()


@job("posting")
async def posting(steps: Steps, name: str) -> None:
    """One message as a test says."""
    await POST.ways[name](steps)  # type: ignore[misc]


CATALOGUE = Catalogue(
    [basics.capability, attention_flows.capability, Capability("trial", jobs=(posting,), audiences=(NOT_ANSWERED,))]
)


class Gate:
    """A community and its sender, as far as the gate goes."""

    def __init__(self, database: Database, here: Here) -> None:
        self.database, self.here, self.now = database, here, NOW
        self.count = 0

    def post(self, *texts: str, **how: object) -> None:
        """Post each text, through a job as capabilities do."""
        for text in texts:
            self.count += 1
            name = f"p{self.count}"
            POST.ways[name] = lambda steps, text=text: steps.post("m", Msg(text), **how)  # type: ignore[misc]
            self.database.run_now(lambda s: due.add(s, name, self.here.id, "posting", name, self.now))  # noqa: B023
        self.clock()

    def clock(self, most: int = 99) -> int:
        """Run what is due; how many jobs that was."""
        for number in range(most):
            if self.database.run_now(lambda s: run_due(s, CATALOGUE, self.now)) is None:
                return number
        return most

    def tell(self, person: int, *texts: str, **how: object) -> None:
        self.post(*texts, member=self.here.people[person], **how)

    def sent(self, database: Database | None = None) -> list[tuple[str, str]]:
        """Send all that may go now: (person, text) of each."""
        found = []
        while rows := self.claimed(database):
            for row in rows:
                parts, _language = wire.unpack(row.payload)
                found.append((row.recipient, " + ".join(part.text for part in parts if isinstance(part, Text))))
                (database or self.database).run_now(lambda s, row=row: delivered(s, row))  # type: ignore[misc]
        return sorted(found)

    def claimed(self, database: Database | None = None) -> list[delivery.Waiting]:
        return (database or self.database).run_now(
            lambda s: claim.claim(s, "web", self.now, self.now + 60_000, 500, private=True, known=CATALOGUE.audiences)
        )

    def wish(self, person: int, wishes: Wishes) -> None:
        self.database.run_now(lambda s: attention.wish(s, self.here.id, self.here.people[person], wishes))

    def back(self, person: int) -> list[tuple[str, str]]:
        missed = self.database.run_now(lambda s: missed_by(s, self.here.id, self.here.people[person], 0))
        return [(one.text, one.why) for one in missed]

    def next(self) -> int | None:
        return self.database.run_now(lambda s: claim.next_at(s, "web", private=True))


def delivered(session: Session, row: delivery.Waiting) -> None:
    delivery.sent(session, row.id, "m")
    held.sent_within(session, row.community, row.id, row.key, b"")


@pytest.fixture
def gate(database: Database, here: Here) -> Gate:
    return Gate(database, here)


# ------------------------------------------------------------ one person


def test_one_a_week_and_what_falls_together_is_one_by_rank(gate: Gate) -> None:
    gate.tell(0, "news")
    gate.tell(0, "date", why=Unasked(Rank.DATE))
    gate.tell(1, "other")
    assert gate.sent() == [("here0", "date + news"), ("here1", "other")]
    gate.tell(0, "more", why=Unasked(until=NOW + 2 * DAY))
    gate.tell(0, "long", why=Unasked(until=NOW + 20 * DAY))
    assert gate.sent() == []
    assert gate.back(0) == [("more", "enough")]
    assert gate.next() == at("2026-11-23T08:00")
    gate.now = at("2026-11-23T08:00")
    assert gate.sent() == [("here0", "long")]
    texts = gate.database.run_now(
        lambda s: [bytes(row["payload"]) for row in rows(s, "outbox") if row["state"] == "sent"]
    )
    assert set(texts) == {b""}, "also of what went within another one"


def test_as_many_a_week_as_a_community_chose(gate: Gate) -> None:
    gate.database.run_now(lambda s: settings.choose(s, gate.here.id, BUDGET_KEY, "2"))
    for said in ("first", "second"):
        gate.tell(0, said)
        assert gate.sent() == [("here0", said)]
    gate.tell(0, "third", why=Unasked(until=NOW + 2 * DAY))
    assert gate.sent() == []
    assert gate.back(0) == [("third", "enough")]


def test_who_wants_less_gets_one_also_where_more_is_sent(gate: Gate) -> None:
    gate.database.run_now(lambda s: settings.choose(s, gate.here.id, BUDGET_KEY, "3"))
    gate.wish(0, Wishes(seldom=True))
    for said in ("first", "second"):
        gate.tell(0, said)
        assert gate.sent() == ([("here0", said)] if said == "first" else [])


def test_fifty_posts_at_once_are_one_message(gate: Gate) -> None:
    gate.tell(0, *(f"m{number}" for number in range(50)))
    assert gate.sent() == [("here0", "m0 + m1 + m2")]
    assert gate.back(0) == [(f"m{number}", "many") for number in range(3, 50)]


def test_a_new_post_is_unasked_and_waits_for_the_morning(gate: Gate) -> None:
    gate.now = at("2026-11-20T21:30")
    gate.tell(0, "unasked")
    gate.tell(1, "a duty", why=Duty())
    gate.tell(2, "asked for, today", why=Asked())
    gate.tell(3, "asked for, tomorrow", why=Asked(on=gate.now + DAY))
    assert gate.sent() == [("here2", "asked for, today")]
    gate.now = at("2026-11-21T09:00")
    assert gate.sent() == [], "a Saturday"
    gate.now = at("2026-11-23T08:00")
    assert [who for who, _text in gate.sent()] == ["here0", "here1", "here3"]


def test_asked_for_and_duties_are_outside_the_budget_and_no_stop_holds_them(gate: Gate) -> None:
    gate.wish(0, Wishes(stopped=True))
    gate.tell(0, "case", fleeting=True, why=Asked())
    gate.tell(0, "duty", why=Duty())
    gate.tell(0, "unasked")
    assert [text for _who, text in gate.sent()] == ["case", "duty"], "and merged with nothing"
    assert gate.back(0) == [("unasked", "stopped")]
    gate.tell(1, "case", why=Asked())
    gate.tell(1, "unasked")
    assert sorted(gate.sent()) == [("here1", "case"), ("here1", "unasked")]


def test_a_pause_ends_by_itself(gate: Gate) -> None:
    gate.wish(0, Wishes(paused_until=at("2026-11-21T00:00")))
    gate.tell(0, "short", why=Unasked(until=NOW + DAY))
    gate.tell(0, "long")
    assert (gate.sent(), gate.back(0)) == ([], [("short", "paused")])
    gate.now = at("2026-11-23T08:00")
    assert gate.sent() == [("here0", "long")]


def test_nights_are_by_a_persons_own_clock(gate: Gate) -> None:
    gate.wish(0, Wishes(time_zone="America/New_York"))
    gate.tell(0, "good morning")
    assert gate.sent() == []
    gate.now = at("2026-11-18T14:00")
    assert gate.sent() == [("here0", "good morning")]


def test_after_an_outage_nothing_goes_at_night_nor_past_its_use(gate: Gate) -> None:
    """Claimed, and the platform took nothing: what was let go by day is looked at again before it goes."""
    gate.tell(0, "till tonight", why=Unasked(until=at("2026-11-18T20:00")))
    gate.tell(1, "till Friday", why=Unasked(until=at("2026-11-20T20:00")))
    gate.tell(2, "case", why=Asked())
    gate.tell(3, "both 1", "both 2")
    gate.tell(4, "stopped")
    for row in gate.claimed():
        gate.database.run_now(lambda s, row=row: delivery.retry(s, row.id, NOW + HOUR, "Outage"))  # type: ignore[misc]
    gate.wish(4, Wishes(stopped=True))
    gate.now = at("2026-11-19T02:00")
    assert gate.sent() == []
    assert gate.back(0) == [("till tonight", "late")]
    assert gate.back(4) == [("stopped", "stopped")]
    gate.now = at("2026-11-19T08:00")
    assert gate.sent() == [("here1", "till Friday"), ("here2", "case"), ("here3", "both 1 + both 2")]


def test_a_dead_letter_comes_back_through_the_gate_and_never_past_its_use(gate: Gate) -> None:
    gate.tell(0, "one", why=Unasked(until=NOW + DAY))
    gate.tell(1, "two")
    for row in gate.claimed():
        gate.database.run_now(lambda s, row=row: delivery.bury(s, row.id, "Blocked"))  # type: ignore[misc]
    gate.now = at("2026-11-19T22:00")
    assert gate.database.run_now(lambda s: undelivered.revive(s, gate.now)) == 1
    assert gate.sent() == []
    gate.now = at("2026-11-20T08:00")
    assert gate.sent() == [("here1", "two")]


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ({"why": Asked(), "fleeting": True}, []),
        ({"why": Asked()}, [("dead", "Outage, for three days")]),
        ({"why": Duty()}, [("dead", "Outage, for three days")]),
        ({"why": Unasked(until=NOW + 60 * DAY)}, [("dead", "Outage, for three days")]),
    ],
    ids=["fleeting", "asked", "duty", "unasked"],
)
def test_what_a_platform_never_takes_is_given_up_though_nights_come_between(
    gate: Gate, how: dict[str, object], left: list[tuple[str, str]]
) -> None:
    gate.tell(0, "news", **how)
    shown = set()
    while gate.now < at("2026-11-23T12:00"):  # a weekend comes between too
        for row in gate.claimed():
            for settle in _settling(Outage("down"), row, gate.now, HOUR):
                gate.database.run_now(settle)
        shown |= {one.state for one in gate.database.run_now(lambda s: undelivered.rows(s, 9))}
        gate.now += 3 * HOUR
    found = gate.database.run_now(lambda s: rows(s, "outbox"))
    assert [(row["state"], row["fault"]) for row in found] == left, "so that no row names a student"
    assert shown >= {"waiting", "held"}, "who looks after Erbij sees it by night too"


def test_what_only_waits_for_the_morning_is_no_trouble_to_show(gate: Gate) -> None:
    gate.now = at("2026-11-18T22:00")
    gate.tell(0, "duty", why=Duty())
    assert gate.database.run_now(lambda s: undelivered.rows(s, 9)) == []


def test_a_zone_that_nobody_knows_holds_up_nobody_else(gate: Gate) -> None:
    gate.post("before", audience=To("student"))
    gate.wish(0, Wishes(seldom=True))
    gate.database.run_now(lambda s: s._execute("update attention set seldom = 0, time_zone = 'Mars/Olympus_Mons'", {}))
    assert len(gate.sent()) == 12
    gate.now += 7 * DAY
    gate.post("after", audience=To("student"))
    assert len(gate.sent()) == 12
    gate.database.run_now(lambda s: s._execute("update community set time_zone = 'Mars/Olympus_Mons'", {}))
    gate.tell(1, "duty", why=Duty())
    assert gate.sent() == [("here1", "duty")]


@pytest.mark.parametrize("why", [Unasked(), Asked()])
def test_a_seal_that_does_not_open_holds_up_nobody_else(gate: Gate, why: Unasked | Asked) -> None:
    gate.tell(0, "broken", "behind it", why=why)
    gate.tell(1, "whole", "broken, within it", why=why)
    first, _behind, _whole, last = sorted(row["id"] for row in gate.database.run_now(lambda s: rows(s, "outbox")))
    gate.database.run_now(
        lambda s: s._execute(f"update outbox set key = 'by hand ' || id where id in ({first}, {last})", {})
    )
    assert ("here1", "whole") in gate.sent()
    found = {row["id"]: (row["state"], row["fault"]) for row in gate.database.run_now(lambda s: rows(s, "outbox"))}
    assert found[first] == found[last] == ("dead", "KeyFault")


def test_what_went_while_a_clock_ran_ahead_spends_no_budget_of_now(gate: Gate) -> None:
    from storage import places

    gate.database.run_now(
        lambda s: places.choose(s, gate.here.id, places.PlaceSet("students", "web", "here", "channel", "channel"))
    )
    gate.now += 364 * DAY
    gate.tell(0, "while it was wrong")
    gate.post("first", "second", place="students")
    assert gate.sent() == [("here0", "while it was wrong")]
    gate.now = NOW
    gate.tell(0, "now")
    gate.post("third", "fourth", place="students")
    assert gate.sent() == [("here0", "now")]
    assert [row["fault"] for row in gate.database.run_now(lambda s: rows(s, "outbox")) if row["state"] == "back"] == []


def test_two_processes_spend_one_budget(gate: Gate, url: str, masters: Masters) -> None:
    for person in range(10):
        gate.tell(person, "a", "b", "c", "d")
    seen: list[tuple[str, str]] = []
    lock = threading.Lock()

    def send() -> None:
        with opened(url, masters) as other:
            mine = gate.sent(other)
            with lock:
                seen.extend(mine)

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen += gate.sent()
    assert sorted(seen) == [(f"here{n}", "a + b + c") for n in range(10)]


def test_what_was_linked_has_the_strictest_wish_and_one_budget(gate: Gate) -> None:
    stays, goes = gate.here.people[:2]
    gate.wish(0, Wishes(seldom=True))
    gate.wish(1, Wishes(paused_until=NOW + 90 * DAY))
    gate.database.run_now(lambda s: accounts.merge(s, gate.here.id, stays, goes))
    found = gate.database.run_now(lambda s: attention.wishes(s, gate.here.id, stays))
    assert found == Wishes(seldom=True, paused_until=NOW + 90 * DAY)


def test_forgetting_erases_wishes_and_what_was_held_back(gate: Gate) -> None:
    gate.wish(0, Wishes(stopped=True))
    gate.tell(0, "x")

    def known(session: Session) -> dict[str, object]:
        person = forgetting.of_member(session, gate.here.id, gate.here.people[0])
        told = forgetting.export(session, person)
        forgetting.forget(session, person, NOW)
        return told

    told = gate.database.run_now(known)
    assert told["attention"]["stopped"] is True  # type: ignore[index]
    assert [one["why"] for one in told["held_back"]] == ["stopped"]  # type: ignore[attr-defined]
    assert gate.database.run_now(lambda s: rows(s, "attention") + rows(s, "outbox")) == []


def test_rows_of_the_gate_say_nothing_of_cases(gate: Gate) -> None:
    """News of an answer: no row of the gate, and none in the outbox once it is delivered."""
    gate.tell(0, "A mentor answered you.", fleeting=True, why=Asked())
    gate.tell(1, "Your accounts are linked.", why=Asked())
    news, linked = gate.database.run_now(lambda s: rows(s, "outbox"))
    alike = ("why", "rank", "until", "loud_until", "fanout", "subject", "state", "fault")
    assert [news[one] for one in alike] == [linked[one] for one in alike]
    for row in gate.claimed():
        settle = delivery.forget if row.fleeting else (lambda s, i: delivery.sent(s, i, "m"))
        gate.database.run_now(lambda s, row=row, settle=settle: settle(s, row.id))  # type: ignore[misc]
    assert [row["lane"] for row in gate.database.run_now(lambda s: rows(s, "outbox"))] == ["here1"]
    assert gate.database.run_now(lambda s: rows(s, "attention") + rows(s, "fanout") + rows(s, "audit")) == []


# ------------------------------------------------------------ a channel


def test_two_unasked_posts_a_week_and_channel_and_a_change_counts_no_second_time(gate: Gate) -> None:
    from storage import places

    gate.database.run_now(
        lambda s: places.choose(s, gate.here.id, places.PlaceSet("students", "web", "here", "channel", "channel"))
    )
    gate.post("first", place="students", subject="a", why=Unasked(Rank.NEWS))
    gate.post("first, changed", place="students", subject="a")
    gate.post("second", place="students", why=Unasked(Rank.INVITATION))
    gate.post("third", place="students")
    gate.post("work", place="students", why=Duty())

    def states() -> dict[str, str]:
        found = {}
        for row in gate.database.run_now(lambda s: rows(s, "outbox")):
            payload = gate.database.run_now(
                lambda s, row=row: s.keys.open("outbox", row["key"], bytes(row["payload"]))  # type: ignore[misc]
            )
            found[wire.unpack(payload)[0][0].text] = row["state"]  # type: ignore[union-attr]
        return found

    back = [text for text, state in states().items() if state == "back"]
    assert back == ["third"]
    gate.post("better", place="students", why=Unasked(Rank.DATE))
    assert sorted(text for text, state in states().items() if state == "back") == ["first", "third"], (
        "by rank, not sent yet"
    )
    gate.now = at("2026-11-23T00:00")
    gate.post("next week", place="students")
    assert states()["next week"] == "waiting"


# ------------------------------------------------------------ an audience


@pytest.fixture
def few_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audiences, "TOGETHER", 4)


def written(gate: Gate) -> list[str]:
    return sorted(row["lane"] for row in gate.database.run_now(lambda s: rows(s, "outbox")))


@pytest.mark.usefixtures("few_together")
def test_a_message_to_a_role_reaches_each_once_whatever_crashes(gate: Gate) -> None:
    """A crash at the end of each batch: its transaction is lost, and the next process goes on where it was."""
    staff = ",mentor,"
    gate.database.run_now(lambda s: members.set_roles(s, gate.here.id, "web", "here0", staff.strip(",").split(",")))
    crashes = 0

    class Crash(Exception):
        pass

    gate.count += 1
    POST.ways["all"] = lambda steps: steps.post("m", Msg("hello"), audience=To("student"))
    gate.database.run_now(lambda s: due.add(s, "all", gate.here.id, "posting", "all", gate.now))

    def run_and_crash(session: Session) -> None:
        if run_due(session, CATALOGUE, gate.now) is not None:
            raise Crash
        raise StopIteration

    for _ in range(20):
        with pytest.raises((Crash, RuntimeError, StopIteration)) as fault:
            gate.database.run_now(run_and_crash)
        if fault.type is not Crash:
            break
        crashes += 1
        before = len(written(gate))
        gate.clock(1)
        assert len(written(gate)) <= before + 4
    assert crashes >= 4
    assert gate.sent() == sorted((f"here{n}", "hello") for n in range(1, 12))
    gate.post("only mentors", audience=To("mentor"))
    assert gate.sent() == [("here0", "only mentors")]


@pytest.mark.usefixtures("few_together")
def test_two_processes_write_each_once(gate: Gate, url: str, masters: Masters) -> None:
    gate.post("hello")  # a job that only begins: nobody is named
    POST.ways["all"] = lambda steps: steps.post("m", Msg("hello"), audience=To("student"))
    gate.database.run_now(lambda s: due.add(s, "all", gate.here.id, "posting", "all", gate.now))

    def write() -> None:
        with opened(url, masters) as other:
            while other.run_now(due.next_at) is not None:
                other.run_now(lambda s: run_due(s, CATALOGUE, gate.now))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert written(gate) == sorted(f"here{n}" for n in range(12))


def test_the_same_message_again_is_written_for_nobody(gate: Gate) -> None:
    POST.ways["all"] = lambda steps: steps.post("m", Msg("hello"), audience=To("student"))
    for _ in range(2):  # the same due row, as after a database that did not say whether it had committed
        gate.database.run_now(lambda s: due.add(s, "all", gate.here.id, "posting", "all", gate.now))
        gate.clock()
    assert len(gate.sent()) == 12


@pytest.mark.usefixtures("few_together")
def test_who_left_stopped_or_answered_meanwhile_gets_nothing(gate: Gate) -> None:
    from storage import check_ins

    people = gate.here.people
    this = gate.database.run_now(lambda s: check_ins.open_round(s, gate.here.id, gate.now, gate.now + 5 * DAY))

    def answered(number: int) -> None:
        gate.database.run_now(
            lambda s: check_ins.cast(s, gate.here.id, this, people[number], f"web:here{number}", {}, gate.now)
        )

    def left(number: int) -> None:
        gate.database.run_now(
            lambda s: forgetting.forget(s, forgetting.of_member(s, gate.here.id, people[number]), gate.now)
        )

    answered(0)
    gate.now = at("2026-11-18T22:00")
    POST.ways["ask"] = lambda steps: steps.post("m", Msg("still open"), audience=To("not_answered", this))
    gate.database.run_now(lambda s: due.add(s, "ask", gate.here.id, "posting", "ask", gate.now))
    gate.clock(2)  # the beginning and one batch
    order = sorted(range(12), key=lambda number: people[number])
    answered(order[-1] or order[-2])
    left(order[-3])
    gate.clock()
    before = written(gate)
    early = [n for n in order[:4] if n][:3]
    answered(early[0])
    left(early[1])
    gate.wish(early[2], Wishes(stopped=True))
    gate.now = at("2026-11-19T08:00")
    got = {who for who, _text in gate.sent()}
    assert got <= set(before)
    nothing = {0, order[-1] or order[-2], order[-3], *early}
    assert got == {f"here{n}" for n in range(12) if n not in nothing}
    assert gate.back(early[0]) == [("still open", "over")]


def test_two_accounts_of_one_person_get_it_once_where_they_want_it(gate: Gate) -> None:
    def link(session: Session) -> None:
        other = members.add_member(session, gate.here.id, "teams", "here", "robin")
        accounts.merge(session, gate.here.id, gate.here.people[0], other)
        accounts.write_to(session, gate.here.id, gate.here.people[0], "teams:robin")

    gate.database.run_now(link)
    gate.post("hello", audience=To("student"))
    lanes = written(gate)
    assert ("robin" in lanes, "here0" in lanes, len(lanes)) == (True, False, 12)


def test_who_links_two_accounts_overnight_gets_it_once(gate: Gate) -> None:
    gate.now = at("2026-11-18T22:00")
    gate.post("hello", audience=To("student"))
    gate.database.run_now(lambda s: accounts.merge(s, gate.here.id, *gate.here.people[:2]))
    gate.now = at("2026-11-19T08:00")
    assert len(gate.sent()) == 11


@pytest.mark.parametrize("why", [Duty(), Asked(on=NOW + DAY)])
def test_who_lost_a_role_overnight_gets_nothing_of_what_goes_to_it(gate: Gate, why: Duty | Asked) -> None:
    for who in ("here0", "here1"):
        gate.database.run_now(lambda s, w=who: members.set_roles(s, gate.here.id, "web", w, ["mentor"]))  # type: ignore[misc]
    gate.now = at("2026-11-18T22:00")
    gate.post("cases wait", audience=To("mentor"), why=why)
    assert gate.sent() == []
    gate.database.run_now(lambda s: members.set_roles(s, gate.here.id, "web", "here0", []))
    gate.now = at("2026-11-19T08:00")
    assert gate.sent() == [("here1", "cases wait")]
    assert gate.back(0) == [("cases wait", "over")]


def test_who_lost_a_role_while_the_platform_was_down_gets_nothing(gate: Gate) -> None:
    gate.database.run_now(lambda s: members.set_roles(s, gate.here.id, "web", "here0", ["mentor"]))
    gate.post("cases wait", audience=To("mentor"), why=Duty())
    [row] = gate.claimed()
    gate.database.run_now(lambda s: delivery.retry(s, row.id, NOW + HOUR, "Outage"))
    gate.database.run_now(lambda s: members.set_roles(s, gate.here.id, "web", "here0", []))
    gate.now += HOUR
    assert gate.sent() == []


def test_who_links_two_accounts_after_one_has_it_gets_it_no_second_time(gate: Gate) -> None:
    gate.wish(1, Wishes(time_zone="America/New_York"))  # where it is night still
    gate.post("hello", audience=To("student"))
    assert len(gate.sent()) == 11
    gate.database.run_now(lambda s: accounts.merge(s, gate.here.id, *gate.here.people[:2]))
    gate.now = at("2026-11-23T15:00")  # of a new week
    assert gate.sent() == []
    assert gate.back(0) == [("hello", "twice")]


@pytest.mark.parametrize("written", ["2026-11-18T10:00", "2026-11-18T22:00"])
@pytest.mark.parametrize("why", [Duty(), Asked(on=NOW + DAY), Unasked()])
def test_who_links_two_accounts_where_both_wait_gets_it_once(
    gate: Gate, written: str, why: Duty | Asked | Unasked
) -> None:
    gate.now = at(written)
    gate.post("hello", audience=To("student"), why=why)
    gate.database.run_now(lambda s: accounts.merge(s, gate.here.id, *gate.here.people[:2]))
    gate.now = at("2026-11-19T10:00")
    assert len(gate.sent()) == 11
    assert gate.sent() == []


def test_who_links_two_accounts_while_the_platform_is_down_gets_it_once(gate: Gate) -> None:
    gate.post("hello", audience=To("student"))
    for row in gate.claimed():
        gate.database.run_now(lambda s, row=row: delivery.retry(s, row.id, NOW + HOUR, "Outage"))  # type: ignore[misc]
    gate.database.run_now(lambda s: accounts.merge(s, gate.here.id, *gate.here.people[:2]))
    gate.now += HOUR
    assert len(gate.sent()) == 11


def test_a_language_that_nobody_speaks_holds_up_nobody_else(gate: Gate) -> None:
    third = gate.here.people[3]
    gate.database.run_now(lambda s: s._execute(f"update member set language = 'fr' where id = '{third}'", {}))
    gate.post("Yes", audience=To("student"))
    assert dict(gate.sent()) == {f"here{n}": "Yes" for n in range(12)}


def test_each_reads_it_in_their_own_language(gate: Gate) -> None:
    gate.database.run_now(lambda s: members.set_language(s, gate.here.id, gate.here.people[3], "nl"))
    gate.post("Yes", audience=To("student"))
    assert dict(gate.sent()) == {f"here{n}": "Ja" if n == 3 else "Yes" for n in range(12)}


def test_no_community_reaches_another(gate: Gate, there: Here) -> None:
    gate.post("hello", audience=To("student"))
    assert {who[:4] for who, _text in gate.sent()} == {"here"}
    assert there.id


def test_an_audience_that_nobody_declared_is_a_fault(gate: Gate) -> None:
    with pytest.raises(FlowFault, match="whom nobody knows"):
        gate.post("hello", audience=To("mentors"))


def test_two_processes_that_open_the_gate_at_once_send_a_duty_once(gate: Gate, url: str, masters: Masters) -> None:
    gate.now = at("2026-11-18T22:00")
    for person in range(12):
        gate.tell(person, "duty", why=Duty())
    gate.now = at("2026-11-19T08:00")
    seen: list[int] = []

    def open_it() -> None:
        with opened(url, masters) as other:
            for _ in range(5):
                seen.extend(row.id for row in gate.claimed(other))

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 12
