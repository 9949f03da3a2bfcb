"""Flows that always say the same, so that pages can be looked at without a database behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flows.seam import (
    Act,
    Arrived,
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
    Outgoing,
    Pressed,
    Reply,
    Scale,
    Text,
)
from tests.surfaces.web import WebSurface

WEEK = (
    ("accepted", "I felt accepted here this week."),
    ("appreciated", "I felt appreciated."),
    ("included", "I felt included."),
    ("supported", "I felt supported."),
    ("myself", "I could be myself."),
)
CASE = (
    ("issue", "What happened?", True),
    ("involved", "Who was involved? Roles, please, not names.", False),
)


def check_in(values: dict[str, object], errors: dict[str, str]) -> Form:
    """The check-in's form."""
    fields = [
        Field(
            name,
            question,
            Scale(1, 5, "not at all", "completely"),
            draft=values.get(name),
            error=errors.get(name, ""),
        )  # type: ignore[arg-type]
        for name, question in WEEK
    ]
    more = Field(
        "remark",
        "Anything you want to add?",
        Line(500, long=True),
        "You can leave this empty. Please use no names.",
        required=False,
        draft=values.get("remark"),  # type: ignore[arg-type]
    )
    return Form("c.week.1", "Check-in: how was your week?", (*fields, more), "Look at my answers", "Write an answer")


def case(errors: dict[str, str]) -> Form:
    """The case's form."""
    fields = tuple(
        Field(name, question, Line(2000, long=True), required=must, error=errors.get(name, ""))
        for name, question, must in CASE
    )
    return Form("c.case.1", "A belonging case", fields, "Look at it", "Tell", (Button("c.case.1.stop", "Stop"),))


def _filled(act: Filled) -> Reply:
    if act.form == "c.case.1":
        if not act.values.get("issue"):
            return Reply((case({"issue": "Please write a few words here."}),), question="c.case.1")
        rows = tuple((question, str(act.values.get(name) or "–")) for name, question, _ in CASE)
        send = Buttons((Button("c.case.2.send", "Send", "primary"),))
        return Reply((Card("What mentors will see", rows), send), question="c.case.2")
    errors = {name: "Please choose a number." for name, _ in WEEK if act.values.get(name) is None}
    if errors:
        return Reply((check_in(dict(act.values), errors),), question="c.week.1")
    rows = tuple((question, f"{act.values[name]} of 5 (5 = completely)") for name, question in WEEK)
    buttons = Buttons((Button("c.week.2.send", "Send", "primary"), Button("c.week.2.back", "Back")))
    ask = Text("Shall I send these answers? To change them, choose “Back”.")
    return Reply((Card("Your answers", rows), ask, buttons), question="c.week.2")


def answer(act: Act) -> Reply:  # noqa: PLR0911  one a step of the story
    """What these flows say to an act."""
    match act:
        case Pressed("s.check_in.1") | Pressed("c.week.2.back"):
            about = "Your answers are stored encrypted, without your name."
            return Reply((Text(about), check_in({}, {})), question="c.week.1")
        case Pressed("c.week.2.send"):
            return Reply(
                (Text("Thank you. Your answers are in.\n\nOne idea for next week: ask someone how it is going."),)
            )
        case Pressed("c.case.2.send"):
            receipt = Card("Your six words", (("", "maple  otter  violin  harbour  quiet  lemon"),))
            return Reply(
                (
                    Text("It is with the mentors now."),
                    receipt,
                    Text("Write these words down. They are shown once."),
                )
            )
        case Command("tell"):
            known = "Mentors read what you tell, not who you are. Who runs Erbij can see that someone used this page."
            return Reply((Text(known), case({})), question="c.case.1")
        case Filled():
            return _filled(act)
        case Opened(form):  # it still waits
            return Reply((Buttons((Button(form, "It waits"),)),), question=form)
        case Arrived():
            return Reply((Text("Hello! I am Erbij. You can always type /help."),))
    return Reply((Text("That I did not understand. Type /help to see what I can do."),))


async def receive(incoming: Incoming) -> Reply:
    """Answer."""
    return answer(incoming.act)


@asynccontextmanager
async def told() -> AsyncIterator[WebSurface]:
    """A community where a check-in stands open and a case waits."""
    async with WebSurface(receive) as surface:
        post = (
            Text("How was your week? The check-in takes two minutes, and nobody here sees your answers."),
            Buttons((Button("s.check_in.1", "Take part", "primary"),)),
        )
        await surface.adapter.send(Outgoing("o1", surface.space, post, place="students"))
        new = (
            Card("A new case", (("Number", "7F3K"), ("What happened", "In the group work nobody chose me."))),
            Buttons((Button("s.claim.1", "I take this one", "primary"), Button("s.read.1", "Read"))),
        )
        await surface.adapter.send(Outgoing("o2", surface.space, new, place="mentors"))
        yield surface
