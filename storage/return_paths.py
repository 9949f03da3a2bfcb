"""Return paths: to whom Erbij writes when a case is answered, for students who chose to be told.

The address is the mark of their account: a random word that leads to it while it is there, and to nobody once its
person was forgotten. It is sealed under the case's own key, and the row's id can be computed from that key alone: who
reads the database learns neither whose case it is nor which case a row belongs to, and once the key is erased the row
never opens again. Every open case has a row, all of one length, whether or not its student wants to be told. A
community's rows are all written anew, shuffled, each time its cases are released: so no row shares a transaction with
one case, or with the turn of the student who chose. What someone who holds the master key can do:
docs/architecture.md.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, bindparam, delete, select
from sqlmodel import Field, SQLModel

from storage import accounts
from storage.keeping import Keeping
from storage.keys import KeyFault, seal, unseal
from storage.statement import Session, Statement, columns

_LENGTH = 512
"""Bytes of every address before it is sealed: as long for everybody."""


class ReturnPath(SQLModel, table=True):
    """The sealed address of one open case, or a blank in its place."""

    __table_args__ = {"sqlite_with_rowid": False}
    id: str = Field(primary_key=True)
    community_id: str = Field(foreign_key="community.id", index=True)
    sealed: bytes


class AnswersTold(SQLModel, table=True):
    """Up to when (ms since 1970) a community's students were told of answers. One for all cases: it joins none."""

    community_id: str = Field(primary_key=True, foreign_key="community.id")
    until: int = Field(sa_type=BigInteger)


KEEPING = (
    Keeping(ReturnPath, kept="until its case is closed or erased"),
    Keeping(AnswersTold, kept="of a programme, of nobody in it"),
)

_p, _t = columns(ReturnPath), columns(AnswersTold)
_add = Statement(lambda sql: sql.insert(ReturnPath))
_drop_all = Statement(lambda _: delete(ReturnPath).where(_p.community_id == bindparam("community")))


def deal(
    session: Session,
    community: str,
    keys: Mapping[str, bytes],
    chosen: Mapping[str, str],
    *,
    all_of_them: bool = True,
) -> None:
    """Write a community's rows anew, shuffled.

    ``keys``: the data key of each case that keeps a row; what is not among them is destroyed, unless these are not
    ``all_of_them``, because a key did not open. ``chosen``: what students decided since the last time, by case: a mark,
    or empty. One whose account is gone is written as a blank.
    """
    marks = [(key, chosen[case] if case in chosen else mark(session, community, key)) for case, key in keys.items()]
    dealt = [(key, to if to and accounts.of_mark(session, community, to) else "") for key, to in marks]
    if all_of_them:
        session.run(_drop_all, community=community)
    for key, _to in () if all_of_them else dealt:
        destroy(session, community, key)
    secrets.SystemRandom().shuffle(dealt)
    for key, to in dealt:
        path = _path(key)
        session.run(_add, id=path, community_id=community, sealed=seal(AESGCM(key), path, _plain(to)))


_find = Statement(
    lambda _: select(_p.sealed).where(_p.id == bindparam("path"), _p.community_id == bindparam("community"))
)


def mark(session: Session, community: str, key: bytes) -> str:
    """The mark of the account to which Erbij writes about the case with this data key.

    Empty for nobody's, and where the row was changed.
    """
    path = _path(key)
    row = session.one(_find, path=path, community=community)
    if row is None:
        return ""
    try:
        return current(session, community, json.loads(unseal(AESGCM(key), path, bytes(row.sealed))))
    except KeyFault:
        return ""


def marks(session: Session, community: str, keys: Iterable[bytes]) -> list[str]:
    """The marks of the accounts to which Erbij writes about any of these cases: each once, shuffled."""
    order = sorted({to for key in keys if (to := mark(session, community, key))})
    secrets.SystemRandom().shuffle(order)
    return order


def current(session: Session, community: str, to: str | list[str] | None) -> str:
    """The mark that an address holds. Before there were marks, it was the platform and the person's id there.

    ``["discord", "80351110224678912"]``, by which the mark of that account is looked up.
    """
    return accounts.mark_of(session, community, ":".join(to)) if isinstance(to, list) else to or ""


_drop = Statement(
    lambda _: delete(ReturnPath).where(_p.id == bindparam("path"), _p.community_id == bindparam("community"))
)


def destroy(session: Session, community: str, key: bytes) -> None:
    """The row of the case with this data key is gone."""
    session.scrub()
    session.run(_drop, community=community, path=_path(key))


_told = Statement(lambda _: select(_t.until).where(_t.community_id == bindparam("community")))


def told_until(session: Session, community: str) -> int:
    """Up to when students were told of answers, in ms since 1970; 0 for never."""
    row = session.one(_told, community=community)
    return 0 if row is None else int(row.until)


_drop_told = Statement(lambda _: delete(AnswersTold).where(_t.community_id == bindparam("community")))
_add_told = Statement(lambda sql: sql.insert(AnswersTold))


def set_told(session: Session, community: str, until: int) -> None:
    """Students were told of all answers up to a moment."""
    session.run(_drop_told, community=community)
    session.run(_add_told, community_id=community, until=until)


def _path(key: bytes) -> str:
    """The id of a case's row: as good as random to who does not have the case's key."""
    return urlsafe_b64encode(hmac.digest(key, b"erbij:return-path", "sha256")[:16]).decode().rstrip("=")


def _plain(to: str) -> bytes:
    raw = json.dumps(to or None).encode()
    return raw + b" " * (-len(raw) % _LENGTH)
