"""What a community had chosen before there was a table for it is chosen still, and nothing else is."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from flows.catalogue import catalogue
from storage.migrate import upgrade

COLUMNS = "slug, name, language, time_zone, threshold, doorbell, country, contact, welcome, mentors_after"
CHOSEN = {
    ("a", "cases.where", '"page"'),
    ("a", "help.country", '"NL"'),
    ("a", "help.contact", '"R\\u00f3bin \\"desk\\""'),
    ("a", "students.welcome", '"yes"'),
    ("a", "reminders.mentors", '"3"'),
    ("a", "reminders.coordinators", '"5"'),
}


def test_every_value_comes_along(bare_url: str) -> None:
    upgrade(bare_url, "0011")
    url = make_url(bare_url)
    engine = create_engine(url if url.drivername == "sqlite" else url.set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        for values in (
            "'a', 'a', 'A', 'nl', 'UTC', 5, 1, 'NL', 'Róbin \"desk\"', 1, 3, 5",
            "'b', 'b', 'B', 'nl', 'UTC', 7, 0, '', '', 0, 1, 2",
        ):
            connection.execute(text(f"insert into community (id, {COLUMNS}, coordinators_after) values ({values})"))
    upgrade(bare_url)
    with engine.connect() as connection:
        kept = {tuple(row) for row in connection.execute(text("select community_id, key, value from setting"))}
        known = [tuple(row) for row in connection.execute(text("select id, threshold from community order by id"))]
    engine.dispose()
    assert kept == CHOSEN
    assert known == [("a", 5), ("b", 7)]
    assert {key for _id, key, _value in CHOSEN} <= {one.key for one in catalogue().settings}
