"""How the files of storage/ are laid out, so that a reader finds what belongs together."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

STORAGE = Path(__file__).parent.parent.parent / "storage"
FILES = sorted(STORAGE.glob("*.py"))
RAW = {"migrate.py", "schema.py"}
"""They ask a database of another version, of whose tables they know no statement."""


def astray(text: str) -> list[str]:
    """The statements that do not stand right above the first function that uses them."""
    body = ast.parse(text).body
    functions = [one for one in body if isinstance(one, ast.FunctionDef)]
    makers = {one.name for one in functions if one.returns is not None and ast.unparse(one.returns) == "Statement"}
    found = []
    for one in body:
        if not (isinstance(one, ast.Assign) and isinstance(one.value, ast.Call)):
            continue
        if ast.unparse(one.value.func) not in makers | {"Statement"}:
            continue
        name, below = ast.unparse(one.targets[0]), [other for other in functions if other.lineno > one.lineno]
        users = [other for other in functions if name in _names(other)]
        if users and users[0] is not below[0]:
            found.append(name)
    return found


def by_position(text: str) -> list[int]:
    """The lines in which a row's values are taken by their place in it, or all of them in their order."""
    nodes = list(ast.walk(ast.parse(text)))
    taken = [one.value for one in nodes if isinstance(one, ast.Subscript | ast.Starred)]
    taken += [
        one.args[0] for one in nodes if isinstance(one, ast.Call) and ast.unparse(one.func) == "tuple" and one.args
    ]
    lines = [one.lineno for one in taken if isinstance(one, ast.Name) and one.id == "row"]
    loops = [one for one in nodes if isinstance(one, ast.For | ast.comprehension) and isinstance(one.target, ast.Tuple)]
    return sorted([*lines, *(one.iter.lineno for one in loops if ast.unparse(one.iter).startswith("session.all("))])


def _names(function: ast.FunctionDef) -> set[str]:
    return {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_each_statement_stands_above_the_function_that_uses_it_first(file: Path) -> None:
    assert astray(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", [one for one in FILES if one.name not in RAW], ids=lambda path: path.name)
def test_what_a_row_holds_is_taken_by_its_name(file: Path) -> None:
    assert by_position(file.read_text(encoding="utf-8")) == []


def test_what_is_not_so_is_found_out() -> None:
    assert astray("_a = Statement(x)\n_b = Statement(y)\ndef f():\n    run(_a)\ndef g():\n    run(_b)") == ["_b"]
    unpacked = "[a for a, b in session.all(_all)]\nfor a, b in session.all(_all):\n    pass"
    assert by_position(f"row[0]\nrow[:6]\nValue(*row)\ntuple(row)\n{unpacked}\nrow.name") == [1, 2, 3, 4, 5, 6]
