"""What each setting must look like. Values in, sentences out: which setting, what is wrong with it, what to do.

No sentence shows a secret, or the database's URL, which may hold a password.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from bot.settings import Settings

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ID_LIKE = "11111111-2222-3333-4444-555555555555"
PREFIX = "ERBIJ_"
MOST_PORT = 65_535
_DATABASES = "Write sqlite:///data/erbij.sqlite3, or postgresql://user:password@host/name."


def wrong(settings: Settings) -> Iterator[str]:
    """What is wrong with each setting by itself; the database's URL has :func:`database`."""
    yield from _port("ERBIJ_PORT", settings.port)
    yield from _port("ERBIJ_METRICS_PORT", settings.metrics_port)
    yield from _public_url(settings.public_url)
    yield from _master_key(settings.master_key.get_secret_value())
    token = settings.discord_token.get_secret_value()
    if token and not client_id(token):
        yield "ERBIJ_DISCORD_TOKEN is no bot token: copy it again from Discord's developer page, under Bot."
    if settings.teams_app_id and not is_id(settings.teams_app_id):
        yield (
            f"ERBIJ_TEAMS_APP_ID is {settings.teams_app_id!r}; an app's id looks like {ID_LIKE}.\n"
            "Copy it from the app registration in Microsoft Entra: Application (client) ID."
        )
    for tenant in sorted(settings.teams_tenants):
        if not is_id(tenant):
            yield (
                f"ERBIJ_TEAMS_TENANTS holds {tenant!r}; a tenant's id looks like {ID_LIKE}.\n"
                "Copy it from Microsoft Entra: Overview, Tenant ID."
            )


def database(url: str) -> Iterator[str]:
    """Why this cannot be a database's URL. Empty is the default."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if not url:
        return
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        yield f"ERBIJ_DATABASE_URL is no address of a database. {_DATABASES}"
        return
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        yield f"ERBIJ_DATABASE_URL begins with {parsed.drivername}://, which Erbij does not know. {_DATABASES}"
    elif kind == "sqlite" and (parsed.host or parsed.database in (None, "", ":memory:")):
        yield "ERBIJ_DATABASE_URL names no file: write sqlite:/// (three slashes) and its path."


def client_id(token: str) -> str:
    """The application's id, which is the first part of a bot's token; empty when it is no token."""
    first, *more = token.split(".")
    if len(more) < 2 or not all(more):
        return ""
    try:
        found = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except ValueError:
        return ""
    return found if found.isdigit() else ""


def is_id(text: str) -> bool:
    """Whether this is an id as Microsoft gives them."""
    return _ID.fullmatch(text.lower()) is not None


def unknown(name: str, known: Iterable[str]) -> str:
    """Of a setting that there is not, with the one that was meant, if it can be guessed."""
    meant = get_close_matches(name.upper().removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], 1)
    return f"{name}: there is no such setting. {f'Did you mean {PREFIX}{meant[0]}?' if meant else 'Remove it.'}"


def _port(name: str, value: int) -> Iterator[str]:
    if not 0 <= value <= MOST_PORT:
        yield f"{name} is {value}; ports go from 1 to {MOST_PORT}. Choose another one, 3978 say."


def _public_url(url: str) -> Iterator[str]:
    if not url:
        return
    like = "Write https:// and the name by which people reach Erbij: https://erbij.example.org"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme == "http" and host:
        yield (
            f"ERBIJ_PUBLIC_URL begins with http://; browsers and Teams need https://{host}.\n"
            "The proxy before Erbij speaks https: see docs/proxy.md."
        )
    elif parts.scheme != "https" or not host:
        yield f"ERBIJ_PUBLIC_URL is {url!r}, which is no web address. {like}"
    elif parts.path or parts.query or parts.fragment or parts.username:
        yield f"ERBIJ_PUBLIC_URL holds more than a name: Erbij cannot live under a path. {like}"


def _master_key(keys: str) -> Iterator[str]:
    from storage.keys import KeyFault, Masters

    try:
        if keys:
            Masters(keys)
    except KeyFault:
        yield (
            "ERBIJ_MASTER_KEY holds no master key: each is 44 characters, several have commas between.\n"
            "Put back the one that the database was made with; before there is one, 'erbij keys new' makes it."
        )
