from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Misconfigured, faults, load, master_key


def test_without_any_configuration_it_is_the_try_out() -> None:
    settings = load()
    assert settings.is_tryout
    assert faults(settings) == []
    assert settings.database == "sqlite:///data/tryout.sqlite3"


def test_credentials_end_the_try_out_and_need_a_master_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DISCORD_TOKEN", "x")
    settings = load()
    assert not settings.is_tryout
    assert "ERBIJ_MASTER_KEY" in faults(settings)[0]
    with pytest.raises(Misconfigured):
        master_key(settings)


def test_the_try_out_refuses_real_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DISCORD_TOKEN", "x")
    monkeypatch.setenv("ERBIJ_TRYOUT", "true")
    assert any("real credentials" in one for one in faults(load()))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "erbij.example.org"])
def test_the_try_out_refuses_every_address_but_loopback(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_HOST", host)
    assert any("this machine only" in one for one in faults(load()))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_is_fine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_HOST", host)
    assert faults(load()) == []


def test_the_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("erbij.toml").write_text('port = 4000\nhost = "::1"\nteams_tenants = ["a", "b"]\n')
    monkeypatch.setenv("ERBIJ_PORT", "4001")
    settings = load()
    assert (settings.host, settings.port, settings.teams_tenants) == ("::1", 4001, frozenset("ab"))


def test_tenants_come_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_TEAMS_TENANTS", "a, b,")
    assert load().teams_tenants == frozenset("ab")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("porrt = 4000", "ERBIJ_PORRT: Erbij knows no such setting"),
        ('port = "many"', "ERBIJ_PORT:"),
        ("port = ", "erbij.toml cannot be read"),
    ],
)
def test_a_wrong_file_is_said_in_words(text: str, said: str) -> None:
    Path("erbij.toml").write_text(text)
    with pytest.raises(Misconfigured, match=said):
        load()


def test_teams_needs_all_of_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_TEAMS_APP_ID", "x")
    assert any("both" in one for one in faults(load()))
    monkeypatch.setenv("ERBIJ_TEAMS_APP_SECRET", "y")
    found = " ".join(faults(load()))
    assert "ERBIJ_TEAMS_TENANTS" in found
    assert "ERBIJ_PUBLIC_URL" in found


def test_the_try_out_makes_a_key_that_only_its_owner_reads() -> None:
    key = master_key(load())
    path = Path("data/tryout.key")
    assert path.stat().st_mode & 0o777 == 0o600
    assert master_key(load()) == key == path.read_text().strip()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MASTER_KEY", "DISCORD_TOKEN", "TEAMS_APP_SECRET"):
        monkeypatch.setenv(f"ERBIJ_{name}", "canary")
    assert "canary" not in repr(load())
