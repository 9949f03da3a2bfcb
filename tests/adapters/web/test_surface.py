"""The scenario driver itself: it does what a person can do, and nothing more."""

from __future__ import annotations

import pytest

from flows.seam import Button, Buttons, Card, Filled, Incoming, Outgoing, Pressed, Reply, Text
from tests.adapters.web.test_pages import FORM
from tests.surfaces.web import WebSurface


async def test_a_person_presses_fills_and_sees() -> None:
    got: list[Incoming] = []
    replies = [
        Reply((Text("First.\n\nSecond."), FORM)),
        Reply((Card("Yours", (("How?", "Well"),)), Buttons((Button("c.4", "Send"),)))),
        Reply((Text("Thanks."),)),
    ]

    async def receive(incoming: Incoming) -> Reply:
        got.append(incoming)
        return replies[len(got) - 1]

    async with WebSurface(receive) as surface:
        post = (Text("A check-in."), Buttons((Button("s.check_in.x", "Take part"),)))
        await surface.adapter.send(Outgoing("o1", surface.space, post, place="students"))
        assert await surface.posts("students") == ["A check-in.", "[Take part]"]
        with pytest.raises(AssertionError):
            await surface.press("Sam", "Nothing", place="students")
        await surface.press("Sam", "Take part", place="students")
        assert await surface.seen("Sam") == [
            "First.",
            "Second.",
            "Your week",
            "? I felt accepted.",
            "? How?",
            "? More?",
            "! Too long.",
            "[Look]",
            "[Back]",
        ]
        with pytest.raises(AssertionError):
            await surface.fill("Sam", {"Not asked": "1"})
        await surface.restart()
        await surface.fill("Sam", {"How?": "Badly", "More?": "Fine"})
        assert await surface.seen("Sam") == ["Yours", "How?: Well", "[Send]"]
        await surface.press("Sam", "Send")
        await surface.adapter.send(Outgoing("o2", surface.space, (Text("Later."),), person="sam"))
        assert await surface.seen("Sam") == ["Thanks.", "Later."]
    assert [one.act for one in got] == [
        Pressed("s.check_in.x"),
        Filled("c.9.x", {"one": 4, "two": "b", "three": "Fine"}),
        Pressed("c.4"),
    ]
    assert [one.place for one in got] == ["students", "", ""]
