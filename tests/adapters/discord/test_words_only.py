"""What a private chat carries besides new text: pictures, files, edits, deletions."""

from __future__ import annotations

from flows.seam import Changed, Outgoing, Said, Text
from tests.adapters.discord.conftest import Flows
from tests.surfaces.discord import DiscordSurface


async def test_it_is_told_that_files_came_along(world: DiscordSurface, flows: Flows) -> None:
    sam = world.people["Sam"]
    message = await sam.send_dm("only this")
    assert flows.seen[-1].act == Said("only this")
    picture = world.env.backend.store_attachments(message.channel.id, [("photo.png", b"png")])
    for words in ("look", ""):
        await sam.send_dm(words, attachments=picture)
        assert flows.seen[-1].act == Said(words, files=True)


async def test_an_edit_and_a_deletion_are_answered_as_one_event_an_hour(world: DiscordSurface, flows: Flows) -> None:
    sam, backend = world.people["Sam"], world.env.backend
    message = await sam.send_dm("one")
    flows.say(Text("It stays as it was."))
    backend.edit_message(message.channel.id, message.id, {"content": "two"})
    await world.env.settle()
    changed = flows.seen[-1]
    assert changed.act == Changed()
    assert changed.person is not None
    assert changed.person.id == str(sam.id)
    assert "It stays as it was." in await world.seen("Sam")
    backend.delete_message(message.channel.id, message.id)
    await world.env.settle()
    assert flows.seen[-1] == changed
    assert len(flows.seen) == 3


async def test_what_erbij_edits_and_deletes_itself_is_no_event(world: DiscordSurface, flows: Flows) -> None:
    sam = str(world.people["Sam"].id)
    long, short = (Text("word " * 1500),), (Text("short"),)
    sent = await world.adapter.send(Outgoing("a" * 22, world.space, long, person=sam))
    assert "." in sent.message, "two messages, of which one is deleted"
    await world.adapter.send(Outgoing("b" * 22, world.space, short, person=sam, edits=sent.message))
    await world.env.settle()
    assert flows.seen == []
    client = world.adapter._client
    assert client is not None
    assert client.deleted == {}
