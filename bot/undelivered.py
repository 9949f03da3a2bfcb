"""What was not delivered, in plain words for who looks after Erbij."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.table import Table

from storage.outbox import DEAD
from storage.undelivered import UNREACHED, Line

WHY = {
    "Blocked": "does not take private messages from Erbij",
    "Gone": "is not there any more, or Erbij may not write there",
    "TooLarge": "was refused for its size or shape: please report this",
    "TooFast": "the platform asked to wait",
    "Outage": "the platform did not answer",
}
"""The reasons that the platforms give, by the seam's errors."""
LATER = "; it goes when the person next writes to Erbij"


def table(lines: list[Line]) -> Table:
    """One row for each message, without a word of it and without whom it is for."""
    made = Table("id", "community", "platform", "to", "state", "tries", "written", "next try", "why", box=None)
    for line in lines:
        made.add_row(
            str(line.id),
            line.community,
            line.platform,
            _to(line),
            "given up" if line.state == DEAD else "waits",
            str(line.attempts),
            when(line.created_at),
            "never" if line.state == DEAD else when(line.not_before),
            why(line),
        )
    return made


def why(line: Line) -> str:
    """Why a message is not sent; empty for one that was not tried yet."""
    if not line.fault:
        return ""
    fault, _, how_long = line.fault.partition(", ")
    words = WHY.get(fault, f"a fault of Erbij itself ({fault}): see the log")
    if fault in UNREACHED:
        words = f"{'the person' if line.private else 'the channel'} {words}{LATER if line.private else ''}"
    elif fault == "TooLarge":
        words = f"the message {words}"
    return f"{words}, {how_long}" if how_long else words


def when(at: int) -> str:
    """A moment in ms since 1970."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _to(line: Line) -> str:
    if line.private:
        return "a person"
    return f"{line.place} channel" if line.place else "a channel no longer used"
