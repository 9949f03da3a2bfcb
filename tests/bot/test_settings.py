from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from bot.settings import Misconfigured, Settings, faults, load, master_key, own_files, secret, secret_files, sqlite_file
from storage.keys import new_key


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
        (
            "porrt = 4000",
            r"^ERBIJ_PORRT: there is no such setting. Did you mean ERBIJ_PORT\?",
        ),
        ('port = "many"', "^ERBIJ_PORT is 'many', and must be a whole number, 3978 say.$"),
        ('tryout = "perhaps"', "^ERBIJ_TRYOUT is 'perhaps', and must be true or false.$"),
        ("host = 1", "^ERBIJ_HOST is 1, and must be text.$"),
        ("master_key = 12345", "^ERBIJ_MASTER_KEY must be text.$"),
        ("teams_tenants = 1", "^ERBIJ_TEAMS_TENANTS is 1, and must be a list.$"),
        ("teams_tenants = [1]", "^ERBIJ_TEAMS_TENANTS is 1, and must be text.$"),
        ("port = ", "^erbij.toml cannot be read: .* A line is written like: port = 3978"),
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


SECRETS = ("DATABASE_URL", "MASTER_KEY", "DISCORD_TOKEN", "TEAMS_APP_SECRET")


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file_of_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_bytes(b"\xef\xbb\xbf  canary \r\n\n")
    monkeypatch.setenv(f"ERBIJ_{name}_FILE", "secret")
    found = getattr(load(), name.lower())
    assert (found if isinstance(found, str) else found.get_secret_value()) == "canary"
    assert "canary" not in repr(load())


def test_a_line_end_behind_a_name_or_an_address_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text(f"{new_key()}\n")
    Path("secret").chmod(0o644)
    monkeypatch.setenv("ERBIJ_MASTER_KEY_FILE", " secret\n")
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "sqlite:///here.sqlite3\r\n")
    monkeypatch.setenv("ERBIJ_LEDGER", "erasures.ledger ")
    monkeypatch.setenv("ERBIJ_HOST", "localhost\n")
    settings = load()
    assert secret_files(settings) == [Path("secret")]
    assert settings.ledger_path == Path("erasures.ledger")
    assert (settings.database, settings.host) == ("sqlite:///here.sqlite3", "localhost")
    assert master_key(settings) == Path("secret").read_text().strip()


def test_the_file_may_be_named_in_the_toml() -> None:
    Path("secret").write_text("canary\n")
    Path("erbij.toml").write_text('discord_token_file = "secret"')
    assert load().on_discord


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_given_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("secret").write_text("canary")
    monkeypatch.setenv(f"ERBIJ_{name}", "canary")
    monkeypatch.setenv(f"ERBIJ_{name}_FILE", "secret")
    with pytest.raises(Misconfigured) as fault:
        load()
    assert str(fault.value) == f"ERBIJ_{name} and ERBIJ_{name}_FILE are both set: keep one of them."


@pytest.fixture
def nobody() -> Iterator[None]:
    """Another user than root, who may read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no file"),
        ("folder", "is a folder"),
        (b"\xff\xfe\x00", "holds no text"),
        (b"a\0b", "holds no text"),
        (b"x" * 100_000, "holds no text"),
        (b" \n", "is empty"),
        ("/dev/zero", "is a pipe or a device"),
        ("/dev/null", "is a pipe or a device"),
        ("pipe", "is a pipe or a device"),
        ("/dev/null/x", "cannot be read"),
    ],
)
def test_a_file_without_a_secret_is_said_in_words(
    content: bytes | str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("secret")
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "folder":
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    elif content:
        path = Path(content)
    monkeypatch.setenv("ERBIJ_MASTER_KEY_FILE", str(path))
    with pytest.raises(Misconfigured, match=f"^ERBIJ_MASTER_KEY_FILE: .*{said}"):
        load()


@pytest.fixture
def locked() -> Iterator[Path]:
    """A file that is nobody's to read, outside the folder that only its owner gets into."""
    with NamedTemporaryFile(prefix="erbij-") as file:
        Path(file.name).chmod(0)
        yield Path(file.name)


def test_a_file_that_may_not_be_read_is_said_in_words(locked: Path, nobody: None) -> None:
    with pytest.raises(Misconfigured, match=r"cannot be read \(Permission denied\); let the user who runs Erbij"):
        secret(locked, "X")


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["binary", "folder"])
def test_a_try_out_key_that_is_none_is_said_in_words(content: bytes | None) -> None:
    path = Path("data/tryout.key")
    path.parent.mkdir()
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(Misconfigured, match="key file"):
        master_key(load())


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://u:p@db.example.org/x", "db.example.org"),
        ("postgresql://u:p@10.0.0.4:5433/x", "10.0.0.4"),
        ("postgresql://u:p@[2001:db8::1]/x", "2001:db8::1"),
        ("postgresql+psycopg://db/x", "db"),
        ("postgresql:///x?host=db", "db"),
        ("postgresql:///x?host=/run/postgresql,db", "db"),
        ("postgresql://localhost/x?hostaddr=10.0.0.4", "10.0.0.4"),
        ("postgresql://db,localhost/x?hostaddr=,127.0.0.1", "db"),
        ("postgresql://localhost,db/x?hostaddr=127.0.0.1,", "db"),
        ("postgresql://localhost/x?hostaddr=127.0.0.1,10.0.0.4", "localhost"),
        ("postgresql:///x?service=elsewhere", "elsewhere"),
        ("postgresql://db/x?sslmode=prefer", "db"),
        ("postgresql://db/x?sslmode=disable", "db"),
    ],
)
def test_postgresql_over_a_network_without_encryption_is_refused(
    url: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url)
    [fault] = faults(load())
    assert f"on {host} without encryption" in fault
    assert "sslmode=verify-full" in fault
    monkeypatch.setenv("ERBIJ_DATABASE_INSECURE", "true")
    assert faults(load()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///x",
        "postgresql:///x?host=/run/postgresql",
        "postgresql://u:p@localhost/x",
        "postgresql://127.0.0.1/x",
        "postgresql://[::1]/x",
        "postgresql://db/x?sslmode=require",
        "postgresql://db/x?sslmode=verify-ca",
        "postgresql://db/x?sslmode=verify-full&sslrootcert=ca.pem",
        "sqlite:////srv/x.sqlite3",
    ],
)
def test_what_is_encrypted_or_stays_on_this_machine_is_fine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url)
    assert faults(load()) == []


def test_what_the_url_leaves_open_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "postgresql:///x")
    monkeypatch.setenv("PGHOST", "db")
    assert "on db without" in faults(load())[0]
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert faults(load()) == []


def test_an_address_in_the_environment_beats_a_name_in_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "postgresql://localhost/x")
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.4")
    assert "on 10.0.0.4 without" in faults(load())[0]


SERVICES = """
[open]
host=db
sslmode=disable
[address]
hostaddr=10.0.0.4
[safe]
host=db
sslmode=verify-full
[socket]
host=/run/postgresql
"""


@pytest.mark.parametrize(
    ("url", "environment", "host"),
    [
        ("postgresql:///x?service=open", {}, "db"),
        ("postgresql:///x?service=open", {"PGSSLMODE": "verify-full"}, "db"),
        ("postgresql:///x", {"PGSERVICE": "open", "PGSSLMODE": "verify-full"}, "db"),
        ("postgresql:///x?service=open", {"PGSERVICE": "safe"}, "db"),
        ("postgresql:///x?service=address", {"PGHOST": "localhost"}, "10.0.0.4"),
        ("postgresql://localhost/x?service=address", {}, "10.0.0.4"),
        ("postgresql:///x?service=nowhere", {}, "nowhere"),
        ("postgresql:///x", {"PGSERVICE": "nowhere"}, "nowhere"),
        ("postgresql:///x?service=safe", {"PGSERVICE": "open", "PGSSLMODE": "disable"}, ""),
        ("postgresql:///x?service=open&sslmode=require", {}, ""),
        ("postgresql://localhost/x?service=open", {}, ""),
        ("postgresql:///x?service=socket", {"PGHOST": "db"}, ""),
        ("postgresql://localhost,/x?hostaddr=,127.0.0.1", {}, ""),
    ],
)
def test_a_service_file_and_the_environment_count_as_libpq_counts_them(
    url: str, environment: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("services").write_text(SERVICES)
    for name, value in {"PGSERVICEFILE": str(Path("services").absolute()), **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ERBIJ_DATABASE_URL", url)
    found = faults(load())
    assert [f"on {host} without encryption" in one for one in found] == ([True] if host else [])


def test_looking_asks_the_network_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        monkeypatch.setenv("ERBIJ_DATABASE_URL", f"postgresql://127.0.0.1:{port}/x?target_session_attrs=any")
        assert faults(load()) == []
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_database_password_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERBIJ_DATABASE_URL", "postgresql://u:canary@db/x")
    assert "canary" not in repr(load())
    assert "canary" not in str(faults(load()))


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+pysqlite"])
def test_a_database_of_sqlite_is_known_by_whichever_driver_is_named(tmp_path: Path, driver: str) -> None:
    settings = Settings(database_url=f"{driver}:///{tmp_path}/e.sqlite3", tryout=True)
    assert {path.name for path in own_files(settings)} >= {"e.sqlite3", "e.ledger", "e.key"}
    assert sqlite_file("sqlite://") is sqlite_file("sqlite:///:memory:") is sqlite_file("nonsense") is None
