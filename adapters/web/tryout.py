"""What the chat needs to know about the try-out: its made-up people, its channels and its clock."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.seam import Outgoing, Space
from flows.words import Msg, said


@dataclass(frozen=True)
class Account:
    """A made-up person whom the chat lets you be."""

    id: str
    name: str
    role: str
    """By its name in the program: ``student``, ``mentor``."""
    called: Msg | str = ""
    """What such people are called."""

    def title(self, language: str) -> str:
        """The same, for a reader."""
        return said(self.called or self.role, language)


@dataclass(frozen=True)
class TryOut:
    """The made-up community, with the two things the web itself does not keep: history and time."""

    space: Space
    accounts: tuple[Account, ...]
    places: tuple[tuple[str, str, frozenset[str]], ...]
    """Place id, name, and the roles that can see it."""
    history: Callable[[str, str], Awaitable[list[Outgoing]]]
    """``(place, person)``, one of them empty: what stands there now, oldest first, edits applied."""
    now: Callable[[], datetime]
    move: Callable[[timedelta | None], Awaitable[datetime]]
    """Move Erbij's clock on; None moves it to the next thing that is due. Gives the new time."""

    def account(self, person: str) -> Account | None:
        """The account with this id, or None."""
        return next((one for one in self.accounts if one.id == person), None)

    def seen_by(self, account: Account) -> tuple[tuple[str, str], ...]:
        """Id and name of each place that this account can see."""
        return tuple((place, name) for place, name, roles in self.places if account.role in roles)
