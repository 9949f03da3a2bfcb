"""Compare what is installed here with a stored list of known vulnerabilities, without a network.

``uv run scripts/audit.py [FILE OR FOLDER]``: advisories in the OSV format, one a file or many under ``vulns``; without
one, scripts/advisories.json, which says what it covers. It ends with 1 when something installed is named there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

STORED = Path(__file__).parent / "advisories.json"
KINDS = ("introduced", "fixed", "last_affected")

Advisory = dict[str, Any]
"""One entry in the OSV format, of which only what decides about a version is read."""


def stored(path: Path) -> Iterator[Advisory]:
    """The advisories in a file, or in all JSON files of a folder, that were not withdrawn."""
    for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        content = json.loads(file.read_text(encoding="utf-8"))
        yield from (one for one in content.get("vulns", [content]) if not one.get("withdrawn"))


def inside(version: Version, events: Iterable[dict[str, str]]) -> bool:
    """Whether a range's events, in whatever order, leave this version affected."""
    affected = False
    for at, kind in sorted((Version(at), kind) for event in events for kind, at in event.items() if kind in KINDS):
        if kind == "introduced" and at <= version:
            affected = True
        elif (kind == "fixed" and at <= version) or (kind == "last_affected" and at < version):
            affected = False
    return affected


def affects(advisory: Advisory, name: str, version: str) -> bool:
    """Whether an advisory is about this version of this package of PyPI."""
    for one in advisory.get("affected", ()):
        package = one.get("package", {})
        if package.get("ecosystem") != "PyPI" or canonicalize_name(package["name"]) != canonicalize_name(name):
            continue
        ranges = [span["events"] for span in one.get("ranges", ()) if span["type"] == "ECOSYSTEM"]
        try:
            if version in one.get("versions", ()) or any(inside(Version(version), events) for events in ranges):
                return True
        except InvalidVersion as fault:
            fault.add_note(f"in {advisory['id']}, about {name}")
            raise
    return False


def installed() -> set[tuple[str, str]]:
    """Names and versions of what this Python would import."""
    return {(canonicalize_name(one.metadata["Name"]), one.version) for one in distributions()}


def findings(advisories: Iterable[Advisory], packages: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each advisory about one of the packages."""
    known, found = list(packages), []
    for advisory in advisories:
        also = ", ".join(advisory.get("aliases", ()))
        found += [
            f"{name} {version}: {advisory['id']}{f' ({also})' if also else ''} {advisory.get('summary', '')}".rstrip()
            for name, version in known
            if affects(advisory, name, version)
        ]
    return sorted(found)


def main() -> None:
    """Say what was found, and how much was compared."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else STORED
    advisories, packages = list(stored(path)), installed()
    if not advisories:
        sys.exit(f"There is no advisory in {path}.")
    found = findings(advisories, packages)
    about = f"{len(packages)} packages compared with {len(advisories)} advisories"
    print("\n".join([*found, f"{about}: {len(found) or 'nothing'} found. What is not in the list is not found."]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
