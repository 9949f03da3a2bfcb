"""Communities and where they live: a Discord server, a Teams tenant, a web address."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Field, SQLModel

from storage.ids import new_id
from storage.statement import Session, Statement, columns


class Community(SQLModel, table=True):
    """One programme of one institution. Everything else belongs to exactly one."""

    id: str = Field(primary_key=True)
    slug: str = Field(unique=True)
    name: str
    language: str
    time_zone: str
    doorbell: int = 0
    """1 when cases are told and followed up on the case page only: the chat hands out its address."""


class CommunitySpace(SQLModel, table=True):
    """A Discord server, a Teams tenant or team, or a web address where a community lives."""

    platform: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message goes on a platform; ``external_id`` is a place's or a person's."""

    platform: str
    space: str
    external_id: str
    address: str
    language: str

    @property
    def account(self) -> str:
        """The platform and the person's id there, as one text."""
        return f"{self.platform}:{self.external_id}"


_community, _space = columns(Community), columns(CommunitySpace)
_add_community = Statement(lambda sql: sql.insert(Community))


_add_space = Statement(lambda sql: sql.insert(CommunitySpace))


_drop_space = Statement(
    lambda _: delete(CommunitySpace).where(
        _space.platform == bindparam("on"), _space.external_id == bindparam("external")
    )
)


_set_doorbell = Statement(
    lambda _: update(Community).where(_community.id == bindparam("community")).values(doorbell=bindparam("on"))
)


_with_doorbell = Statement(lambda _: select(_community.name).where(_community.doorbell == 1).order_by(_community.slug))


_by_slug = Statement(lambda _: select(_community.id, _community.name).where(_community.slug == bindparam("slug")))


_by_id = Statement(
    lambda _: select(_community.id, _community.name, _community.language, _community.time_zone).where(
        _community.id == bindparam("community")
    )
)


_all = Statement(
    lambda _: select(
        _community.id,
        _community.slug,
        _community.name,
        _community.language,
        _community.time_zone,
    ).order_by(_community.slug)
)


def add_community(session: Session, slug: str, name: str, language: str, time_zone: str) -> str:
    """A new community; returns its id."""
    community = new_id()
    session.put(
        _add_community,
        id=community,
        slug=slug,
        name=name,
        language=language,
        time_zone=time_zone,
        doorbell=0,
    )
    return community


def add_space(session: Session, community: str, platform: str, external_id: str) -> None:
    """The community lives here too."""
    session.put(_add_space, platform=platform, external_id=external_id, community_id=community)


def forget_space(session: Session, platform: str, external_id: str) -> None:
    """Erbij was taken out of a server or team; what the community stored stays."""
    session.put(_drop_space, on=platform, external=external_id)


def set_doorbell(session: Session, community: str, *, on: bool) -> None:
    """Whether the chat only hands out the address of the case page, and asks nothing about a case itself."""
    session.run(_set_doorbell, community=community, on=int(on))


def with_doorbell(session: Session) -> list[str]:
    """The names of the communities whose cases are told on the case page only."""
    return [row.name for row in session.all(_with_doorbell)]


def by_slug(session: Session, slug: str) -> tuple[str, str] | None:
    """(id, name) of the community with this address."""
    row = session.one(_by_slug, slug=slug)
    return None if row is None else tuple(row)


def by_id(session: Session, community: str) -> tuple[str, str, str, str] | None:
    """(id, name, language, time zone) of a community."""
    row = session.one(_by_id, community=community)
    return None if row is None else tuple(row)


def every(session: Session) -> list[tuple[str, str, str, str, str]]:
    """(id, slug, name, language, time zone) of each community."""
    return [tuple(row) for row in session.all(_all)]
