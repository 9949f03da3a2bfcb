"""The ledger of erasures: a file beside the database, by which a restored backup is brought up to date.

It holds keyed hashes and nothing else, so who reads it without the database's key learns how many erasures there were;
each line is signed under that key, so who writes to it without can erase nobody. Lines are only ever added, by several
processes at once if need be; none is trusted to have been written whole.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from storage import files

_LINE = re.compile(r"(person|case)((?: [0-9a-f]{32})+)(?: =([0-9a-f]{32}))?")


class LedgerFault(Exception):
    """The ledger of erasures cannot be written or read; nothing was erased. The text says where it is, and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure: of a ``person`` with the accounts they had then, or of a ``case``. Hashes are of 16 bytes."""

    what: str
    id: bytes
    accounts: tuple[bytes, ...] = ()
    signature: bytes = b""
    """A keyed hash of :attr:`text`; empty in a line that nobody signed."""

    @property
    def text(self) -> str:
        """What is signed."""
        return " ".join([self.what, *(one.hex() for one in (self.id, *self.accounts))])


class Ledger:
    """The file at ``path``; without one nothing is written and nothing is known."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def append(self, line: Line) -> None:
        """Add a line; it is on the disk when this returns. Raises LedgerFault when it cannot be."""
        if self.path is None:
            return
        signed = f" ={line.signature.hex()}" if line.signature else ""
        # A line break before it too: what a process that was killed left half-written then spoils no other line.
        raw = f"\n{line.text}{signed}\n".encode()
        try:
            files.file(self.path)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                if os.write(descriptor, raw) != len(raw):
                    raise OSError("the disk is full")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            _sync_folder(self.path.parent)
        except OSError as fault:
            raise LedgerFault(f"The ledger of erasures {self.path} cannot be written: {fault}") from fault

    def check(self) -> None:
        """Raises LedgerFault when a line could not be added. Nothing is made: a file that was lost must be missed."""
        if self.path is None:
            return
        there = next((one for one in (self.path, *self.path.absolute().parents) if one.exists()), self.path)
        right = there.is_file() if there == self.path else there.is_dir()
        if not right or not os.access(there, os.W_OK):
            raise LedgerFault(f"The ledger of erasures {self.path} cannot be written.")

    def lines(self) -> list[Line]:
        """Every line that was written whole, each once. Raises LedgerFault when the file cannot be read."""
        found = (_LINE.fullmatch(text) for text in self._texts())
        return [Line(one[1], *_hashes(one[2]), bytes.fromhex(one[3] or "")) for one in found if one]

    def torn(self) -> int:
        """How many lines are no line: of a process that was killed, or of a full disk. Nothing was erased by these."""
        return sum(1 for text in self._texts() if text and not _LINE.fullmatch(text))

    def _texts(self) -> list[str]:
        if self.path is None or not self.path.exists():
            return []
        try:
            return list(dict.fromkeys(self.path.read_text(encoding="ascii", errors="replace").split("\n")))
        except OSError as fault:
            raise LedgerFault(f"The ledger of erasures {self.path} cannot be read: {fault}") from fault


def _hashes(text: str) -> tuple[bytes, tuple[bytes, ...]]:
    first, *more = map(bytes.fromhex, text.split())
    return first, tuple(more)


def _sync_folder(path: Path) -> None:
    """A new file is only there after a power cut when its folder was written too."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
