"""Rounds: a check-in opens with a post in the students' channel, and closes four days later."""

from flows.engine import Rank, Start, Steps, Unasked, job
from flows.words import _
from storage import check_ins

MINUTE = 60 * 1000
OPEN = 4 * 24 * 60 * MINUTE
"""How long a round takes answers, in ms."""


@job("open_check_in", shares=True)
async def open_check_in(steps: Steps) -> None:
    """A new round: the post, and the timer that closes it."""
    now = await steps.now("now")
    closes = now + OPEN
    this = await steps.do("open", check_ins.open_round, steps.community, now, closes)
    await steps.post(
        "post",
        _(
            "Students, how was your week? Five statements and one open question, two minutes. Nobody here"
            " sees that you answer."
        ),
        Start("check_in", this, _("Start the check-in")),
        place="students",
        subject=f"check-in:{this}",
        why=Unasked(Rank.DATE, until=closes),
    )
    # A minute later, so that no answer is left out that was on its way at the last moment.
    await steps.later("close", "close_check_in", this, at=closes + MINUTE, subject=f"check-in:{this}")


@job("close_check_in")
async def close_check_in(steps: Steps, round_id: str) -> None:
    """The round is over: what was answered is counted, or waits for the next round, and the post says so."""
    now = await steps.now("now")
    await steps.do("close", check_ins.close, steps.community, round_id, now)
    await steps.post(
        "post",
        _("This check-in is closed. Thank you to everyone who answered."),
        place="students",
        subject=f"check-in:{round_id}",
    )
