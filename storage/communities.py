"""Communities and where they live: a Discord server, a Teams tenant, a web address."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Field, SQLModel

from storage.days import day_of
from storage.ids import new_id
from storage.keeping import Keeping
from storage.statement import Session, Statement, columns

FEWEST = 5
"""Ballots of a check-in that are opened together at the least."""


class Community(SQLModel, table=True):
    """One programme of one institution. Everything else belongs to exactly one.

    Without a name it is being set up: only who sets it up can do anything in it.
    """

    id: str = Field(primary_key=True)
    slug: str = Field(unique=True)
    name: str
    language: str
    time_zone: str
    threshold: int = FEWEST
    """Ballots of a check-in that are opened together at the least here; fewer than ``FEWEST`` count as that."""


class CommunitySpace(SQLModel, table=True):
    """A Discord server, a team in Teams, or a web address where a community lives."""

    platform: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    within: str = Field(default="", index=True)
    """The wider space that private chats come from and that several communities may share: a Teams tenant."""
    community_id: str = Field(foreign_key="community.id", index=True)


_NOBODY = "of a programme, of nobody in it"
KEEPING = (
    Keeping(Community, kept=_NOBODY + "; without a name for a month (flows/setup/abandoned.py)"),
    Keeping(CommunitySpace, kept=_NOBODY),
)


@dataclass(frozen=True, slots=True)
class CommunityInfo:
    """A community as :class:`Community` has it, without its threshold."""

    id: str
    slug: str
    name: str
    """Empty while it is being set up."""
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """A space where a community lives."""

    platform: str
    external_id: str


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
        threshold=FEWEST,
    )
    return community


_add_space = Statement(lambda sql: sql.insert(CommunitySpace))


def add_space(session: Session, community: str, platform: str, external_id: str, within: str = "") -> None:
    """The community lives here too."""
    session.put(_add_space, platform=platform, external_id=external_id, within=within, community_id=community)


_at = Statement(
    lambda _: select(_space.community_id).where(
        _space.platform == bindparam("on"), _space.external_id == bindparam("external")
    )
)


def at(session: Session, platform: str, external_id: str) -> str:
    """The id of the community that lives in a space; empty when none does."""
    row = session.one(_at, on=platform, external=external_id)
    return "" if row is None else str(row.community_id)


_within = Statement(
    lambda _: (
        select(_community.id)
        .join(CommunitySpace, _space.community_id == _community.id)
        .where(_space.platform == bindparam("on"), _space.within == bindparam("wider"), _community.name != "")
    )
)


def share(session: Session, platform: str, wider: str) -> bool:
    """Whether any community lives within a wider space, whose private chats may then belong to it."""
    return bool(wider) and session.one(_within, on=platform, wider=wider) is not None


_spaces = Statement(
    lambda _: (
        select(_space.platform, _space.external_id)
        .where(_space.community_id == bindparam("community"))
        .order_by(_space.platform, _space.external_id)
    ),
    into=SpaceInfo,
)


def spaces(session: Session, community: str) -> list[SpaceInfo]:
    """The spaces where a community lives."""
    return session.all(_spaces, community=community)


_move_spaces = Statement(
    lambda _: (
        update(CommunitySpace)
        .where(_space.community_id == bindparam("community"))
        .values(community_id=bindparam("other"))
    )
)


def move_spaces(session: Session, community: str, other: str) -> None:
    """Where one community lived, another lives from now on."""
    session.put(_move_spaces, community=community, other=other)


_change = Statement(
    lambda _: (
        update(Community)
        .where(_community.id == bindparam("community"))
        .values(
            slug=bindparam("new_slug"),
            name=bindparam("new_name"),
            language=bindparam("new_language"),
            time_zone=bindparam("new_zone"),
        )
    )
)


def change(session: Session, new: CommunityInfo) -> None:
    """What a community is called, which language it speaks first, and by which clock it lives."""
    session.put(
        _change,
        community=new.id,
        new_slug=new.slug,
        new_name=new.name,
        new_language=new.language,
        new_zone=new.time_zone,
    )


_drop_spaces = Statement(lambda _: delete(CommunitySpace).where(_space.community_id == bindparam("community")))
_drop = Statement(lambda _: delete(Community).where(_community.id == bindparam("community")))


def drop(session: Session, community: str) -> None:
    """A community that holds nothing any more, with the spaces where it lived."""
    session.put(_drop_spaces, community=community)
    session.put(_drop, community=community)


_lock = Statement(lambda _: select(_community.id).where(_community.id == bindparam("community")).with_for_update())


def lock(session: Session, community: str) -> None:
    """Nobody else who asks for this goes on before this transaction has ended."""
    session.one(_lock, community=community)


_zone = Statement(lambda _: select(_community.time_zone).where(_community.id == bindparam("community")))


def day(session: Session, community: str, at: int) -> int:
    """The day (since 1970) on which a moment (ms) falls where a community lives."""
    return day_of(at, session.one(_zone, community=community).time_zone)


_info = (_community.id, _community.slug, _community.name, _community.language, _community.time_zone)
_by_id = Statement(lambda _: select(*_info).where(_community.id == bindparam("community")), into=CommunityInfo)


def by_id(session: Session, community: str) -> CommunityInfo | None:
    """A community; None when it is there no more."""
    found: CommunityInfo | None = session.one(_by_id, community=community)
    return found


def about(session: Session, community: str) -> CommunityInfo:
    """A community that is there."""
    found: CommunityInfo = session.one(_by_id, community=community)
    return found


_by_slug = Statement(lambda _: select(*_info).where(_community.slug == bindparam("slug")), into=CommunityInfo)


def by_slug(session: Session, slug: str) -> CommunityInfo | None:
    """The community with this address."""
    found: CommunityInfo | None = session.one(_by_slug, slug=slug)
    return found


_every = Statement(lambda _: select(*_info).order_by(_community.slug), into=CommunityInfo)


def every(session: Session) -> list[CommunityInfo]:
    """All communities, by their addresses."""
    return session.all(_every)
