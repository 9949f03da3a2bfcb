"""What is due: a job to start at a moment."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, case, delete, func, null, or_, select, update
from sqlmodel import Field, SQLModel

from storage.keeping import Keeping, Person
from storage.statement import Session, Statement, columns

OFTEN = 8
"""Failures after which somebody should look: the row is tried again all the same."""


class DueRow(SQLModel, table=True):
    """A job that starts without a person. Times in ms since 1970 UTC."""

    __tablename__ = "due"
    id: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
    key: str = Field(unique=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    flow: str
    """The job's name."""
    argument: str = ""
    """Of people a member's id at the most; a name only sealed."""
    planned: int = Field(sa_type=BigInteger)
    """The moment it is for. All that it does goes by this one, however often it is tried: no message comes twice."""
    at: int = Field(sa_type=BigInteger, index=True)
    """When it is tried next: at first as planned, later after a failure, or when a lease ends."""
    until: int | None = Field(default=None, sa_type=BigInteger)
    """From then on it is pointless."""
    attempts: int = 0
    """Tries that did not end well, or have not ended yet."""
    subject: str = Field(default="", index=True)
    """What it belongs to, as a fingerprint; empty where it belongs to nothing."""
    about: str = Field(default="", index=True)
    """Whom it is about, as a fingerprint; empty for nobody."""
    journal: bytes | None = None
    """Of a job that has come to its slow work: what it learned by then, sealed."""
    wall: str = ""
    """Of what recurs: the wall clock that it waits for, in the community's zone, ``2026-11-26T12:00``."""
    last: str = ""
    """Of what recurs: the one that it had last; empty when it had none."""


@dataclass(frozen=True, slots=True)
class Due:
    """One row, taken by this transaction."""

    id: int
    key: str
    community: str
    job: str
    argument: str
    planned: int
    at: int
    until: int | None
    attempts: int
    journal: bytes | None
    wall: str
    last: str


_d = columns(DueRow)


_given = ("key", "community_id", "flow", "argument", "at", "until")
_new = {name: bindparam(name) for name in _given} | {"planned": bindparam("at"), "attempts": 0}
_add = Statement(
    lambda sql: (
        sql.insert(DueRow)
        .values({**_new, "subject": "", "about": "", "wall": bindparam("wall"), "last": ""})
        .on_conflict_do_nothing()
        .inline()
    )
)


def add(  # noqa: PLR0913  one row
    session: Session,
    key: str,
    community: str,
    job: str,
    argument: str,
    at: int,
    until: int | None = None,
    wall: str = "",
) -> bool:
    """Start a job at a moment; False when a row with this key waits already. ``wall``: see :class:`DueRow`."""
    added = session.run(
        _add,
        key=key,
        community_id=community,
        flow=job,
        argument=argument,
        at=at,
        until=until,
        wall=wall,
    )
    return added == 1


_owned = {"subject": bindparam("subject"), "about": bindparam("about"), "wall": "", "last": ""}
_set = Statement(
    lambda sql: (
        sql.insert(DueRow)
        .values({**_new, **_owned})
        .on_conflict_do_update(
            index_elements=["key"],
            set_={name: bindparam(name) for name in ("argument", "at", "until")}
            # Raised where slow work may be under way: its result, of an older attempt, counts no more.
            | {"planned": bindparam("at"), "attempts": case((_d.journal.is_(None), 0), else_=_d.attempts + 1)}
            | {"journal": null()},
        )
        .inline()
    )
)


def later(  # noqa: PLR0913  one row
    session: Session,
    community: str,
    job: str,
    argument: str,
    at: int,
    until: int | None = None,
    *,
    subject: str,
    whom: str = "",
) -> None:
    """Start a job at a moment, once for each subject and person; where it waits already, it is set anew.

    ``whom`` it is about: a member's id, or an account as ``platform:id``. It goes when they are forgotten, and follows
    them when two members become one. The row shows neither subject nor person to who has not the database's key.
    """
    of, about = _subject(session, community, subject), _about(session, community, whom)
    session.run(
        _set,
        key=_key(about, job, of),
        community_id=community,
        flow=job,
        argument=argument,
        at=at,
        until=until,
        subject=of,
        about=about,
    )


_here = _d.community_id == bindparam("community")
_is_about = (_here, _d.about == bindparam("whom"))
_never = Statement(lambda _: delete(DueRow).where(_here, _d.subject == bindparam("of")))
_never_about = Statement(lambda _: delete(DueRow).where(*_is_about, _d.subject == bindparam("of")))


def never(session: Session, community: str, subject: str, whom: str = "") -> int:
    """Nothing that belongs to a subject comes, or nothing of it that is about somebody; returns how many that were."""
    of = _subject(session, community, subject)
    if whom:
        return session.run(_never_about, community=community, of=of, whom=_about(session, community, whom))
    return session.run(_never, community=community, of=of)


_forget = Statement(lambda _: delete(DueRow).where(_d.key == bindparam("row_key")))


def forget(session: Session, key: str) -> None:
    """It does not come, or is set anew."""
    session.put(_forget, row_key=key)


_forget_all = Statement(lambda _: delete(DueRow).where(_d.community_id == bindparam("community")))


def forget_all(session: Session, community: str) -> None:
    """Nothing comes in a community any more."""
    session.put(_forget_all, community=community)


_shown = (
    _d.id,
    _d.key,
    _d.community_id.label("community"),
    _d.flow.label("job"),
    _d.argument,
    _d.planned,
    _d.at,
    _d.until,
    _d.attempts,
    _d.journal,
    _d.wall,
    _d.last,
)
_named = Statement(lambda _: select(*_shown).where(_d.key == bindparam("row_key")), into=Due)


def named(session: Session, key: str) -> Due | None:
    """The row with this key; None when it does not wait."""
    found: Due | None = session.one(_named, row_key=key)
    return found


def when(session: Session, key: str) -> int | None:
    """When the row with this key is due, in ms since 1970; None when it does not wait."""
    row = named(session, key)
    return None if row is None else row.at


_is_due = (_d.at <= bindparam("now"), or_(_d.journal.is_(None), bindparam("idle", type_=Integer) == 1))
_take = Statement(
    lambda _: (
        select(*_shown)
        .where(*_is_due)
        .order_by(_d.at, _d.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    ),
    into=Due,
)


def take(session: Session, now: int, most: int = 1, *, idle: bool = True) -> list[Due]:
    """The rows that have been due longest, locked for this transaction; other processes get the next.

    ``idle``: whether there is somebody to do slow work; else what waits for that is passed by.
    """
    return session.all(_take, now=now, most=most, idle=int(idle))


_this = (_d.id == bindparam("row"), _d.planned == bindparam("was_planned"), _d.attempts == bindparam("tried"))
_free = Statement(lambda _: select(*_shown).where(*_this).with_for_update(skip_locked=True), into=Due)


def take_this(session: Session, row: Due) -> Due | None:
    """A row as it was seen before, locked; None when it was tried, moved or taken since."""
    found: Due | None = session.one(_free, **_as(row))
    return found


_try = Statement(
    lambda _: (
        update(DueRow)
        .where(*_this)
        .values(at=bindparam("new_at"), attempts=bindparam("new_attempts"), journal=bindparam("new_journal"))
    )
)


def hold(session: Session, row: Due, at: int, journal: dict[str, Any]) -> Due:
    """Slow work begins: until ``at`` nobody else tries it."""
    now = replace(row, at=at, attempts=row.attempts + 1, journal=_sealed(session, row, journal))
    session.put(_try, **_as(row), new_at=now.at, new_attempts=now.attempts, new_journal=now.journal)
    return now


def wait(session: Session, row: Due, journal: dict[str, Any]) -> None:
    """It has come to its slow work, which somebody begins as soon as they can."""
    session.put(_try, **_as(row), new_at=row.at, new_attempts=row.attempts, new_journal=_sealed(session, row, journal))


_held = Statement(lambda _: select(*_shown).where(*_this).with_for_update(), into=Due)


def held(session: Session, row: Due) -> Due | None:
    """A row that is held for slow work, locked; None when another try began or it was cancelled."""
    found: Due | None = session.one(_held, **_as(row))
    return found


def learned(session: Session, row: Due) -> dict[str, Any] | None:
    """What a job that came to its slow work had learned; None for one that begins."""
    if row.journal is None:
        return None
    found: dict[str, Any] = json.loads(session.keys.open("timer", str(row.id), row.journal))
    return found


_done = Statement(lambda _: delete(DueRow).where(*_this))


def done(session: Session, row: Due) -> None:
    """Ran, or was skipped, and does not come again; one that set itself anew does."""
    session.put(_done, **_as(row))


_move = Statement(
    lambda _: (
        update(DueRow)
        .where(*_this)
        .values(
            planned=bindparam("new_planned"),
            at=bindparam("new_at"),
            until=bindparam("new_until"),
            attempts=0,
            journal=null(),
            wall=bindparam("new_wall"),
            last=bindparam("new_last"),
        )
    )
)


def move(  # noqa: PLR0913  an occurrence
    session: Session, row: Due, planned: int, at: int, until: int | None, wall: str, last: str
) -> None:
    """Comes again, or at another time."""
    session.put(_move, **_as(row), new_planned=planned, new_at=at, new_until=until, new_wall=wall, new_last=last)


_failed = Statement(
    lambda _: update(DueRow).where(*_this).values(at=bindparam("new_at"), attempts=bindparam("new_attempts"))
)


def failed(session: Session, row: Due, at: int, attempts: int) -> None:
    """Did not work, so often by now; again at a moment, unless something else became of it meanwhile."""
    session.put(_failed, **_as(row), new_at=at, new_attempts=attempts)


_next = Statement(
    lambda _: select(func.min(_d.at).label("at")).where(
        or_(_d.journal.is_(None), bindparam("idle", type_=Integer) == 1)
    )
)


def next_at(session: Session, *, idle: bool = True) -> int | None:
    """When the next row is due, in ms since 1970; None when nothing waits."""
    at = session.one(_next, idle=int(idle)).at
    return None if at is None else int(at)


_failing = Statement(lambda _: select(*_shown).where(_d.attempts >= OFTEN).order_by(_d.id), into=Due)


def failing(session: Session) -> list[Due]:
    """Rows that failed often."""
    return session.all(_failing)


def _as(row: Due) -> dict[str, Any]:
    return {"row": row.id, "was_planned": row.planned, "tried": row.attempts}


def _sealed(session: Session, row: Due, journal: dict[str, Any]) -> bytes:
    text = json.dumps(journal, ensure_ascii=False, separators=(",", ":")).encode()
    return session.keys.seal("timer", str(row.id), text)


def _subject(session: Session, community: str, subject: str) -> str:
    return session.keys.fingerprint(f"subject:{community}:{subject}").hex()


def _about(session: Session, community: str, whom: str) -> str:
    return session.keys.fingerprint(f"about:{community}:{whom}").hex() if whom else ""


def _key(about: str, job: str, of: str) -> str:
    return f"{about}:{job}:{of}"


_drop_about = Statement(lambda _: delete(DueRow).where(*_is_about))
_is_for = (_here, _d.argument.contains(bindparam("goes")))
_rename = Statement(
    lambda _: (
        update(DueRow).where(*_is_for).values(argument=func.replace(_d.argument, bindparam("goes"), bindparam("stays")))
    )
)


def _erase(session: Session, person: Person, _now: int) -> int:
    """What is about somebody goes; what is only to be told to them comes without them."""
    if person.member:
        session.run(_rename, community=person.community, goes=person.member, stays="")
    return sum(session.run(_drop_about, **one) for one in _theirs(session, person))


_count_about = Statement(lambda _: select(func.count().label("n")).select_from(DueRow).where(*_is_about))


def _export(session: Session, person: Person) -> dict[str, Any]:
    return {"timers": sum(int(session.one(_count_about, **one).n) for one in _theirs(session, person))}


def _theirs(session: Session, person: Person) -> list[dict[str, str]]:
    known = [*([person.member] if person.member else []), *person.accounts]
    return [{"community": person.community, "whom": _about(session, person.community, one)} for one in known]


_keys_about = Statement(lambda _: select(_d.id, _d.key, _d.at, _d.flow, _d.subject).where(*_is_about))
_set_about = Statement(
    lambda _: (
        update(DueRow).where(_d.id == bindparam("row"), _here).values(key=bindparam("row_key"), about=bindparam("whom"))
    )
)
_drop = Statement(lambda _: delete(DueRow).where(_d.id == bindparam("row"), _here))


def _merge(session: Session, community: str, stays: str, goes: str) -> None:
    session.run(_rename, community=community, stays=stays, goes=goes)
    before, after = (_about(session, community, one) for one in (goes, stays))
    for row in session.all(_keys_about, community=community, whom=before):
        key = _key(after, row.flow, row.subject or str(row.id))
        other = named(session, key)
        if other is not None and other.at <= row.at:  # of two for the same, the sooner comes
            session.run(_drop, community=community, row=row.id)
            continue
        if other is not None:
            session.run(_drop, community=community, row=other.id)
        session.run(_set_about, community=community, row=row.id, row_key=key, whom=after)


KEEPING = (
    Keeping(
        DueRow,
        kept="until it is due",
        names=("key", "argument", "about", "journal"),
        erase=_erase,
        export=_export,
        merge=_merge,
    ),
)
