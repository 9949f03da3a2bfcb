"""The seam: the values that cross between a platform's adapter and the flows.

Everything here is frozen and plain. Text is plain text (never Markdown or HTML): an adapter
escapes it for its platform and never lets it become a ping. Ids are the platform's own strings.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

# ---------------------------------------------------------------- what comes in


@dataclass(frozen=True, slots=True)
class Space:
    """Where a community lives on a platform: a Discord server, a team in Teams, a web address."""

    platform: str
    id: str
    within: str = ""
    """The id of the wider space that private chats come from, when they come from one: a Teams tenant."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as the platform shows them now; Erbij stores no more of it than it needs."""

    id: str
    name: str = ""
    roles: frozenset[str] | None = frozenset()
    """The platform's own role ids, fresh with every event; None where it did not say with this one (private chats)."""
    manages: bool = False
    """True for who manages the space now, by the platform's own rights: they may change all of Erbij's setup."""
    added: bool = False
    """True for who added Erbij here: they may set it up where nobody has yet, and nothing more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a platform says of someone in a space when it is asked. Who is no member holds nothing there."""

    member: bool
    roles: frozenset[str] = frozenset()
    manages: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Free text typed to Erbij."""

    text: str
    files: bool = False
    """Whether pictures, files or stickers came along, which nobody reads."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command by its name, without a slash: ``help``, ``language``."""

    name: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Someone asks to see a form now (opens a modal or a dialog); changes nothing."""

    form: str


@dataclass(frozen=True, slots=True)
class Picked:
    """A channel, role or person chosen in a :class:`Pick` field, with what the platform knows."""

    id: str
    name: str = ""
    can_post: bool = True
    """For a channel: may Erbij write there?"""
    open_to_all: bool = False
    """For a channel: can everyone in the space read it? For a role: does everyone hold it?"""


Value = str | int | bool | Picked | tuple[Picked, ...] | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, by the id that its :class:`Button` had."""

    button: str
    values: Mapping[str, Value] = field(default_factory=dict)
    """What stood in the form beside it, where a platform sends that along: not sent yet, and not to be lost."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Values for some or all fields of a form; a field left empty is present as None."""

    form: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Someone opens the private chat: they get a greeting, or the question that still waits."""


@dataclass(frozen=True, slots=True)
class Added:
    """Erbij was added to the space. The reply is for everyone in ``place``, and not private as all others are."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Erbij was taken out of the space (kicked, uninstalled), or a place in it was deleted."""

    place: str = ""
    """The deleted place; empty when it is the whole space."""


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left the space, or was taken out of it. Who it was is asked, not believed: nobody's act, no reply."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Someone edited or deleted a message that they had sent to Erbij in private."""


Act = Said | Command | Pressed | Opened | Filled | Arrived | Added | Removed | Left | Changed


@dataclass(frozen=True, slots=True)
class Incoming:
    """One platform event. The same ``event`` twice has one effect."""

    event: str
    """The platform's id of this event, unique within the platform."""
    space: Space
    person: Person | None
    """None for someone without an account (the case page), and where nobody did it (:class:`Left`)."""
    act: Act
    place: str = ""
    """The channel it happened in; empty in a private chat."""
    locale: str = ""
    """The platform's language tag for this person, ``nl-BE`` say; empty when unknown."""
    address: str = ""
    """What the adapter needs to reach this person privately later; opaque to everyone else."""
    crowded: bool = False
    """For someone without an account: so much comes from where this comes from that everybody else goes first."""


# ---------------------------------------------------------------- what goes out


@dataclass(frozen=True, slots=True)
class Text:
    """One or more paragraphs, separated by an empty line."""

    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """Something to read: a title and labelled passages (``label`` may be empty)."""

    title: str
    rows: tuple[tuple[str, str], ...]
    aside: bool = False
    """Not what this is about: drawn small, and folded up under its title where a platform can."""
    exact: bool = False
    """To be kept letter by letter: drawn so that it can be copied, and no browser may translate it."""


@dataclass(frozen=True, slots=True)
class Button:
    """One choice. ``id`` is at most 100 characters of ``[A-Za-z0-9_.:-]``."""

    id: str
    label: str
    kind: Literal["primary", "plain", "danger"] = "plain"


@dataclass(frozen=True, slots=True)
class Buttons:
    """Choices of which one is pressed."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """A whole number from ``low`` to ``high``, both ends named."""

    low: int
    high: int
    low_label: str
    high_label: str


@dataclass(frozen=True, slots=True)
class Options:
    """One of several values, each ``(value, label)``."""

    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Several:
    """Any number of several values, each ``(value, label)``; the answer is a tuple of values, or None."""

    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Text of at most ``most`` characters; ``long`` asks for several lines."""

    most: int
    long: bool = False
    exact: bool = False
    """Typed as it was given, letter by letter: no keyboard may improve it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number from ``low`` to ``high``; a text is an answer too, where a platform has no box for numbers."""

    low: int
    high: int
    hint: str = ""
    """What may be written, for where it is typed."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar from ``earliest`` to ``latest`` (``2027-03-12``, or empty); a text is an answer too."""

    earliest: str = ""
    latest: str = ""
    hint: str = ""
    """An example, for where it is typed."""


@dataclass(frozen=True, slots=True)
class Time:
    """A time of the day, ``14:30``; a text is an answer too."""

    hint: str = ""
    """An example, for where it is typed."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A channel, a role or a person of the space, chosen with the platform's own picker.

    Where a platform has no roles, a role that need not be given is not asked for: its answer is None.
    """

    what: Literal["place", "role", "person"]
    many: bool = False
    """Several can be chosen; the answer is a tuple then, or None."""


Kind = Scale | Options | Several | Line | Number | Day | Time | Pick


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form."""

    name: str
    question: str
    kind: Kind
    help: str = ""
    required: bool = True
    draft: Value = None
    """What was filled in before, to show again."""
    error: str = ""
    """What is wrong with the draft, in words for the person."""
    open: bool = True
    """False where there is a good answer already, which can still be changed where the form is seen as a whole."""


@dataclass(frozen=True, slots=True)
class Form:
    """Questions, of which those that are still open must be shown. Answers may come in several :class:`Filled`."""

    id: str
    title: str
    fields: tuple[Field, ...]
    submit: str
    """The label of the button that sends it."""
    open: str
    """The label of a button that opens it, where a platform cannot show it at once."""
    buttons: tuple[Button, ...] = ()
    """Other ways on: back, stop."""


Part = Text | Card | Buttons | Form


@dataclass(frozen=True, slots=True)
class Reply:
    """What the person who did something sees at once; nobody else sees it, unless Erbij was :class:`Added`."""

    parts: tuple[Part, ...] = ()
    language: str = "en"
    space: Space | None = None
    """The community's own space, also where the event came from a wider one, and did not say which."""
    saved: bool = True
    """False when nothing was stored and the person was asked to try again."""
    ended: tuple[str, ...] = ()
    """The conversations that ended by this: what asked for an answer in them, in ids of theirs, asks no more."""
    question: str = ""
    """By what the question that waits is shown again (:class:`Opened`); empty where none does, and of several the last.
    """


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a place, or privately to a person, that no one is waiting for."""

    id: str
    """Unique and the same at every attempt, for platforms that drop a repeat; 22 characters."""
    space: Space
    parts: tuple[Part, ...]
    place: str = ""
    person: str = ""
    address: str = ""
    """For a person: the ``address`` that their last :class:`Incoming` carried."""
    edits: str = ""
    """The platform's id of an earlier message to show this instead of; empty for a new one.

    Where that message is no longer there, this one is shown anew."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Sent:
    """Delivered; ``message`` is the platform's id, for a later edit."""

    message: str


# ---------------------------------------------------------------- the adapters


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits on a platform. Counts are of characters unless said otherwise."""

    text: int
    """One message."""
    buttons: int
    """Buttons in one message."""
    label: int
    """A button's label."""
    title: int
    """A form's or card's title."""
    fields: int
    """Fields in one form."""
    question: int
    """A field's question; the rest moves to its help."""
    help: int
    line: int
    """Text typed into one field."""
    options: int
    """Values in one menu."""
    sends_per_second: float
    """What the sender keeps to, for the platform as a whole."""


Receive = Callable[[Incoming], Awaitable[Reply]]


class Adapter(Protocol):
    """One platform."""

    platform: ClassVar[str]
    limits: ClassVar[Limits]

    async def run(self, receive: Receive) -> None:
        """Take events until cancelled, giving each to ``receive`` and drawing its reply."""

    async def send(self, message: Outgoing) -> Sent:
        """Deliver one message, or raise a :class:`flows.faults.SendError`."""

    async def known(self, space: Space, person: str) -> Standing:
        """How someone stands in a space now, by the platform's own word.

        No member is only who the platform says is none. Where it says nothing of them (it fails, is too busy, or does
        not count Erbij itself among the space's members any more), this raises a :class:`flows.faults.SendError`.
        """
