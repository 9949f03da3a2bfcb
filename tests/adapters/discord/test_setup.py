"""What setting up needs of Discord: its pickers, where they work, and the first words in a server."""

from __future__ import annotations

import discord

from flows.seam import Added, Button, Buttons, Field, Filled, Form, Pick, Picked, Reply, Text
from tests.adapters.discord.conftest import Flows
from tests.surfaces.discord import DiscordSurface

PEOPLE = Form(
    "c.setup.3",
    "Mentors",
    (
        Field("role", "Which role?", Pick("role"), required=False),
        Field("people", "Who?", Pick("person", many=True), required=False),
    ),
    "Keep",
    "Choose",
)


def keep(world: DiscordSurface, flows: Flows, form: Form) -> None:
    flows.then = lambda e: Reply((Text("Kept."),) if isinstance(e.act, Filled) else (form,))


async def test_several_people_are_chosen_at_once(world: DiscordSurface, flows: Flows) -> None:
    keep(world, flows, PEOPLE)
    await world.command("Alex", "help")
    await world.fill("Alex", {"Who?": "Robin, Kim"})
    robin, kim = (Picked(world.person_ids[who], who) for who in ("Robin", "Kim"))
    assert flows.seen[-1].act == Filled("c.setup.3", {"role": None, "people": (robin, kim)})


async def test_who_was_chosen_before_stands_in_the_picker(world: DiscordSurface, flows: Flows) -> None:
    robin = Picked(world.person_ids["Robin"], "Robin")
    mentor = Picked(world.role_ids["mentors"], "Mentor")
    role, people = PEOPLE.fields
    drafts = (
        Field("role", role.question, role.kind, draft=mentor),
        Field("people", "Who?", people.kind, draft=(robin,)),
    )
    keep(world, flows, Form("c.setup.3", "Mentors", drafts, "Keep", "Choose"))
    await world.command("Alex", "help")
    await world.fill("Alex", {})
    act = flows.seen[-1].act
    assert isinstance(act, Filled)
    assert act.values == {"role": mentor, "people": (robin,)}


async def test_the_role_of_everyone_is_known_as_such(world: DiscordSurface, flows: Flows) -> None:
    keep(world, flows, PEOPLE)
    world.roles["everyone"] = world.guild.default_role
    await world.command("Alex", "help")
    await world.fill("Alex", {"Which role?": "everyone"})
    act = flows.seen[-1].act
    assert isinstance(act, Filled)
    assert act.values["role"] == Picked(world.space.id, "@everyone", open_to_all=True)


async def test_in_a_private_chat_there_is_nothing_to_pick_from(world: DiscordSurface, flows: Flows) -> None:
    flows.say(PEOPLE)
    await world.say("Alex", "setup")
    [line] = await world.seen("Alex")
    assert line.startswith("Channels and roles can only be chosen in the server itself.")


async def test_the_first_words_in_a_server(world: DiscordSurface, flows: Flows) -> None:
    flows.say(Text("Hello, I am Erbij."), Buttons((Button("s.setup.", "Set up Erbij"),)))
    await world.add("Alex")
    assert await world.posts("general") == ["Hello, I am Erbij.", "[Set up Erbij]"]
    assert flows.seen[-1].act == Added()
    assert flows.seen[-1].person is None
    await world.press("Alex", "Set up Erbij", "general")
    person = flows.seen[-1].person
    assert person is not None
    assert person.manages
    await world.press("Sam", "Set up Erbij", "general")
    person = flows.seen[-1].person
    assert person is not None
    assert not person.manages


async def test_where_erbij_may_not_write_it_says_nothing(world: DiscordSurface, flows: Flows) -> None:
    silent = {world.guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    closed = world.guild.create_text_channel("closed", overwrites=silent)
    world.env.backend.edit_guild(world.guild.id, {"system_channel_id": closed.id})
    await world.env.settle()
    client = world.adapter._client
    server = client and client.get_guild(world.guild.id)
    assert client is not None
    assert server is not None
    await client.on_guild_join(server)
    assert closed.history() == []
