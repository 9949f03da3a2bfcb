"""A running Teams, flows that say what a test tells them to, and hands for its cards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from flows.seam import Incoming, Reply, Text
from tests.adapters.teams.schema import elements
from tests.adapters.teams.world import World, world


class Heard:
    """A receive that keeps what it was given and says what it is told to."""

    def __init__(self) -> None:
        self.got: list[Incoming] = []
        self.reply = Reply((Text("Hello."),))
        self.wait: asyncio.Event | None = None
        self.fails = False

    async def __call__(self, incoming: Incoming) -> Reply:
        self.got.append(incoming)
        if self.wait:
            await self.wait.wait()
        if self.fails:
            raise RuntimeError
        return self.reply

    @property
    def act(self) -> Any:
        return self.got[-1].act


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def teams(heard: Heard) -> AsyncIterator[World]:
    async with world(heard) as made:
        yield made


def action(card: dict[str, Any], label: str) -> dict[str, Any]:
    return next(e for e in elements(card) if str(e.get("type", "")).startswith("Action.") and e["title"] == label)


def text_of(card: dict[str, Any]) -> str:
    return "\n".join(e["text"] for e in elements(card) if e.get("type") in ("TextRun", "TextBlock"))


def execute(data: dict[str, Any], card: str = "", **inputs: str) -> dict[str, Any]:
    filled = data | {f"in.{name}": value for name, value in inputs.items()}
    value = {"action": {"type": "Action.Execute", "verb": "erbij", "data": filled}, "trigger": "manual"}
    return {"type": "invoke", "name": "adaptiveCard/action", "value": value, "replyToId": card}


def task(name: str, data: dict[str, Any], card: str = "", **inputs: str) -> dict[str, Any]:
    filled = data | {f"in.{field}": value for field, value in inputs.items()}
    value = {"data": filled, "context": {"theme": "default"}}
    return {"type": "invoke", "name": f"task/{name}", "value": value} | ({"replyToId": card} if card else {})
