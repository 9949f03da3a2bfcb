"""Every table, so that SQLModel.metadata is whole."""

from __future__ import annotations

from sqlmodel import SQLModel

from storage import (
    audit,
    case_events,
    case_messages,
    cases,
    check_ins,
    codes,
    communities,
    conversations,
    due,
    letters,
    members,
    meta,
    outbox,
    places,
    return_paths,
    roster,
)

metadata = SQLModel.metadata
"""All of Erbij's tables."""

__all__ = [
    "audit",
    "case_events",
    "case_messages",
    "cases",
    "check_ins",
    "codes",
    "communities",
    "conversations",
    "due",
    "letters",
    "members",
    "meta",
    "metadata",
    "outbox",
    "places",
    "return_paths",
    "roster",
]
