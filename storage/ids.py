"""Identifiers: random ones (128 bits as 22 characters, safe in links, buttons and file names), and accounts."""

from __future__ import annotations

import secrets


def platform_and_id(account: str) -> tuple[str, str]:
    """The two parts of an account as it is written everywhere, ``platform:id``; an id may have colons of its own."""
    platform, _colon, external = account.partition(":")
    return platform, external


def new_id() -> str:
    """A fresh one. Says nothing about when or by whom it was made."""
    return secrets.token_urlsafe(16)
