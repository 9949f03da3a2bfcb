"""What is left of a check-in beside its ballot."""

from __future__ import annotations

import json

import pytest

from flows.seam import Filled, Pressed, Reply
from storage import check_ins, conversations
from storage.database import Database
from storage.statement import Session
from tests.door import NOW, button, form, text
from tests.engine.desk import Desk, answers


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def sent(desk: Desk, round_id: str, value: int) -> Reply:
    """Sam answers so to each statement."""
    asked = form(desk.give(Pressed(f"s.check_in.{round_id}")))
    values = {name: given and value for name, given in answers(asked).items()}
    return desk.give(Pressed(button(desk.give(Filled(asked.id, values)), "Send")))


@pytest.mark.parametrize("value", [1, 3, 5])
def test_no_conversation_keeps_what_was_sent(desk: Desk, value: int) -> None:
    """Nor is there one after low answers only: who reads the tables must not see that they were low."""
    reply = sent(desk, desk.round(desk.one), value)
    assert ("mentor" in text(reply)) == (value == 1)
    assert desk.database.run_now(conversations.count) == 0
    if value == 1:
        assert "read your story" in text(desk.give(Pressed(button(reply, "Tell a mentor"))))


def test_who_was_asked_by_the_first_version_is_offered_the_same(desk: Desk) -> None:
    """Then the answers waited in the check-in's own conversation; they go with the next turn."""
    desk.give(Pressed(f"s.check_in.{desk.round(desk.one)}"))

    def earlier(session: Session) -> str:
        [(member,)] = session._execute("select member_id from conversation", {}).fetchall()
        [(conversation, turn, journal, until)] = conversations.open_of(session, desk.one, member)
        given = dict.fromkeys(check_ins.STATEMENTS, 1) | {"remark": None}
        old = json.loads(journal) | {"answers": given, "confirm": "send", "sent_at": NOW, "cast": "saved"}
        conversations.save(session, conversation, turn, json.dumps(old | {"@asked": "tell"}).encode(), until)
        return f"c.{conversation}.{turn + 1}"

    token = desk.database.run_now(earlier)
    assert button(desk.give(Pressed(f"{token}.yes")), "Tell a mentor")
    assert desk.database.run_now(conversations.count) == 0


def test_a_round_that_was_closed_early_by_a_wrong_clock_takes_no_more(desk: Desk) -> None:
    this = desk.round(desk.one)
    desk.database.run_now(lambda s: check_ins.close(s, desk.one, this, NOW + 10**12))
    assert "is closed" in text(desk.give(Pressed(f"s.check_in.{this}")))
