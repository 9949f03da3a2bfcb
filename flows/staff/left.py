"""Someone of the staff has left, or is a mentor no more: what they held goes back, and who must know is told."""

from dataclasses import dataclass

from flows.engine import COORDINATOR, Steps, job
from flows.staff.rules import Leaving
from flows.words import Msg, _, n_
from storage import audit, communities, members, staff_cases
from storage.members import Grant
from storage.statement import Session


@dataclass(frozen=True, slots=True)
class Settled:
    """What went back."""

    lost: tuple[str, ...]
    """The roles that they held until now."""
    cases: tuple[str, ...]


@job("staff_left")
async def staff_left(steps: Steps, whom: str) -> None:
    """Take away what somebody held who holds it no more. Done before, it does nothing.

    Of the cases that go back the mentors are told by a job of the cases' own.
    """
    leaving = Leaving.read(whom)
    now = await steps.now("now")
    settled = await steps.do("settle", settle, steps.community, leaving, now)
    if settled.lost:
        for number, coordinator in enumerate(leaving.tell):
            await steps.post(f"tell.{number}", *news(leaving, settled, steps.community_name), member=coordinator)


def news(leaving: Leaving, settled: Settled, community: str) -> list[Msg]:
    """What a coordinator hears."""
    name = leaving.name or _("Someone of the team")
    what = _("{name} has left {community}, and is off the lists in the setup.", name=name, community=community)
    if not leaving.left:
        what = _("{name} is not a mentor in {community} any more.", name=name, community=community)
    if not settled.cases:
        return [what]
    waiting = n_("One case waits for another mentor.", "{n} cases wait for another mentor.", len(settled.cases))
    return [what, waiting]


def settle(session: Session, community: str, leaving: Leaving, now: int) -> Settled:
    """Take away the roles held by name, give back the cases, forget the name; and write down that it was so."""
    communities.lock(session, community)  # two coordinators who leave at once must not both find the other still there
    grants = members.granted(session, community)
    named = [one for one in grants if one.kind == "person" and f"{one.platform}:{one.external_id}" in leaving.left]
    roles = []
    for one in named:
        if one.role == COORDINATOR and _last(one, grants):
            members.set_gone(session, community, one, gone=True)
        else:
            members.take_away(session, community, one)
            grants.remove(one)
        if not one.gone:
            roles.append(one.role)
    cases = staff_cases.give_back(session, community, leaving.member, now) if leaving.cases else []
    if leaving.member and not leaving.staff:
        members.set_name(session, leaving.member, "")
    lost = tuple(dict.fromkeys([*roles, *(["mentor"] if cases else [])]))
    if lost:
        audit.add(session, community, now, leaving.member, audit.LEFT, ", ".join(lost))
    return Settled(lost, tuple(cases))


def _last(one: Grant, grants: list[Grant]) -> bool:
    """Whether nobody else is a coordinator."""
    return not any(other.role == COORDINATOR and other != one and not other.gone for other in grants)
