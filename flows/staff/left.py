"""Somebody of the staff is not there any more: what they held goes back at once, and who must know is told by day."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass

from flows.cases.readers import READER
from flows.engine import COORDINATOR, Duty, Steps, job
from flows.staff.rules import Leaving
from flows.words import Msg, _, n_
from storage import audit, communities, members, role_grants, staff_cases, subjects
from storage.ids import platform_and_id
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class News:
    """What a coordinator is to hear of, as a timer carries it: in clear there is nobody's name and no account in it."""

    name: str
    """Of whom it is, sealed; empty where none is known."""
    left: bool
    """They have left the space; else they are a mentor no more."""
    cases: int
    """How many open cases went back."""
    tell: tuple[str, ...]
    """The members who are told."""
    mentor: bool = False
    """They are a mentor still, who reads cases no more."""

    def text(self) -> str:
        """As the argument of the job."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> News:
        """What :meth:`text` wrote. Who was forgotten meanwhile is told nothing."""
        known = json.loads(text)
        return cls(**known | {"tell": tuple(one for one in known["tell"] if one)})


def settle(session: Session, community: str, leaving: Leaving, now: int, told_at: int) -> None:
    """Take away the roles held by name, give back the cases, forget the name; and write down that it was so.

    The mentors and the coordinators are told at a moment of its own. Done before, it does nothing.
    """
    communities.lock(session, community)  # two coordinators who leave at once must not both find the other still there
    session.scrub()
    roles = _take_away(session, community, leaving)
    for account in leaving.left:
        members.set_roles(session, community, *platform_and_id(account), ())
    cases = []
    if leaving.cases:
        cases = staff_cases.give_back(session, community, leaving.member, now, told_at=told_at)
    if leaving.member and not leaving.staff:
        members.set_name(session, community, leaving.member, "")
        members.drop_roles(session, community, leaving.member)
    lost = tuple(dict.fromkeys([*roles, *([READER if leaving.mentor else "mentor"] if cases else [])]))
    if not lost:
        return
    audit.add(session, community, now, leaving.member, audit.LEFT, ", ".join(lost))
    what = News(_sealed(session, community, leaving.name), bool(leaving.left), len(cases), leaving.tell, leaving.mentor)
    subject = f"left {now}"  # each news comes by itself
    subjects.later(session, community, staff_left.name, what.text(), told_at, subject=subject, whom=leaving.key)


@job("staff_left")
async def staff_left(steps: Steps, given: str) -> None:
    """Tell the coordinators. Of the cases that went back the mentors are told by a job of the cases' own."""
    what = News.read(given)
    name = await steps.do("name", _opened, steps.community, what.name)
    for number, coordinator in enumerate(what.tell):
        await steps.post(f"tell.{number}", *said_of(what, name, steps.community_name), member=coordinator, why=Duty())


def said_of(what: News, name: str, community: str) -> list[Msg]:
    """What a coordinator hears."""
    who = name or _("Someone of the team")
    told = _("{name} has left {community}, and is off the lists in the setup.", name=who, community=community)
    if not what.left:
        told = _("{name} is not a mentor in {community} any more.", name=who, community=community)
        if what.mentor:
            told = _("{name} does not read cases in {community} any more.", name=who, community=community)
    if not what.cases:
        return [told]
    return [told, n_("One case waits for another mentor.", "{n} cases wait for another mentor.", what.cases)]


def _take_away(session: Session, community: str, leaving: Leaving) -> list[str]:
    """The roles that they held by name, and hold no more."""
    grants = role_grants.granted(session, community)
    held = [one for one in grants if one.kind == "person" and not one.gone and one.account in leaving.left]
    for one in held:
        if one.role == COORDINATOR and role_grants.are_last(grants, COORDINATOR, [one.account]):
            role_grants.set_gone(session, community, one, gone=True)
        else:
            role_grants.take_away(session, community, one)
            grants.remove(one)
    return [one.role for one in held]


def _sealed(session: Session, community: str, name: str) -> str:
    return b64encode(session.keys.seal("left", community, name.encode())).decode() if name else ""


def _opened(session: Session, community: str, sealed: str) -> str:
    return session.keys.open("left", community, b64decode(sealed)).decode() if sealed else ""
