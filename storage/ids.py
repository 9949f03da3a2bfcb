"""Random identifiers: 128 bits as 22 characters, safe in links, buttons and file names."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """A fresh one. Says nothing about when or by whom it was made."""
    return secrets.token_urlsafe(16)
