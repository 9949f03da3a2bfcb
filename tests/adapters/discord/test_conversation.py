"""What people do on Discord reaches the flows, and what the flows say reaches them, before and after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from adapters.discord import missed
from flows.faults import Gone, Outage, SendError, TooFast
from flows.seam import (
    Button,
    Buttons,
    Card,
    Command,
    Field,
    Filled,
    Form,
    Incoming,
    Line,
    Opened,
    Options,
    Outgoing,
    Pick,
    Picked,
    Pressed,
    Removed,
    Reply,
    Said,
    Space,
    Standing,
    Text,
)
from tests.adapters.discord.conftest import CHECK_IN, START, Flows
from tests.surfaces.discord import DiscordSurface


def check_in(flows: Flows) -> Callable[[Incoming], Reply]:
    """A form of six questions, taken in as many goes as it needs."""

    def then(_event: Incoming) -> Reply:
        filled = {name for event in flows.seen if isinstance(event.act, Filled) for name in event.act.values}
        left = tuple(one for one in CHECK_IN.fields if one.name not in filled)
        return Reply((Text("First this."), replace(CHECK_IN, fields=left)) if left else (Text("Thank you."),))

    return then


async def test_command_reaches_flows_with_fresh_roles_and_answers_privately(
    world: DiscordSurface, flows: Flows
) -> None:
    flows.say(Text("One.\n\nTwo."), Card("Card", (("Label", "Words"), ("", "Bare"))), START)
    await world.command("Sam", "help")
    event = flows.seen[-1]
    assert event.act == Command("help")
    assert event.space == world.space
    assert event.person is not None
    assert event.person.roles == {world.role_ids["students"]}
    assert (event.place, event.locale) == (world.place_ids["students"], "en-US")
    assert not event.person.manages
    assert await world.seen("Sam") == ["One.", "Two.", "Card", "Label: Words", "Bare", "[Start]"]
    assert await world.seen("Noor") == []


async def test_six_questions_become_two_modals(world: DiscordSurface, flows: Flows) -> None:
    flows.then = check_in(flows)
    await world.command("Sam", "check-in")
    assert await world.seen("Sam") == [
        "First this.",
        "Check-in",
        *(f"? Statement {n}" for n in range(1, 6)),
        "? Anything else?",  # on the second
        "[Write an answer]",
        "[Stop]",
    ]
    await world.fill("Sam", {**{f"Statement {n}": str(n) for n in range(1, 6)}, "Anything else?": "No *names*"})
    filled = [event.act for event in flows.seen if isinstance(event.act, Filled)]
    assert filled == [
        Filled(CHECK_IN.id, {f"s{n}": n for n in range(1, 6)}),
        Filled(CHECK_IN.id, {"more": "No *names*"}),
    ]
    assert (await world.seen("Sam"))[-1] == "Thank you."


async def test_empty_optional_field_is_none_and_present(world: DiscordSurface, flows: Flows) -> None:
    flows.say(replace(CHECK_IN, fields=CHECK_IN.fields[5:]))
    await world.command("Sam", "check-in")
    flows.then = lambda e: Reply(
        (Text("Done."),) if isinstance(e.act, Filled) else (replace(CHECK_IN, fields=CHECK_IN.fields[5:]),)
    )
    await world.fill("Sam", {})
    assert flows.seen[-1].act == Filled(CHECK_IN.id, {"more": None})


async def test_modal_opened_before_a_restart_is_taken_after_it(world: DiscordSurface, flows: Flows) -> None:
    flows.then = check_in(flows)
    await world.command("Sam", "check-in")
    opener = world.opener("Sam")
    assert opener is not None
    shown = await world.click("Sam", *opener)
    await world.restart()
    answers = {f"scale=s{n}": "3" for n in range(1, 6)}
    await world.people["Sam"].submit_modal(shown, answers)
    assert flows.seen[-1].act == Filled(CHECK_IN.id, {f"s{n}": 3 for n in range(1, 6)})


async def test_old_buttons_work_after_a_restart(world: DiscordSurface, flows: Flows) -> None:
    flows.say(Text("Well?"), START)
    await world.command("Sam", "help")
    await world.restart()
    flows.say(Text("Good."))
    await world.press("Sam", "Start")
    assert flows.seen[-1].act == Pressed("s.check_in.round")
    assert await world.seen("Sam") == ["Good."]


async def test_answered_buttons_are_gone_and_the_words_stay(world: DiscordSurface, flows: Flows) -> None:
    flows.say(Card("Well?", (("", "Read me"),)), START)
    await world.command("Sam", "help")
    flows.say(Text("Good."))
    await world.press("Sam", "Start")
    with pytest.raises(AssertionError, match="sees no button"):
        await world.press("Sam", "Start")
    old = list(world._messages("Sam"))[-1]
    assert "Read me" in str([c.to_dict() for c in old.components])


async def test_buttons_stay_when_nothing_was_saved(world: DiscordSurface, flows: Flows) -> None:
    flows.say(Text("Well?"), START)
    await world.command("Sam", "help")
    flows.say(Text("Not saved, please try again."), saved=False)
    await world.press("Sam", "Start")
    await world.press("Sam", "Start")
    assert len([e for e in flows.seen if isinstance(e.act, Pressed)]) == 2


async def test_fault_in_a_turn_is_said_kindly(world: DiscordSurface, flows: Flows) -> None:
    def broken(_event: Incoming) -> Reply:
        raise RuntimeError("boom")

    flows.then = broken
    await world.command("Sam", "help")
    assert await world.seen("Sam") == [
        "Something went wrong on our side, and this was not saved. Please try again in a moment."
    ]


async def test_role_taken_away_between_click_and_submit(world: DiscordSurface, flows: Flows) -> None:
    flows.then = check_in(flows)
    await world.command("Sam", "check-in")
    opener = world.opener("Sam")
    assert opener is not None
    shown = await world.click("Sam", *opener)
    world.env.backend.get_guild(world.guild.id).members[world.people["Sam"].id].role_ids = []
    await world.people["Sam"].submit_modal(shown, {f"scale=s{n}": "3" for n in range(1, 6)})
    person = flows.seen[-1].person
    assert person is not None
    assert person.roles == frozenset()


async def test_private_words_come_from_the_server_and_say_no_roles(world: DiscordSurface, flows: Flows) -> None:
    flows.say(Text("I *hear* you."), START)
    await world.say("Sam", "hello")
    event = flows.seen[-1]
    assert event.act == Said("hello")
    assert (event.space, event.place) == (world.space, "")
    assert event.person is not None
    assert event.person.roles is None
    assert await world.seen("Sam") == ["I *hear* you.", "[Start]"]
    await world.press("Sam", "Start")
    event = flows.seen[-1]
    assert event.space == world.space
    assert event.person is not None
    assert event.person.roles is None


async def test_how_someone_stands_is_asked_of_discord(world: DiscordSurface) -> None:
    robin = world.person_ids["Robin"]
    mentor = Standing(True, frozenset({world.role_ids["mentors"]}))
    assert await world.adapter.known(world.space, robin) == mentor
    manager = world.guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
    world.env.backend.add_member_role(world.guild.id, int(robin), manager.id)
    await world.env.settle()
    both = Standing(True, mentor.roles | {str(manager.id)}, manages=True)
    assert await world.adapter.known(world.space, robin) == both
    world.env.backend.get_guild(world.guild.id).members[int(robin)].role_ids = []
    assert await world.adapter.known(world.space, robin) == Standing(True)
    await world.leave("Robin")
    assert await world.adapter.known(world.space, robin) == Standing(False)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, 10004, Gone),  # unknown guild
        (403, 50001, Gone),  # missing access
        (429, 0, TooFast),
        (500, 0, Outage),
        (503, 0, Outage),
        (401, 0, Outage),
    ],
)
async def test_what_is_no_answer_never_says_that_somebody_left(
    world: DiscordSurface, status: int, code: int, error: type[SendError], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_args: object) -> None:
        raised = {404: discord.NotFound, 403: discord.Forbidden}.get(status, discord.HTTPException)
        raise raised(SimpleNamespace(status=status, reason="", headers={}), {"code": code, "message": ""})

    monkeypatch.setattr(discord.Guild, "fetch_member", refused)
    with pytest.raises(error):
        await world.adapter.known(world.space, world.person_ids["Robin"])


async def test_a_server_where_erbij_is_not_gives_no_answer(world: DiscordSurface) -> None:
    for server in ("1", "", "no number"):
        with pytest.raises(Gone):
            await world.adapter.known(Space("discord", server), world.person_ids["Robin"])


async def test_private_words_go_to_another_server_once_somebody_left_the_first(
    world: DiscordSurface, flows: Flows
) -> None:
    other = world.env.create_guild(name="Year 2")
    other.add_member(world.people["Sam"].user)
    await world.env.settle()
    await world.command("Sam", "help")
    await world.say("Sam", "hello")
    assert flows.seen[-1].space == world.space, "where they last did something"
    await world.leave("Sam")
    assert await world.adapter.known(world.space, world.person_ids["Sam"]) == Standing(False)
    await world.say("Sam", "hello")
    assert flows.seen[-1].space.id == str(other.id), "the one of the two that knows them"


async def test_private_words_of_someone_in_two_servers_come_from_where_they_last_were(
    world: DiscordSurface, flows: Flows
) -> None:
    world.env.create_guild(name="Year 2").add_member(world.people["Sam"].user)
    await world.env.settle()
    await world.say("Sam", "hello")
    assert flows.seen[-1].space.id == "", "which of them is not guessed"
    flows.then = lambda _event: Reply((Text("Hello."),), space=world.space)
    await world.say("Sam", "hello")
    await world.say("Sam", "hello")
    assert flows.seen[-1].space == world.space, "the flows knew"
    await world.restart()
    await world.command("Sam", "help")
    await world.say("Sam", "hello")
    assert flows.seen[-1].space == world.space


async def test_pickers_say_what_erbij_may_do_there(world: DiscordSurface, flows: Flows) -> None:
    fields = (
        Field("mentors", "The mentors' channel", Pick("place")),
        Field("role", "The mentors' role", Pick("role")),
        Field("who", "Who leads?", Pick("person")),
        Field("language", "Language", Options((("nl", "Nederlands"), ("de", "Deutsch")))),
    )
    form = Form("c.setup.1", "Setup", fields, "Save", "Set up")
    flows.then = lambda e: Reply((Text("Saved."),) if isinstance(e.act, Filled) else (form,))
    await world.command("Alex", "help")
    await world.fill(
        "Alex",
        {
            "The mentors' channel": "mentors",
            "The mentors' role": "mentors",
            "Who leads?": "Alex",
            "Language": "Deutsch",
        },
    )
    act = flows.seen[-1].act
    assert isinstance(act, Filled)
    assert act.values == {
        "mentors": Picked(world.place_ids["mentors"], "mentors", can_post=True, open_to_all=True),
        "role": Picked(world.role_ids["mentors"], "Mentor"),
        "who": Picked(world.person_ids["Alex"], "Alex"),
        "language": "de",
    }


async def test_menu_of_thirty_values_goes_on_in_a_second_one(world: DiscordSurface, flows: Flows) -> None:
    zones = Options(tuple((f"zone{n}", f"Zone {n}") for n in range(30)))
    form = Form("c.setup.2", "Setup", (Field("zone", "Time zone", zones),), "Save", "Choose")
    flows.then = lambda e: Reply((Text("Saved."),) if isinstance(e.act, Filled) else (form,))
    await world.command("Alex", "help")
    opener = world.opener("Alex")
    assert opener is not None
    shown = await world.click("Alex", *opener)
    await world.people["Alex"].submit_modal(shown, {"options=zone~2": "zone29"})
    assert flows.seen[-1].act == Filled("c.setup.2", {"zone": "zone29"})


async def test_kicked_and_channel_deleted(world: DiscordSurface, flows: Flows) -> None:
    world.env.backend.delete_channel(int(world.place_ids["leads"]))
    await world.env.settle()
    assert flows.seen[-1].act == Removed(world.place_ids["leads"])
    assert flows.seen[-1].space == world.space
    world.env.backend.emit("GUILD_DELETE", {"id": world.space.id})
    await world.env.settle()
    assert flows.seen[-1].act == Removed("")


async def test_long_words_and_many_buttons_arrive_whole(world: DiscordSurface, flows: Flows) -> None:
    words = " ".join(f"word{n}_*@everyone*" for n in range(900))
    flows.say(Text(words), Buttons(tuple(Button(f"b{n}", f"Button {n}") for n in range(60))))
    await world.command("Sam", "help")
    lines = await world.seen("Sam")
    assert " ".join(" ".join(line for line in lines if not line.startswith("[")).split()) == words
    assert [line for line in lines if line.startswith("[")] == [f"[Button {n}]" for n in range(60)]


async def test_form_that_is_gone_says_so(world: DiscordSurface, flows: Flows) -> None:
    flows.then = check_in(flows)
    await world.command("Sam", "check-in")
    flows.say(Text("This was already answered."))
    opener = world.opener("Sam")
    assert opener is not None
    shown = await world.click("Sam", *opener)
    assert shown.modal is None
    assert flows.seen[-1].act == Opened(CHECK_IN.id)
    assert "This was already answered." in await world.seen("Sam")


async def test_errors_and_drafts_are_shown_again(world: DiscordSurface, flows: Flows) -> None:
    wrong = Field("name", "A name", Line(20), draft="x", error="This name is too short.")
    flows.say(Form("c.n.1", "Name", (wrong,), "Save", "Change"))
    await world.command("Sam", "help")
    assert "A name\nThis name is too short." in await world.seen("Sam")
    opener = world.opener("Sam")
    assert opener is not None
    modal = (await world.click("Sam", *opener)).modal
    assert modal is not None
    assert modal["components"][0]["component"]["value"] == "x"
    assert modal["components"][0]["description"] == "This name is too short."


async def test_post_starts_a_private_conversation(world: DiscordSurface, flows: Flows) -> None:
    parts = (Card("Check-in", (("", "Five questions."),)), START)
    sent = await world.adapter.send(Outgoing("a" * 22, world.space, parts, place=world.place_ids["students"]))
    assert sent.message
    assert await world.posts("students") == ["Check-in", "Five questions.", "[Start]"]
    flows.say(Text("Hello."))
    await world.press("Sam", "Start", "students")
    assert await world.seen("Sam") == ["Hello."]
    assert await world.seen("Noor") == []
    assert await world.posts("students") == ["Check-in", "Five questions.", "[Start]"]


async def test_what_was_written_in_private_during_a_downtime_is_taken_afterwards(
    world: DiscordSurface, flows: Flows
) -> None:
    flows.then = lambda event: Reply((Text(f"You said {event.act}"),))
    for who in ("Sam", "Noor"):
        await world.say(who, "before")
    for text in ("one", "two"):
        await world.say_to_nobody("Sam", text)
    await world.say_to_nobody("Noor", "hello?")
    assert await world.seen("Sam") == []
    flows.seen.clear()
    flows.waiting = ["Sam"]
    await world.restart()
    await world.env.settle()
    assert [event.act for event in flows.seen] == [Said("one"), Said("two")]
    assert [event.person.id for event in flows.seen if event.person] == [world.person_ids["Sam"]] * 2
    assert len(await world.seen("Sam")) == 2
    await world.restart()
    await world.env.settle()
    assert len(flows.seen) == 2, "what was answered is not taken again"


@pytest.mark.parametrize("meanwhile", ["a live answer", "news"])
async def test_what_comes_between_a_restart_and_the_reading_hides_nothing(
    world: DiscordSurface, flows: Flows, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    flows.then = lambda event: Reply((Text(f"You said {event.act}"),))
    await world.say("Noor", "before")
    for who in ("Sam", "Noor"):
        await world.say_to_nobody(who, "during the downtime")
    world.env.backend.advance_clock(1)
    flows.seen.clear()
    flows.waiting = ["Sam", "Noor"]

    async def pause(_seconds: float) -> None:
        """Sam's chat was read; what happens before Noor's is."""
        world.env.backend.advance_clock(1)
        if meanwhile == "news":
            news = Outgoing("n" * 22, world.space, (Text("News."),), person=world.person_ids["Noor"])
            await world.adapter.send(news)
        else:
            channel = await client().create_dm(discord.Object(int(world.person_ids["Noor"])))
            live = world.env.backend.create_message(channel.id, int(world.person_ids["Noor"]), content="live")
            await client().on_message(await channel.fetch_message(live.id))

    def client() -> Any:
        return world.adapter._client

    monkeypatch.setattr(missed, "asyncio", SimpleNamespace(sleep=pause))
    await world.restart()
    await world.env.settle()
    said = [event.act for event in flows.seen if event.person and event.person.id == world.person_ids["Noor"]]
    live = [Said("live")] if meanwhile == "a live answer" else []
    assert said == [*live, Said("during the downtime")]


async def test_what_is_older_than_a_day_is_left_alone(
    world: DiscordSurface, flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "SINCE", timedelta(days=-1))  # the last moment for it is tomorrow
    await world.say_to_nobody("Sam", "one")
    flows.waiting = ["Sam"]
    await world.restart()
    await world.env.settle()
    assert flows.seen == []
