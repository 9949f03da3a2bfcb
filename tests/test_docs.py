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
def defined(path: Path) -> frozenset[str]:
    """What a document can name in a file: of a test file its tests, of any other what is defined at its top."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.is_relative_to(ROOT / "tests"):
        found = (one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
        return frozenset(name for name in found if name.startswith("test_"))
    names = [one.name for one in tree.body if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)]
    given = (target for one in tree.body if isinstance(one, ast.Assign) for target in one.targets)
    return frozenset([*names, *(one.id for one in given if isinstance(one, ast.Name))])


def faults(document: Path, text: str) -> list[str]:
    found = []
    for path, name in NAMED.findall(text):
        if not (ROOT / path).exists():
            found.append(f"{path} is not there")
        elif name and name not in defined(ROOT / path):
            found.append(f"{path} has no {name}")
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
        "`storage/letters.py::Parcel`",
        "[page](nothing.md)",
        "[part](nothing.md#part)",
    ],
)
def test_what_is_not_there_is_found(text: str) -> None:
    assert len(faults(ROOT / "README.md", f"See {text}.")) == 1


def test_the_glossary_is_short_in_order_and_names_where_each_word_lives() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    (_word, _what, where), *words = rows
    assert where == "where"
    assert [word for word, _what, _where in words] == sorted({word for word, _what, _where in words})
    assert 10 <= len(words) <= 30
    for word, _what, where in words:
        assert any(name for _path, name in NAMED.findall(where)), word


def test_the_security_documents_name_what_they_rest_on() -> None:
    for name in ("threat-model.md", "asvs.md"):
        named = NAMED.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))
        assert len({path for path, _test in named}) > 20, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_command_installs_what_only_tests_need(document: Path) -> None:
    """``uv run`` alone would install the packages of the tests, five times as much, whatever ran before."""
    assert not re.search(r"uv run erbij", document.read_text(encoding="utf-8"))
