"""Alembic runs this with a connection, and a transaction, that storage.migrate has opened."""

from __future__ import annotations

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it, on SQLite too
)
context.run_migrations()
