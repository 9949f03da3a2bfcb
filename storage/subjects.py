"""What is due for a subject, and perhaps about a person: set again it moves, and it goes when either does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, case, delete, func, null, select, update

from storage.due import DueRow, named, new
from storage.keeping import Keeping, Person
from storage.statement import Session, Statement, columns

_d = columns(DueRow)
_owned = {"subject": bindparam("subject"), "about": bindparam("about"), "wall": "", "last": ""}
_set = Statement(
    lambda sql: (
        sql.insert(DueRow)
        .values({**new, **_owned})
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
