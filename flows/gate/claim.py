"""The gate where messages are claimed for sending: what is true of their readers at that moment decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flows.engine import wire
from flows.gate.rules import BUDGET, NAMES, Because, Pending, Unasked, budget_of, counts_from, held_until, judge
from flows.gate.writing import person
from storage import attention, audiences, delivery, held, settings
from storage.attention import Reader
from storage.audiences import Audience
from storage.delivery import Waiting
from storage.held import HeldRow, ToLookAt
from storage.statement import Session

UNASKED = NAMES[Unasked]


def claim(  # noqa: PLR0913  what, until when, how many, and which
    session: Session,
    platform: str,
    now: int,
    lease_until: int,
    most: int,
    *,
    private: bool,
    known: Mapping[str, Audience],
) -> list[Waiting]:
    """The messages that may go now, ours until ``lease_until``; a private one only if its reader may get it now.

    ``known``: the audiences that capabilities declare, by name.
    """
    gate = _Gate(session, now, known)
    if private:
        gate.open(platform, most)
    rows = delivery.claim(session, platform, now, lease_until, most, private=private)
    found = (gate.at_the_door(row, lease_until) for row in rows)
    return [row for row in found if row is not None]


def next_at(session: Session, platform: str, *, private: bool) -> int | None:
    """When there may be something to claim again, in ms; None when nothing waits."""
    known = [delivery.next_at(session, platform, private=private)]
    if private:
        known.append(held.next_at(session, platform))
    return min((at for at in known if at is not None), default=None)


class _Gate:
    """The gate within one transaction."""

    def __init__(self, session: Session, now: int, known: Mapping[str, Audience]) -> None:
        self.session, self.now, self.known = session, now, known
        self.let_go = set[int]()
        """What was decided on in this transaction needs no second look."""

    def open(self, platform: str, most: int) -> None:
        """Let go what waited, as far as it may go now."""
        decided = set[str]()
        for row in held.due(self.session, platform, self.now, most):
            reader = attention.reader(self.session, row.community, platform, row.recipient)
            if reader is None:
                held.keep_back(self.session, row.community, row.id, Because.OVER)
            elif row.why != UNASKED:
                if self.still_goes(row, row.community, reader) and self.quiet_hours_let(row, reader):
                    self.free(row.community, row.id, [])
            elif reader.member not in decided:
                decided.add(reader.member)
                self.all_of(row.community, reader)

    def at_the_door(self, row: Waiting, lease_until: int) -> Waiting | None:
        """A message that was claimed, as it is to be sent now; None when it is not."""
        if not row.private or not row.why:
            return row if self.of_use(row) else None
        if row.id in self.let_go and row.why != UNASKED:
            return row
        reader = attention.reader(self.session, row.community, row.platform, row.recipient)
        if reader is None:
            held.keep_back(self.session, row.community, row.id, Because.OVER)
            return None
        if row.why != UNASKED:
            goes = self.still_goes(row, row.community, reader) and self.quiet_hours_let(row, reader)
            return row if goes else None
        if row.id not in self.let_go:
            # It was let go before, and has been waiting for the platform: all that may be different by now.
            held.hold(self.session, row.community, row.id, self.now)
            held.part(self.session, row.community, row.id)
            self.all_of(row.community, reader)
            if row.id not in self.let_go:
                return None
        held.lease(self.session, row.community, row.id, lease_until)
        return replace(row, payload=self.merged(row))

    def still_goes(self, row: ToLookAt | Waiting | HeldRow, community: str, reader: Reader) -> bool:
        """Whether one of a message to an audience is still for this person, and their first; else it is held back."""
        if not self.wanted(community, reader, row):
            held.keep_back(self.session, community, row.id, Because.OVER)
        elif row.fanout and held.got(self.session, community, reader.member, row):
            held.keep_back(self.session, community, row.id, Because.TWICE)
        else:
            return True
        return False

    def of_use(self, row: Waiting | ToLookAt) -> bool:
        """Whether it is not too late for a message; else it is held back."""
        if row.until is None or row.until > self.now:
            return True
        held.keep_back(self.session, row.community, row.id, Because.LATE)
        return False

    def quiet_hours_let(self, row: Waiting | ToLookAt, reader: Reader) -> bool:
        """Whether something that was asked for, or a duty, may go now; if not, it waits or is held back."""
        if not self.of_use(row):
            return False
        at = held_until(self.now, person(reader.home, reader.wishes).zone, row.loud_until)
        if at > self.now:
            held.hold(self.session, row.community, row.id, at)
        return at == self.now

    def all_of(self, community: str, reader: Reader) -> None:
        """Decide about all that waits for somebody and that they did not ask for."""
        session = self.session
        if not held.lock(session, community, reader.member):
            return
        rows = held.pending(session, community, reader.member)
        wanted = [row for row in rows if self.still_goes(row, community, reader)]
        who = person(reader.home, reader.wishes)
        spent = held.spent(session, community, reader.member, counts_from(self.now, who), self.now)
        waiting = [Pending(row.id, row.rank, row.until or 0, row.fanout) for row in wanted]
        # Who wants less gets one, also where the community sends more.
        budget = BUDGET if who.seldom else budget_of(settings.chosen(session, community))
        verdict = judge(self.now, who, waiting, spent, budget)
        for ident, why in verdict.drop:
            held.keep_back(session, community, ident, why)
        for ident in verdict.wait:
            held.hold(session, community, ident, verdict.at)
        if verdict.send:
            head, *others = verdict.send
            self.free(community, head, others)

    def free(self, community: str, head: int, others: list[int]) -> None:
        """A message goes, with the others within it."""
        if held.let_go(self.session, community, head, self.now, others):
            self.let_go.add(head)

    def wanted(self, community: str, reader: Reader, row: ToLookAt | Waiting | HeldRow) -> bool:
        """Whether somebody still is one of those to whom a message to an audience goes."""
        if not row.fanout:
            return True
        to = audiences.about(self.session, community, row.fanout)
        if to is None:
            return False
        audience = self.known.get(to.audience) or audiences.role(to.audience)
        return audiences.holds(self.session, community, audience, to.argument, reader.member)

    def merged(self, row: Waiting) -> bytes:
        """One message of all that goes within it."""
        others = held.within(self.session, row.community, row.id)
        if not others:
            return row.payload
        parts, language = wire.unpack(row.payload)
        more = [part for other in others for part in wire.unpack(other)[0]]
        return wire.pack((*parts, *more), language)
