"""Slow work that jobs of the tests do, in a process of its own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def add(numbers: list[int], more: int) -> dict[str, int]:
    """Numbers that were read, and one that was given."""
    sys.stdout.write("this is no result")
    sys.stdout.flush()
    return {"sum": sum(numbers) + more, "process": os.getpid()}


def fall(_text: str) -> int:
    """It fails, with words of somebody in what it says."""
    raise ValueError(_text)


def hang(mark: str) -> int:
    """It says which process it is, and never ends."""
    Path(mark).write_text(str(os.getpid()), encoding="utf-8")
    while True:
        time.sleep(60)


def look() -> dict[str, list[str]]:
    """What of Erbij a worker has: its settings, its modules, its open files."""
    files = [str(one.resolve()) for one in Path("/proc/self/fd").iterdir()]
    return {
        "settings": [one for one in os.environ if one.startswith("ERBIJ_")],
        "modules": [one for one in sys.modules if one.partition(".")[0] in ("adapters", "cryptography", "psycopg")],
        "files": [one for one in files if "sqlite" in one],
    }
