"""What a capability is made of: flows for people, jobs for the clock, commands, and what recurs by itself.

Nothing opens that is not said to: a flow names who may start it, and one that names nobody is reached by a hand-over
only. What time starts is a job, which no button, command or hand-over finds.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flows.engine.commands import CANCEL, Command, Vocabulary
from flows.words import Msg
from storage.audiences import Audience
from storage.audiences import role as role_audience

if TYPE_CHECKING:
    from flows.engine.declared import Chosen, Purpose, Role, Section, Setting

Script = Callable[..., Awaitable[None]]
Subject = Callable[[Any, Any, str], Msg | None]
"""``(session, context, argument)``: why this person may not open this now, in words for them; None when they may."""
Offer = Callable[[Any, Any], Iterable[Any]]
"""``(session, context)``: the buttons (:class:`~flows.engine.chat.Start`) for what this person can do now."""
COORDINATOR, STUDENT = "coordinator", "student"
"""The role of who sets a community up, and the one of who is no staff: of everyone else of whom a role is known."""
EVERYONE, NO_ACCOUNT = "everyone", "no account"
"""Who may start a flow beside those with a role: every member, and someone on the case page, whom nobody knows."""
SETUP = "setup"
"""The flow, and the command, that sets a community up."""
SETTINGS = "setup_settings"
"""The flow that changes settings: for whoever may change one of them."""


class FlowFault(Exception):
    """A flow is written wrongly; a note on the traceback names the flow and the key."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A conversation by its name. ``who`` may start it; with nobody, only another flow's hand-over leads to it.

    ``subject`` looks at the argument before anything is begun. ``keep``: it never gives way to other conversations of
    the same person, nor to a ``cancel`` meant for them. ``makes_known``: someone new becomes a member by it.
    """

    name: str
    run: Script
    expires_after: timedelta
    who: frozenset[str]
    takes_argument: bool
    subject: Subject | None = None
    keep: bool = False
    makes_known: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """What the clock starts, by its name. It has nobody to ask: it is given the steps of a flow without questions.

    ``shares``: it may be written together with other timers. One that opens what was sealed must not: a transaction's
    number, which PostgreSQL keeps with each row, would else tie what it opened to them.
    """

    name: str
    run: Script
    takes_argument: bool
    shares: bool = False


def flow(  # noqa: PLR0913  what can be said of a flow
    name: str,
    *,
    who: Iterable[str] = (),
    subject: Subject | None = None,
    expires_after: timedelta = timedelta(days=3),
    keep: bool = False,
    makes_known: bool = True,
) -> Callable[[Script], Flow]:
    """Make a flow of an ``async def`` that takes a chat and, if it wants one, an argument.

    ``who``: roles, EVERYONE, NO_ACCOUNT. What people may start with an argument needs a ``subject``: a button's id can
    be made by hand, so it must say whether this person may open just this now.

    ``expires_after``: leave it out where a student's own words are asked. The database shows until when a conversation
    waits, so one that waits longer or shorter than others would tell what it is about.

    ``makes_known``: False for one that only reads what is stored and asks nothing, also for someone new.
    """
    _name(name)
    starters = frozenset(who)

    def make(run: Script) -> Flow:
        takes_argument = _takes_argument(name, run)
        if takes_argument and starters and subject is None:
            raise FlowFault(
                f"flow {name} can be started with any argument: give it a subject=, which says whether this person may"
                " open just that"
            )
        return Flow(name, run, expires_after, starters, takes_argument, subject, keep, makes_known)

    return make


def job(name: str, *, shares: bool = False) -> Callable[[Script], Job]:
    """Make a job of an ``async def`` that takes steps (:class:`~flows.engine.chat.Steps`) and perhaps an argument.

    ``shares``: say so where it opens neither ballots nor letters nor anything else that was sealed; many such timers
    run in the time of one.
    """
    _name(name)

    def make(run: Script) -> Job:
        return Job(name, run, _takes_argument(name, run), shares)

    return make


def _name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise FlowFault(f"{name!r} is no name for a flow or job: small letters, digits and _, at most 40")


def _takes_argument(name: str, run: Script) -> bool:
    if not inspect.iscoroutinefunction(run):
        raise FlowFault(f"{name} is not an async def")
    count = len(inspect.signature(run).parameters)
    if count not in (1, 2):
        raise FlowFault(f"{name} takes {count} parameters, not a chat or steps and perhaps an argument")
    return count == 2


@dataclass(frozen=True, slots=True)
class Recurring:
    """A job that a community's clock starts, by a cron line in the community's time zone.

    ``until_hours``: how late it still makes sense; later it is skipped and recorded. None: always. ``seen``: what it is
    called where people see it come; None for what only tidies up. ``times``: settings whose values stand in the line,
    ``0 {hour} * * {day}`` say.
    """

    job: str
    cron: str
    until_hours: float | None = None
    seen: Msg | None = None
    times: tuple[Setting, ...] = ()

    def of(self, chosen: Chosen) -> Recurring:
        """The same with the times that a community chose."""
        return replace(self, cron=self.cron.format(**{one.name: one.of(chosen) for one in self.times}))


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
    settings: tuple[Section, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    roles: tuple[Role, ...] = ()
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
        self.sections: dict[str, Section] = {}
        self.purposes: dict[str, Purpose] = {}
        self.roles: dict[str, Role] = {}
        self.audiences: dict[str, Audience] = {}
        for capability in capabilities:
            self._declare(capability)
            for flow in capability.flows:
                self._unused(flow.name)
                self.flows[flow.name] = flow
            for job in capability.jobs:
                self._unused(job.name)
                self.jobs[job.name] = job
            self.recurring.extend(capability.recurring)
            self.held.extend(capability.held)
            self.offers.extend(capability.offers)
        for capability in capabilities:
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
        self._look_at_roles()
        for recurring in self.recurring:
            if recurring.job not in self.jobs:
                raise FlowFault(f"{recurring.job} recurs and is no job")

    @property
    def settings(self) -> list[Setting]:
        """Every setting, also those that are asked along with a channel."""
        found = [one for section in self.sections.values() for one in section.settings]
        return found + [one for purpose in self.purposes.values() for one in purpose.settings]

    def _declare(self, capability: Capability) -> None:
        sections = {one.name: one for one in capability.settings}
        purposes = {one.kind: one for one in capability.purposes}
        roles = {one.name: one for one in capability.roles}
        twice = sections.keys() & self.sections.keys() | purposes.keys() & self.purposes.keys()
        if twice := twice | roles.keys() & self.roles.keys():
            raise FlowFault(f"{capability.name} declares {', '.join(sorted(twice))}, which is there already")
        self.sections |= sections
        self.purposes |= purposes
        self.roles |= roles

    def _look_at_roles(self) -> None:
        """Nobody is named who cannot be; whoever may change a setting may open the flow that does it."""
        keys = [one.key for one in self.settings]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise FlowFault(f"two settings are called {', '.join(sorted(twice))}")
        known = {*self.roles, COORDINATOR, EVERYONE, NO_ACCOUNT}
        named = {one.name: one.who for one in self.flows.values()}
        named |= {section.name: section.who for section in self.sections.values()}
        named |= {one.kind: frozenset({one.role, *one.readers}) for one in self.purposes.values()}
        for name, who in named.items():
            if unknown := who - known:
                raise FlowFault(f"{name} is for {', '.join(sorted(unknown))}, whom nobody knows")
        if SETTINGS in self.flows:
            who = frozenset[str]().union(*(section.who for section in self.sections.values()))
            self.flows[SETTINGS] = replace(self.flows[SETTINGS], who=self.flows[SETTINGS].who | who)

    def audience(self, name: str) -> Audience | None:
        """The members whom a message can go to by this name: those of a role, or whom a capability declares."""
        if name in (COORDINATOR, STUDENT) or name in self.roles:
            return role_audience(name)
        return self.audiences.get(name)

    def _know(self, audiences: Iterable[Audience]) -> None:
        for one in audiences:
            if one.name in (*self.roles, COORDINATOR, STUDENT) or self.audiences.setdefault(one.name, one) is not one:
                raise FlowFault(f"two audiences are called {one.name}")

    def _unused(self, name: str) -> None:
        if name in self.flows or name in self.jobs:
            raise FlowFault(f"two flows or jobs are called {name}")

    def commands_of(self, is_one_of: frozenset[str]) -> list[Command]:
        """The commands that someone who is one of these may use."""
        return [one for one in self.commands.values() if one is CANCEL or self.flows[one.flow].who & is_one_of]
