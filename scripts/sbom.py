"""Write a bill of materials: what Erbij runs on, with versions, licences and who needs what (CycloneDX 1.6, JSON).

``uv run scripts/sbom.py [FILE]``, ``erbij.cdx.json`` without one. It installs requirements.txt, by its hashes, into
an empty environment of this machine's Python and describes that. Addresses are left out, so that no file names the
registry of whoever wrote it. ``SOURCE_DATE_EPOCH`` gives the date in it; without, the same packages give the same file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parent.parent


def install(requirements: Path, environment: Path) -> None:
    """A new environment with these packages; CalledProcessError where a file is not the one that was hashed."""
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, environment], check=True)
    wanted = ("--require-hashes", "--requirements", requirements)
    subprocess.run(["uv", "pip", "install", "-q", "--python", environment, *wanted], check=True)


def described(environment: Path) -> dict[str, Any]:
    """What is installed there, with Erbij itself as what it is all for."""
    how = ("--spec-version", "1.6", "--output-reproducible", "--no-validate", "--pyproject", ROOT / "pyproject.toml")
    tool = [sys.executable, "-m", "cyclonedx_py", "environment", *how, environment]
    return json.loads(subprocess.run(tool, check=True, capture_output=True).stdout)


def without_addresses(value: Any) -> Any:
    """The same, less each list of pages about a package."""
    if isinstance(value, dict):
        return {key: without_addresses(one) for key, one in value.items() if key != "externalReferences"}
    return [without_addresses(one) for one in value] if isinstance(value, list) else value


def fault(bill: str) -> str | None:
    """What the schema of CycloneDX does not allow in it."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill)
    return None if found is None else found.data.message


def bill_of_materials() -> str:
    """The file's text; ValueError when the schema does not allow it."""
    with TemporaryDirectory() as folder:
        install(ROOT / "requirements.txt", Path(folder) / "environment")
        bill = json.dumps(without_addresses(described(Path(folder) / "environment")), indent=2, ensure_ascii=False)
    if found := fault(bill):
        raise ValueError(found)
    return bill + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "erbij.cdx.json")
    target.write_text(bill_of_materials(), encoding="utf-8")
    print(f"{target} is written.")
