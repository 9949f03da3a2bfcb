"""The engine on whichever database."""

from __future__ import annotations

import pytest

from storage.database import Database
from tests.engine.desk import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)
