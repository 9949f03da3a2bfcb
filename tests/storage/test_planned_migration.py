"""Timers that were set before the planned moment stood beside the next try: each is kept, and is for its next try."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from storage import subjects
from storage.database import Database
from storage.keeping import Person
from storage.keys import Masters
from storage.migrate import upgrade
from storage.statement import Session
from tests.raw import rows

BEFORE = "0011"


def test_every_timer_is_kept_and_still_goes_with_whom_it_is_about(bare_url: str, masters: Masters) -> None:
    first = Database(bare_url, masters)
    upgrade(bare_url, BEFORE)
    first.open()
    about = first.run_now(lambda s: s.keys.fingerprint("about:one:discord:r").hex())
    first.close()
    url = make_url(bare_url)
    driver = url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg")
    engine = create_engine(driver, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into community (id, slug, name, language, time_zone, doorbell, threshold)"
                " values ('one', 'one', 'One', 'en', 'UTC', 0, 5)"
            )
        )
        for key, flow in (("one:open_check_in", "open_check_in"), (f"{about}:staff_left:7", "staff_left")):
            connection.execute(
                text(
                    "insert into due (key, community_id, flow, argument, at, until, attempts)"
                    " values (:key, 'one', :flow, 'x', 1700000000123, 1800000000456, 2)"
                ),
                {"key": key, "flow": flow},
            )
    engine.dispose()
    upgrade(bare_url)
    database = Database(bare_url, masters)
    database.open()
    found = database.run_now(lambda s: sorted(rows(s, "due"), key=lambda row: str(row["flow"])))
    kept = [
        {name: row[name] for name in ("key", "argument", "at", "planned", "until", "attempts", "about")}
        for row in found
    ]
    same = {"argument": "x", "at": 1700000000123, "planned": 1700000000123, "until": 1800000000456, "attempts": 2}
    assert kept == [
        {"key": "one:open_check_in", **same, "about": ""},
        {"key": f"{about}:staff_left:7", **same, "about": about},
    ]

    def gone(session: Session) -> list[str]:
        [keeping] = subjects.KEEPING
        assert keeping.erase is not None
        keeping.erase(session, Person("one", None, ("discord:r",)), 0)
        return [row["flow"] for row in rows(session, "due")]

    assert database.run_now(gone) == ["open_check_in"]
    database.close()
