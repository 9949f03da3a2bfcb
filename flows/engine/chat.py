"""All that a job or a flow may await, each step under a key of its own; a flow also has a chat with somebody."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Never, ParamSpec, TypeVar, overload

from flows.engine import lists
from flows.engine.declared import Chosen, Setting
from flows.engine.flow import EVERYONE, NO_ACCOUNT, FlowFault
from flows.engine.forms import Completed, Form, Questions
from flows.gate.rules import Unasked, Why
from flows.seam import Space
from flows.token import CHOICE, Starts
from flows.words import Msg, Words, _, said
from flows.words.own import spoken
from storage.audiences import To
from storage.communities import Destination

T = TypeVar("T")
F = TypeVar("F", bound=Form)
P = ParamSpec("P")
NOWHERE = Space("", "")


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One answer to a question; the value is journalled, the label never."""

    value: T
    label: Words
    kind: Literal["primary", "plain", "danger"] = "plain"

    def __post_init__(self) -> None:
        """Complain now about a value that no button's id can hold."""
        if not CHOICE.fullmatch(code(self)):
            raise FlowFault(f"the button {said(self.label, 'en')!r} cannot carry {self.value!r} in its id")


def code(choice: Choice[Any]) -> str:
    """How a choice's value stands in a button's id."""
    return {True: "yes", False: "no"}[choice.value] if isinstance(choice.value, bool) else str(choice.value)


yes_no: tuple[Choice[bool], ...] = (
    Choice(True, _("Yes"), "primary"),
    Choice(False, _("No")),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to read: a title and labelled passages."""

    title: Words
    rows: Sequence[tuple[Words, Words]]
    aside: bool = False
    """Small, beside what this is about."""
    exact: bool = False
    """To be kept letter by letter."""


@dataclass(frozen=True, slots=True)
class Start:
    """A button that starts a flow for whoever presses it."""

    flow: str
    argument: str
    label: Words
    kind: Literal["primary", "plain", "danger"] = "primary"

    def __post_init__(self) -> None:
        """Complain now about an argument that no button's id can hold."""
        try:
            str(Starts(self.flow, self.argument))
        except ValueError as fault:
            raise FlowFault(f"the button {said(self.label, 'en')!r} that starts {self.flow}: {fault}") from fault


Piece = Words | Shown | Start
"""A ``str`` is somebody's own words."""


class Step(Generic[T]):
    """One awaited thing. Yields itself to whoever drives the flow, and gets the result back."""

    __slots__ = ("data", "kept", "key", "kind")

    def __init__(self, kind: str, key: str, *data: Any, kept: bool = True) -> None:
        self.kind = kind
        self.key = key
        self.data = data
        self.kept = kept

    def __await__(self) -> Generator[Step[T], T, T]:
        return (yield self)


@dataclass(frozen=True, slots=True)
class Context:
    """Who talks, and where: known before the flow begins."""

    community: str = ""
    community_name: str = ""
    time_zone: str = "UTC"
    language: str = "en"
    member: str = ""
    name: str = ""
    roles: frozenset[str] = frozenset()
    page: str = ""
    """The address of the community's case page; empty on that page itself and where there is none."""
    account: str = ""
    """Through which of their accounts the person speaks; for those who join accounts, nobody else looks inside."""
    space: Space = NOWHERE
    """Where this is said; for effects that keep it, never to decide by."""
    absent: Msg | None = None
    """What is said instead of what is not for this person, when the platform does not count them among the space."""
    chosen: Chosen = field(default_factory=dict)
    """What the community chose for its settings, by key; :meth:`setting` reads one."""
    crowded: bool = False
    """Without an account: so much comes from where this comes from that everybody else goes first. For effects, never
    to decide by."""

    def __post_init__(self) -> None:
        """A community speaks each language with its own words."""
        object.__setattr__(self, "language", spoken(self.language, self.chosen))

    @property
    def is_one_of(self) -> frozenset[str]:
        """What a flow's ``who`` is held against: this person's roles, and whether they are known at all."""
        return self.roles | {EVERYONE if self.member else NO_ACCOUNT}

    def setting(self, setting: Setting) -> Any:
        """The value that holds in this community."""
        return setting.of(self.chosen, self.time_zone)


class Steps:
    """The steps that need nobody: what a job is given."""

    __slots__ = ("context", "shown")

    def __init__(self, context: Context) -> None:
        self.context = context
        self.shown: list[Piece] = []

    @property
    def account(self) -> str:
        """Through which of their accounts the person speaks."""
        return self.context.account

    @property
    def community(self) -> str:
        """The community's id."""
        return self.context.community

    @property
    def community_name(self) -> str:
        """What it is called."""
        return self.context.community_name

    @property
    def language(self) -> str:
        """The language that is spoken."""
        return self.context.language

    @property
    def member(self) -> str:
        """The person's id in the community; empty for who has none, and for a job."""
        return self.context.member

    @property
    def page(self) -> str:
        """The address of the case page."""
        return self.context.page

    @property
    def time_zone(self) -> str:
        """The community's time zone."""
        return self.context.time_zone

    def setting(self, setting: Setting) -> Any:
        """What this community chose, as it is now."""
        return self.context.setting(setting)

    def do(self, key: str, effect: Callable[..., T], /, *args: Any, **named: Any) -> Step[T]:
        """The result of ``effect(session, ...)``, called once, in the turn's transaction."""
        return Step("do", key, effect, args, named)

    def look(self, key: str, query: Callable[..., T], /, *args: Any) -> Step[T]:
        """The result of ``query(session, ...)``, looked up anew in each turn and written down nowhere.

        For what may only be shown; what the flow does because of it may be another thing in the next turn.
        """
        return Step("look", key, query, args)

    def now(self, key: str) -> Step[int]:
        """The time when the flow first came here, in ms since 1970 UTC."""
        return Step("now", key)

    def random(self, key: str, count: int, *, kept: bool = True) -> Step[bytes]:
        """Random bytes, the same at every replay; if they are not ``kept``, as an answer to such a form is not."""
        return Step("random", key, count, kept=kept)

    def post(  # noqa: PLR0913  what a message can be
        self,
        key: str,
        *pieces: Piece,
        place: str | Destination = "",
        member: str = "",
        audience: To | None = None,
        subject: str = "",
        fleeting: bool = False,
        account: str = "",
        why: Why | None = None,
    ) -> Step[None]:
        """A message to a place, or privately to a member or an audience; one of the same subject replaces an earlier.

        A place is a kind of channel, as it is set when the turn ends, or one channel that was looked up before.

        Of a ``fleeting`` one Erbij keeps nothing once it is delivered, nor once it cannot be. A member with several
        accounts reads it where they want Erbij to write, or on the ``account`` given.

        ``why`` it may come (flows/gate/rules.py): asked for, a duty, or, where nothing is said, unasked. Those wait for
        the attention gate: few a week, not at night, not to who wants none; what does not fit is held back.
        """
        return Step("post", key, pieces, place, member, subject, fleeting, account, audience, why or Unasked())

    def later(  # noqa: PLR0913  what a timer can be
        self,
        key: str,
        job: str,
        argument: str = "",
        *,
        at: int,
        until: int | None = None,
        subject: str = "",
        member: str = "",
    ) -> Step[None]:
        """Start a job at a time; skip it after ``until``.

        With a ``subject`` ("session 5") it is that job's one timer for it, or for it and a ``member``: set again it
        moves; it goes when they are forgotten, and follows them when two members become one.
        """
        if member and not subject:
            raise FlowFault("a timer about somebody belongs to a subject")
        return Step("later", key, job, argument, at, until, subject, member)

    def never(self, key: str, subject: str, member: str = "") -> Step[None]:
        """What was set for a subject does not come; or only what is about one member."""
        return Step("never", key, subject, member)

    def work(
        self, key: str, function: Callable[..., T], /, *args: Any, of: Callable[[Any], Any] | None = None
    ) -> Step[T]:
        """The result of a slow pure function, called outside any transaction.

        Of a job it runs in a process of its own, so function, arguments and result are plain values that can be sent
        there; it is killed after five minutes. ``of(session)`` is then read in a transaction of its own just before,
        comes as the first argument, and is written down nowhere.
        """
        return Step("work", key, function, args, of)


class Chat(Steps):
    """One person's chat with one flow. ``say`` and ``show`` speak at once; the rest is awaited."""

    __slots__ = ()

    def say(self, text: Words) -> None:
        """Say something; a ``str`` is somebody's own words."""
        self.shown.append(text)

    def show(self, thing: Shown | Start) -> None:
        """Show something to read, or a way on that is no question."""
        self.shown.append(thing)

    def list(self, title: Words, entries: Iterable[lists.Entry], *, flow: str, at: str) -> None:
        """Show one page of a list of any length; ``flow`` is this very flow, ``at`` the argument it was started with.

        So it takes an argument, shows nothing else because of it, and :data:`~flows.engine.lists.anywhere` is its
        subject.
        """
        shown = lists.page(entries, at)
        self.show(Shown(shown.titled(title), [(one.label, one.text) for one in shown.entries]))
        for one in shown.entries:
            if one.button is not None:
                self.show(one.button)
        if shown.before:
            self.show(Start(flow, shown.before, _("Previous page"), "plain"))
        if shown.after:
            self.show(Start(flow, shown.after, _("Next page"), "plain"))

    def ask(self, key: str, text: Words, choices: Sequence[Choice[T]]) -> Step[T]:
        """One of a few answers."""
        if not choices:
            raise FlowFault("a question without choices")
        return Step("ask", key, text, choices)

    @overload
    def fill(self, key: str, form: type[F], draft: Mapping[str, Any] | None = None) -> Step[F]: ...

    @overload
    def fill(self, key: str, form: Questions, draft: Mapping[str, Any] | None = None) -> Step[Completed]: ...

    def fill(self, key: str, form: type[F] | Questions, draft: Mapping[str, Any] | None = None) -> Step[Any]:
        """A form, filled in and valid. ``draft``: what stands in its fields at first, as the form's own data.

        A form from data is kept with the first thing that is kept of the conversation: who is in the middle of it
        finishes the one that they were asked, and it is that one which comes with the answers.

        Of a form that is not ``kept`` the answer, and all that the flow learns after it, lives in memory until this
        turn and its slow work are over. So no other question can follow: the flow ends, or asks the same form again.
        """
        if isinstance(form, Questions):
            return Step("fill", key, form, draft or {}, None, kept=form.kept)
        return Step("fill", key, form.asked, draft or {}, form, kept=form.kept)

    def speak(self, language: str) -> None:
        """Go on in another language, from what is shown now on."""
        self.context = replace(self.context, language=language)

    def hand_over(self, flow: str, argument: str = "") -> Step[Never]:
        """End here and go on in another flow: nothing after it is done."""
        return Step("hand_over", "", flow, argument)
