"""What a run leaves to be written when its turn is settled: messages, and timers that are set or cancelled."""

from __future__ import annotations

from dataclasses import dataclass

from flows.engine.chat import Piece
from flows.gate.rules import Why
from storage.audiences import To
from storage.communities import Destination


@dataclass(frozen=True, slots=True)
class Post:
    """A message the flow wants sent."""

    key: str
    pieces: tuple[Piece, ...]
    place: str | Destination
    member: str
    subject: str
    fleeting: bool
    account: str
    audience: To | None
    why: Why


@dataclass(frozen=True, slots=True)
class Later:
    """A timer the flow wants set."""

    key: str
    job: str
    argument: str
    at: int
    until: int | None
    subject: str
    member: str


@dataclass(frozen=True, slots=True)
class Never:
    """Timers the flow wants gone."""

    subject: str
    member: str
