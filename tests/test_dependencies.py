"""What the code imports is named in pyproject.toml itself, and not only brought along by something else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "adapters", "flows", "storage")


def imported() -> dict[str, str]:
    """Each module that is imported, by its full name, with a file that does it."""
    found: dict[str, str] = {}
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name: path.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found[node.module] = path.name
    return found


def distributions(module: str) -> set[str]:
    """The packages that a module can come from; several share the folder botbuilder."""
    from importlib.util import find_spec

    top = module.split(".", maxsplit=1)[0]
    named = {name.lower().replace("_", "-").replace(".", "-") for name in packages_distributions().get(top, ())}
    if len(named) > 1 and find_spec(module) is not None:
        close = {name for name in named if name.endswith(module.split(".")[1]) or f"-{module.split('.')[1]}-" in name}
        return close or named
    return named


def test_every_import_is_a_dependency_of_our_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = {re.split(r"[\[=<>!~ ;]", one)[0].lower().replace(".", "-") for one in project["dependencies"]}
    for module, file in sorted(imported().items()):
        if module.split(".")[0] in {*ROOMS, "__future__", *sys.stdlib_module_names}:
            continue
        assert distributions(module) & direct, f"{file} imports {module}"
