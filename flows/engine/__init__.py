"""The flow engine: a flow is a plain ``async def`` whose answers are journalled by key."""

from flows.engine.chat import Chat, Choice, Context, Piece, Shown, Start, Steps, yes_no
from flows.engine.commands import Command
from flows.engine.flow import (
    COORDINATOR,
    EVERYONE,
    NO_ACCOUNT,
    SETUP,
    Capability,
    Catalogue,
    Held,
    Recurring,
    flow,
    job,
)
from flows.engine.forms import Form, line, options, pick, scale
from flows.engine.run import Run
from flows.gate.rules import Asked, Duty, Rank, Unasked
from storage.audiences import Audience, To

__all__ = [
    "COORDINATOR",
    "EVERYONE",
    "NO_ACCOUNT",
    "SETUP",
    "Asked",
    "Audience",
    "Capability",
    "Catalogue",
    "Chat",
    "Choice",
    "Command",
    "Context",
    "Duty",
    "Form",
    "Held",
    "Piece",
    "Rank",
    "Recurring",
    "Run",
    "Shown",
    "Start",
    "Steps",
    "To",
    "Unasked",
    "flow",
    "job",
    "line",
    "options",
    "pick",
    "scale",
    "yes_no",
]
