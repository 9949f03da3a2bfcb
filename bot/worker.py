"""The worker: a process that is started for one piece of slow work of a job, does it, and is gone.

It gets a function, its arguments, and nothing else: no database, no key, no setting, no open file. What it took of
memory goes with it, and whatever becomes of it, Erbij goes on.

    echo (function, arguments) | python -m bot.worker | the result as JSON
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from typing import Any

from flows.results import decode, encode

MOST = 300.0
"""Seconds that work may take; a job is held for longer than that (``LEASE`` in flows/engine/timers.py)."""
NICE = 10
"""How far behind the program: a turn goes before a picture."""
_LENGTH = 8
"""Bytes that say how long a message is."""


class WorkFailed(Exception):
    """The slow work of a job did not come to a result: it raised, ended by itself, or took too long."""


class Worker:
    """Does one thing after the other, each in a process of its own. ``most``: after so many seconds it is killed."""

    def __init__(self, most: float = MOST) -> None:
        self.most = most
        self.process: Process | None = None
        """The one that works now."""

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """What ``function(*args)`` returns. Raises WorkFailed. Whoever is cancelled here takes the process along."""
        try:
            async with asyncio.timeout(self.most):
                done, value = await self._ask(pickle.dumps((function, args)))
        except TimeoutError:
            raise WorkFailed(f"it took more than {self.most:g} s") from None
        if not done:
            raise WorkFailed(value)
        return decode(function, value)

    async def _ask(self, work: bytes) -> tuple[bool, Any]:
        command = (sys.executable, "-m", __name__)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment(), limit=2**20
        )
        self.process = process
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(len(work).to_bytes(_LENGTH, "big") + work)
                await process.stdin.drain()
            # What it writes to is left open: when this process dies, that closes, and the worker ends as well.
            told = await process.stdout.read()
            code = await process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            process.stdin.close()
            self.process = None
        if code:
            raise WorkFailed(f"the worker ended with {code}")
        done, value = json.loads(told)
        return done, value


def _environment() -> dict[str, str]:
    """What finds the same code, without any setting of Erbij's, however it is written, or of PostgreSQL's."""
    known = {name: value for name, value in os.environ.items() if not name.upper().startswith(("ERBIJ_", "PG"))}
    return known | {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)}


def main() -> None:
    """In the worker: do what comes in, and say what came of it. Of what goes wrong no text is told, only its kind."""
    comes, goes = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the function prints is no result
    with contextlib.suppress(OSError):
        os.nice(NICE)
    function, args = pickle.loads(comes.read(int.from_bytes(comes.read(_LENGTH), "big")))  # noqa: S301  our own
    threading.Thread(target=lambda: (comes.read(), os._exit(1)), daemon=True).start()
    try:
        told = True, encode(function, function(*args))
    except Exception as fault:
        told = False, type(fault).__name__
    goes.write(json.dumps(told).encode())
    goes.close()
    os._exit(0)  # the thread that waits for the program's end holds its input's lock


if __name__ == "__main__":
    main()
