"""Everything Erbij can do: one capability per folder beside this file, found by its name ``capability``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from pathlib import Path

from flows.engine import Capability, Catalogue

_NOT_CAPABILITIES = frozenset({"danger", "engine", "gate", "words"})


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue of every capability."""
    return Catalogue(capabilities())


def capabilities() -> list[Capability]:
    """That of each folder in ``flows/``, in the order of their names."""
    folders = sorted(
        found.name
        for found in pkgutil.iter_modules([str(Path(__file__).parent)])
        if found.ispkg and found.name not in _NOT_CAPABILITIES
    )
    return [importlib.import_module(f"flows.{folder}").capability for folder in folders]
