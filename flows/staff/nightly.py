"""Every night it is asked who of the staff is still there."""

from flows.engine import Steps, job
from storage import roster


@job("ask_for_staff", shares=True)
async def ask_for_staff(steps: Steps) -> None:
    """Put the community on the list; the platforms are asked outside of any transaction (bot/roster.py)."""
    now = await steps.now("now")
    await steps.do("want", roster.want, steps.community, now)
