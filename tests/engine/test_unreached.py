"""What could not be delivered to someone reaches them when they are there again."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from flows.engine import wire
from flows.engine.take import HOUR
from flows.engine.timers import found_community
from flows.seam import Arrived, Command, Incoming, Person, Space, Text
from storage import communities, delivery, outbox
from storage.database import Database
from storage.days import DAY
from storage.statement import Session
from tests.door import NOW, Door

IN_PRIVATE = Incoming("", Space("teams", "tenant"), Person("sam"), Command("help"), address="a")
IN_CHANNEL = replace(IN_PRIVATE, place="students")
INSTALLED = replace(IN_PRIVATE, act=Arrived())
events = itertools.count()


class Post(Door):
    """One letter to Sam, whom Erbij could not reach."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.give(IN_CHANNEL)  # Sam is known
        payload = wire.pack((Text("For you."),), "en")
        self.database.run_now(
            lambda s: outbox.add(s, outbox.Message("k", self.community(s), *TO_SAM, **PRIVATE, payload=payload))
        )
        self.bury(NOW)

    def community(self, session: Session) -> str:
        known = communities.every(session)
        if known:
            return known[0].id
        here = found_community(session, self.catalogue, "one", "One", "en", "Europe/Brussels", NOW)
        communities.add_space(session, here, "teams", "tenant")
        return here

    def bury(self, now: int) -> None:
        [row] = self.database.run_now(lambda s: delivery.claim(s, "teams", now, now + 120_000, 9))
        self.database.run_now(lambda s: delivery.bury(s, row.id, "Blocked"))

    def give(self, incoming: Incoming, now: int = NOW) -> bool:
        """Take an event; True when the sender is woken."""
        self.database.run_now(self.community)
        self.now = now
        return self.take(replace(incoming, event=f"e{next(events)}")).posted

    def waits(self) -> bool:
        return self.database.run_now(outbox.depth).waiting == 1


TO_SAM = ("teams", "tenant", "sam")
PRIVATE = {"private": True, "subject": "", "at": NOW}


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@pytest.mark.parametrize("event", [IN_PRIVATE, INSTALLED, replace(IN_CHANNEL, address="another")])
def test_who_writes_privately_or_installs_erbij_gets_it_at_once(post: Post, event: Incoming) -> None:
    assert post.give(event, NOW + 1000)
    assert post.waits()


def test_who_acts_in_a_channel_is_tried_once_an_hour(post: Post) -> None:
    assert not post.give(IN_CHANNEL, NOW + HOUR // 2)
    later = NOW + 2 * HOUR
    assert post.give(IN_CHANNEL, later)
    post.bury(later)
    assert not post.give(IN_CHANNEL, later + 1000)
    assert not post.waits()


def test_someone_else_gets_nothing_of_it(post: Post) -> None:
    assert not post.give(replace(IN_PRIVATE, person=Person("eve")))
    assert not post.waits()


def test_after_two_weeks_it_stays_unsaid(post: Post) -> None:
    assert not post.give(IN_PRIVATE, NOW + 15 * DAY)
    assert not post.waits()
