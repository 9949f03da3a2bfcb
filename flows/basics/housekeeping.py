"""Housekeeping: every night, what was kept long enough is thrown away. How long is said beside each table."""

from flows.engine import Steps, job
from storage.housekeeping import tidy


@job("housekeeping")
async def housekeeping(steps: Steps) -> None:
    """Keep every time that Erbij promises."""
    now = await steps.now("now")
    await steps.do("tidy", tidy, steps.community, now)
