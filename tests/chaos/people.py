"""Who stands before the process that is killed: students who tell cases, and a platform that shows its messages."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field

from flows.seam import (
    Act,
    Buttons,
    Card,
    Command,
    Filled,
    Form,
    Incoming,
    Outgoing,
    Person,
    Pressed,
    Reply,
    Sent,
    Space,
)

SPACE = Space("web", "chaos")


@dataclass
class Student:
    """Tells one case after another, and repeats what got no answer, as a platform would."""

    name: str
    numbers: itertools.count[int]
    last: bool = False
    acts: deque[Incoming] = field(default_factory=deque)
    """What is still to do; the first of them waits for its answer."""
    told: list[str] = field(default_factory=list)
    receipts: set[str] = field(default_factory=set)
    pressed: set[str] = field(default_factory=set)
    words: str = ""
    """The six words that were shown last: after a restart they are asked again."""

    def next(self) -> Incoming | None:
        """The event to send: the one that was not answered, or a new case."""
        if not self.acts and not self.last:
            self.do(Command("tell"))
        return self.acts[0] if self.acts else None

    def do(self, act: Act) -> None:
        self.acts.append(Incoming(f"{self.name}.{next(self.numbers)}", SPACE, Person(self.name), act))

    def hear(self, event: str, reply: Reply) -> None:
        if not self.acts or event != self.acts[0].event or not reply.saved:
            return
        self.acts.popleft()
        for part in reply.parts:
            match part:
                case Card("Your six words", ((_, shown),)):
                    self.receipts.add(shown)
                    self.words = shown
                case Form(id=form, title="Your six words") if form not in self.pressed:
                    self.pressed.add(form)
                    self.do(Filled(form, {"words": self.words}))
                case Form(id=form, fields=fields) if form not in self.pressed:
                    self.pressed.add(form)
                    self.told.append(f"told by {self.name} {next(self.numbers)}")
                    self.do(Filled(form, {one.name: self.told[-1] for one in fields}))
                case Buttons(buttons):
                    forward = next(one.id for one in buttons if one.kind == "primary")
                    if forward not in self.pressed:
                        self.pressed.add(forward)
                        self.do(Pressed(forward))
                case _:
                    pass


@dataclass
class Platform:
    """Shows each message once, however often it is sent: what it has already it knows by its id."""

    shown: dict[str, Outgoing] = field(default_factory=dict)
    repeats: int = 0

    def take(self, message: Outgoing) -> Sent:
        there = self.shown.setdefault(message.id, message)
        self.repeats += there is not message
        assert there.parts == message.parts, "the same id says the same"
        return Sent(message.id)

    def buttons(self, prefix: str) -> list[str]:
        """What follows the prefix in the ids of all buttons that are shown."""
        parts = (part for message in self.shown.values() for part in message.parts if isinstance(part, Buttons))
        return [b.id.removeprefix(prefix) for part in parts for b in part.buttons if b.id.startswith(prefix)]
