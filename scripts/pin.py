"""Pin everything that the dependencies bring along, in pyproject.toml and, with hashes, in requirements.txt.

``uv run scripts/pin.py`` after changing a dependency; ``--upgrade`` takes the newest of everything that
pyproject.toml leaves open. So every clone installs the same versions, without a lock file that would name
the registry of whoever wrote it. ``--check`` asks no registry: it says where the two files do not agree, and which
hash is none that uv found for that version.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "pyproject.toml"
REQUIREMENTS = ROOT / "requirements.txt"
HEAD = "# Pinned by scripts/pin.py: what the dependencies above bring along."
TABLE = re.compile(
    re.escape(HEAD) + r"\n\[tool\.uv\]\nconstraint-dependencies = \[\n.*?^\]\n", re.DOTALL | re.MULTILINE
)
# Building from source would bring along what no hash here covers, and run it: only ready-made packages are taken.
REQUIREMENTS_HEAD = """\
# Made by scripts/pin.py: what Erbij runs on, for every platform and Python 3.11 or later, each file by its hash.
# pip install --require-hashes -r requirements.txt
--only-binary :all:
"""

Pins = dict[tuple[str, str], set[str]]
"""Hashes, as sha256:..., by package and version."""


def pinned(requirement: str) -> tuple[str, str]:
    """A package and the one version that is asked for; ValueError where it may be another, or is an address."""
    asked = Requirement(requirement)
    exact = [one.version for one in asked.specifier if one.operator == "==" and not one.version.endswith("*")]
    if len(exact) != 1 or asked.url:
        raise ValueError(f"not one version: {requirement}")
    return canonicalize_name(asked.name), exact[0]


def direct(project: dict) -> set[tuple[str, str]]:
    """The packages and versions that pyproject.toml pins itself."""
    return {
        pinned(one)
        for group in (project["project"]["dependencies"], *project["dependency-groups"].values())
        for one in group
    }


def constraints() -> list[str]:
    """One for each package that is only brought along; two where Pythons need different versions of it."""
    mine, found = {name for name, _ in direct(tomllib.loads(PROJECT.read_text()))}, []
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        if "registry" in package["source"] and package["name"] not in mine:
            forks = " or ".join(package.get("resolution-markers", ()))
            found.append(f"{package['name']}=={package['version']}" + (f" ; {forks}" if forks else ""))
    return sorted(found)


def exported() -> str:
    """What runs Erbij, as uv has it locked: without what only its development needs, and without the registry."""
    what = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate")
    made = subprocess.run(["uv", "export", "-q", *what], cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE)
    return made.stdout


def pins(requirements: str) -> Pins:
    """What a requirements file asks for; ValueError at a line that is no pin with its hashes."""
    found = {}
    for line in requirements.removeprefix(REQUIREMENTS_HEAD).replace("\\\n", "").splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", line)
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes):
            raise ValueError(f"no pin with hashes: {line[:100]}")
        found[pinned(requirement)] = set(hashes)
    return found


def faults(pyproject: str, requirements: str, resolved: str) -> list[str]:
    """Where requirements.txt is not what pyproject.toml pins and uv resolved, in words."""
    project = tomllib.loads(pyproject)
    allowed = direct(project) | {pinned(one) for one in project["tool"]["uv"]["constraint-dependencies"]}
    want = pins(resolved)
    try:
        have = pins(requirements)
    except ValueError as fault:
        return [str(fault)]
    found = [f"{name} {version} is not pinned in pyproject.toml" for name, version in have.keys() - allowed]
    found += [f"{name} {version} is missing" for name, version in want.keys() - have.keys()]
    found += [f"{name} {version} is needed by nothing" for name, version in have.keys() - want.keys()]
    # A registry may have more files of a version by now than when requirements.txt was made; never others.
    found += [
        f"{name} {version} has a hash that no file of it has: {min(hashes - want[name, version])}"
        for (name, version), hashes in have.items()
        if hashes - want.get((name, version), hashes)
    ]
    return sorted(found)


def main() -> None:
    """Resolve, and write the constraints into pyproject.toml and all of it into requirements.txt; or only look."""
    if "--check" in sys.argv[1:]:
        found = faults(PROJECT.read_text(), REQUIREMENTS.read_text(), exported())
        sys.exit("\n".join(["requirements.txt:", *found, "After a change: uv run scripts/pin.py"]) if found else None)
    text = PROJECT.read_text()
    if "--upgrade" in sys.argv[1:]:
        PROJECT.write_text(TABLE.sub("", text).rstrip() + "\n")
        subprocess.run(["uv", "lock", "--upgrade"], cwd=ROOT, check=True)
    else:
        subprocess.run(["uv", "lock"], cwd=ROOT, check=True)
    table = (
        f"{HEAD}\n[tool.uv]\nconstraint-dependencies = [\n"
        + "".join(f'    "{pin}",\n' for pin in constraints())
        + "]\n"
    )
    PROJECT.write_text(TABLE.sub("", text).rstrip() + "\n\n" + table)
    subprocess.run(["uv", "lock"], cwd=ROOT, check=True)
    REQUIREMENTS.write_text(REQUIREMENTS_HEAD + exported())
    print(f"{len(constraints())} packages brought along are pinned; {len(pins(exported()))} in all run Erbij.")


if __name__ == "__main__":
    main()
