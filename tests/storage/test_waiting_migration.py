"""Cases that were open before it was written down since when they wait: since the day they were told."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from storage.migrate import upgrade

BEFORE = "0008"


def test_what_was_open_waits_since_the_day_it_was_told(bare_url: str) -> None:
    upgrade(bare_url, BEFORE)
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
        for number, status in enumerate(("new", "claimed", "answered", "closed")):
            connection.execute(
                text(
                    "insert into belonging_case (id, community_id, status, received_day, wrapped_key, receipt)"
                    " values (:status, 'one', :status, :day, :key, :key)"
                ),
                {"status": status, "day": 20_000 + number, "key": bytes([number])},
            )
    upgrade(bare_url)
    with engine.connect() as connection:
        since = {
            one.id: one.waits_since for one in connection.execute(text("select id, waits_since from belonging_case"))
        }
    engine.dispose()
    assert since == {"new": 20_000, "claimed": 20_001, "answered": None, "closed": None}
