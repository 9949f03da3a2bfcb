"""What who runs Erbij is told: the same by ``erbij check`` and at the start, and nothing is changed."""

from __future__ import annotations

import gc
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.program import Program

cli = CliRunner()
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y"
ID = "11111111-2222-3333-4444-555555555555"
REAL = {"ERBIJ_DISCORD_TOKEN": TOKEN}
TEAMS = {"ERBIJ_TEAMS_APP_ID": ID, "ERBIJ_TEAMS_APP_SECRET": "s", "ERBIJ_TEAMS_TENANTS": ID}
DATABASES = "Write sqlite:///data/erbij.sqlite3, or postgresql://user:password@host/name."
LIKE = "Write https:// and the name by which people reach Erbij: https://erbij.example.org"
NOISE = re.compile(r"Traceback|pydantic|sqlalche|\(Background|For further information|Error:")


@pytest.fixture(autouse=True)
def no_run(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A start that should have been refused fails here instead of running."""

    async def run(_program: Program, _ready: object) -> None:
        raise AssertionError("it started")

    monkeypatch.setattr(Program, "run", run)
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def free_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nothing else listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ERBIJ_PORT", str(one.getsockname()[1]))


def files(folder: Path) -> dict[str, bytes | None]:
    return {
        str(one.relative_to(folder)): one.read_bytes() if one.is_file() else None for one in sorted(folder.rglob("*"))
    }


def refused(*said: str) -> None:
    """Both refuse, in these lines among them, and leave all files as they are."""
    before = files(Path.cwd())
    for words in (["check"], []):
        result = cli.invoke(app, words)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exception
        lines = [line.removeprefix("wrong ").strip() for line in result.output.splitlines()]
        assert [one for one in said if one not in lines] == [], result.output
        assert NOISE.search(result.output) is None, result.output
        assert files(Path.cwd()) == before


def fine() -> str:
    result = cli.invoke(app, ["check"])
    assert result.exit_code == 0, result.output
    return result.output
