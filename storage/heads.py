"""The first message to each recipient in the outbox, found along an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select


def heads(outbox: Any, waiting: str) -> Any:
    """Their ids, on the platform ``on``: a walk from one recipient to the next, whatever waits behind each.

    To ask of every message what is before it would cost more the more wait; and which plan PostgreSQL makes for that
    hangs on what it last counted.
    """
    one, before = outbox.alias().c, outbox.alias().c

    def first(*beyond: Any) -> Any:
        waits = (one.platform == bindparam("on"), one.state == waiting, *beyond)
        return select(one.id).where(*waits).order_by(one.recipient, one.id).limit(1).scalar_subquery()

    found = select(first().label("id")).cte("heads", recursive=True)
    whose = select(before.recipient).where(before.id == found.c.id).correlate(found).scalar_subquery()
    onward = first(one.recipient > whose)
    return found.union_all(select(onward).where(found.c.id.is_not(None)))
