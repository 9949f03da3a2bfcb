"""A setting that is wrong is named, with what is wrong and what to do; nothing is made or changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot import checks
from bot.checks import help_lines
from bot.cli import app
from bot.settings import load
from storage.keys import new_key
from tests.bot.refusals import (
    DATABASES,
    ID,
    LIKE,
    REAL,
    TEAMS,
    TOKEN,
    cli,
    fine,
    free_door,
    no_run,
    refused,
)

__all__ = ["free_door", "no_run"]  # fixtures of every test here

SETTINGS: list[tuple[dict[str, str], tuple[str, ...]]] = [
    ({"ERBIJ_PORT": "99999"}, ("ERBIJ_PORT is 99999; ports go from 1 to 65535. Choose another one, 3978 say.",)),
    ({"ERBIJ_PORT": "-1"}, ("ERBIJ_PORT is -1; ports go from 1 to 65535. Choose another one, 3978 say.",)),
    ({"ERBIJ_PORT": "many"}, ("ERBIJ_PORT is 'many', and must be a whole number, 3978 say.",)),
    (
        {"ERBIJ_METRICS_PORT": "70000"},
        ("ERBIJ_METRICS_PORT is 70000; ports go from 1 to 65535. Choose another one, 3978 say.",),
    ),
    ({"ERBIJ_TRYOUT": "perhaps"}, ("ERBIJ_TRYOUT is 'perhaps', and must be true or false.",)),
    (
        {"ERBIJ_DATABSE_URL": "sqlite:///x.sqlite3"},
        ("ERBIJ_DATABSE_URL: there is no such setting. Did you mean ERBIJ_DATABASE_URL?",),
    ),
    ({"erbij_tenants": "x"}, ("erbij_tenants: there is no such setting. Did you mean ERBIJ_TEAMS_TENANTS?",)),
    ({"ERBIJ_COLOUR": "blue"}, ("ERBIJ_COLOUR: there is no such setting. Remove it.",)),
    (
        {"ERBIJ_DATABASE_URL": "mysql://u:canary@h/x"},
        (f"ERBIJ_DATABASE_URL begins with mysql://, which Erbij does not know. {DATABASES}",),
    ),
    (
        {"ERBIJ_DATABASE_URL": "canary"},
        (f"ERBIJ_DATABASE_URL is no address of a database. {DATABASES}",),
    ),
    (
        {"ERBIJ_DATABASE_URL": "postgresql://u:canary@h:many/x"},
        (f"ERBIJ_DATABASE_URL is no address of a database. {DATABASES}",),
    ),
    *(
        (
            {"ERBIJ_DATABASE_URL": url},
            ("ERBIJ_DATABASE_URL names no file: write sqlite:/// (three slashes) and its path.",),
        )
        for url in ("sqlite://", "sqlite://data/x.sqlite3", "sqlite:///:memory:")
    ),
    *(
        (
            REAL | {"ERBIJ_DISCORD_TOKEN": token},
            ("ERBIJ_DISCORD_TOKEN is no bot token: copy it again from Discord's developer page, under Bot.",),
        )
        for token in ("hello", "a.b.c", "Bot " + TOKEN, "MTIz.x", "MTIz..y", "é.x.y")
    ),
    (
        TEAMS | {"ERBIJ_TEAMS_TENANTS": "contoso"},
        (
            f"ERBIJ_TEAMS_TENANTS holds 'contoso'; a tenant's id looks like {ID}.",
            "Copy it from Microsoft Entra: Overview, Tenant ID.",
        ),
    ),
    (
        TEAMS | {"ERBIJ_TEAMS_APP_ID": "not-a-guid"},
        (
            f"ERBIJ_TEAMS_APP_ID is 'not-a-guid'; an app's id looks like {ID}.",
            "Copy it from the app registration in Microsoft Entra: Application (client) ID.",
        ),
    ),
    (
        {"ERBIJ_PUBLIC_URL": "http://erbij.example.org"},
        (
            "ERBIJ_PUBLIC_URL begins with http://; browsers and Teams need https://erbij.example.org.",
            "The proxy before Erbij speaks https: see docs/proxy.md.",
        ),
    ),
    *(
        (
            {"ERBIJ_PUBLIC_URL": url},
            (f"ERBIJ_PUBLIC_URL is {url!r}, which is no web address. {LIKE}",),
        )
        for url in ("erbij.example.org", "https:", "https://[half", "ftp://x.org", "https://x.org:many")
    ),
    (
        {"ERBIJ_PUBLIC_URL": "https://example.org/erbij/"},
        (f"ERBIJ_PUBLIC_URL holds more than a name: Erbij cannot live under a path. {LIKE}",),
    ),
    *(
        (
            REAL | {"ERBIJ_MASTER_KEY": key},
            (
                "ERBIJ_MASTER_KEY holds no master key: each is 44 characters, several have commas between.",
                "Put back the one that the database was made with; before there is one, 'erbij keys new' makes it.",
            ),
        )
        for key in ("canary", "Y2FuYXJ5", "é")
    ),
    (
        REAL,
        (
            "ERBIJ_MASTER_KEY is missing: set the one that the database was made with.",
            "Before there is a database, 'erbij keys new' makes one; keep it somewhere safe.",
        ),
    ),
    (
        REAL | {"ERBIJ_MASTER_KEY_FILE": "none"},
        ("ERBIJ_MASTER_KEY_FILE: there is no file none. Put it back, or name the right one.",),
    ),
]


@pytest.mark.parametrize(("given", "said"), SETTINGS, ids=[str(given) for given, _ in SETTINGS])
def test_a_setting_that_is_wrong(given: dict[str, str], said: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    if "ERBIJ_DISCORD_TOKEN" in given or "ERBIJ_TEAMS_APP_ID" in given:
        given = {"ERBIJ_MASTER_KEY": new_key()} | given if "MASTER_KEY" not in said[0] else given
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    refused(*said)
    assert "canary" not in cli.invoke(app, ["check"]).output


def test_what_is_right_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    given = TEAMS | REAL | {"ERBIJ_TEAMS_APP_ID": ID.upper(), "ERBIJ_PUBLIC_URL": "https://erbij.example.org/"}
    for name, value in (given | {"ERBIJ_MASTER_KEY": new_key()}).items():
        monkeypatch.setenv(name, value)
    assert cli.invoke(app, ["migrate"]).exit_code == 0
    assert "real communities" in fine()
    assert (load().teams_app_id, load().public_url) == (ID, "https://erbij.example.org")


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_PROT", "1")
    Path("erbij.toml").write_text('hots = "x"\nport = "x"')
    Path("erbij.toml").chmod(0o600)
    monkeypatch.delenv("ERBIJ_PORT")
    refused(
        "ERBIJ_PROT: there is no such setting. Did you mean ERBIJ_PORT?",
        "ERBIJ_HOTS: there is no such setting. Did you mean ERBIJ_HOST? It stands in erbij.toml.",
        "ERBIJ_PORT is 'x', and must be a whole number, 3978 say.",
    )


def test_a_typing_error_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_PROT", "1")
    monkeypatch.setenv("ERBIJ_PORT", "99999")
    refused(
        "ERBIJ_PROT: there is no such setting. Did you mean ERBIJ_PORT?",
        "ERBIJ_PORT is 99999; ports go from 1 to 65535. Choose another one, 3978 say.",
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: p.mkdir(), "erbij.toml is a folder; move it away, or put a file with settings there."),
        (lambda p: p.write_bytes(b"\xff\xfe"), "erbij.toml cannot be read: it is no text. Save it as UTF-8."),
    ],
)
def test_a_file_of_settings_that_is_none(make: Callable[[Path], object], said: str) -> None:
    make(Path("erbij.toml"))
    refused(said)


@pytest.mark.parametrize(("days", "fine"), [(0, True), (90, True), (91, False), (400, False)])
def test_the_check_says_when_the_helplines_were_looked_at(days: int, fine: bool) -> None:
    found = help_lines(checks.CHECKED + timedelta(days=days))
    assert found.fine is fine
    assert f"{checks.CHECKED:%Y-%m-%d}" in found.text
