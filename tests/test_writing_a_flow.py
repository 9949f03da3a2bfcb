"""The guide's example, as it stands there: taken from the page into a copy of Erbij, looked at, and played."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po
from sqlalchemy import Column, MetaData, String, Table

from flows.engine import Chat, Context, Conversation, Form, Run, flow
from flows.engine.flow import FlowFault
from flows.words import _
from tests.storage.test_keeping import undeclared

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "writing-a-flow.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^\*\*(\S+/\S+)\*\*\n\n```\w+\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE))
"""By its path, what stands in each file of the example."""
WORDS = {
    english: (dutch, german)
    for english, dutch, german in re.findall(
        r"^\| (.+?) \| (.+?) \| (.+?) \|$", GUIDE.partition("## 6.")[2], re.MULTILINE
    )
}
COMPLAINTS = re.findall(r"^\| (.+?) \|", GUIDE.partition("## When it complains")[2], re.MULTILINE)
TESTS = [one for line in re.findall(r"^uv run just test -n0 (.+)$", GUIDE, re.MULTILINE) for one in line.split()]
ROOMS = ("adapters", "bot", "flows", "storage")
STORAGE, MIGRATION = "storage/walks.py", "storage/migrations/versions/NNNN_walks.py"
STORIES = [
    f"tests/scenarios/test_stories.py::test_story[{on}]" for on in ("sqlite-walks-discord", "sqlite-walks-teams")
]
STORIES += [f"tests/scenarios/test_stories.py::test_story[{on}-walks-web]" for on in ("sqlite", "postgresql")]
STORIES += ["tests/scenarios/test_stories.py::test_with_a_restart_before_each_act[walks-web]"]


@dataclass(frozen=True)
class Copy:
    """A copy of Erbij to write in."""

    path: Path

    def write(self, name: str, text: str) -> None:
        """One file of the example. A migration gets the next number."""
        if name == MIGRATION:
            last = max(path.name[:4] for path in (self.path / name).parent.glob("[0-9]*.py"))
            number = f"{int(last) + 1:04}"
            name, text = name.replace("NNNN", number), text.replace("NNNN", number).replace("MMMM", last)
            landed = self.path / "storage" / "migrations" / "landed.sha256"
            line = f"{sha256(text.encode()).hexdigest()}  {Path(name).name}\n"
            landed.write_text(landed.read_text() + line)
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a module of Python there; its exit code, and all it said, with one space for each gap."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "500"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        return done.returncode, " ".join(done.stdout.split())

    def state(self) -> dict[str, str]:
        """All files of the product there, by what is in them."""
        there = (path for room in ROOMS for path in (self.path / room).rglob("*"))
        return {str(one.relative_to(self.path)): sha256(one.read_bytes()).hexdigest() for one in there if one.is_file()}

    def translate(self) -> None:
        """Fill in the words as the table says them."""
        for number, language in enumerate(("nl", "de")):
            path = self.path / "flows" / "words" / "locale" / language / "LC_MESSAGES" / "erbij.po"
            with path.open("rb") as file:
                catalogue = read_po(file, locale=language)
            for message in catalogue:
                several = isinstance(message.id, tuple)
                said = WORDS.get(" / ".join(message.id) if several else str(message.id))
                if said is not None:
                    message.string = tuple(said[number].split(" / ")) if several else said[number]
            with path.open("wb") as file:
                write_po(file, catalogue, width=110, sort_by_file=True, include_lineno=False)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Erbij as it stands here, without what is not in the repository."""
    path = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name.startswith((*ROOMS, "scripts", "tests", "pyproject.toml")) and (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", path / ".mypy_cache")
    yield Copy(path)
    shutil.rmtree(path)


def test_the_example_works_and_touches_nothing_else(copied: Copy) -> None:
    before = copied.state()
    forgotten_tables(copied)
    for name, text in FILES.items():
        copied.write(name, text)
    forgotten_words(copied)
    forgotten_await(copied)
    touched = {name for name, what in copied.state().items() if before.get(name) != what}
    assert before.keys() <= copied.state().keys()
    assert not [one for one in touched if not re.fullmatch(ALLOWED, one)]
    assert copied.run("-m", "ruff", "check", ".") == (0, "All checks passed!")
    assert copied.run("-m", "ruff", "format", "--check", ".")[0] == 0
    doors(copied)
    story = [one for one in TESTS if one.startswith("tests/") and "test_stories" not in one]
    code, said = copied.run("-m", "pytest", "-q", "-n0", *story, *STORIES, *MORE)
    assert code == 0, said


ALLOWED = (
    r"flows/walks/\w+\.py|storage/walks\.py|storage/migrations/(?:versions/\d{4}_walks\.py|landed\.sha256)"
    r"|flows/words/locale/(?:nl|de)/LC_MESSAGES/erbij\.po"
)
"""One folder, one storage file, one migration, and words."""
MORE = (
    "tests/flows/test_catalogue.py",
    "tests/storage/test_landed.py::test_a_migration_that_landed_is_never_edited",
    "tests/scenarios/test_doors.py::test_each_flow_says_here_for_whom_it_is",
)


def doors(copied: Copy) -> None:
    """What the guide adds by hand to the list of who may start what."""
    path = copied.path / "tests" / "scenarios" / "test_doors.py"
    (may,) = re.findall(r"^   ```python\n(.*?)^   ```$", GUIDE, re.DOTALL | re.MULTILINE)
    text = path.read_text()
    for begin, more in (("MAY: dict[str, frozenset[str]] = {\n", may), ("JOBS = {\n", '    "remind_of_walk",\n')):
        assert begin in text
        text = text.replace(begin, begin + more)
    path.write_text(text)


# ---------------------------------------------------------------- when it complains


def complains(said: str) -> None:
    """What was said is what the guide explains."""
    assert any(one in said for one in COMPLAINTS), said


def forgotten_tables(copied: Copy) -> None:
    """Tables of which nothing is said, and that no migration makes."""
    copied.write(STORAGE, FILES[STORAGE].partition("KEEPING = (")[0])
    code, said = copied.run("-c", LOOK_AT_TABLES)
    assert code == 0
    for complaint in ("what becomes of walk", "the table walk is missing"):
        assert [one for one in COMPLAINTS if one.endswith(complaint) and one in said], said


LOOK_AT_TABLES = """
from pathlib import Path
from storage.migrate import upgrade
from tests.storage import test_keeping, test_landed

upgrade("sqlite:///made.sqlite3")
for look in (
    test_keeping.test_every_table_is_declared_and_every_column_that_names_somebody,
    lambda: test_landed.test_the_migrations_make_what_the_code_declares(Path("made.sqlite3")),
):
    try:
        look()
    except AssertionError as fault:
        print(fault)
"""
"""The two tests that look at them, without the rest of pytest."""


def forgotten_words(copied: Copy) -> None:
    """Sentences that are in no catalogue; then those that nobody translated; then none."""
    for complaint in ("nl: not in the catalogue: Walks", "nl: without a translation: Walks"):
        code, said = copied.run("scripts/words.py", "check")
        assert code == 1
        assert complaint in COMPLAINTS
        assert f"{complaint} " in said
        assert copied.run("scripts/words.py", "extract")[0] == 0
    copied.translate()
    assert copied.run("scripts/words.py", "check") == (0, "")


def forgotten_await(copied: Copy) -> None:
    """A step that does nothing is found, and nothing else is wrong."""
    name = "flows/walks/said.py"
    assert "    await chat.post(" in FILES[name]
    copied.write(name, FILES[name].replace("    await chat.post(", "    chat.post("))
    code, said = copied.run("-m", "mypy")
    assert code == 1
    complains(said)
    copied.write(name, FILES[name])
    assert copied.run("-m", "mypy")[0] == 0


def test_a_button_with_an_argument_that_nobody_looks_at() -> None:
    with pytest.raises(FlowFault) as fault:

        @flow("join_walk", who=("student",))
        async def join_walk(chat: Chat, walk_id: str) -> None:
            raise NotImplementedError

    assert str(fault.value) in COMPLAINTS


def test_a_key_that_is_used_twice() -> None:
    @flow("join_walk")
    async def join_walk(chat: Chat) -> None:
        await chat.now("now")
        await chat.now("now")

    with pytest.raises(FlowFault) as fault:
        Run(join_walk, Context(), Conversation({})).go()
    assert str(fault.value) in COMPLAINTS


def test_a_field_that_asks_nothing() -> None:
    with pytest.raises(FlowFault) as fault:

        class Plan(Form):
            title = _("Walks")
            place: str

    assert str(fault.value) in COMPLAINTS


def test_a_table_says_in_which_columns_nobody_stands() -> None:
    table = Table("walk", MetaData(), Column("id", String, primary_key=True))
    assert undeclared(table.metadata, ()) == {"walk"}
