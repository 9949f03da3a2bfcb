"""What nobody should send, and what the engine makes of it: a kind line, nothing half done, nothing of others shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flows.engine.take import take
from flows.seam import Buttons, Card, Command, Filled, Incoming, Person, Pressed, Said, Space, Text
from storage import case_release, case_telling, cases, conversations, role_grants
from storage.statement import Session
from tests.door import NOW, form, last, text
from tests.due import run_due
from tests.engine.desk import Desk, answers


def test_the_same_event_twice_has_one_effect(desk: Desk) -> None:
    first = desk.give(Pressed(f"s.check_in.{desk.round(desk.one)}"), event="start")
    again = desk.give(Pressed(first_id := f"s.check_in.{desk.round(desk.one)}"), event="start")
    assert first_id
    assert form(again).id == form(first).id
    assert desk.open() == 1
    filled = Filled(form(first).id, answers(form(first)))
    shown = desk.give(filled, event="filled")
    twice = desk.give(filled, event="filled")
    assert isinstance(last(shown), Buttons)
    assert last(twice) == last(shown)


def test_an_old_button_gets_a_friendly_word_and_the_question_that_waits(desk: Desk) -> None:
    started = form(desk.give(Pressed(f"s.check_in.{desk.round(desk.one)}")))
    shown = desk.give(Filled(started.id, answers(started)))
    stays = last(shown)
    assert isinstance(stays, Buttons)
    for late in (f"{started.id}.4", f"{started.id}.:back", stays.buttons[0].id.replace(".2.", ".1.")):
        old = desk.give(Pressed(late))
        assert "already answered" in text(old)
        assert last(old) == stays


@pytest.mark.parametrize(
    "button",
    ["", "c", "c..", "c.x", "c.x.y.z", "s.", "s.nothing.x", "s.check_in.", "s.check_in.x", "\0", "s.help", "c." * 60],
)
def test_a_button_made_by_hand_does_nothing(desk: Desk, button: str) -> None:
    assert text(desk.give(Pressed(button)))
    assert text(desk.give(Filled(button, {"issue": "x"})))
    assert desk.open() == 0


def test_nobody_acts_on_a_conversation_that_is_not_theirs(desk: Desk) -> None:
    mine = form(desk.give(Command("tell")))
    for who, space in (("noor", "one"), ("sam", "two"), ("robin", "one"), (None, "one")):
        stolen = desk.give(Filled(mine.id, {"issue": "not mine"}), who=who, space=space)
        assert "already answered" in text(stolen)
        assert "not mine" not in str(desk.give(Command("tell")))


def test_a_round_of_another_community_is_closed_to_me(desk: Desk) -> None:
    reply = desk.give(Pressed(f"s.check_in.{desk.round(desk.two)}"))
    assert "closed" in text(reply)
    assert desk.open() == 0


def test_a_student_starts_nothing_of_the_mentors(desk: Desk) -> None:
    assert "for the mentors" in text(desk.give(Pressed("s.claim_case.AAAAAAAAAAAAAAAAAAAAAA")))
    assert "for the mentors" in text(desk.give(Command("cases")))


def test_a_role_taken_away_between_two_clicks_counts_at_once(desk: Desk) -> None:
    @_in(desk)
    def _lead(session: Session) -> None:
        role_grants.grant(session, desk.one, role_grants.Grant("student", "web", "role", "first-years"))

    space, act = Space("web", "one"), Pressed(f"s.check_in.{desk.round(desk.one)}")
    has = Person("sam", roles=frozenset({"first-years"}))
    reply = desk.database.run_now(lambda s: take(s, desk.catalogue, Incoming("r1", space, has, act), NOW)).reply
    filled = Filled(form(reply).id, answers(form(reply)))
    lost = desk.database.run_now(lambda s: take(s, desk.catalogue, Incoming("r2", space, Person("sam"), filled), NOW))
    assert not any(isinstance(part, Buttons) for part in lost.reply.parts)


def test_a_stranger_is_told_kindly(desk: Desk) -> None:
    assert "not set up here" in text(desk.give(Said("hello"), space="elsewhere", who="nobody"))


def test_a_hundred_kilobytes_are_refused_with_the_words_kept(desk: Desk) -> None:
    started = form(desk.give(Command("tell")))
    reply = desk.give(Filled(started.id, {f.name: "x" * 100_000 for f in started.fields}))
    issue = form(reply).fields[0]
    assert "Its first 20000 are still here" in issue.error
    assert len(str(issue.draft)) == 20_001
    assert text(desk.give(Said("y" * 100_000)))


def test_invisible_characters_do_not_make_an_answer(desk: Desk) -> None:
    started = form(desk.give(Command("tell")))
    reply = desk.give(Filled(started.id, {"issue": "\u200b\u202e\ufeff \n"}))
    assert form(reply).fields[0].error


def test_a_surrogate_or_a_zero_byte_is_no_fault(desk: Desk) -> None:
    assert text(desk.give(Said("\ud800 \x00 hello")))


def test_text_that_is_not_understood_gets_an_answer_and_the_open_question(desk: Desk) -> None:
    desk.give(Command("tell"))
    reply = desk.give(Said("what?"))
    assert "did not understand" in text(reply)
    assert form(reply)


def test_many_conversations_of_one_person_are_bounded(desk: Desk) -> None:
    for _i in range(15):
        desk.give(Pressed(f"s.check_in.{desk.round(desk.one)}"))
    assert desk.open() == 10


def test_what_nobody_comes_back_to_is_gone(desk: Desk) -> None:
    started = form(desk.give(Command("tell")))
    desk.give(Filled(started.id, {"issue": "a draft"}))
    later = NOW + 4 * 86_400_000
    assert desk.database.run_now(lambda s: conversations.expire(s, later))
    assert desk.open() == 0
    assert "ended" in text(desk.give(Pressed(started.id + ".:stop"), now=later))


def test_a_clock_that_jumps_runs_what_is_overdue_once(desk: Desk) -> None:
    later = NOW + 33 * 86_400_000
    ran = []
    while (one := desk.database.run_now(lambda s: run_due(s, desk.catalogue, later))) is not None:
        ran.append((one.job, one.skipped))
    # Two communities, each recurring flow at most once; last Thursday's check-in is skipped on this Monday.
    for name in {flow for flow, _skipped in ran}:
        assert len([flow for flow, skipped in ran if flow == name and not skipped]) <= 2
    assert ("open_check_in", True) in ran


def _in(desk: Desk) -> Callable[[Callable[[Session], None]], None]:
    return desk.database.run_now


def test_a_mentor_who_is_none_any_more_can_send_nothing_that_stands_open(desk: Desk) -> None:
    told = desk.database.run_now(lambda s: case_telling.tell(s, desk.one, "ab" * 32, {"issue": "x"}, NOW // 86_400_000))
    desk.database.run_now(lambda s: case_release.release(s, desk.one))
    assert desk.give(Pressed(f"s.claim_case.{told}"), who="robin").parts
    answer = form(desk.give(Pressed(f"s.answer_case.{told}"), who="robin"))
    note = form(desk.give(Pressed(f"s.note_case.{told}"), who="robin"))
    sure = last(desk.give(Pressed(f"s.close_case.{told}"), who="robin"))
    assert isinstance(sure, Buttons)
    desk.database.run_now(lambda s: role_grants.revoke(s, desk.one, "mentor", "web"))
    for act in (
        Filled(answer.id, {"text": "No longer my business."}),
        Filled(note.id, {"text": "No longer my business."}),
        Pressed(sure.buttons[0].id),
        Pressed(f"s.case.{told}"),
    ):
        reply = desk.give(act, who="robin")
        assert all(isinstance(part, Text | Buttons) or (isinstance(part, Card) and part.aside) for part in reply.parts)
        assert told not in str(reply.parts)
    view = desk.database.run_now(lambda s: cases.read(s, desk.one, told))
    assert view is not None
    assert view.status == "claimed"
    assert "business" not in str(view)
    assert "business" not in str(desk.give(Command("help"), who="robin"))


def test_a_mentor_of_one_community_cannot_touch_a_case_of_another(desk: Desk) -> None:
    told = desk.database.run_now(
        lambda s: case_telling.tell(s, desk.one, "ab" * 32, {"issue": "CANARY"}, NOW // 86_400_000)
    )
    desk.database.run_now(lambda s: case_release.release(s, desk.one))
    for flow in ("case", "claim_case", "answer_case", "close_case"):
        assert "CANARY" not in str(desk.give(Pressed(f"s.{flow}.{told}"), who="robin", space="two"))
    view = desk.database.run_now(lambda s: cases.read(s, desk.one, told))
    assert view is not None
    assert view.status == "new"
