"""What a benchmark found: a table for people, JSON beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def report(name: str, rows: Mapping[str, float]) -> None:
    """Print the rows and write benchmarks/results/<name>.json."""
    for what, value in rows.items():
        print(f"{what:72} {value:12,.2f}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    load = os.getloadavg()[0]
    print(f"\n{os.cpu_count()} processors, load {load:.1f}; ratios travel between machines, rates do not")
