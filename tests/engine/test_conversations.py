"""Several conversations of one person: which one is meant, which one gives way, and in which language each goes on."""

from __future__ import annotations

from datetime import timedelta

from flows.engine import EVERYONE, Capability, Catalogue, Chat, flow, yes_no
from flows.engine.take import finish_work, take
from flows.engine.turn import MOST_OPEN
from flows.seam import Arrived, Buttons, Command, Filled, Incoming, Person, Pressed, Reply, Said, Space
from flows.words import Msg, _
from storage import outbox
from storage.statement import Session
from tests.door import NOW, card, form, text
from tests.engine.desk import Desk

HOUR = 3_600_000


def told(desk: Desk) -> str:
    """A case told to its receipt, which nobody has seen: the six words."""
    asked = form(desk.give(Command("tell")))
    shown = desk.give(Filled(asked.id, {one.name: "It was about me." for one in asked.fields}))
    incoming = Incoming("send", Space("web", "one"), Person("sam", "Sam"), Pressed(primary(shown)))

    def send(session: Session) -> Reply:
        turn = take(session, desk.catalogue, incoming, NOW)
        assert turn.work is not None
        return finish_work(session, desk.catalogue, turn.work, "00" * 32, NOW).reply

    return card(desk.database.run_now(send)).rows[0][1]


def primary(reply: Reply) -> str:
    return next(b.id for part in reply.parts if isinstance(part, Buttons) for b in part.buttons if b.kind == "primary")


def test_a_receipt_never_gives_way_to_other_conversations(desk: Desk) -> None:
    words = told(desk)
    for number in range(MOST_OPEN + 5):
        desk.give(Pressed(f"s.check_in.{desk.round(desk.one)}"), now=NOW + number)
    assert desk.open() == MOST_OPEN + 1
    assert words in str(desk.give(Arrived()).parts)


def test_cancel_stops_what_was_used_last_and_never_a_receipt(desk: Desk) -> None:
    words = told(desk)
    desk.give(Command("language"), now=NOW + HOUR)
    assert "Stopped" in text(desk.give(Said("stop"), now=NOW + HOUR))
    for word in ("cancel", "Abbrechen"):
        reply = desk.give(Said(word), now=NOW + HOUR)
        assert "nothing to stop" in text(reply)
        assert card(reply).rows[0][1] == words


def test_what_was_used_last_is_meant_however_long_it_lives(desk: Desk) -> None:
    """One lives for days, the other for hours: begun later, it ends first; it is meant all the same."""

    async def ask(chat: Chat) -> None:
        await chat.ask("sure", Msg("Sure?"), yes_no)
        chat.say(Msg("It was the long one."))

    async def ask_soon(chat: Chat) -> None:
        await chat.ask("sure", Msg("Sure?"), yes_no)
        chat.say(Msg("It was the short one."))

    flows = flow("long", who=[EVERYONE])(ask), flow("short", who=[EVERYONE], expires_after=timedelta(hours=2))(ask_soon)
    desk.catalogue = Catalogue([Capability("a", flows)])
    desk.give(Pressed("s.long."))
    desk.give(Pressed("s.short."), now=NOW + HOUR)
    assert "short" in text(desk.give(Said("Yes"), now=NOW + HOUR))


def test_neither_length_nor_time_tells_what_somebody_talks_about(desk: Desk) -> None:
    told(desk)
    for start in (
        Pressed(f"s.check_in.{desk.round(desk.one)}"),
        Command("tell"),
        Command("answer"),
        Command("language"),
    ):
        desk.give(start)
    seen = desk.database.run_now(
        lambda s: s._execute("select length(journal), expires_at from conversation", ()).fetchall()
    )
    assert len(seen) == 5
    assert len(set(map(tuple, seen))) == 1


def test_a_chosen_language_is_spoken_from_the_next_sentence_on(desk: Desk) -> None:
    asked = desk.give(Command("taal"))
    [nl] = [b.id for part in asked.parts if isinstance(part, Buttons) for b in part.buttons if b.label == "Nederlands"]
    reply = desk.give(Pressed(nl))
    assert (text(reply), reply.language) == ("Goed. Vanaf nu spreek ik Nederlands met je.", "nl")
    helped = [b.label for part in desk.give(Said("hulp")).parts if isinstance(part, Buttons) for b in part.buttons]
    assert helped[-3:] == ["Een taal kiezen", "Mijn gegevens bekijken", "Mij laten vergeten"]
    assert "Dit kun je doen" in text(desk.give(Said("wat?")))


def test_a_word_behind_a_command_that_takes_none_opens_no_second_conversation(desk: Desk) -> None:
    first = form(desk.give(Command("tell")))
    for start in (Said("/tell it now"), Said("tell it"), Pressed("s.belonging_case.")):
        assert form(desk.give(start)).id == first.id
    assert desk.open() == 1


def test_an_effect_that_a_new_version_adds_before_a_question_happens_once(desk: Desk) -> None:
    """Someone is in the middle of a flow when Erbij is updated: what the flow does now on the way is done, and kept."""
    done: list[str] = []

    async def before(chat: Chat) -> None:
        await chat.ask("sure", _("Yes"), yes_no)

    async def after(chat: Chat) -> None:
        await chat.do("effect", effect)
        await chat.post("post", _("Yes"), place="mentors")
        await chat.ask("sure", _("Yes"), yes_no)

    def effect(_session: Session) -> None:
        done.append("done")

    desk.catalogue = Catalogue([Capability("a", (flow("long", who=[EVERYONE])(before),))])
    desk.give(Pressed("s.long."))
    desk.catalogue = Catalogue([Capability("a", (flow("long", who=[EVERYONE])(after),))])
    for _time in range(3):
        desk.give(Arrived())
    assert done == ["done"]
    assert desk.database.run_now(outbox.depth).waiting == 1


def test_a_press_is_no_answer_to_a_question_that_a_new_version_asks_first(desk: Desk) -> None:
    async def before(chat: Chat) -> None:
        await chat.ask("coffee", Msg("Coffee?"), yes_no)

    async def after(chat: Chat) -> None:
        tea = await chat.ask("tea", Msg("Tea?"), yes_no)
        coffee = await chat.ask("coffee", Msg("Coffee?"), yes_no)
        chat.say(Msg(f"Tea: {tea}. Coffee: {coffee}."))

    desk.catalogue = Catalogue([Capability("a", (flow("drink", who=[EVERYONE])(before),))])
    old = primary(desk.give(Pressed("s.drink.")))
    desk.catalogue = Catalogue([Capability("a", (flow("drink", who=[EVERYONE])(after),))])
    tea = desk.give(Pressed(old))
    assert "Tea?" in text(tea)
    coffee = desk.give(Said("No"))
    assert "Coffee?" in text(coffee)
    assert "Tea: False. Coffee: True." in text(desk.give(Pressed(primary(coffee))))
