"""A durable turn of Erbij beside the same in its peers, in alternation within one run.

    uv run python benchmarks/peers.py [--rounds 3]

Each side answers five questions in a process of its own, on SQLite with synchronous=FULL, one student at a time and
with 32 at once. The peers have environments of their own from pinned lists (peer_*.txt): botbuilder-dialogs wants
Babel 2.9.1, and one resolution with Erbij's Babel does not exist. Erbij also dedupes each event and encrypts each
answer, which the peers do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from peer import Rows
from report import report

HERE = Path(__file__).parent
PEERS = {"botbuilder-dialogs 4.17.1": "botbuilder", "microsoft-agents-hosting-dialogs 1.9.0": "agents"}
ERBIJ = "Erbij, one by one"
FORM = "Erbij, its own check-in (three turns)"
APART = ", each write its own commit"
"""The peers' storage as their libraries are written; else writes that come together share a commit, as Erbij's do."""
CROWDS = {"alone": (60, 1), "32 waiting": (160, 32)}
"""Students in a round, and how many of them at once."""


class Side:
    """One process that answers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, walk: str, students: int, at_once: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(
            json.dumps({"walk": walk, "students": students, "at_once": at_once}), file=self._process.stdin, flush=True
        )
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"a side ended with {self._process.wait()}")
        return json.loads(answer)


@contextmanager
def side(command: list[str]) -> Iterator[Side]:
    environment = os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Side(process)
        process.stdin.close()  # type: ignore[union-attr]


def apart(peer: str) -> list[str]:
    """How a peer is started, in an environment of its own, with our Python."""
    packages = str(HERE / f"peer_{peer}.txt")
    program = str(HERE / f"peer_{peer}.py")
    uv = ["uv", "run", "--isolated", "--no-project", "--python", sys.executable, "--with-requirements", packages]
    return [*uv, "python", program]


def measure(rounds: int) -> dict[str, float]:
    """Turns per second of each side: the median of the rounds."""
    with ExitStack() as stack:
        erbij = stack.enter_context(side([sys.executable, str(HERE / "peer_erbij.py")]))
        sides = {ERBIJ: (erbij, "questions"), FORM: (erbij, "check_in")}
        for name, peer in PEERS.items():
            answers = stack.enter_context(side(apart(peer)))
            sides |= {name + how: (answers, "questions" + how) for how in ("", APART)}
        for answers, walk in sides.values():
            answers.ask(walk, 40, 8)  # to be warm
        found: dict[str, list[dict[str, Any]]] = {}
        disk = []
        for _round in range(rounds):
            disk.append(commits())
            for crowd, (students, at_once) in CROWDS.items():
                for name, (answers, walk) in sides.items():
                    result = answers.ask(walk, students, at_once) | {"students": students}
                    found.setdefault(f"{crowd}: {name}", []).append(result)
    return {"bare commits/s of this disk, which nobody alone can pass": median(disk)} | table(found)


def commits(count: int = 100) -> float:
    """Commits per second of one small row each."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(Path(folder) / "bare.sqlite3")

        async def write() -> float:
            began = time.perf_counter()
            for number in range(count):
                await rows.write({str(number): b"4"})
            return count / (time.perf_counter() - began)

        return asyncio.run(write())


def table(found: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    turns = {key: median(one["turns"] / one["seconds"] for one in all_) for key, all_ in found.items()}
    walks = {key: median(one["students"] / one["seconds"] for one in all_) for key, all_ in found.items()}
    work = {key: median(one["processor"] / one["turns"] for one in all_) for key, all_ in found.items()}
    rows = {f"{key}, turns/s": value for key, value in turns.items()}
    rows |= {f"{key}, processor ms a turn": 1000 * value for key, value in work.items()}
    for crowd in CROWDS:
        for what, rates, ours in (("turns", turns, ERBIJ), ("turns", turns, FORM), ("check-ins", walks, FORM)):
            for how in ("", APART):
                fastest = max(rates[f"{crowd}: {peer}{how}"] for peer in PEERS)
                rows[f"{crowd}: {what}/s of {ours} / fastest peer{how}"] = rates[f"{crowd}: {ours}"] / fastest
    return rows


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rounds", type=int, default=3)
    report("peers", measure(asked.parse_args().rounds))


if __name__ == "__main__":
    main()
