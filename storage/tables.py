"""Every table, found in the files beside this one, and what each of them holds of people.

Import it inside a function where the importing file may be one of those that are looked through.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from pathlib import Path

from sqlmodel import SQLModel

from storage.keeping import Keeping

_DRIVERS = frozenset({"migrate", "migrations", "postgresql", "sqlite"})
"""What is loaded only when it is needed, and holds no table."""
_FILES = tuple(
    importlib.import_module(f"storage.{found.name}")
    for found in pkgutil.iter_modules([str(Path(__file__).parent)])
    if found.name not in _DRIVERS | {"tables"}
)

metadata = SQLModel.metadata
"""All of Erbij's tables."""


@lru_cache(maxsize=1)
def keeping() -> tuple[Keeping, ...]:
    """What is declared of the tables, those that refer to others before those they refer to."""
    order = {table.name: number for number, table in enumerate(metadata.sorted_tables)}
    declared = [one for file in _FILES for one in getattr(file, "KEEPING", ())]
    return tuple(sorted(declared, key=lambda one: -order[one.table.__tablename__]))
