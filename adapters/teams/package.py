"""The Teams app package: the zip that a coordinator uploads, with manifest, languages and icons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flows.words import SOURCE, Msg, _, said

SCHEMA = "1.30"
"""The newest manifest schema that Microsoft's own tools ship (@microsoft/app-manifest 1.1.2)."""
VERSION = "1.0.0"
ACCENT = "#1F5F5B"
ICONS = Path(__file__).parent / "icons"
OTHERS = ("nl", "de")
SCOPES = ("personal", "team", "groupChat")
MOST_COMMANDS = 12

SHORT = _("Belong here: check-ins, and a way to tell what happened.")
FULL = _(
    "Erbij is the chatbot of your belonging programme. It asks every week how it is going, and passes on "
    "what you tell to the mentors, without your name. Answers are private: nobody in the channel sees "
    "them."
)
Commands = Sequence[tuple[Msg, Msg]]
"""Words and descriptions, in the order in which Teams lists them."""


def write_package(path: Path, *, app_id: str, public_url: str, commands: Commands) -> None:
    """Write the zip. The same settings give the same bytes."""
    files: dict[str, bytes] = {
        "manifest.json": _json(manifest(app_id, public_url, commands)),
        "color.png": (ICONS / "color.png").read_bytes(),
        "outline.png": (ICONS / "outline.png").read_bytes(),
    }
    files |= {f"{language}.json": _json(strings(language, commands)) for language in OTHERS}
    with ZipFile(path, "w") as package:
        for name, content in files.items():
            package.writestr(ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, ZIP_DEFLATED)


def manifest(app_id: str, public_url: str, commands: Commands) -> dict[str, Any]:
    """The manifest, in English; ``public_url`` is where Erbij's pages are."""
    site = public_url.rstrip("/")
    listed = [{"title": said(word, SOURCE), "description": _sentence(about, SOURCE)} for word, about in _few(commands)]
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.schema.json",
        "manifestVersion": SCHEMA,
        "version": VERSION,
        "id": app_id,
        "developer": {
            "name": "Erbij",
            "websiteUrl": site,
            "privacyUrl": f"{site}/privacy",
            "termsOfUseUrl": f"{site}/terms",
        },
        "localizationInfo": {
            "defaultLanguageTag": SOURCE,
            "additionalLanguages": [{"languageTag": tag, "file": f"{tag}.json"} for tag in OTHERS],
        },
        "name": {"short": "Erbij", "full": "Erbij"},
        "description": {"short": said(SHORT, SOURCE), "full": said(FULL, SOURCE)},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [
            {
                "botId": app_id,
                "scopes": list(SCOPES),
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [{"scopes": list(SCOPES), "commands": listed}],
            }
        ],
        "validDomains": [],
    }


def strings(language: str, commands: Commands) -> dict[str, str]:
    """The manifest's sentences and command words in another language; Erbij understands each in all of them."""
    words = {
        "$schema": (
            f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.Localization.schema.json"
        ),
        "name.short": "Erbij",
        "name.full": "Erbij",
        "description.short": said(SHORT, language),
        "description.full": said(FULL, language),
    }
    for number, (word, about) in enumerate(_few(commands)):
        at = f"bots[0].commandLists[0].commands[{number}]"
        words |= {f"{at}.title": said(word, language), f"{at}.description": _sentence(about, language)}
    return words


def _few(commands: Commands) -> Commands:
    """As many commands as Teams lists; the last one, which stops things, is always among them."""
    return commands if len(commands) <= MOST_COMMANDS else [*commands[: MOST_COMMANDS - 1], commands[-1]]


def _sentence(about: Msg, language: str) -> str:
    """A description with a capital, as Teams shows it below the command."""
    text = said(about, language)
    return text[:1].upper() + text[1:]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
