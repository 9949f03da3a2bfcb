"""A community with a few people, in whichever database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from storage import communities, forgetting, members
from storage.database import Database
from storage.keys import Masters
from storage.lane import Job
from storage.statement import Session

NOW = 1_795_000_000_000
DAY = NOW // 86_400_000


@dataclass(frozen=True)
class Here:
    """A community and its people, by member id."""

    id: str
    people: tuple[str, ...]


@contextmanager
def opened(url: str, masters: Masters) -> Iterator[Database]:
    """Another process's door to the same database."""
    other = Database(url, masters)
    other.open()
    try:
        yield other
    finally:
        other.close()


def settled(database: Database) -> None:
    """What was due on the database's threads is done, so that a test may use their connections itself."""
    for lane in database.lanes:
        for _ in range(2):  # what comes after the first is over when the second begins
            done: Future[None] = Future()
            lane.put(Job(lambda _: None, done))
            done.result()


def found(session: Session, slug: str, people: int = 12) -> Here:
    community = communities.add_community(session, slug, slug.title(), "en", "Europe/Brussels")
    communities.add_space(session, community, "web", slug)
    return Here(
        community,
        tuple(
            members.add_member(session, community, "web", slug, f"{slug}{n}", f"at {n}", f"Person {n}")
            for n in range(people)
        ),
    )


def forget(session: Session, here: str, member: str) -> None:
    """All that names a member goes."""
    assert forgetting.forget(session, forgetting.of_member(session, here, member), NOW)


@pytest.fixture
def here(database: Database) -> Here:
    return database.run_now(lambda s: found(s, "here"))


@pytest.fixture
def there(database: Database) -> Here:
    """Another community in the same database."""
    return database.run_now(lambda s: found(s, "there"))
