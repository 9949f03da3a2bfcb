"""Pin everything that the dependencies bring along, as constraints in pyproject.toml.

``uv run scripts/pin.py`` after changing a dependency; ``--upgrade`` takes the newest of everything that
pyproject.toml leaves open. So every clone installs the same versions, without a lock file that would name
the registry of whoever wrote it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "pyproject.toml"
HEAD = "# Pinned by scripts/pin.py: what the dependencies above bring along."
TABLE = re.compile(
    re.escape(HEAD) + r"\n\[tool\.uv\]\nconstraint-dependencies = \[\n.*?^\]\n", re.DOTALL | re.MULTILINE
)


def direct() -> set[str]:
    """The packages that pyproject.toml pins itself."""
    project = tomllib.loads(PROJECT.read_text())
    groups = [project["project"]["dependencies"], *project.get("dependency-groups", {}).values()]
    return {re.split(r"[\[=<>!~ ;]", one)[0].lower() for group in groups for one in group if isinstance(one, str)}


def locked() -> dict[str, list[str]]:
    """Versions by package, as uv resolves them for every platform."""
    found = defaultdict(list)
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        if "registry" in package["source"]:
            found[package["name"]].append(package["version"])
    return found


def main() -> None:
    """Resolve, and write the constraints into pyproject.toml."""
    text = PROJECT.read_text()
    if "--upgrade" in sys.argv[1:]:
        PROJECT.write_text(TABLE.sub("", text).rstrip() + "\n")
        subprocess.run(["uv", "lock", "--upgrade"], cwd=ROOT, check=True)
    else:
        subprocess.run(["uv", "lock"], cwd=ROOT, check=True)
    mine = direct()
    # A package that needs two versions on two platforms is left to uv.
    pins = sorted(f"{name}=={one[0]}" for name, one in locked().items() if len(one) == 1 and name not in mine)
    table = f"{HEAD}\n[tool.uv]\nconstraint-dependencies = [\n" + "".join(f'    "{pin}",\n' for pin in pins) + "]\n"
    PROJECT.write_text(TABLE.sub("", text).rstrip() + "\n\n" + table)
    print(f"{len(pins)} packages pinned.")


if __name__ == "__main__":
    main()
