"""Places: the channels with a purpose, one of each kind on each platform where a community lives."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, delete, literal, select
from sqlmodel import Field, SQLModel

from storage.communities import Community, Destination
from storage.keeping import Keeping
from storage.statement import Session, Statement, columns


class Place(SQLModel, table=True):
    """A channel with a purpose: ``students``, ``mentors`` or ``leads``."""

    community_id: str = Field(primary_key=True, foreign_key="community.id")
    kind: str = Field(primary_key=True)
    platform: str = Field(primary_key=True)
    space_id: str
    external_id: str
    name: str


@dataclass(frozen=True, slots=True)
class PlaceSet:
    """A channel with a purpose on a platform."""

    kind: str
    platform: str
    space: str
    external_id: str
    name: str


KEEPING = (Keeping(Place, kept="until another channel is chosen"),)

_place, _community = columns(Place), columns(Community)
_add_place = Statement(lambda sql: sql.insert(Place))
_drop_place = Statement(
    lambda _: delete(Place).where(
        _place.community_id == bindparam("community"),
        _place.kind == bindparam("of_kind"),
        _place.platform == bindparam("on"),
    )
)


def choose(session: Session, community: str, place: PlaceSet) -> None:
    """The channel for a purpose; takes the place of an earlier one."""
    session.put(_drop_place, community=community, of_kind=place.kind, on=place.platform)
    session.put(
        _add_place,
        community_id=community,
        kind=place.kind,
        platform=place.platform,
        space_id=place.space,
        external_id=place.external_id,
        name=place.name,
    )


_drop_place_by_id = Statement(
    lambda _: delete(Place).where(_place.platform == bindparam("on"), _place.external_id == bindparam("external"))
)


def forget(session: Session, platform: str, external_id: str) -> None:
    """A channel was deleted."""
    session.put(_drop_place_by_id, on=platform, external=external_id)


_drop_place_by_space = Statement(
    lambda _: delete(Place).where(_place.platform == bindparam("on"), _place.space_id == bindparam("external"))
)


def forget_all(session: Session, platform: str, space: str) -> None:
    """Erbij was taken out of a server or team. It stays the community's: setup finds it again there."""
    session.put(_drop_place_by_space, on=platform, external=space)


_of_kind = Statement(
    lambda _: (
        select(
            _place.platform,
            _place.space_id.label("space"),
            _place.external_id,
            literal("").label("address"),
            _community.language,
        )
        .join(Community, _community.id == _place.community_id)
        .where(
            _place.community_id == bindparam("community"),
            _place.kind == bindparam("of_kind"),
        )
    ),
    into=Destination,
)


def of_kind(session: Session, community: str, kind: str) -> list[Destination]:
    """The channels for a purpose: one on each platform where it is set."""
    return session.all(_of_kind, community=community, of_kind=kind)


_every = Statement(
    lambda _: (
        select(_place.kind, _place.platform, _place.space_id.label("space"), _place.external_id, _place.name)
        .where(_place.community_id == bindparam("community"))
        .order_by(_place.kind)
    ),
    into=PlaceSet,
)


def every(session: Session, community: str) -> list[PlaceSet]:
    """The channels with a purpose, on all platforms."""
    return session.all(_every, community=community)
