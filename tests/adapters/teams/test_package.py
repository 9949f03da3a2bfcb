"""The app package: what Microsoft's manifest schema asks, in the parts that Erbij uses (written from it by hand)."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from zipfile import ZipFile

from adapters.teams.package import SCHEMA, SCOPES, _few, manifest, strings, write_package
from flows.catalogue import catalogue
from flows.words import LANGUAGES, Msg, said

COMMANDS = [(one.word, one.about) for one in catalogue().commands.values()]
APP = "11111111-2222-3333-4444-555555555555"
URL = "https://erbij.example.org/"


def test_the_zip_holds_all_that_the_manifest_names(tmp_path: Path) -> None:
    path = tmp_path / "erbij.zip"
    write_package(path, app_id=APP, public_url=URL, commands=COMMANDS)
    first = path.read_bytes()
    write_package(path, app_id=APP, public_url=URL, commands=COMMANDS)
    assert path.read_bytes() == first
    with ZipFile(path) as package:
        made = json.loads(package.read("manifest.json"))
        named = {*made["icons"].values(), *(x["file"] for x in made["localizationInfo"]["additionalLanguages"])}
        assert {*package.namelist()} == {"manifest.json", *named}
        for icon, pixels in (("color.png", 192), ("outline.png", 32)):
            assert struct.unpack(">II", package.read(icon)[16:24]) == (pixels, pixels)


def test_the_manifest_keeps_the_schema_s_rules() -> None:
    made = manifest(APP, URL, COMMANDS)
    assert made["manifestVersion"] == SCHEMA
    assert f"/v{SCHEMA}/" in made["$schema"]
    assert {"version", "id", "developer", "name", "description", "icons", "accentColor"} <= set(made)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["id"])
    assert len(made["developer"]["name"]) <= 32
    assert all(made["developer"][u].startswith("https://") for u in ("websiteUrl", "privacyUrl", "termsOfUseUrl"))
    assert len(made["name"]["short"]) <= 30
    assert len(made["description"]["short"]) <= 80
    assert len(made["description"]["full"]) <= 4000
    assert re.fullmatch("#[0-9A-Fa-f]{6}", made["accentColor"])
    [bot] = made["bots"]
    assert bot["scopes"] == ["personal", "team", "groupChat"] == list(SCOPES)
    [commands] = bot["commandLists"]
    assert 0 < len(commands["commands"]) <= 12
    assert all(len(c["title"]) <= 128 and len(c["description"]) <= 4000 for c in commands["commands"])


def test_the_other_languages() -> None:
    for language in ("nl", "de"):
        words = strings(language, COMMANDS)
        assert {"name.short", "name.full", "description.short", "description.full"} <= set(words)
        assert len(words["description.short"]) <= 80
        pattern = r"bots\[0\]\.commandLists\[[0-2]\]\.commands\[([0-9]|1[0-1])\]\.(title|description)"
        rest = {k for k in words if not k.startswith(("name.", "description.", "$"))}
        assert rest
        assert all(re.fullmatch(pattern, key) for key in rest)


def test_the_commands_are_those_of_the_flows_in_every_language() -> None:
    listed = manifest(APP, URL, COMMANDS)["bots"][0]["commandLists"][0]["commands"]
    assert [one["title"] for one in listed] == [word.text for word, _about in _few(COMMANDS)]
    assert all(one["description"][0].isupper() for one in listed)
    for language in {*LANGUAGES} - {"en"}:
        words = strings(language, COMMANDS)
        for number, (word, about) in enumerate(_few(COMMANDS)):
            at = f"bots[0].commandLists[0].commands[{number}]"
            typed = words[f"{at}.title"]
            assert typed == said(word, language)
            assert catalogue().words.named(typed) is not None
            assert words[f"{at}.description"].lower() == said(about, language).lower()


def test_more_commands_than_teams_lists() -> None:
    many = [(Msg(f"word{n}"), Msg("what it does")) for n in range(20)]
    listed = manifest(APP, URL, many)["bots"][0]["commandLists"][0]["commands"]
    assert [one["title"] for one in listed] == [f"word{n}" for n in (*range(11), 19)]
