"""What is written down nowhere: a form that is not kept, and all that follows from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from flows.engine import (
    EVERYONE,
    NO_ACCOUNT,
    Capability,
    Catalogue,
    Chat,
    Context,
    Conversation,
    Form,
    Run,
    Start,
    flow,
    line,
    yes_no,
)
from flows.engine.flow import Flow, FlowFault
from flows.engine.take import finish_work
from flows.engine.turn import Work
from flows.seam import Buttons, Filled, Person, Pressed, Reply, Space
from flows.words import Msg
from storage.database import Database
from storage.statement import Session
from tests.door import NOW, form, text
from tests.engine.desk import Desk

SECRET = "CANARY"


class Secret(Form):
    kept = False
    title = Msg("Secret")
    word: str = line(Msg("Which word?"), most=20)


class Plain(Form):
    title = Msg("Plain")
    word: str = line(Msg("Which word?"), most=20)


def slowly(word: str) -> str:
    return f"hash of {word}"


def found(_session: Session, tag: str) -> str | None:
    return "a story" if SECRET in tag else None


@flow("look", who=[EVERYONE, NO_ACCOUNT])
async def look(chat: Chat) -> None:
    typed = await chat.fill("secret", Secret)
    tag = await chat.work("tag", slowly, typed.word)
    story = await chat.do("find", found, tag)
    chat.say(Msg(f"It is {story}." if story else f"Nothing for {typed.word}."))
    if not story:
        chat.show(Start("look", "", Msg("Again")))


@flow("add", who=[EVERYONE])
async def add(chat: Chat) -> None:
    plain = await chat.fill("plain", Plain)
    typed = ""
    for number in range(9):
        draft = {"word": typed} if typed else None
        typed = (await chat.fill(f"secret.{number}", Secret, draft)).word
        if await chat.do(f"find.{number}", found, await chat.work(f"tag.{number}", slowly, typed)):
            break
        chat.say(Msg(f"Nothing for {typed}."))
    chat.say(Msg(f"Added {plain.word}."))


@flow("draw", who=[EVERYONE])
async def draw_(chat: Chat) -> None:
    await chat.ask("sure", Msg("Sure?"), yes_no)
    secret = await chat.random("secret", 9, kept=False)
    chat.say(Msg(await chat.work("tag", slowly, secret.hex())))


class Door:
    """Turns one by one, with a look at the database between a turn and the end of its slow work."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database = desk, desk.database
        desk.catalogue = Catalogue([Capability("a", (look, add, draw_))])

    def give(self, act: Any, who: str | None = "sam", event: str = "") -> tuple[Reply, Work | None]:
        turn = self.desk.once(self.desk.event(Space("web", "one"), Person(who) if who else None, act, event))
        return turn.reply, turn.work

    def finish(self, work: Work | None) -> Reply:
        assert work is not None
        result = work.fn(*work.args)
        turn = self.database.run_now(lambda s: finish_work(s, self.desk.catalogue, work, result, NOW))
        assert turn.work is None
        return turn.reply

    def journals(self) -> list[dict[str, Any]]:
        return [json.loads(one) for one in opened(self.database)]


def opened(database: Database) -> list[bytes]:
    """Every journal, with the master key in hand."""
    rows = database.run_now(lambda s: s._execute("select id, journal from conversation", {}).fetchall())
    assert database.keys is not None
    return [database.keys.open_passing("journal", ident, bytes(sealed)) for ident, sealed in rows]


@pytest.fixture
def door(desk: Desk) -> Door:
    return Door(desk)


def test_what_was_typed_is_written_down_nowhere_neither_while_it_is_worked_on_nor_after(door: Door) -> None:
    asked, _ = door.give(Pressed("s.look."))
    before = door.journals()
    shown, work = door.give(Filled(form(asked).id, {"word": SECRET}))
    assert shown.parts == ()
    assert work is not None
    assert SECRET in str(work.args)
    assert door.journals() == before
    assert text(door.finish(work)) == "It is a story."
    assert door.journals() == []


def test_after_a_restart_in_between_the_same_form_still_works(door: Door) -> None:
    asked, _ = door.give(Pressed("s.look."))
    _shown, _lost = door.give(Filled(form(asked).id, {"word": SECRET}), event="d2")
    again, work = door.give(Filled(form(asked).id, {"word": SECRET}), event="d2")
    assert (form(again), work) == (form(asked), None), "the same event shows the form again"
    _shown, work = door.give(Filled(form(asked).id, {"word": SECRET}))
    assert text(door.finish(work)) == "It is a story."


def test_two_who_send_it_at_once_get_it_once(door: Door) -> None:
    asked, _ = door.give(Pressed("s.look."))
    works = [door.give(Filled(form(asked).id, {"word": SECRET}))[1] for _ in range(2)]
    assert ["story" in text(door.finish(work)) for work in works] == [True, False]


def test_what_is_wrong_with_it_is_shown_and_not_kept(door: Door) -> None:
    asked, _ = door.give(Pressed("s.look."))
    before = door.journals()
    refused, work = door.give(Filled(form(asked).id, {"word": SECRET * 5}))
    [field] = form(refused).fields
    assert (work, field.draft) == (None, SECRET * 5)
    assert field.error
    assert door.journals() == before
    _shown, work = door.give(Filled(form(refused).id, {"word": "no"}))
    shown = door.finish(work)
    assert text(shown) == "Nothing for no."
    assert isinstance(shown.parts[-1], Buttons)
    assert door.journals() == []


def test_what_was_kept_before_stays_and_the_secret_is_asked_until_it_fits(door: Door) -> None:
    asked, _ = door.give(Pressed("s.add."))
    asked, _ = door.give(Filled(form(asked).id, {"word": "words"}))
    kept = door.journals()
    assert kept[0]["plain"] == {"word": "words"}
    for _time in range(3):
        _shown, work = door.give(Filled(form(asked).id, {"word": "wrong"}))
        asked = door.finish(work)
        assert text(asked) == "Nothing for wrong."
        assert form(asked).fields[0].draft == "wrong"
        assert not [b for b in form(asked).buttons if b.label == "Back"]
        assert door.journals() == kept
    _shown, work = door.give(Filled(form(asked).id, {"word": SECRET}))
    assert text(door.finish(work)) == "Added words."
    assert door.journals() == []


def test_chance_that_is_not_kept_is_drawn_again_and_the_answer_before_it_is_not_lost(door: Door) -> None:
    asked, _ = door.give(Pressed("s.draw."))
    [yes] = [b.id for part in asked.parts if isinstance(part, Buttons) for b in part.buttons if b.label == "Yes"]
    _shown, work = door.give(Pressed(yes))
    assert work is not None
    [journal] = door.journals()
    assert (journal["sure"], "secret" in journal, work.args[0] in str(journal)) == (True, False, False)
    _shown, again = door.give(Pressed(yes))
    assert again is not None
    assert again.args != work.args
    assert text(door.finish(again)) == slowly(*again.args)


def test_slow_work_may_be_finished_twice_as_a_group_that_rolled_back_does(door: Door) -> None:
    for who, space in (("sam", "s.add."), (None, "s.look.")):
        asked, _ = door.give(Pressed(space), who)
        if who:
            asked, _ = door.give(Filled(form(asked).id, {"word": "words"}), who)
        _shown, work = door.give(Filled(form(asked).id, {"word": SECRET}), who)
        assert work is not None

        def twice(s: Session) -> None:
            finish_work(s, door.desk.catalogue, work, slowly(SECRET), NOW)  # noqa: B023
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            door.database.run_now(twice)
        assert ("story" in text(door.finish(work))) is not bool(who)


# ------------------------------------------------------------ what cannot be written


def play(made: Flow, journal: dict[str, Any]) -> Run:
    run = Run(made, Context(member="m"), Conversation(journal))
    run.go()
    return run


async def ask_after(chat: Chat) -> None:
    await chat.fill("secret", Secret)
    await chat.ask("sure", Msg("Sure?"), yes_no)


async def fill_after(chat: Chat) -> None:
    await chat.random("secret", 9, kept=False)
    await chat.fill("plain", Plain)


async def other_after(chat: Chat) -> None:
    class Other(Secret):
        title = Msg("Other")

    await chat.fill("secret", Secret)
    await chat.fill("other", Other)


@pytest.mark.parametrize("body", [ask_after, fill_after, other_after])
def test_nothing_can_be_asked_after_it_that_would_have_to_be_kept(body: Callable[[Chat], Any]) -> None:
    with pytest.raises(FlowFault, match="nothing is asked but the same form again"):
        play(flow("after")(body), {}).answer({"word": SECRET})


def test_a_form_that_is_not_kept_has_one_field() -> None:
    with pytest.raises(FlowFault, match="is not kept, and so cannot have 2 questions"):

        class Both(Secret):
            title = Msg("Both")
            other: str = line(Msg("And?"))
