"""The README's commands, as they stand there, in a clone as somebody has it who just found Erbij."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from threading import Timer
from urllib.request import urlopen

from tests.bot.test_program import free_port

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
START, TEST = re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
UV = "pip install uv && "
"""Whoever runs this has it."""
PATIENCE = 60


def commands(block: str, address: str) -> str:
    """A block of the README as a shell runs it, with the address of the repository filled in."""
    assert UV in block
    return "set -e\n" + block.replace(UV, "").replace("ADDRESS-OF-THIS-REPOSITORY", shlex.quote(address))


def surroundings(port: int) -> dict[str, str]:
    """Those of somebody who has set nothing of Erbij's and nothing of uv's but where it keeps its packages."""
    mine = {
        name: value for name, value in os.environ.items() if not name.startswith(("ERBIJ_", "VIRTUAL_ENV", "PYTEST"))
    }
    return mine | {"ERBIJ_PORT": str(port)}


def test_the_readmes_commands_start_erbij_and_find_its_tests(tmp_path: Path) -> None:
    port = free_port()
    assert "http://localhost:3978" in README
    with (tmp_path / "said").open("wb") as said:
        started = subprocess.Popen(
            ["bash", "-c", commands(START, str(ROOT))],
            cwd=tmp_path,
            env=surroundings(port),
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
    late = Timer(PATIENCE, os.killpg, (started.pid, signal.SIGKILL))
    late.start()
    try:
        assert started.stdout is not None
        ready = any(b"Stop with Ctrl+C." in line for line in started.stdout)
        assert ready, (tmp_path / "said").read_text()
        with urlopen(f"http://localhost:{port}", timeout=PATIENCE) as page:
            assert page.status == 200
            assert b"Erbij" in page.read()
        os.killpg(started.pid, signal.SIGINT)
        started.communicate()
        assert started.returncode == 0
    finally:
        late.cancel()
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGKILL)
            started.communicate()
    few = "--collect-only -q -n0 tests/flows/test_token.py"
    found = subprocess.run(
        ["bash", "-c", f"{commands(TEST, '').rstrip()} {few}"],
        cwd=tmp_path / "erbij",
        env=surroundings(port),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "tests/flows/test_token.py::" in found.stdout
