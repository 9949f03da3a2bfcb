"""What a capability is made of: flows, the commands that start them, and what recurs by itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from flows.engine.commands import CANCEL, Command, Vocabulary

Conversation = Callable[..., Awaitable[None]]
COORDINATOR = "coordinator"
"""The role of who sets a community up."""
SETUP = "setup"
"""The flow, and the command, that sets a community up."""


class FlowFault(Exception):
    """A flow is written wrongly; a note on the traceback names the flow and the key."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A conversation by its name. ``roles``: who may start it; empty for everyone.

    ``keep``: it never gives way to other conversations of the same person, nor to a ``cancel`` meant for them.
    """

    name: str
    run: Conversation
    expires_after: timedelta
    roles: frozenset[str]
    takes_argument: bool
    keep: bool = False


def flow(
    name: str,
    *,
    expires_after: timedelta = timedelta(days=3),
    roles: Iterable[str] = (),
    keep: bool = False,
) -> Callable[[Conversation], Flow]:
    """Make a flow of an ``async def`` that takes a chat and, if it wants one, an argument.

    ``expires_after``: leave it out where a student's own words are asked. The database shows until when a conversation
    waits, so one that waits longer or shorter than others would tell what it is about.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise FlowFault(f"{name!r} is no name for a flow: small letters, digits and _, at most 40")

    def make(run: Conversation) -> Flow:
        if not inspect.iscoroutinefunction(run):
            raise FlowFault(f"flow {name} is not an async def")
        count = len(inspect.signature(run).parameters)
        if count not in (1, 2):
            raise FlowFault(f"flow {name} takes {count} parameters, not a chat and perhaps an argument")
        return Flow(name, run, expires_after, frozenset(roles), count == 2, keep)

    return make


@dataclass(frozen=True, slots=True)
class Recurring:
    """A flow that a community's clock starts, by a cron line in the community's time zone.

    ``until_hours``: how late it still makes sense; later it is skipped and recorded. None: always.
    """

    flow: str
    cron: str
    until_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Capability:
    """One folder under flows/."""

    name: str
    flows: tuple[Flow, ...]
    commands: tuple[Command, ...] = ()
    recurring: tuple[Recurring, ...] = ()


class Catalogue:
    """Everything Erbij can do. Raises where two capabilities claim the same name."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        capabilities = tuple(capabilities)
        self.flows: dict[str, Flow] = {}
        self.commands: dict[str, Command] = {}
        self.recurring: list[Recurring] = []
        for capability in capabilities:
            for one in capability.flows:
                if one.name in self.flows:
                    raise FlowFault(f"two flows are called {one.name}")
                self.flows[one.name] = one
            self.recurring.extend(capability.recurring)
        commands = sorted((c for one in capabilities for c in one.commands), key=lambda command: command.platforms)
        self.commands.update((command.name, command) for command in [*commands, CANCEL])
        try:
            self.words = Vocabulary([*commands, CANCEL])
        except ValueError as shared:
            raise FlowFault(str(shared)) from shared
        starts = [c.flow for c in self.commands.values() if c is not CANCEL] + [r.flow for r in self.recurring]
        for name in starts:
            if name not in self.flows:
                raise FlowFault(f"a command or recurrence starts {name}, which is no flow")
