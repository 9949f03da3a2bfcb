"""Why a message was not delivered, as an adapter says it and the sender understands it."""

from __future__ import annotations

from typing import ClassVar


class SendError(Exception):
    """A message was not delivered. The subclass says whether to try again; the sender decides."""

    retry: ClassVar[bool] = False


class Blocked(SendError):
    """The person does not take messages from Erbij."""


class Gone(SendError):
    """The place, person, message or space is no longer there, or Erbij may not write there."""


class TooLarge(SendError):
    """The platform refused the message for its size or shape."""


class TooFast(SendError):
    """The platform asks to wait."""

    retry = True

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:g} s")
        self.seconds = seconds


class Outage(SendError):
    """The platform did not answer, or answered with a fault of its own."""

    retry = True
