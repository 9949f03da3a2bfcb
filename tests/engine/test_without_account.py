"""Someone without an account: of a page that is only opened nothing is kept, and a full house gives words back."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from flows.engine import NO_ACCOUNT
from flows.seam import Arrived, Buttons, Command, Filled, Form, Opened, Pressed, Reply
from storage import conversations
from storage.days import DAY
from storage.statement import Session
from storage.tables import metadata
from tests.door import NOW, card, form, last, text
from tests.engine.desk import Desk

WORDS = {"issue": "CANARY at lunch", "involved": "some", "teacher": None, "student": None, "others": None}
_numbers = itertools.count()
SIX = WORDS | {"belonging": None}


def rows(desk: Desk) -> dict[str, list[Any]]:
    """All that is stored."""

    def read(s: Session) -> dict[str, list[Any]]:
        return {one: sorted(map(repr, s._execute(f"select * from {one}", {}).fetchall())) for one in metadata.tables}

    return desk.database.run_now(read)


def on_page(desk: Desk, act: Any, **more: Any) -> Reply:
    return desk.give(act, who=None, **more)


def buttons(reply: Reply) -> dict[str, str]:
    parts = [*(b for p in reply.parts if isinstance(p, Buttons) for b in p.buttons)]
    parts += [b for p in reply.parts if isinstance(p, Form) for b in p.buttons]
    return {one.label: one.id for one in parts}


def test_opening_pages_keeps_nothing_and_their_forms_work(desk: Desk) -> None:
    before = rows(desk)
    asked = on_page(desk, Command("tell"), event="again")
    for _page in range(20):
        again = on_page(desk, Command("tell"), event="again")
        assert form(again).fields == form(asked).fields
        assert form(again).id != form(asked).id
        on_page(desk, Command("answer"))
        on_page(desk, Opened(form(asked).id))
        on_page(desk, Pressed(form(asked).id + ".:back"))
    assert rows(desk) == before
    shown = on_page(desk, Filled(form(asked).id, SIX))
    assert "CANARY" in str(shown.parts)
    assert desk.open() == 1
    back = on_page(desk, Pressed(buttons(shown)["Back"]))
    assert form(back).fields[0].draft == "CANARY at lunch"
    assert form(back).id != form(asked).id


def test_a_page_that_was_left_is_forgotten_after_a_day_whatever_was_told_on_it(desk: Desk) -> None:
    begin(desk)
    assert "Give it to the mentors" in buttons(begin(desk))
    desk.give(Filled(form(desk.give(Command("tell"))).id, SIX))
    on_page(desk, Filled("f.abcdefgh.take_back." + "A" * 64, {}))
    on_page(desk, Pressed("f.abcdefgh.take_back." + "A" * 64 + ".yes"))
    ends = desk.database.run_now(lambda s: s._execute("select member_id, expires_at from conversation", ()).fetchall())
    assert sorted(at - NOW for member, at in ends if not member) == [86_400_000] * 3
    assert [at - NOW for member, at in ends if member] == [3 * 86_400_000]


def test_what_is_wrong_with_a_first_answer_is_said_beside_it(desk: Desk) -> None:
    asked = on_page(desk, Command("tell"))
    refused = on_page(desk, Filled(form(asked).id, SIX | {"issue": ""}))
    assert form(refused).fields[0].error
    assert {one.name: one.draft for one in form(refused).fields} == SIX | {"issue": None}
    assert desk.open() == 0
    shown = on_page(desk, Filled(form(refused).id, SIX))
    assert "CANARY" in str(shown.parts)
    assert desk.open() == 1


def test_the_same_answer_again_begins_no_second_conversation(desk: Desk) -> None:
    first = Filled(form(on_page(desk, Command("tell"))).id, SIX)
    shown = on_page(desk, first, event="same")
    again = on_page(desk, first, event="same")
    assert last(again) == last(shown)
    assert desk.open() == 1
    other = on_page(desk, first, event="other")
    assert card(other) == card(shown)
    assert desk.open() == 1
    assert last(begin(desk)) != last(shown)
    assert desk.open() == 2


def test_stopping_at_once_and_again_is_no_fault(desk: Desk) -> None:
    token = form(on_page(desk, Command("tell"))).id
    stop = Pressed(f"{token}.:stop")
    assert "Stopped" in text(on_page(desk, stop, event="stop"))
    assert text(on_page(desk, stop, event="stop"))
    for after in (Pressed(f"{token}.:back"), Opened(token), Pressed(f"{token}.no-such")):
        assert form(on_page(desk, after)).id == token
    assert desk.open() == 0


def test_a_first_answer_opens_no_door_that_is_shut(desk: Desk) -> None:
    """By hand, for every flow and job: what is not for someone without an account is neither begun nor done."""
    before = rows(desk)
    opened = set()
    for name in [*desk.catalogue.flows, *desk.catalogue.jobs, "nothing"]:
        for argument in ("", "x", "A" * 64):
            for choice in ("", ".send", ".:back"):
                token = f"f.{next(_numbers):08}.{name}.{argument}{choice}"
                for who in ("sam", "robin", None):
                    for act in (Pressed(token), Opened(token), Filled(token, {"word": "x", "issue": ""})):
                        reply = desk.give(act, who=who)
                        assert text(reply) or form(reply)
                        if any("'f." in str(part) for part in reply.parts):
                            opened.add((name, who))
    members = {"member", "account", "eventseen"}
    after = rows(desk)
    assert {k: v for k, v in after.items() if k not in members} == {k: v for k, v in before.items() if k not in members}
    assert opened == {(name, None) for name in ("belonging_case", "follow_up", "write_more", "take_back")}
    assert all(NO_ACCOUNT in desk.catalogue.flows[name].who for name, _ in opened)


def test_the_conversation_of_someone_with_an_account_waits_for_them(desk: Desk) -> None:
    asked = desk.give(Command("tell"))
    assert desk.open() == 1
    assert form(desk.give(Arrived())) == form(asked)
    assert "already answered" in text(desk.give(Pressed("f.abcdefgh.belonging_case..:stop")))


# ------------------------------------------------------------ a full house


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for three conversations in a community, and four in all."""
    monkeypatch.setattr(conversations, "OF_A_COMMUNITY", 3)
    monkeypatch.setattr(conversations, "IN_ALL", 4)


def begin(desk: Desk, space: str = "one", **more: Any) -> Reply:
    return on_page(desk, Filled(f"f.{next(_numbers):08}.belonging_case.", SIX), space=space, **more)


@pytest.mark.usefixtures("small")
def test_who_only_opens_pages_locks_nobody_out(desk: Desk) -> None:
    for _page in range(10):
        on_page(desk, Command("tell"))
    assert "Give it to the mentors" in buttons(begin(desk))


@pytest.mark.usefixtures("small")
def test_what_someone_wrote_comes_back_where_there_is_no_room(desk: Desk) -> None:
    for _n in range(3):
        assert "Give it to the mentors" in buttons(begin(desk))
    before = rows(desk)
    refused = begin(desk)
    assert "no room" in text(refused)
    drafts = {one.name: one.draft for one in form(refused).fields}
    assert drafts == SIX
    assert rows(desk) == before
    wrong = on_page(desk, Filled(form(refused).id, SIX | {"issue": "x" * 3000}))
    assert form(wrong).fields[0].draft == "x" * 3000
    assert form(wrong).fields[0].error
    desk.database.run_now(lambda s: conversations.expire(s, NOW + 86_400_001))
    shown = on_page(desk, Filled(form(wrong).id, drafts))
    assert "CANARY" in str(shown.parts)


HALF_AN_HOUR = 1_800_000


def goes_on(desk: Desk, shown: Reply, **more: Any) -> Reply:
    """Back, and the same again: two turns further in the same conversation."""
    back = on_page(desk, Pressed(buttons(shown)["Back"]), **more)
    return on_page(desk, Filled(form(back).id, SIX), **more)


@pytest.mark.usefixtures("small")
def test_a_full_house_opens_after_half_an_hour_whatever_those_in_it_do(desk: Desk) -> None:
    """The oldest gives way, though it took turns all the time; nobody does before, and no one with an account."""
    member = form(desk.give(Command("tell"), who="sam"))
    first = begin(desk)
    others = [begin(desk, now=NOW + minute) for minute in (1, 2)]
    for minutes in range(1, 30):
        first = goes_on(desk, first, now=NOW + minutes * 60_000)
    before = rows(desk)["conversation"]
    assert "no room" in text(begin(desk, now=NOW + HALF_AN_HOUR - 1))
    assert rows(desk)["conversation"] == before
    later = NOW + HALF_AN_HOUR
    assert "Give it to the mentors" in buttons(begin(desk, now=later))
    after = rows(desk)["conversation"]
    assert (len(after), len(set(before) - set(after)), len(set(after) - set(before))) == (4, 1, 1)
    assert "ended" in text(on_page(desk, Pressed(buttons(first)["Back"]), now=later))
    assert all("Give it to the mentors" in buttons(goes_on(desk, one, now=later)) for one in others)
    assert "no room" in text(begin(desk, now=later))
    assert form(desk.give(Arrived(), who="sam", now=later)) == member


@pytest.mark.usefixtures("small")
def test_where_all_communities_are_full_the_oldest_of_all_gives_way(desk: Desk) -> None:
    spaces = ("one", "two", "one", "two")
    first, *_others = [begin(desk, space, now=NOW + number) for number, space in enumerate(spaces)]
    assert "Give it to the mentors" in buttons(begin(desk, "two", now=NOW + HALF_AN_HOUR))
    assert "ended" in text(on_page(desk, Pressed(buttons(first)["Back"]), now=NOW + HALF_AN_HOUR))
    assert desk.open() == 4


def test_a_conversation_lives_a_day_from_its_first_answer_and_turns_do_not_lengthen_it(desk: Desk) -> None:
    shown = goes_on(desk, begin(desk), now=NOW + DAY - 1)
    assert desk.database.run_now(lambda s: conversations.expire(s, NOW + DAY)) == 1
    assert "ended" in text(on_page(desk, Pressed(buttons(shown)["Back"]), now=NOW + DAY))


def test_who_comes_from_where_much_comes_from_finds_half_of_the_room_and_takes_nobodys_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "OF_A_COMMUNITY", 4)
    for _n in range(2):
        assert "Give it to the mentors" in buttons(begin(desk, crowded=True))
    before = rows(desk)
    refused = begin(desk, crowded=True, now=NOW + HALF_AN_HOUR)
    assert "no room" in text(refused)
    assert {one.name: one.draft for one in form(refused).fields} == SIX
    assert rows(desk) == before
    for _n in range(2):
        assert "Give it to the mentors" in buttons(begin(desk))


@pytest.mark.usefixtures("small")
def test_it_comes_back_in_the_language_of_the_page(desk: Desk) -> None:
    refused = [begin(desk, locale="nl") for _n in range(4)][-1]
    assert refused.language == "nl"
    assert "geen plaats" in text(refused)


@pytest.mark.usefixtures("small")
def test_there_is_a_bound_for_all_communities_together(desk: Desk) -> None:
    for space in ("one", "two", "one", "two"):
        assert "Give it to the mentors" in buttons(begin(desk, space))
    assert "no room" in text(begin(desk, "two"))


@pytest.mark.usefixtures("small")
def test_who_has_an_account_is_never_refused_and_who_goes_on_is_not_either(desk: Desk) -> None:
    shown, *_others = [begin(desk) for _n in range(4)]
    for who in ("sam", "noor", "lou", "mika"):
        asked = desk.give(Command("tell"), who=who)
        assert "Give it to the mentors" in buttons(desk.give(Filled(form(asked).id, SIX), who=who))
    back = on_page(desk, Pressed(buttons(shown)["Back"]))
    assert "Give it to the mentors" in buttons(on_page(desk, Filled(form(back).id, SIX)))


@pytest.mark.usefixtures("small")
def test_reading_with_the_six_words_needs_no_room(desk: Desk) -> None:
    for _n in range(4):
        begin(desk)
    shown = on_page(desk, Filled("f.abcdefgh.follow_up.", {"words": "I forgot"}))
    assert "finds nothing" in text(shown)


def test_counting_looks_into_an_index_alone(desk: Desk) -> None:
    if desk.database.dialect != "sqlite":
        return

    def plan(s: Session) -> str:
        both = [one.sql("sqlite")[:2] for one in (conversations._beyond, conversations._beyond_here)]
        return str([s._execute("explain query plan " + q, [0] * len(order)).fetchall() for q, order in both])

    assert desk.database.run_now(plan).count("USING COVERING INDEX conversation_of") == 2


@pytest.mark.parametrize("who", [None, "sam"])
def test_a_reply_says_by_what_its_question_is_shown_again(desk: Desk, who: str | None) -> None:
    asked = desk.give(Command("tell"), who=who)
    assert asked.question == form(asked).id
    again = desk.give(Opened(asked.question), who=who)
    assert (form(again).fields, again.question) == (form(asked).fields, asked.question)
    shown = desk.give(Filled(asked.question, SIX), who=who)
    assert {one.rpartition(".")[0] for one in buttons(shown).values()} == {shown.question}
    assert card(desk.give(Opened(shown.question), who=who)) == card(shown)
    asked_first = desk.give(Pressed(f"{shown.question}.:stop"), who=who)
    assert asked_first.question == shown.question
    over = desk.give(Pressed(f"{shown.question}.:stop_now"), who=who)
    assert (over.question, desk.open()) == ("", 0)
