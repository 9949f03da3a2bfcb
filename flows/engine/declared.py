"""What a capability declares of a community: its settings, the purposes of its channels, the roles in it.

Setup, help and the try-out draw these; so a new one is declared beside the flow that uses it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType, new_class
from typing import TYPE_CHECKING, Any

from flows.engine.flow import COORDINATOR
from flows.engine.forms import Form
from flows.words import Msg, _, listed
from storage import settings
from storage.statement import Session

if TYPE_CHECKING:
    from flows.engine.chat import Context

CHOOSE_ALL = _("Choose all of them.")
Value = str | int
Chosen = Mapping[str, Any]
"""By its key, what a community chose for a setting; what it never chose is not there."""


def form_of(
    title: Msg, fields: Mapping[str, Any], submit: Msg, types: Mapping[str, Any] = MappingProxyType({})
) -> type[Form]:
    """A form of fields that are known only now; ``types``: of what is more than a text or a number."""
    said = {
        "__annotations__": dict.fromkeys(fields, Any) | dict(types),
        "__module__": __name__,
        "title": title,
        "submit": submit,
    }
    return new_class("Declared", (Form,), exec_body=lambda body: body.update(said | dict(fields)))


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a community chooses. ``key``: ``section.name``; ``field``: the question, made as in a form.

    What was never chosen, or does not fit the question any more, is the default: a value, or what follows from the
    community's time zone. So a later version's default reaches everyone who never chose.
    """

    key: str
    default: Value | Callable[[str], Value]
    field: Any
    doubt: Callable[[Value, Context], Msg | None] | None = None
    """Why this value may not be meant, asked before it is saved and by ``erbij check``."""
    wrong: Callable[[Value], Msg | None] | None = None
    """Why this value cannot be kept: it is asked again."""
    changed: Callable[[Session, str, int], None] | None = None
    """``(session, community, now)``: what follows at once when another value is chosen."""
    takes: type[Form] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Complain now about a field that asks nothing."""
        object.__setattr__(self, "takes", form_of(_("Save"), {self.name: self.field}, _("Save")))

    @property
    def name(self) -> str:
        """The key within its section."""
        return self.key.rpartition(".")[2]

    def of(self, chosen: Chosen, time_zone: str = "UTC") -> Any:
        """The value that holds in a community."""
        value = chosen.get(self.key)
        good, _drafts, _wrong = self.takes.asked.take({self.name: value if isinstance(value, str | int) else None})
        if good.get(self.name) is not None:
            return good[self.name]
        return self.default(time_zone) if callable(self.default) else self.default

    def read(self, session: Session, community: str) -> Any:
        """The same, looked up; for what does not follow from the time zone."""
        return self.of(settings.chosen(session, community))

    def shown(self, value: Value) -> Msg | str:
        """A value in words."""
        return self.takes.questions[self.name].words(value)


@dataclass(frozen=True)
class Section:
    """Settings that are changed together, in one form. ``who`` may do that."""

    name: str
    title: Msg
    settings: tuple[Setting, ...]
    who: frozenset[str] = frozenset({COORDINATOR})
    under: str = ""
    """The entry among the settings that leads to it; empty where it is an entry itself."""
    summary: Callable[[dict[str, Any]], Msg | str] | None = None
    """What setup says of the values, by name; else they stand in a row."""
    doubts: Callable[[dict[str, Any]], Msg | None] | None = None
    """Why these values may not be meant together."""

    @cached_property
    def form(self) -> type[Form]:
        """All of it as one form."""
        return form_of(self.title, {one.name: one.field for one in self.settings}, _("Save"))

    def values(self, chosen: Chosen, time_zone: str) -> dict[str, Any]:
        """What holds in a community, by name."""
        return {one.name: one.of(chosen, time_zone) for one in self.settings}

    def shown(self, chosen: Chosen, time_zone: str) -> Msg | str:
        """What holds, in a line."""
        values = self.values(chosen, time_zone)
        if self.summary is not None:
            return self.summary(values)
        return listed(one.shown(values[one.name]) for one in self.settings if values[one.name] != "")


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody can be in a community. ``one`` holds it, ``many`` do: in the middle of a sentence.

    ``comes_with``: who holds that other role holds this one too. While ``narrowed`` says so, it is given by itself.
    """

    name: str
    one: Msg
    many: Msg
    title: Msg
    """Above a form and on a button."""
    which: Msg | None = None
    """Asks which role of the platform they have; None where setup gives this role to nobody."""
    which_help: Msg | None = None
    who: Msg | None = None
    """Asks who they are, by name; None where nobody is named."""
    who_help: Msg = CHOOSE_ALL
    nobody: Msg | None = None
    """What it means that nobody holds it, where that is missed."""
    needed: bool = False
    """Somebody must hold it by name: its form asks for one at least."""
    tryout: tuple[str, ...] = ()
    """Made-up people who hold it in the try-out; with some, it has a window there."""
    comes_with: str = ""
    narrowed: Callable[[Chosen], bool] | None = None


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a channel is for, and the role of who works there. ``kind`` is how it is called in ``post(place=...)``."""

    kind: str
    role: str
    title: Msg
    """Above its form, on its button."""
    which: Msg
    """Asks for the channel."""
    posted: Msg
    """What is posted there."""
    missing: Msg
    """What it means that there is none."""
    staff_only: Msg | None = None
    """What is said of a channel that everyone can read, where that is not meant; with ``{channel}``."""
    settings: tuple[Setting, ...] = ()
    """Asked along with the channel."""
    wanted: Callable[[Chosen], bool] | None = None
    """Whether the community needs it; None for always."""
    readers: tuple[str, ...] = ()
    """In the try-out: the other roles that read this channel."""
    tryout: str = ""
    """What it is called in the try-out; as ``kind``, if empty."""

    def is_wanted(self, chosen: Chosen) -> bool:
        """Whether this community is asked for the channel."""
        return self.wanted is None or self.wanted(chosen)


def rights(held: set[str], roles: Mapping[str, Role], chosen: Chosen) -> set[str]:
    """The roles that somebody has, of those they hold by what is stored: with what comes with them, and only that.

    A role that comes with another is given by itself while it is narrowed, and else to nobody but the holders of that.
    """
    found = set(held)
    for name, role in roles.items():
        if role.comes_with and (by := comes_from(roles, name, chosen)) != name:
            found = found - {name} | ({name} if by in held else set())
    return found


def names_of(roles: Mapping[str, Role], who: Iterable[str], chosen: Chosen) -> list[Msg]:
    """Those who hold one of some roles, as people here know them."""
    held_by = {comes_from(roles, name, chosen): None for name in sorted(who)}
    return [roles[name].many for name in held_by if name in roles]


def comes_from(roles: Mapping[str, Role], name: str, chosen: Chosen) -> str:
    """The role by which people hold another one here: it may be that very one."""
    role = roles.get(name)
    if role is None or not role.comes_with or (role.narrowed and role.narrowed(chosen)):
        return name
    return role.comes_with
