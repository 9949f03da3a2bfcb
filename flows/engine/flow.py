"""What a capability is made of: flows for people, jobs for the clock, commands, and what recurs by itself.

Nothing opens that is not said to: a flow names who may start it, and one that names nobody is reached by a hand-over
only. What time starts is a job, which no button, command or hand-over finds.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flows.engine.commands import CANCEL, Command, Vocabulary
from flows.words import Msg
from storage.audiences import Audience

Conversation = Callable[..., Awaitable[None]]
Subject = Callable[[Any, Any, str], Msg | None]
"""``(session, context, argument)``: why this person may not open this now, in words for them; None when they may."""
Offer = Callable[[Any, Any], Iterable[Any]]
"""``(session, context)``: the buttons (:class:`~flows.engine.chat.Start`) for what this person can do now."""
COORDINATOR = "coordinator"
"""The role of who sets a community up."""
EVERYONE, NO_ACCOUNT = "everyone", "no account"
"""Who may start a flow beside those with a role: every member, and someone on the case page, whom nobody knows."""
STAFF = frozenset({"mentor", "lead", COORDINATOR, "teacher"})
"""The roles of who is no student: their names are known, and whether they are still there is asked."""
ROLES = STAFF | {"student"}
SETUP = "setup"
"""The flow, and the command, that sets a community up."""


class FlowFault(Exception):
    """A flow is written wrongly; a note on the traceback names the flow and the key."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A conversation by its name. ``who`` may start it; with nobody, only another flow's hand-over leads to it.

    ``subject`` looks at the argument before anything is begun. ``keep``: it never gives way to other conversations of
    the same person, nor to a ``cancel`` meant for them. ``makes_known``: someone new becomes a member by it.
    """

    name: str
    run: Conversation
    expires_after: timedelta
    who: frozenset[str]
    takes_argument: bool
    subject: Subject | None = None
    keep: bool = False
    makes_known: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """What the clock starts, by its name. It has nobody to ask: it is given the steps of a flow without questions."""

    name: str
    run: Conversation
    takes_argument: bool


def flow(  # noqa: PLR0913  what can be said of a flow
    name: str,
    *,
    who: Iterable[str] = (),
    subject: Subject | None = None,
    expires_after: timedelta = timedelta(days=3),
    keep: bool = False,
    makes_known: bool = True,
) -> Callable[[Conversation], Flow]:
    """Make a flow of an ``async def`` that takes a chat and, if it wants one, an argument.

    ``who``: roles, EVERYONE, NO_ACCOUNT. What people may start with an argument needs a ``subject``: a button's id can
    be made by hand, so it must say whether this person may open just this now.

    ``expires_after``: leave it out where a student's own words are asked. The database shows until when a conversation
    waits, so one that waits longer or shorter than others would tell what it is about.

    ``makes_known``: False for one that only reads what is stored and asks nothing, also for someone new.
    """
    _name(name)
    starters = frozenset(who)
    if unknown := starters - ROLES - {EVERYONE, NO_ACCOUNT}:
        raise FlowFault(f"flow {name} is for {', '.join(sorted(unknown))}, whom nobody knows")

    def make(run: Conversation) -> Flow:
        takes_argument = _takes_argument(name, run)
        if takes_argument and starters and subject is None:
            raise FlowFault(f"flow {name} can be started with any argument, and has no subject that looks at it")
        return Flow(name, run, expires_after, starters, takes_argument, subject, keep, makes_known)

    return make


def job(name: str) -> Callable[[Conversation], Job]:
    """Make a job of an ``async def`` that takes steps (:class:`~flows.engine.chat.Steps`) and perhaps an argument."""
    _name(name)

    def make(run: Conversation) -> Job:
        return Job(name, run, _takes_argument(name, run))

    return make


def _name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise FlowFault(f"{name!r} is no name for a flow or job: small letters, digits and _, at most 40")


def _takes_argument(name: str, run: Conversation) -> bool:
    if not inspect.iscoroutinefunction(run):
        raise FlowFault(f"{name} is not an async def")
    count = len(inspect.signature(run).parameters)
    if count not in (1, 2):
        raise FlowFault(f"{name} takes {count} parameters, not a chat or steps and perhaps an argument")
    return count == 2


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job that a community's clock starts, by a cron line in the community's time zone.

    ``until_hours``: how late it still makes sense; later it is skipped and recorded. None: always.
    """

    job: str
    cron: str
    until_hours: float | None = None


def amount(stored: Any) -> str | None:
    """A number, or how many there are of something; None for none."""
    n = stored if isinstance(stored, int) else len(stored)
    return str(n) if n else None


@dataclass(frozen=True, slots=True)
class Held:
    """How one thing that is stored of a person is told to them; ``key`` is what storage calls it.

    ``text`` says the value in words; None when there is nothing to tell.
    """

    key: str
    label: Msg
    text: Callable[[Any], Msg | str | None] = amount


@dataclass(frozen=True, slots=True)
class Capability:
    """One folder under flows/. ``offers``: what somebody can do just now and perhaps not tomorrow."""

    name: str
    flows: tuple[Flow, ...] = ()
    jobs: tuple[Job, ...] = ()
    commands: tuple[Command, ...] = ()
    recurring: tuple[Recurring, ...] = ()
    held: tuple[Held, ...] = ()
    offers: tuple[Offer, ...] = ()
    audiences: tuple[Audience, ...] = ()


class Catalogue:
    """Everything Erbij can do. Raises where two capabilities claim the same name."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        capabilities = tuple(capabilities)
        self.flows: dict[str, Flow] = {}
        self.jobs: dict[str, Job] = {}
        self.commands: dict[str, Command] = {}
        self.recurring: list[Recurring] = []
        self.held: list[Held] = []
        self.offers: list[Offer] = []
        self.audiences: dict[str, Audience] = {}
        for capability in capabilities:
            for flow in capability.flows:
                self._unused(flow.name)
                self.flows[flow.name] = flow
            for job in capability.jobs:
                self._unused(job.name)
                self.jobs[job.name] = job
            self.recurring.extend(capability.recurring)
            self.held.extend(capability.held)
            self.offers.extend(capability.offers)
            self._know(capability.audiences)
        commands = sorted((c for one in capabilities for c in one.commands), key=lambda command: command.platforms)
        self.commands.update((command.name, command) for command in [*commands, CANCEL])
        try:
            self.words = Vocabulary([*commands, CANCEL])
        except ValueError as shared:
            raise FlowFault(str(shared)) from shared
        for command in commands:
            if command.flow not in self.flows or not self.flows[command.flow].who:
                raise FlowFault(f"the command {command.name} starts {command.flow}, which nobody may start")
        for recurring in self.recurring:
            if recurring.job not in self.jobs:
                raise FlowFault(f"{recurring.job} recurs and is no job")

    def _know(self, audiences: Iterable[Audience]) -> None:
        for one in audiences:
            if one.name in ROLES or self.audiences.setdefault(one.name, one) is not one:
                raise FlowFault(f"two audiences are called {one.name}")

    def _unused(self, name: str) -> None:
        if name in self.flows or name in self.jobs:
            raise FlowFault(f"two flows or jobs are called {name}")

    def commands_of(self, is_one_of: frozenset[str]) -> list[Command]:
        """The commands that someone who is one of these may use."""
        return [one for one in self.commands.values() if one is CANCEL or self.flows[one.flow].who & is_one_of]
