"""The flow engine: a flow is a plain ``async def`` whose answers are journalled by key."""

from flows.engine.chat import Chat, Choice, Context, Piece, Shown, Start, Steps, yes_no
from flows.engine.commands import Command
from flows.engine.declared import Purpose, Role, Section, Setting
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
from flows.engine.forms import Form, line, options, pick, scale
from flows.engine.run import Run

__all__ = [
    "COORDINATOR",
    "EVERYONE",
    "NO_ACCOUNT",
    "SETTINGS",
    "SETUP",
    "STUDENT",
    "Capability",
    "Catalogue",
    "Chat",
    "Choice",
    "Command",
    "Context",
    "Form",
    "Held",
    "Piece",
    "Purpose",
    "Recurring",
    "Role",
    "Run",
    "Section",
    "Setting",
    "Shown",
    "Start",
    "Steps",
    "flow",
    "job",
    "line",
    "options",
    "pick",
    "scale",
    "yes_no",
]
