"""What a card of ours brings back about where it came from, sealed so that nobody can make one by hand.

Teams tells the team only of what happens in its channels. A conversation that began there goes on in
the private chat, and must stay in the same community, also after a restart: so its cards carry the
team, for this person only.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from adapters.teams.activities import Event
from adapters.teams.wire import carried


class Carrying:
    """Seals and opens what cards carry."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"erbij cards " + secret.encode()).digest()

    def of(self, event: Event) -> dict[str, str]:
        """What the cards of an answer to this event carry."""
        return self.sealed(event.tenant, event.user, event.team, "1" if event.added else "")

    def sealed(self, tenant: str, user: str, team: str, added: str = "") -> dict[str, str]:
        """What the cards carry that this person gets from this team; nothing without a team."""
        if not team:
            return {}
        return {"team": team, "added": added, "seal": self._seal(tenant, user, team, added)}

    def opened(self, event: Event) -> Event:
        """The event with its team, when a card brought one back that was meant for this person."""
        team, added = carried(event.data, "team"), carried(event.data, "added")
        if event.team or not team:
            return event
        expected = self._seal(event.tenant, event.user, team, added)
        if not hmac.compare_digest(expected.encode(), carried(event.data, "seal").encode(errors="replace")):
            return event
        return replace(event, team=team, added=event.added or added == "1")

    def _seal(self, tenant: str, user: str, team: str, added: str) -> str:
        said = f"{tenant}\n{user}\n{team}\n{added}".encode(errors="surrogatepass")
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:32]
