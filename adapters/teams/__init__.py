"""Microsoft Teams: one folder between the Bot Framework's activities and the seam.

``adapter.py`` is the way in and out; ``trust.py`` decides what is let in, by the keys of ``keys.py``;
``activities.py`` reads, ``cards.py`` and ``fields.py`` draw, ``answers.py`` gives a reply back, ``connector.py`` sends.

**Why no CloudAdapter.** botbuilder's CloudAdapter would have to be overridden in nearly every
step: it answers 500 to most bad tokens, skips the service URL check when the body has none,
serialises an invoke's body twice and builds credentials twice a turn. So the endpoint is our own
and short, and botbuilder does what it does well: check a token's signature (ChannelValidation) and
fetch tokens (MicrosoftAppCredentials). Its ConnectorClient is synchronous and took a thread and
several times the work for each call, so the few calls that Erbij makes are plain REST. None of its
types leaves this folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.teams.adapter import TeamsAdapter as TeamsAdapter

__all__ = ["TeamsAdapter"]


def __getattr__(name: str) -> object:
    """Load the adapter only when it is asked for: writing the app package needs none of botbuilder."""
    if name == "TeamsAdapter":
        from adapters.teams.adapter import TeamsAdapter

        return TeamsAdapter
    raise AttributeError(name)
