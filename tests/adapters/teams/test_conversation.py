"""What people see and do, over real HTTP: chat, cards, dialogs, channels."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from flows.seam import (
    Arrived,
    Button,
    Buttons,
    Card,
    Changed,
    Field,
    Filled,
    Form,
    Left,
    Line,
    Opened,
    Options,
    Pressed,
    Removed,
    Reply,
    Said,
    Scale,
    Space,
    Standing,
    Text,
)
from tests.adapters.teams.conftest import Heard, action, execute, task, text_of
from tests.adapters.teams.schema import check_card, elements
from tests.adapters.teams.world import BOT, CARD, TEAM, TENANT, World, world

STUDENTS = "19:students@thread.tacv2"
MESSAGE = "application/vnd.microsoft.activity.message"
FORM = Form(
    "c.form.1",
    "Check-in",
    (
        Field("accepted", "I felt accepted", Scale(1, 5, "not at all", "very much")),
        Field("mood", "How are you?", Options((("good", "Good"), ("bad", "Not so good"))), help="This week."),
        Field("more", "Anything else?", Line(2000, long=True), required=False, draft="so far", error="Too short."),
    ),
    "Send",
    "Fill in",
    (Button("c.back.1", "Back"), Button("c.stop.1", "Stop", "danger")),
)
CHOICE = Reply((Text("Shall we?"), Buttons((Button("c.yes.1", "Yes", "primary"), Button("c.no.1", "No")))))


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("hello", Said("hello")),
        ("help", Said("help")),
        ("/Help", Said("/Help")),
        ("language nl", Said("language nl")),
        ("help me out here", Said("help me out here")),
        ("/language  de ", Said("/language  de")),
        ("<at>Erbij</at>&nbsp;help", Said("help")),
        ("<at>Kim</at> said &lt;hi&gt;", Said("Kim said <hi>")),
        ("", Said("")),
        ("\u202ereversed\u200b", Said("\u202ereversed\u200b")),
        ('<quoted messageId="1732790000000"/><at>Erbij</at> help', Said("help")),
        ('<quoted messageId="1732790000000"/> I would rather not say.', Said("I would rather not say.")),
        ('I wrote: <attachment id="a1"></attachment> and that was it', Said("I wrote:   and that was it")),
        ("1 < 2 and <quoted> is a word", Said("1 < 2 and <quoted> is a word")),
    ],
)
async def test_typed(teams: World, heard: Heard, text: str, act: object) -> None:
    mention = {"type": "mention", "text": "<at>Erbij</at>", "mentioned": {"id": BOT, "name": "Erbij"}}
    status, answer = await teams.post(teams.activity(text=text, entities=[mention, {"type": "clientInfo"}]))
    assert (status, answer, heard.act) == (200, None, act)
    got = heard.got[0]
    assert got.person
    assert (got.person.id, got.person.name, got.person.added) == ("oid-sam", "Sam", False)
    assert (got.space.id, got.place, got.locale) == (TENANT, "", "en-GB")
    assert text_of(teams.service.cards("a:29:sam")[0]) == "Hello."


async def test_it_is_told_that_files_came_along(teams: World, heard: Heard) -> None:
    text = {"contentType": "text/html", "content": "<p>look</p>"}
    picture = {"contentType": "image/*", "contentUrl": "http://localhost/x"}
    for attachments, files in (([text], False), ([text, picture], True), ("broken", False), ([None, picture], True)):
        await teams.post(teams.activity(text="look", attachments=attachments))
        assert heard.act == Said("look", files=files)


async def test_an_edit_and_a_deletion_in_private_are_one_event_an_hour(teams: World, heard: Heard) -> None:
    at = "2026-11-28T10:{}:00Z"
    for kind, what in (("messageUpdate", "editMessage"), ("messageDelete", "softDeleteMessage")):
        edited = {"type": kind, "channelData": {"eventType": what}, "timestamp": at.format(len(what) + 10)}
        status, _answer = await teams.post(teams.activity(text="two", **edited))
        assert (status, heard.act) == (200, Changed())
        await teams.post(teams.activity(channel="19:students@thread.tacv2", text="two", **edited))
    await teams.post(teams.activity(type="messageUpdate", channelData={"eventType": "undeleteMessage"}))
    assert [one.event for one in heard.got] == ["a:29:sam:changed:2026-11-28T10"]
    assert text_of(teams.service.cards("a:29:sam")[0]) == "Hello."


async def test_people_s_words_are_shown_as_written(teams: World, heard: Heard) -> None:
    odd = "**b** [x](http://y) <at>everyone</at> \\ # 1. _u_ 🙂\nline two"
    heard.reply = Reply((Text(odd), Card(odd, ((odd, odd), ("", "")))))
    await teams.post(teams.activity(text="x"))
    [card] = teams.service.cards("a:29:sam")
    assert "<at>" not in str(card)
    runs = [e["text"] for e in elements(card) if e.get("type") == "TextRun"]
    assert runs[0] == "**b** [x](http://y) ‹at>everyone‹/at> \\ # 1. _u_ 🙂"
    [message] = teams.service.messages["a:29:sam"].values()
    assert message["summary"] == "Erbij has a message for you."
    assert "entities" not in message
    assert not message.get("text")


@pytest.mark.parametrize("way", ["execute", "submit"])
async def test_a_pressed_card_is_replaced(teams: World, heard: Heard, way: str) -> None:
    heard.reply = CHOICE
    await teams.post(teams.activity(text="x"))
    [message] = teams.service.messages["a:29:sam"]
    yes = action(teams.service.cards("a:29:sam")[0], "Yes")
    assert (yes["type"], yes["style"], yes["associatedInputs"]) == ("Action.Execute", "positive", "none")
    heard.reply = Reply((Text("Good."),))
    used = execute(yes["data"], message) if way == "execute" else {"value": yes["data"], "replyToId": message}
    status, answer = await teams.post(teams.activity(**used))
    assert status == 200
    assert heard.act == Pressed("c.yes.1")
    if way == "execute":
        assert answer["statusCode"] == 200
        assert answer["type"] == CARD
        assert text_of(answer["value"]) == "Good."
    await teams.settled()
    [card] = teams.service.cards("a:29:sam")
    assert text_of(card) == "Good."


async def test_a_card_that_is_gone_is_answered_anew(teams: World, heard: Heard) -> None:
    heard.reply = Reply((Text("Good."),))
    data = {"erbij": {"do": "press", "id": "c.yes.1"}}
    await teams.post(teams.activity(value=data, replyToId="long-gone"))
    assert text_of(teams.service.cards("a:29:sam")[0]) == "Good."


async def test_the_same_invoke_twice_has_one_id(teams: World, heard: Heard) -> None:
    body = teams.activity(**execute({"erbij": {"do": "press", "id": "c.yes.1"}}))
    first, second = await teams.post(body), await teams.post(body)
    assert first == second
    assert heard.got[0].event == heard.got[1].event


async def test_a_form_stands_in_the_chat_before_anyone_can_write_in_it(
    teams: World, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await teams.post(teams.activity(text="x"))
    [message] = teams.service.messages["a:29:sam"]
    edit, editing, go_on = teams.adapter._connector.edit, asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> None:
        editing.set()
        await go_on.wait()
        await edit(*given)

    monkeypatch.setattr(teams.adapter._connector, "edit", slow)
    monkeypatch.setattr("adapters.teams.answers.SOON", 60)
    heard.reply = Reply((FORM,))
    press = execute({"erbij": {"do": "press", "id": "c.yes.1"}}, message)
    answering = asyncio.create_task(teams.post(teams.activity(**press)))
    await editing.wait()
    done, _waits = await asyncio.wait({answering}, timeout=0.2)
    assert not done, "a later edit would wipe what was written"
    go_on.set()
    _status, answer = await answering
    assert answer["value"] == teams.service.cards("a:29:sam")[0]


async def test_a_message_told_twice_is_answered_once(teams: World, heard: Heard) -> None:
    body = teams.activity(text="x")
    await teams.post(body)
    await teams.post(body)
    assert len(teams.service.messages["a:29:sam"]) == 1
    heard.reply = Reply((Text("Not saved."),), saved=False)
    again = teams.activity(text="y")
    await teams.post(again)
    heard.reply = Reply((Text("Now it is."),))
    await teams.post(again)
    assert [text_of(card) for card in teams.service.cards("a:29:sam")][1:] == ["Not saved.", "Now it is."]


async def test_a_form_is_a_card_with_inputs(teams: World, heard: Heard) -> None:
    heard.reply = Reply((Text("First this."), FORM))
    await teams.post(teams.activity(text="x"))
    [card] = teams.service.cards("a:29:sam")
    fields = {e["id"]: e for e in elements(card) if str(e.get("type", "")).startswith("Input.")}
    assert list(fields) == ["in.accepted", "in.mood", "in.more"]
    assert [c["value"] for c in fields["in.accepted"]["choices"]] == ["1", "2", "3", "4", "5"]
    assert fields["in.more"]["value"] == "so far"
    assert not fields["in.more"]["isRequired"]
    assert "Please look at this again: Too short." in text_of(card)
    send = action(card, "Send")
    await teams.post(teams.activity(**execute(send["data"], accepted="4", mood="good")))
    assert heard.act == Filled("c.form.1", {"accepted": 4, "mood": "good", "more": None})
    odd = {"accepted": "four", "mood": "", "more": "x\ny"}
    await teams.post(teams.activity(**execute(send["data"], **odd)))
    assert heard.act == Filled("c.form.1", {"accepted": None, "mood": None, "more": "x\ny"})


async def test_a_dialog_goes_from_question_to_question(teams: World, heard: Heard) -> None:
    heard.reply = Reply((FORM,))
    await teams.post(teams.activity(text="x"))
    [message] = teams.service.messages["a:29:sam"]
    opens = action(teams.service.cards("a:29:sam")[0], "Write in a window")
    assert opens["data"]["msteams"] == {"type": "task/fetch"}
    _status, answer = await teams.post(teams.activity(**task("fetch", opens["data"], message)))
    assert heard.act == Opened("c.form.1")
    window = answer["task"]["value"]
    assert (answer["task"]["type"], window["title"]) == ("continue", "Check-in")
    inside = window["card"]["content"]
    assert not [e for e in elements(inside) if e.get("type") == "Action.Execute"]
    heard.reply = CHOICE
    send = action(inside, "Send")["data"]
    _status, answer = await teams.post(teams.activity(**task("submit", send, accepted="1", mood="bad", more="a")))
    assert heard.act == Filled("c.form.1", {"accepted": 1, "mood": "bad", "more": "a"})
    assert answer["task"]["type"] == "continue"
    heard.reply = Reply((Text("Thank you."),))
    yes = action(answer["task"]["value"]["card"]["content"], "Yes")["data"]
    _status, answer = await teams.post(teams.activity(**task("submit", yes)))
    assert answer["task"]["type"] == "message"
    assert [text_of(card) for card in teams.service.cards("a:29:sam")] == ["Thank you."]


async def test_a_dialog_for_a_form_that_is_closed_says_so(teams: World, heard: Heard) -> None:
    data = {"erbij": {"do": "open", "id": "c.old"}}
    heard.reply = Reply((Text("This was already answered."),))
    _status, answer = await teams.post(teams.activity(**task("fetch", data)))
    assert text_of(answer["task"]["value"]["card"]["content"]) == "This was already answered."


async def test_a_press_in_a_channel_is_answered_privately(teams: World, heard: Heard) -> None:
    heard.reply = Reply((Text("Only for you."),))
    press = execute({"erbij": {"do": "press", "id": "s.check_in.x"}}, "post-1")
    _status, answer = await teams.post(teams.activity(channel=STUDENTS, **press))
    assert answer["type"] == MESSAGE
    assert "private chat" in answer["value"]
    assert "Only for you" not in str(answer)
    assert list(teams.service.messages) == ["a:29:sam"]
    got = heard.got[0]
    assert (got.place, got.space.id) == (STUDENTS, f"{TENANT}:{TEAM}")


async def test_a_command_in_a_channel_leaves_no_trace_there(teams: World, heard: Heard) -> None:
    status, answer = await teams.post(teams.activity(channel=STUDENTS, text="help"))
    assert (status, answer) == (200, None)
    assert list(teams.service.messages) == ["a:29:sam"]


@pytest.mark.parametrize("invoked", [True, False])
async def test_who_has_not_added_erbij_is_told_how(teams: World, heard: Heard, invoked: bool) -> None:
    teams.service.blocked.add("29:sam")
    heard.reply = Reply((Text("Only for you."),))
    press = execute({"erbij": {"do": "press", "id": "s.x"}}) if invoked else {"text": "help"}
    _status, answer = await teams.post(teams.activity(channel=STUDENTS, **press))
    where = f"{STUDENTS};messageid=1"
    shown = answer["value"] if invoked else next(iter(teams.service.messages[where].values()))["text"]
    assert "choose Add" in shown
    assert "Only for you" not in str(teams.service.messages)


INSTALL: dict[str, Any] = {"type": "installationUpdate", "action": "add"}
ADDED: dict[str, Any] = {"type": "conversationUpdate", "membersAdded": [{"id": BOT}]}


async def test_installing_greets_once(teams: World, heard: Heard) -> None:
    heard.reply = Reply((Text("Hello."),))
    await teams.post(teams.activity(**INSTALL))
    await teams.post(teams.activity(**ADDED))
    assert [got.act for got in heard.got] == [Arrived()], "Teams tells it twice"
    assert len(teams.service.cards("a:29:sam")) == 1


@pytest.mark.parametrize(
    ("body", "channel", "act"),
    [
        ({"type": "installationUpdate", "action": "remove"}, STUDENTS, Removed()),
        ({"type": "conversationUpdate", "membersRemoved": [{"id": BOT}]}, STUDENTS, Removed()),
        ({"type": "installationUpdate", "action": "remove"}, "", None),
        ({"type": "installationUpdate", "action": "add-upgrade"}, "", None),
        ({"type": "conversationUpdate", "membersAdded": [{"id": "29:kim"}]}, STUDENTS, None),
        ({"type": "messageUpdate", "text": "edited"}, "", None),
        ({"type": "messageReaction", "reactionsAdded": [{"type": "like"}]}, "", None),
        ({"type": "typing"}, "", None),
        ({"type": "event", "name": "application/vnd.microsoft.readReceipt"}, "", None),
        ({"type": "invoke", "name": "composeExtension/query", "value": {}}, "", None),
        ({"type": "message", "from": {"id": "28:other", "name": "A bot"}}, "", None),
        ({"type": "message", "from": {"id": ""}}, "", None),
    ],
)
async def test_odd_activities(teams: World, heard: Heard, body: dict[str, Any], channel: str, act: object) -> None:
    status, _answer = await teams.post(teams.activity(channel=channel) | body)
    assert status == 200
    assert [got.act for got in heard.got] == ([act] if act else [])
    assert teams.service.messages == {}


async def test_a_deleted_channel_or_team(teams: World, heard: Heard) -> None:
    body = teams.activity(channel=STUDENTS, type="conversationUpdate")
    body["channelData"]["eventType"] = "channelDeleted"
    await teams.post(body)
    assert heard.act == Removed(STUDENTS)
    body["channelData"]["eventType"] = "teamDeleted"
    await teams.post(body)
    assert heard.act == Removed()


async def test_an_address_that_erbij_gives_is_a_link_and_people_s_are_not(teams: World, heard: Heard) -> None:
    page = "https://erbij.example.org/c/one"
    heard.reply = Reply((Text(f"On this page: {page}. Look <at> it."), Card("Case", (("What?", f"See {page}"),))))
    await teams.post(teams.activity(text="tell"))
    [card] = teams.service.cards("a:29:sam")
    check_card(card)
    runs = [one for one in elements(card) if one.get("type") == "TextRun"]
    assert [one["text"] for one in runs][:3] == ["On this page: ", page, ". Look ‹at> it."]
    assert [one["selectAction"]["url"] for one in runs if "selectAction" in one] == [page]


@pytest.mark.parametrize("data", [{}, {"erbij": 1}, {"erbij": {"do": "x", "id": "y"}}, {"erbij": {"do": "press"}}])
async def test_data_made_by_hand_does_nothing(teams: World, heard: Heard, data: dict[str, Any]) -> None:
    status, answer = await teams.post(teams.activity(**execute(data)))
    assert (status, heard.got) == (200, [])
    assert "try again" in answer["value"]


async def test_a_fault_of_ours_is_told_kindly(teams: World, heard: Heard) -> None:
    heard.fails = True
    press = execute({"erbij": {"do": "press", "id": "x"}})
    _status, answer = await teams.post(teams.activity(**press))
    assert "was not saved" in answer["value"]
    _status, answer = await teams.post(teams.activity(**task("submit", {"erbij": {"do": "press", "id": "x"}})))
    assert "was not saved" in answer["task"]["value"]
    assert (await teams.post(teams.activity(text="x")))[0] == 200
    [told] = teams.service.cards("a:29:sam")
    assert "was not saved" in text_of(told)


async def test_a_slow_turn_is_answered_in_time(teams: World, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.teams.adapter.DEADLINE", 0.01)
    heard.wait = asyncio.Event()
    heard.reply = CHOICE
    await teams.post(teams.activity(text="x", id="unused") | {"type": "typing"})
    teams.service.messages["a:29:sam"] = {"m1": {}}
    press = execute({"erbij": {"do": "press", "id": "x"}}, "m1")
    _status, answer = await teams.post(teams.activity(**press))
    assert "follows" in answer["value"]
    heard.wait.set()
    teams.service.changed.clear()
    await asyncio.wait_for(teams.service.changed.wait(), 5)
    assert "Shall we?" in text_of(teams.service.cards("a:29:sam")[0])


async def test_a_long_reply_is_several_messages(teams: World, heard: Heard) -> None:
    text = "word " * 20_000
    heard.reply = Reply((Text(text), *CHOICE.parts))
    await teams.post(teams.activity(text="x"))
    cards = teams.service.cards("a:29:sam")
    assert len(cards) > 1
    shown = "".join(e["text"] for c in cards for e in elements(c) if e.get("type") == "TextRun")
    assert shown.count("word") == 20_000
    assert action(cards[-1], "Yes")


async def test_a_reply_is_tried_again(teams: World, heard: Heard) -> None:
    from aiohttp import web

    teams.service.faults.append(web.Response(status=502, headers={"Retry-After": "0"}))
    await teams.post(teams.activity(text="x"))
    assert len(teams.service.cards("a:29:sam")) == 1


async def test_in_a_table_the_shorter_side_keeps_its_room(teams: World, heard: Heard) -> None:
    rows = (
        ("Time zone", "Europe/Brussels"),
        ("I felt accepted here this week.", "4 of 5"),
        ("I felt supported.", "5 of 5"),
    )
    heard.reply = Reply((Card("Today", rows),))
    await teams.post(teams.activity(text="setup"))
    [card] = teams.service.cards("a:29:sam")
    check_card(card)
    tables = [one for one in elements(card) if one.get("type") == "ColumnSet"]
    assert [[column["width"] for column in one["columns"]] for one in tables] == [
        ["auto", "stretch"],
        ["stretch", "auto"],
        ["stretch", "auto"],
    ]


def test_the_schema_does_find_faults() -> None:
    with pytest.raises(AssertionError):
        check_card({"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock"}]})


async def test_what_was_not_saved_leaves_the_card_as_it_is(teams: World, heard: Heard) -> None:
    heard.reply = Reply((FORM,))
    await teams.post(teams.activity(text="hello"))
    [[message, activity]] = teams.service.messages["a:29:sam"].items()
    card = activity["attachments"][0]["content"]
    heard.reply = Reply((Text("Not saved. Please try again."),), saved=False)
    filled = execute(action(card, "Send")["data"], message, accepted="4")
    for fields in (filled, task("submit", action(card, "Send")["data"], message)):
        _status, answer = await teams.post(teams.activity(**fields))
        assert "Not saved" in str(answer)
        assert "Thank you" not in str(answer)
    submitted = {"value": action(card, "Send")["data"], "replyToId": message}
    await teams.post(teams.activity(**submitted))
    await teams.settled()
    assert teams.service.messages["a:29:sam"][message] == activity
    assert text_of(teams.service.cards("a:29:sam")[-1]) == "Not saved. Please try again."


async def test_private_chats_say_nothing_of_the_team(teams: World, heard: Heard) -> None:
    await teams.post(teams.activity(text="hello"))
    assert heard.got[-1].person is not None
    assert heard.got[-1].person.roles is None
    await teams.post(teams.activity(channel=STUDENTS, text="hello"))
    assert heard.got[-1].person is not None
    assert heard.got[-1].person.roles == frozenset()
    shared = teams.activity(channel=STUDENTS, text="hello")
    shared["channelData"]["channel"]["type"] = "shared"
    await teams.post(shared)
    assert heard.got[-1].person is not None
    assert heard.got[-1].person.roles is None, "others than the team's members are in there"


@pytest.mark.parametrize("conversation", [TEAM, "19:private@thread.tacv2"])
async def test_somebody_left_the_team(teams: World, heard: Heard, conversation: str) -> None:
    gone = [{"id": "29:robin"}]
    await teams.post(teams.activity(channel=conversation, type="conversationUpdate", membersRemoved=gone))
    assert heard.act == Left()
    assert heard.got[-1].space == Space("teams", f"{TENANT}:{TEAM}", within=TENANT)
    assert heard.got[-1].person is None, "whoever removed them did nothing in Erbij"
    assert teams.service.log == []
    heard.got.clear()
    for added in ({"membersAdded": gone}, {"membersRemoved": []}):
        await teams.post(teams.activity(channel=conversation, type="conversationUpdate", **added))
    await teams.post(teams.activity(type="conversationUpdate", membersRemoved=gone))
    assert heard.got == []


async def test_in_the_playground_members_are_looked_up_in_the_list(heard: Heard) -> None:
    """It knows people by the Bot Framework's id alone when one is asked for."""
    async with world(heard, app_id="", tenants=frozenset()) as teams:
        team = Space("teams", f"{TENANT}:{TEAM}", within=TENANT)
        teams.service.members[TEAM] = [{"id": "29:sam", "objectId": "oid-sam", "name": "Sam"}]
        await teams.post(teams.activity(text="hello"), token="")
        assert await teams.adapter.known(team, "oid-sam") == Standing(True)
        assert await teams.adapter.known(team, "oid-eve") == Standing(False)
        assert teams.service.asked == []
