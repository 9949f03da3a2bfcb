"""How to reach one person privately: our own small JSON, the ``address`` of the seam."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A person's private chat with Erbij."""

    service: str
    """The URL of the Teams service that serves this tenant."""
    tenant: str
    user: str
    """The person's id as the Bot Framework knows it (``29:...``), or their Entra object id."""
    conversation: str = ""
    """The id of the private chat; empty until it is known."""

    def text(self) -> str:
        """As the seam carries it."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)


def address_of(text: str) -> Address | None:
    """The address in a text that :meth:`Address.text` made; None for anything else."""
    try:
        parts = json.loads(text)
        address = Address(**parts)
    except (ValueError, TypeError):
        return None
    return address if all(isinstance(v, str) for v in asdict(address).values()) else None
