"""What follows from what the platforms said of a community's staff. Values in, values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flows.cases.readers import READER
from flows.engine import COORDINATOR
from flows.engine.flow import STUDENT
from flows.engine.recognise import granted
from flows.engine.wall_clock import next_time
from flows.seam import Standing
from storage.days import local
from storage.role_grants import Grant
from storage.roster import Staff, StaffAccount

Seen = Mapping[tuple[str, str], Standing | None]
"""By platform and id of an account, what was said of it; None where nothing was."""
Held = Callable[[set[str]], set[str]]
FROM, UNTIL = 8, 22
"""Hours between which people are told at once."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What someone of the staff lost: whoever did not lose anything is not among them."""

    member: str
    """Empty for who was named and never did anything."""
    name: str
    left: tuple[str, ...]
    """The accounts that have left their platform's space, ``platform:id`` each."""
    cases: bool
    """Their cases go back: nowhere do they read cases any more."""
    staff: bool
    """They still hold something as staff, or it is not known."""
    tell: tuple[str, ...]
    """The members who coordinate, and hear of it."""
    mentor: bool = False
    """They are a mentor still."""

    @property
    def key(self) -> str:
        """By what a person is known in a row: the member, or else the account."""
        return self.member or self.left[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking for a community's staff."""

    leaving: tuple[Leaving, ...]
    back: tuple[Grant, ...]
    """Coordinators by name who were away and are there again."""
    doubt: tuple[str, ...]
    """The platforms by which everybody has left at once: likelier a fault, so nothing follows from it."""
    complete: bool
    """Every platform answered for everyone, and is believed."""


def together(answers: Iterable[Standing | None]) -> Standing | None:
    """How someone stands on a platform where a community has several spaces; None unless all of them answered."""
    said = list(answers)
    if not said or None in said:
        return None
    there = [one for one in said if one is not None and one.member]
    roles = frozenset[str]().union(*(one.roles for one in there))
    return Standing(bool(there), roles, any(one.manages for one in there))


def outcome(staff: Staff, seen: Seen, held: Held) -> Outcome:
    """What follows from what was said. ``held``: what somebody may do, of the roles that they hold."""
    doubt = _everybody_left(staff.accounts, seen)
    believed: Seen = {key: None if key[0] in doubt else said for key, said in seen.items()}
    people: dict[str, list[StaffAccount]] = defaultdict(list)
    for account in staff.accounts:
        people[account.member or _name(account)].append(account)
    roles = {who: _roles(staff.grants, accounts, believed, held) for who, accounts in people.items()}
    tell = tuple(who for who, now in roles.items() if COORDINATOR in now and people[who][0].member)
    found = (_leaving(staff, accounts, believed, roles[who], tell) for who, accounts in people.items())
    there = {key for key, said in believed.items() if said is not None and said.member}
    back = tuple(one for one in staff.grants if one.gone and (one.platform, one.external_id) in there)
    complete = all(believed.get((one.platform, one.external_id)) is not None for one in staff.accounts)
    return Outcome(tuple(one for one in found if one is not None), back, doubt, complete)


def telling_time(time_zone: str, now: int) -> int:
    """When people are told of something that was seen now: by day at once, of what the night brings in the morning."""
    hour = local(now, time_zone).hour
    return now if FROM <= hour < UNTIL else next_time(f"0 {FROM} * * *", time_zone, now)


# ---------------------------------------------------------------- inside


def _name(account: StaffAccount) -> str:
    return f"{account.platform}:{account.external_id}"


def _everybody_left(accounts: Sequence[StaffAccount], seen: Seen) -> tuple[str, ...]:
    """The platforms that say of two or more that they have left, and of nobody that they are there."""
    said: dict[str, list[bool]] = defaultdict(list)
    for account in accounts:
        standing = seen.get((account.platform, account.external_id))
        if standing is not None:
            said[account.platform].append(standing.member)
    return tuple(platform for platform, there in said.items() if len(there) > 1 and not any(there))


def _roles(grants: Sequence[Grant], accounts: Sequence[StaffAccount], seen: Seen, held: Held) -> set[str]:
    """What someone holds by all accounts of which something was said; of the others, what they are named for."""
    found = set[str]()
    for account in accounts:
        here = [(one.role, one.kind, one.external_id) for one in grants if one.platform == account.platform]
        said = seen.get((account.platform, account.external_id)) or Standing(True)
        if said.member:
            found |= granted(here, account.external_id, said.roles)
            found |= {COORDINATOR} if said.manages else set()
    return held(found - {STUDENT})


def _leaving(
    staff: Staff, accounts: Sequence[StaffAccount], seen: Seen, roles: set[str], tell: tuple[str, ...]
) -> Leaving | None:
    said = {_name(one): seen.get((one.platform, one.external_id)) for one in accounts}
    named = {f"{one.platform}:{one.external_id}" for one in staff.grants if one.kind == "person" and not one.gone}
    left = tuple(name for name, one in said.items() if one is not None and not one.member and name in named)
    unknown = None in said.values()
    cases = not unknown and READER not in roles and any(one.holds_cases for one in accounts)
    forgotten = not unknown and not roles and any(one.remembered for one in accounts)
    if not (left or cases or forgotten):
        return None
    member, name = accounts[0].member, next((one.name for one in accounts if one.name), "")
    others = tuple(one for one in tell if one != member)
    return Leaving(member, name, left, cases, bool(roles) or unknown, others, "mentor" in roles)
