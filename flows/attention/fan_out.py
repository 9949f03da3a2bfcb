"""Fan-out: a message to many is written a batch at a time, each in a transaction of its own."""

from flows.engine import Steps, job
from flows.engine.outgoing import FAN_OUT, MORE


@job(FAN_OUT)
async def fan_out(steps: Steps, message: str) -> None:
    """The next batch; the clock comes again until the last is written (flows/engine/outgoing.py)."""
    await steps.post("more", audience=MORE, subject=message)
