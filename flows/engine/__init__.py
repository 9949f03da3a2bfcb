"""The flow engine: a flow is a plain ``async def`` whose answers are journalled by key."""

from flows.engine.chat import Chat, Choice, Context, Piece, Shown, Start, Steps, yes_no
from flows.engine.commands import Command
from flows.engine.conversation import Conversation
from flows.engine.declared import Purpose, Role, Section, Setting
from flows.engine.fields import day, line, number, options, pick, scale, several, time, yes_or_no
from flows.engine.flow import (
    COORDINATOR,
    EVERYONE,
    NO_ACCOUNT,
    SETTINGS,
    SETUP,
    STUDENT,
    Capability,
    Catalogue,
    Held,
    Recurring,
    flow,
    job,
)
from flows.engine.forms import Completed, Form, Questions
from flows.engine.lists import Entry, anywhere
from flows.engine.run import Run
from flows.gate.rules import Asked, Duty, Rank, Unasked
from storage.audiences import Audience, To

__all__ = [
    "COORDINATOR",
    "EVERYONE",
    "NO_ACCOUNT",
    "SETTINGS",
    "SETUP",
    "STUDENT",
    "Asked",
    "Audience",
    "Capability",
    "Catalogue",
    "Chat",
    "Choice",
    "Command",
    "Completed",
    "Context",
    "Conversation",
    "Duty",
    "Entry",
    "Form",
    "Held",
    "Piece",
    "Purpose",
    "Questions",
    "Rank",
    "Recurring",
    "Role",
    "Run",
    "Section",
    "Setting",
    "Shown",
    "Start",
    "Steps",
    "To",
    "Unasked",
    "anywhere",
    "day",
    "flow",
    "job",
    "line",
    "number",
    "options",
    "pick",
    "scale",
    "several",
    "time",
    "yes_no",
    "yes_or_no",
]
