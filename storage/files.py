"""Files that hold what people told: for the owner of the process alone, whatever the umask says."""

from __future__ import annotations

import os
from pathlib import Path

_OTHERS = 0o077
_CHANGE = 0o022


def folder(path: Path) -> None:
    """A folder that exists; what has to be made of it is for its owner alone."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        one.chmod(0o700)  # a umask can take the owner's own rights away


def file(path: Path, text: str = "") -> None:
    """A file that exists, in a folder that exists; a new one is for its owner alone, and begins with ``text``."""
    folder(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as opened:
        os.fchmod(descriptor, 0o600)
        opened.write(text)


def open_to_others(path: Path) -> bool:
    """Whether anybody but the owner has any right to a file or folder; False when there is none."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def changed_by_others(path: Path) -> bool:
    """Whether anybody but the owner may put files into a folder, or replace those in it; False when there is none."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & _CHANGE)
    except OSError:
        return False


def close_to_others(path: Path) -> None:
    """Take everybody else's rights to a file away, where we may."""
    if open_to_others(path):
        try:
            path.chmod(path.stat().st_mode & 0o7700)
        except PermissionError:
            return  # another user's file: `erbij check` tells
