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
    "Erbij is the chatbot of your belonging programme. It asks every week how it is going, and brings what "
    "happened to the mentors without your name. Answers are private: nobody in the channel sees them."
)
COMMANDS: tuple[tuple[str, Msg], ...] = (
    ("help", _("What Erbij can do for you here")),
    ("language", _("Choose Dutch, English or German")),
    ("tell", _("Tell the mentors what happened, without your name")),
    ("answer", _("Read the answer to something you told")),
    ("cases", _("For mentors: the cases that wait, and yours")),
    ("cancel", _("Stop what you are doing")),
)


def write_package(path: Path, *, app_id: str, public_url: str, commands: Sequence[tuple[str, Msg]] = COMMANDS) -> None:
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


def manifest(app_id: str, public_url: str, commands: Sequence[tuple[str, Msg]] = COMMANDS) -> dict[str, Any]:
    """The manifest, in English; ``public_url`` is where Erbij's pages are."""
    site = public_url.rstrip("/")
    listed = [{"title": n, "description": said(m, SOURCE)} for n, m in commands[:MOST_COMMANDS]]
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


def strings(language: str, commands: Sequence[tuple[str, Msg]] = COMMANDS) -> dict[str, str]:
    """The manifest's sentences in another language; the commands' names stay, as people type them."""
    at = "bots[0].commandLists[0].commands"
    return {
        "$schema": (
            f"https://developer.microsoft.com/json-schemas/teams/v{SCHEMA}/MicrosoftTeams.Localization.schema.json"
        ),
        "name.short": "Erbij",
        "name.full": "Erbij",
        "description.short": said(SHORT, language),
        "description.full": said(FULL, language),
    } | {f"{at}[{n}].description": said(about, language) for n, (_name, about) in enumerate(commands[:MOST_COMMANDS])}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
