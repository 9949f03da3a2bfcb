"""What tables a database really has, and in what they differ from those that there should be.

The version that a database says it is of is not enough: the first migration was once edited in place, and somebody may
have changed a table by hand. Indexes that only make things quicker are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import MetaData, UniqueConstraint

_KINDS = {
    "INTEGER": "whole numbers",
    "BIGINT": "whole numbers",
    "VARCHAR": "text",
    "CHARACTER VARYING": "text",
    "TEXT": "text",
    "BLOB": "bytes",
    "BYTEA": "bytes",
}
_SQLITE_COLUMNS = 'select name, type, "notnull", pk from pragma_table_info(?)'
_COLUMNS = """
select table_name, column_name, upper(data_type), is_nullable = 'NO' from information_schema.columns
where table_schema = any (current_schemas(false))
"""
_KEYS = """
select t.relname, array_agg(a.attname::text) from pg_index i
join pg_class t on t.oid = i.indrelid and t.relnamespace::regnamespace::text = any (current_schemas(false)::text[])
join pg_attribute a on a.attrelid = t.oid and a.attnum = any (i.indkey)
where i.indisunique group by i.indexrelid, t.relname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """``columns``: what each holds, and whether it must hold something. ``keys``: what no two rows share."""

    columns: dict[str, tuple[str, bool]] = field(default_factory=dict)
    keys: set[frozenset[str]] = field(default_factory=set)


Tables = Mapping[str, Table]


def declared(metadata: MetaData) -> Tables:
    """The tables as the code declares them."""
    found = {}
    for table in metadata.tables.values():
        one = found[table.name] = Table()
        for column in table.columns:
            one.columns[column.name] = _kind(column.type.compile()), not column.nullable
        uniques = [i.columns for i in table.indexes if i.unique]
        uniques += [c.columns for c in table.constraints if isinstance(c, UniqueConstraint)]
        one.keys.update(frozenset(column.name for column in key) for key in [table.primary_key.columns, *uniques])
    return found


def of_sqlite(connection: Any) -> Tables:
    """The tables of an open connection of :mod:`sqlite3`."""
    found = {}
    for (name,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
        one = found[name] = Table()
        primary = set()
        for column, kind, required, key in connection.execute(_SQLITE_COLUMNS, [name]).fetchall():
            one.columns[column] = _kind(kind), bool(required or key)
            primary |= {column} if key else set()
        one.keys.add(frozenset(primary))
        listed = connection.execute('select name from pragma_index_list(?) where "unique"', [name]).fetchall()
        for (index,) in listed:
            columns = connection.execute("select name from pragma_index_info(?)", [index]).fetchall()
            one.keys.add(frozenset(row[0] for row in columns))
    return found


def of_postgresql(connection: Any) -> Tables:
    """The tables of an open connection of :mod:`psycopg`, in the schemas where it looks for them."""
    found: dict[str, Table] = {}
    for name, column, kind, required in connection.execute(_COLUMNS).fetchall():
        found.setdefault(name, Table()).columns[column] = _kind(kind), required
    for name, columns in connection.execute(_KEYS).fetchall():
        found.setdefault(name, Table()).keys.add(frozenset(columns))
    return found


def differences(expected: Tables, found: Tables) -> list[str]:
    """In what tables differ from those that there should be, each in plain words; further tables do not matter."""
    return [text for name in sorted(expected) for text in _table(name, expected[name], found.get(name))]


def _table(name: str, right: Table, found: Table | None) -> Iterable[str]:
    if found is None:
        yield f"the table {name} is missing"
        return
    for column, (kind, required) in right.columns.items():
        if column not in found.columns:
            yield f"the table {name} lacks the column {column}"
            continue
        there, filled = found.columns[column]
        if there != kind:
            yield f"in the table {name} the column {column} holds {there} instead of {kind}"
        if filled != required:
            yield f"in the table {name} the column {column} may{' not' if filled else ''} be empty"
    for column in sorted(found.columns.keys() - right.columns.keys()):
        yield f"the table {name} has the column {column}, which is not known here"
    for keys, what in ((right.keys - found.keys, "not"), (found.keys - right.keys, "wrongly")):
        for key in keys:
            yield f"in the table {name} it is {what} ensured that no two rows share {' and '.join(sorted(key))}"


def _kind(type_: str) -> str:
    plain = re.sub(r"\(.*\)", "", type_).strip().upper()
    return _KINDS.get(plain, plain.lower())
