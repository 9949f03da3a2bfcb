"""What the documents rest on is there: each file, each test and each page that they name."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMED = re.compile(r"`((?:adapters|bot|flows|storage|tests|scripts|docs)/[\w./-]+?)(?:::(\w+))?`")
LINKED = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@cache
def named_tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, found) and one.name.startswith("test_"))


def faults(document: Path, text: str) -> list[str]:
    found = []
    for path, test in NAMED.findall(text):
        if not (ROOT / path).exists():
            found.append(f"{path} is not there")
        elif test and test not in named_tests(ROOT / path):
            found.append(f"{path} has no {test}")
    found += [
        f"{link} leads nowhere"
        for link in LINKED.findall(text)
        if "://" not in link and not (document.parent / link).exists()
    ]
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_all_that_a_document_names_is_there(document: Path) -> None:
    assert faults(document, document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "`bot/nothing.py`",
        "`tests/test_docs.py::test_that_nobody_wrote`",
        "`tests/test_docs.py::faults`",
        "[page](nothing.md)",
        "[part](nothing.md#part)",
    ],
)
def test_what_is_not_there_is_found(text: str) -> None:
    assert len(faults(ROOT / "README.md", f"See {text}.")) == 1


def test_the_security_documents_name_what_they_rest_on() -> None:
    for name in ("threat-model.md", "asvs.md"):
        named = NAMED.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))
        assert len({path for path, _test in named}) > 20, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_command_installs_what_only_tests_need(document: Path) -> None:
    """``uv run`` alone would install the packages of the tests, five times as much, whatever ran before."""
    assert not re.search(r"uv run erbij", document.read_text(encoding="utf-8"))
