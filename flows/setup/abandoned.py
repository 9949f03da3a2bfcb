"""A setup that was begun and never got as far as a name: after a month it is as if nobody had begun it."""

from flows.engine import Steps, job
from flows.engine.arrival import ABANDON
from storage import setup


@job(ABANDON)
async def abandon_setup(steps: Steps) -> None:
    """Forget the community and who began it; one that has a name by now stays."""
    await steps.do("abandon", setup.abandon, steps.community)
