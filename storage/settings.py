"""Settings: what a community chose, a row for each. What they mean is declared by the capabilities."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import String, bindparam, delete, func, literal_column, select
from sqlmodel import Field, SQLModel

from storage.communities import Community
from storage.keeping import Keeping
from storage.statement import Session, Statement, columns


class Setting(SQLModel, table=True):
    """A value that somebody chose, as JSON. Keys of another version of Erbij are left alone."""

    community_id: str = Field(primary_key=True, foreign_key="community.id")
    key: str = Field(primary_key=True)
    value: str


# What coordinators write of a desk or a role, or call something; they are asked for no person.
KEEPING = (Keeping(Setting, kept="of a programme, of nobody in it"),)

_s, _community = columns(Setting), columns(Community)
# Between what JSON never holds: it writes control characters in another way.
_KEY, _ROW = (literal_column(f"'{text}'", String) for text in ("\x1f", "\x1e"))
_all = func.aggregate_strings(_s.key.concat(_KEY).concat(_s.value), _ROW)  # type: ignore[arg-type]


of_community = select(_all).where(_s.community_id == _community.id).correlate(Community).scalar_subquery()
"""All of a community's in one text, for a statement that asks for the community anyway; see :func:`parsed`."""


def _choosing(sql: Any) -> Any:
    new = sql.insert(Setting)
    return new.on_conflict_do_update(index_elements=["community_id", "key"], set_={"value": new.excluded.value})


_choose = Statement(_choosing)


def choose(session: Session, community: str, key: str, value: Any) -> None:
    """From now on this holds."""
    session.put(_choose, community_id=community, key=key, value=json.dumps(value))


_chosen = Statement(lambda _: select(_s.key, _s.value).where(_s.community_id == bindparam("community")))


def chosen(session: Session, community: str) -> dict[str, Any]:
    """What a community chose, by key; what cannot be read is as if it had not been chosen."""
    return {row.key: value for row in session.all(_chosen, community=community) for value in _read(row.value)}


_forget = Statement(lambda _: delete(Setting).where(_s.community_id == bindparam("community")))


def forget_all(session: Session, community: str) -> None:
    """Nothing is chosen any more."""
    session.put(_forget, community=community)


@lru_cache(maxsize=1024)
def parsed(text: str | None) -> Mapping[str, Any]:
    """What :data:`of_community` gave, as :func:`chosen` gives it; it is shared, so it cannot be changed."""
    rows = (one.split("\x1f") for one in text.split("\x1e")) if text else ()
    return MappingProxyType({key: known for key, value in rows for known in _read(value)})


def _read(value: str) -> list[Any]:
    try:
        return [json.loads(value)]
    except (ValueError, RecursionError):
        return []
